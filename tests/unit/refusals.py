"""What a combination of settings that cannot work looks like, for tests/unit/test_settings_rules.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Refusal:
    stack: str
    changes: dict[str, Any]
    says: tuple[str, ...]
    """Fragments of the one sentence that has to come."""
