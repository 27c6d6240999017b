"""Runs in the engine's own environment: statements from stdin as JSON, answers to stdout as JSON."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def main(location: str) -> None:
    """A statement that is refused does not end it: each answer is text, or what was refused."""
    chdb: Any = importlib.import_module("chdb")
    session = chdb.connect(location)
    answers: list[dict[str, str]] = []
    for statement in json.load(sys.stdin):
        try:
            answers.append({"answer": session.query(statement, "TSV").bytes().decode().rstrip("\n")})
        except RuntimeError as error:
            answers.append({"error": str(error)})
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
