"""Who gets into the rehearsal's cluster, and that nothing of a cluster outlives the rehearsal."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.paths import REPO
from tests.engine.kubernetes.harness import Plugin, Refusal, start
from tests.rehearsal.conftest import DEPLOYER, NAME, REGION, Account, Running

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
GET_TOKEN = ("eks", "get-token", "--cluster-name", NAME, "--region", REGION, "--output", "json")
DEFINITION = "secretproviderclasses.secrets-store.csi.x-k8s.io"


@pytest.fixture
def account(running: Running) -> Iterator[Account]:
    """The account, as a test may change it."""
    yield running.account
    running.account.entries = {DEPLOYER: True}


@pytest.fixture
def visitor(running: Running) -> Iterator[Plugin]:
    """The plugin with the stack's kubeconfig, not connected yet."""
    started = start({"kubeconfig": running.kubeconfig}, path=(running.logins.bin,))
    yield started
    started.stop()


def test_a_principal_without_an_access_entry_is_kept_out(
    running: Running, account: Account, visitor: Plugin
) -> None:
    account.entries = {}
    running.await_true(lambda: "Unauthorized" in _attempt(visitor))


def test_an_access_entry_without_a_policy_gives_no_rights(
    running: Running, account: Account, visitor: Plugin
) -> None:
    account.entries = {DEPLOYER: False}
    said = f'User "{DEPLOYER}" cannot get resource "configmaps"'
    running.await_true(lambda: said in _attempt(visitor))


def test_whoever_signs_in_finds_what_the_add_ons_bring(running: Running) -> None:
    assert running.kubectl("delete", "customresourcedefinition", DEFINITION).returncode == 0

    def there() -> bool:
        visitor = start({"kubeconfig": running.kubeconfig}, path=(running.logins.bin,))
        _attempt(visitor)
        visitor.stop()
        return running.kubectl("get", "customresourcedefinition", DEFINITION).returncode == 0

    running.await_true(there)


def test_the_token_is_in_a_file_for_its_owner_alone_and_in_no_command_line(running: Running) -> None:
    token = json.loads(_aws(running, *GET_TOKEN).stdout)["status"]["token"]
    holders = [
        path for path in running.logins.root.rglob("*") if path.is_file() and token in path.read_text()
    ]
    assert holders
    for path in holders:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            assert token.encode() not in process.read_bytes()
        except OSError:
            continue  # it has ended meanwhile


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("s3", "ls"), "knows only `aws eks get-token`"),
        ((*GET_TOKEN, "--profile", "admin"), "unrecognized arguments: --profile admin"),
        ((*GET_TOKEN[:3], "roost-other", *GET_TOKEN[4:]), "no cluster 'roost-other' in eu-central-1"),
        (GET_TOKEN[:-2], "--output"),
    ],
)
def test_the_played_command_refuses_everything_else(
    running: Running, arguments: tuple[str, ...], complaint: str
) -> None:
    refused = _aws(running, *arguments)
    assert refused.returncode != 0
    assert complaint in refused.stderr
    assert refused.stdout == ""


def test_a_second_cluster_runs_beside_and_a_kill_of_its_parent_leaves_no_process(running: Running) -> None:
    with tempfile.TemporaryDirectory(prefix="roost-") as place:
        program = f"""
            import time
            from pathlib import Path
            from local.rehearsal import cluster
            from local.rehearsal.login import Logins
            root = Path({place!r})
            logins = Logins(root / "logins")
            logins.prepare()
            made = cluster.running(
                root / "cluster", logins, name="second", region="eu-west-1", principal={DEPLOYER!r}
            )
            with made as started:
                print(started.endpoint, flush=True)
                time.sleep(120)
        """
        parent = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(program)], cwd=REPO, stdout=subprocess.PIPE, text=True
        )
        assert parent.stdout is not None
        try:
            endpoint = parent.stdout.readline().strip()
            assert endpoint not in ("", running.cluster.endpoint)
            assert len(_processes(place)) >= 3
        finally:
            os.kill(parent.pid, signal.SIGKILL)
            parent.wait()
        running.await_true(lambda: _processes(place) == [])
    assert running.kubectl("get", "namespaces").returncode == 0


def _processes(place: str) -> list[str]:
    """Command lines that name this directory."""
    found: list[str] = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if f"{place}/cluster" in line:
            found.append(line)
    return found


def _attempt(visitor: Plugin) -> str:
    """What a read of some object meets; nothing where it is let in."""
    try:
        visitor.read(CONFIG_MAP, "default/kube-root-ca.crt")
    except Refusal as refusal:
        return refusal.message
    return ""


def _aws(running: Running, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(running.logins.bin / "aws"), *arguments], capture_output=True, text=True, timeout=30, check=False
    )
