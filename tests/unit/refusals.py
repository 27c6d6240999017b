"""What a combination of settings that cannot work looks like, for tests/unit/test_settings_rules.py."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

EMBEDDING = {"baseUrl": "https://llm.example.com/v1", "name": "bge-m3", "dimensions": 1024}
EXTERNAL = {"kind": "external", "baseUrl": "https://llm.example.com/v1", "name": "big-model"}


def elsewhere(**model: Any) -> dict[str, Any]:
    """Changes by which a stack has no inference of its own: its models are external, but for `model`."""
    return {
        "model": {**EXTERNAL, "embedding": EMBEDDING, **model},
        "inference": None,
        "aws": {"cluster": {"gpuNodes": None}},
    }


@dataclass(frozen=True)
class Refusal:
    stack: str
    changes: dict[str, Any]
    says: tuple[str, ...]
    """Fragments of the one sentence that has to come."""
