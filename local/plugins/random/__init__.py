"""Fallback for pulumi-resource-random: RandomPassword, RandomString, RandomBytes and RandomId."""
