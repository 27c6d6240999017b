"""Arithmetic that a stack rests on: no Pulumi, no clock, no network."""
