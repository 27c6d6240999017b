"""Fallback for the `aws` plugin: the types that Roost's stacks use, on an emulated account only.

It refuses to talk to anything but a loopback endpoint: whoever has a real account has the official plugin.
"""
