"""Starts the emulated account as a child process, and is its client."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from local import paths

ACCOUNT = "111122223333"
"""The account of the stack files, which is nobody's."""
START_SECONDS = 60.0
"""Importing moto takes two seconds on an idle machine, many more beside a build."""
STOP_SECONDS = 10.0
ASK_SECONDS = 30.0


class EmulatorError(Exception):
    """The emulated account did not start, or cannot do what it is asked; the message says why."""


@dataclass(frozen=True)
class ClusterEndpoint:
    """Where EKS says that a region's clusters are."""

    url: str
    ca_file: Path
    """PEM."""


@dataclass(frozen=True)
class Emulated:
    """A running emulated account."""

    url: str
    account: str

    def client(self, service: str, region: str) -> Any:
        """A boto3 client of it; its credentials are made up, and it never retries."""
        return _client(self.url, service, region)

    def fail(
        self, service: str, operation: str, *, code: str, message: str, http_status: int = 400, times: int = 1
    ) -> None:
        """Make the next `times` calls of `service.operation` (`rds`, `CreateDBInstance`) fail."""
        fault = {"service": service, "operation": operation, "times": times}
        self._ask("faults", fault | {"code": code, "message": message, "http_status": http_status})

    def shut_off(self, region: str) -> None:
        """Let a region go: from now on every connection that asks something of it is closed."""
        self._ask("lost-regions", {"region": region})

    def asked_in_vain(self) -> dict[str, int]:
        """What was asked of regions that are gone, as `eu-central-1 rds.DescribeDBInstances`."""
        return self._ask("lost-regions")

    def open_maintenance_window(self) -> None:
        """Let RDS apply what waits for the maintenance window."""
        self._ask("maintenance", {})

    def calls(self) -> dict[str, int]:
        """How often each `service.Operation` was called, failures included."""
        return self._ask("calls")

    def inventory(self) -> dict[str, list[str]]:
        """What is in the account, by kind (`ec2:vpc`), without what AWS itself puts there."""
        return self._ask("inventory")

    def _ask(self, what: str, body: Mapping[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_roost/{what}", data=data)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request, timeout=ASK_SECONDS) as answer:  # noqa: S310 - loopback
                return json.load(answer)
        except urllib.error.HTTPError as error:
            said = error.read().decode(errors="replace")
            raise EmulatorError(f"the emulated account cannot answer /_roost/{what}: {said}") from error


@contextlib.contextmanager
def running(
    *,
    clusters: Mapping[str, ClusterEndpoint] | None = None,
    account: str = ACCOUNT,
    log: Path | None = None,
) -> Generator[Emulated]:
    """Start it, and end it when the block ends; its log goes to `log`, or nowhere that lasts.

    Raises:
        EmulatorError: it did not answer within START_SECONDS.
    """
    with tempfile.TemporaryDirectory(prefix="roost-emulator-") as place:
        port_file = Path(place) / "port"
        output = log or Path(place) / "log"
        argv = [sys.executable, "-m", "local.emulator", "--port-file", str(port_file), "--account", account]
        for region, cluster in (clusters or {}).items():
            argv += ["--cluster", f"{region}={cluster.url},{cluster.ca_file}"]
        with output.open("ab") as sink:
            process = subprocess.Popen(
                argv, cwd=paths.REPO, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, env=_environment()
            )
        try:
            yield Emulated(url=f"http://127.0.0.1:{_port(process, port_file, output)}", account=account)
        finally:
            _end(process)


@functools.lru_cache
def _client(url: str, service: str, region: str) -> Any:
    """Kept: to make one reads megabytes of JSON."""
    return boto3.client(  # pyright: ignore[reportCallIssue,reportUnknownVariableType]
        service,  # pyright: ignore[reportArgumentType]
        region_name=region,
        endpoint_url=url,
        aws_access_key_id="emulated",
        aws_secret_access_key="emulated",  # noqa: S106 - nobody checks it
        config=Config(retries={"mode": "standard", "total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )


def _environment() -> dict[str, str]:
    """Ours without anything that could tell boto3 or moto about a real account."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}


def _port(process: subprocess.Popen[bytes], port_file: Path, log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while not port_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            tail = log.read_text(errors="replace")[-2000:]
            raise EmulatorError(f"the emulated account did not start; its log ends with:\n{tail}")
        time.sleep(0.05)
    return int(port_file.read_text())


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
