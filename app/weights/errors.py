"""What can go wrong with a model's files."""

from __future__ import annotations


class WeightsError(Exception):
    """It may go better next time."""


class UnusableError(WeightsError):
    """It will not: somebody has to change the settings or the hub."""
