"""Pulumi's engine events, as `pulumi up --event-log` writes them: one JSON object per line."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COLOUR = re.compile(r"<\{%.*?%\}>")
CHANGES = {"create": "created", "update": "updated", "replace": "replaced", "delete": "deleted"}
NO_NEWS = "update failed"
"""What the stack says when a resource has said why."""
PARTS = ("create-replacement", "delete-replaced", "discard-replaced")
"""The steps that a `replace` consists of; counting the whole is enough."""


@dataclass
class Tally:
    """What an update has done so far."""

    done: int = 0
    running: dict[str, str] = field(default_factory=dict[str, str])
    """Operations in flight: resource name to verb, oldest first."""
    changes: Counter[str] = field(default_factory=Counter[str])
    errors: list[str] = field(default_factory=list[str])

    status: dict[str, str] = field(default_factory=dict[str, str])
    """What a resource in flight said last, as in `1 of 2 replicas are available`."""

    def current(self) -> str:
        """The operation that has been waited for longest, and what it waits for."""
        for name, verb in self.running.items():
            said = f": {self.status[name]}" if name in self.status else ""
            return f"{verb} {name}{said}"
        return ""

    def summary(self) -> str:
        """`no changes, 61 resources` or `12 created, 1 updated, 48 unchanged`."""
        said = [f"{self.changes[kind]} {word}" for kind, word in CHANGES.items() if self.changes[kind]]
        same = self.changes["same"]
        if not said:
            return f"no changes, {same} resources"
        return ", ".join([*said, f"{same} unchanged"] if same else said)

    def changed(self) -> bool:
        return any(self.changes[kind] for kind in CHANGES)

    def add(self, event: dict[str, Any]) -> None:
        """Take one engine event into account; kinds that say nothing new are passed over."""
        if "resourcePreEvent" in event:
            metadata = event["resourcePreEvent"]["metadata"]
            if _is_own_work(metadata) and metadata["op"] not in ("same", "read"):
                self.running[short_name(metadata["urn"])] = _verb(metadata["op"])
        elif "resOutputsEvent" in event:
            self._finished(event["resOutputsEvent"]["metadata"])
        elif "resOpFailedEvent" in event:
            self.running.pop(short_name(event["resOpFailedEvent"]["metadata"]["urn"]), None)
        elif "diagnosticEvent" in event:
            self._diagnostic(event["diagnosticEvent"])
        elif "policyEvent" in event:
            self._policy(event["policyEvent"])

    def _finished(self, metadata: dict[str, Any]) -> None:
        self.running.pop(short_name(metadata["urn"]), None)
        if metadata["op"] not in PARTS:
            self.done += 1
            self.changes[metadata["op"]] += 1

    def _policy(self, event: dict[str, Any]) -> None:
        """A violation that stops the update; advice does not."""
        if event.get("enforcementLevel") == "mandatory":
            text = COLOUR.sub("", event["message"]).strip().splitlines()[-1]
            self.errors.append(f"{event['policyName']}: {text}")

    def _diagnostic(self, event: dict[str, Any]) -> None:
        text = COLOUR.sub("", event.get("message", "")).strip()
        where = short_name(event["urn"]) if event.get("urn") else ""
        if event.get("ephemeral") and text:
            self.status[where] = text.splitlines()[0]
        if event.get("severity") != "error" or text == NO_NEWS:
            return
        entry = f"{where}: {text}" if where else text
        if text and entry not in self.errors:
            self.errors.append(entry)


def _is_own_work(metadata: dict[str, Any]) -> bool:
    """False for the stack and components, which only wait for what is in them."""
    described = metadata.get("new") or metadata.get("old") or {}
    return described.get("custom", True) and metadata.get("type") != "pulumi:pulumi:Stack"


def _verb(operation: str) -> str:
    return operation.replace("create-replacement", "replace").replace("delete-replaced", "delete")


def short_name(urn: str) -> str:
    """`Deployment server` from `urn:pulumi:local::roost::…$kubernetes:apps/v1:Deployment::server`."""
    parts = urn.split("::")
    kind = parts[-2].rsplit("$", 1)[-1].rsplit(":", 1)[-1].rsplit("/", 1)[-1] if len(parts) > 1 else ""
    return f"{kind} {parts[-1]}".strip()


class Tail:
    """Reads complete lines that were added to a growing event log since the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[dict[str, Any]]:
        """New events; an unfinished last line is left for the next look."""
        if not self._path.exists():
            return []
        with self._path.open("rb") as handle:
            handle.seek(self._offset)
            data = handle.read()
        complete, newline, _ = data.rpartition(b"\n")
        self._offset += len(complete) + len(newline)
        return [json.loads(entry) for entry in complete.splitlines() if entry.strip()]
