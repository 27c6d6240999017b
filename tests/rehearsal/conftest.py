from __future__ import annotations

import base64
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from infra.aws.kubeconfig import kubeconfig
from local.rehearsal import cluster as clusters
from local.rehearsal.cluster import Cluster
from local.rehearsal.login import Logins
from tests.engine.kubernetes.harness import Plugin, start

DEADLINE_SECONDS = 40
NAME, REGION = "roost-prod", "eu-central-1"
DEPLOYER = "arn:aws:iam::111122223333:role/roost-deployer"


@dataclass
class Account:
    """What the emulated account would say of the cluster."""

    entries: dict[str, bool] = field(default_factory=lambda: {DEPLOYER: True})
    """Principals with an access entry, and whether it carries the administrator's policy."""
    installed: set[str] = field(default_factory=lambda: {"aws-secrets-store-csi-driver-provider"})
    groups: tuple[str, ...] = ("system", "app", "gpu", "gpu")
    """Of each node; a DaemonSet has to tell the last two apart."""

    def knows(self, principal: str) -> bool:
        return principal in self.entries

    def administrates(self, principal: str) -> bool:
        return self.entries.get(principal, False)

    def addons(self) -> set[str]:
        return self.installed

    def nodes(self) -> dict[str, dict[str, str]]:
        return {f"{group}-{n}": {"roost.dev/pool": group} for n, group in enumerate(self.groups)}


@dataclass
class Running:
    """A cluster with its account, as a person beside it sees both."""

    cluster: Cluster
    logins: Logins
    account: Account

    @property
    def kubeconfig(self) -> str:
        """The one that the stack makes."""
        return kubeconfig(
            name=NAME,
            region=REGION,
            endpoint=self.cluster.endpoint,
            certificate_authority=self.ca_data,
        )

    @property
    def ca_data(self) -> str:
        return base64.b64encode(self.cluster.ca_file.read_bytes()).decode()

    def kubectl(self, *arguments: str, stdin: Any = None) -> subprocess.CompletedProcess[str]:
        """As the rehearsal's administrator; `stdin` is an object."""
        return subprocess.run(
            [str(self.cluster.kubectl), f"--kubeconfig={self.cluster.kubeconfig}", *arguments],
            input=None if stdin is None else json.dumps(stdin),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def get(self, *arguments: str) -> Any:
        answer = self.kubectl("get", *arguments, "--output=json")
        assert answer.returncode == 0, answer.stderr
        return json.loads(answer.stdout)

    def pods(self, workload: str, namespace: str = "roost") -> list[dict[str, Any]]:
        """The pods of a workload that are not on their way out."""
        found = self.get("pods", "-n", namespace, f"--selector=app.kubernetes.io/name={workload}")["items"]
        return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]

    def await_true(self, check: Callable[[], bool]) -> None:
        """Return when `check` holds; fail when it does not within the deadline."""
        end = time.monotonic() + DEADLINE_SECONDS
        while not check():
            assert time.monotonic() < end, "it did not come true in time"
            time.sleep(0.2)


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    # Not pytest's own directory: its paths grow longer than a socket's may be.
    with tempfile.TemporaryDirectory(prefix="roost-") as place:
        logins = Logins(Path(place) / "logins")
        logins.prepare()
        with clusters.running(
            Path(place) / "cluster", logins, name=NAME, region=REGION, principal=DEPLOYER
        ) as cluster:
            account = Account()
            cluster.follow(account)
            yield Running(cluster, logins, account)
        assert cluster.errors() == []


@pytest.fixture(scope="session")
def plugin(running: Running) -> Iterator[Plugin]:
    started = start({"kubeconfig": running.kubeconfig}, path=(running.logins.bin,))
    yield started
    started.stop()
