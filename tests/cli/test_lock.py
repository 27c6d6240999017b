"""Two commands cannot change the stack at once; the second hears who is at work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local import paths
from local.cli import lock
from local.progress import PhaseError

HOLDER = """
import sys, time
from local.cli import lock
with lock.exclusive("up"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(roots: Path):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER],
        cwd=paths.REPO,
        env={**os.environ, "PYTHONPATH": str(paths.REPO)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_state_that_others_could_read_is_closed_to_them(roots: Path) -> None:
    paths.state().mkdir(parents=True)
    paths.state().chmod(0o755)
    with lock.exclusive("down"):
        assert paths.state().stat().st_mode & 0o777 == 0o700


def test_the_second_is_told_who_holds_it(holder: subprocess.Popen[str]) -> None:
    with pytest.raises(PhaseError, match=rf"`make up` \(process {holder.pid}, for .* s\) is at work"):
        with lock.exclusive("down"):
            pass


def test_a_killed_holder_does_not_stand_in_the_way(holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with lock.exclusive("down"):
        pass
