"""Where things live outside the checkout.

Two roots, each moved by one environment variable:

* the *cache* (`ROOST_CACHE`) holds what can be rebuilt: the virtual environment, compiled tools, images;
* the *state* (`ROOST_STATE`) holds what cannot: the cluster's data, the volumes, the Pulumi backend, keys.
"""

from __future__ import annotations

import os
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent


def cache() -> Path:
    """Root of everything that can be built again (default `~/.cache/roost`)."""
    return Path(os.environ.get("ROOST_CACHE") or Path.home() / ".cache" / "roost")


def state() -> Path:
    """Root of everything that must survive a reboot (default `~/.local/state/roost`)."""
    return Path(os.environ.get("ROOST_STATE") or Path.home() / ".local" / "state" / "roost")


def private_state() -> Path:
    """The state directory, made where it is missing, and closed to others even where it was open before.

    It holds keys, kubeconfigs, data, and logs that quote them; closing it closes what is below.
    """
    directory = state()
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    return directory


def platform_facts() -> Path:
    """JSON written by `make up`, read by `infra/settings/load.py`: what the local platform offers."""
    return state() / "platform.json"


def tool_dir() -> Path:
    """The directory that `make env` puts on PATH: links to the tools and plugins in use."""
    return state() / "bin"
