"""What publishes the edge of a cluster of one's own: kept alive, found again, and gone after `make down`."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local import paths
from local.cli import own_cluster

DEADLINE_SECONDS = 20


def eventually(happened: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(0.05)
    return False


@pytest.fixture
def forwarder(roots: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The supervisor around a command that notes each of its starts and ends after a moment."""
    starts = roots / "starts"
    script = f"echo started >> {starts}; exec sleep 1"
    command = [sys.executable, "-m", "local.cli.port_forward", "sh", "-c", script]
    process = subprocess.Popen(command, cwd=paths.REPO, start_new_session=True, stdout=subprocess.DEVNULL)
    paths.state().mkdir(parents=True)
    own_cluster.pid_file().write_text(str(process.pid))
    yield process
    process.kill()
    process.wait()


def test_a_forward_that_ends_is_started_again(forwarder: subprocess.Popen[bytes], roots: Path) -> None:
    starts = roots / "starts"
    assert eventually(lambda: starts.exists() and len(starts.read_text().splitlines()) >= 2)
    assert own_cluster.forwarder() == forwarder.pid


def test_withdrawing_ends_the_supervisor_and_its_command(
    forwarder: subprocess.Popen[bytes], roots: Path
) -> None:
    assert eventually((roots / "starts").exists)
    assert own_cluster.withdraw()
    assert eventually(lambda: forwarder.poll() is not None)
    assert own_cluster.forwarder() is None
    assert not own_cluster.withdraw(), "a second time there is nothing to stop"


def test_a_number_that_belongs_to_somebody_else_by_now_is_left_alone(roots: Path) -> None:
    paths.state().mkdir(parents=True)
    with subprocess.Popen(["sleep", "30"]) as other:
        own_cluster.pid_file().write_text(str(other.pid))
        assert own_cluster.forwarder() is None
        assert not own_cluster.withdraw()
        assert other.poll() is None
        other.kill()
