"""How pip inside a build reaches the registry that pip outside reaches: as volumes, never as image layers."""

from __future__ import annotations

import ast
import configparser
import os
import subprocess
import sys
from pathlib import Path

_CA_IN_BUILD = "/etc/ssl/certs/ca-certificates.crt"
_PASSED_ON = (
    "extra-index-url",
    "find-links",
    "index-url",
    "no-index",
    "proxy",
    "retries",
    "timeout",
    "default-timeout",
    "trusted-host",
)


def pip_volumes(work: Path) -> list[str]:
    """Build-time volumes: this machine's pip settings (in `work`, 0600) and CA bundle."""
    settings = _pip_settings()
    volumes: list[str] = []
    bundle = Path(settings.pop("cert", "") or os.environ.get("SSL_CERT_FILE") or _CA_IN_BUILD)
    if bundle.is_file():
        volumes.append(f"{bundle}:{_CA_IN_BUILD}:ro")
    volumes += [
        f"{place}:{place}:ro" for place in settings.get("find-links", "").split() if Path(place).is_dir()
    ]
    parser = configparser.RawConfigParser()
    parser["global"] = {
        **{name: value for name, value in settings.items() if name in _PASSED_ON},
        "cert": _CA_IN_BUILD,
        "disable-pip-version-check": "1",
        "no-cache-dir": "1",
        "root-user-action": "ignore",
    }
    path = work / "pip.conf"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        parser.write(file)
    return [*volumes, f"{path}:/etc/pip.conf:ro"]


def _pip_settings() -> dict[str, str]:
    """What `pip config list` says, files first, so that the environment wins as it does in pip."""
    listing = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout.splitlines()
    found: dict[str, str] = {}
    for line in sorted(listing, key=lambda text: text.startswith(":env:")):
        name, _, value = line.partition("=")
        found[name.rpartition(".")[2]] = str(ast.literal_eval(value))
    return found
