"""Waiting until an object is what it was asked to be: when that is, how long, and why it is not."""
