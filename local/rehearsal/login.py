"""`aws eks get-token`, played: the kubeconfig of the stack signs in with it, unchanged.

The rehearsal puts a script `aws` in front of PATH that runs this file. It knows that one command and refuses
every other, so that nothing reaches a real AWS CLI by accident. Tokens lie in files for their owner alone.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

# As the real command: its tokens last 15 minutes, and it says one less.
_LIFETIME = timedelta(minutes=14)
_PREFIX = "k8s-aws-v1."
_API_VERSION = "client.authentication.k8s.io/v1beta1"
_USAGE_EXIT = 252
_CLIENT_EXIT = 254


@dataclass(frozen=True)
class Logins:
    """The tokens of all clusters of a rehearsal, under `root`."""

    root: Path

    @property
    def bin(self) -> Path:
        """The directory for the front of PATH."""
        return self.root / "bin"

    def prepare(self) -> None:
        """Write the script; the directory is for its owner alone."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.bin.mkdir(exist_ok=True)
        script = self.bin / "aws"
        command = shlex.join([sys.executable, "-I", str(Path(__file__).resolve()), str(self.root)])
        script.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        script.chmod(0o700)

    def issue(self, cluster: str, region: str) -> str:
        """A new token for a cluster; it replaces an earlier one."""
        token = f"{_PREFIX}{secrets.token_urlsafe(32)}"
        path = _file(self.root, cluster, region)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token)
        return token


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"aws (played by the rehearsal): {message}; it knows only `aws eks get-token`", file=sys.stderr)
        raise SystemExit(_USAGE_EXIT)


def main(root: Path, arguments: Sequence[str]) -> int:
    """What the real command would print for these arguments; the exit codes are its own."""
    parser = _Parser(prog="aws", add_help=False, allow_abbrev=False)
    parser.add_argument("service", choices=["eks"])
    parser.add_argument("operation", choices=["get-token"])
    parser.add_argument("--cluster-name", required=True)
    parser.add_argument("--region", required=True)
    parser.add_argument("--role-arn")
    parser.add_argument("--output", choices=["json"], required=True)
    asked = parser.parse_args(arguments)
    try:
        token = _file(root, asked.cluster_name, asked.region).read_text()
    except OSError:
        where = f"{asked.cluster_name!r} in {asked.region}"
        print(f"aws (played by the rehearsal): there is no cluster {where}", file=sys.stderr)
        return _CLIENT_EXIT
    expiry = (datetime.now(UTC) + _LIFETIME).strftime("%Y-%m-%dT%H:%M:%SZ")
    credential = {
        "kind": "ExecCredential",
        "apiVersion": _API_VERSION,
        "spec": {},
        "status": {"expirationTimestamp": expiry, "token": token},
    }
    print(json.dumps(credential))
    return 0


def _file(root: Path, cluster: str, region: str) -> Path:
    return root / "tokens" / region / Path(cluster).name


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), sys.argv[2:]))
