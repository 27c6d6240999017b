"""The whole Pulumi program under the mock engine."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from infra.settings.profiles import merged
from tests.support.monitor import PROJECT, Recording, record

REPO = Path(__file__).resolve().parents[2]

PLATFORM: dict[str, Any] = {
    "kubeconfig": "/nowhere/admin.kubeconfig",
    "context": "roost-local",
    "embedded": True,
    "node": "roost",
    "volumesDir": "/var/lib/roost/volumes",
    "storageClass": None,
    "hostAddress": "10.201.0.1",
    "edge": {"httpsPort": 8443, "httpPort": 8080, "httpsNodePort": 30443, "httpNodePort": 30080},
    "images": {
        name: f"docker.io/roost/{name}:0123456789ab" for name in ("server", "postgres", "edge", "standin")
    },
}
"""What `make up` writes for the embedded platform."""


def stack_config(stack: str) -> dict[str, str]:
    """The configuration of `Pulumi.<stack>.yaml`, as the engine hands it to the program."""
    values = yaml.safe_load((REPO / f"Pulumi.{stack}.yaml").read_text()).get("config", {})
    return {key: value if isinstance(value, str) else json.dumps(value) for key, value in values.items()}


def changed(stack: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Sections of `Pulumi.<stack>.yaml` that `changes` touches, with these laid over them; for `config`."""
    values = yaml.safe_load((REPO / f"Pulumi.{stack}.yaml").read_text()).get("config", {})
    return {
        key: merged(values.get(f"{PROJECT}:{key}", {}), change) if isinstance(change, dict) else change
        for key, change in changes.items()
    }


def run_program(
    stack: str,
    monkeypatch: pytest.MonkeyPatch,
    state: Path,
    *,
    preview: bool = False,
    config: dict[str, Any] | None = None,
    platform: dict[str, Any] | None = None,
    named: str | None = None,
    into: Recording | None = None,
) -> Recording:
    """Run the program as the language host does; `config` overrides sections, named as in YAML.

    None in the place of a section removes it.
    `named` is the stack's name where it is not that of its file; then the file's profile is said, too.
    """
    monkeypatch.setenv("ROOST_STATE", str(state))
    (state / "platform.json").write_text(json.dumps(platform or PLATFORM))
    given = {**({"profile": stack} if named else {}), **(config or {})}
    overrides = {
        f"{PROJECT}:{key}": value if isinstance(value, str) else json.dumps(value)
        for key, value in given.items()
        if value is not None
    }
    removed = {f"{PROJECT}:{key}" for key, value in given.items() if value is None}
    kept = {key: value for key, value in stack_config(stack).items() if key not in removed}
    sys.modules.pop("infra.__main__", None)
    return record(
        lambda: runpy.run_path(str(REPO), run_name="__main__"),
        stack=named or stack,
        preview=preview,
        config={**kept, **overrides},
        into=into,
    )
