"""Fallback for pulumi-resource-random: RandomPassword, RandomBytes and RandomId."""
