"""The Stack phase against the real engine: what it counts, how it fails, how it is interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local import paths
from local.cli import leftovers, tools, whereabouts
from local.cli.stack import Stack
from local.progress import PhaseError, Quiet
from local.toolchain import gobuild, plugins, pulumi
from local.toolchain.versions import PULUMI

PROGRAM = """
import pulumi

class Thing(pulumi.CustomResource):
    def __init__(self, name, seconds, fails=False, kind="probe:index:Thing"):
        metadata = {"name": name, "namespace": "roost"}
        super().__init__(kind, name, {"seconds": seconds, "fails": fails, "metadata": metadata})

"""


class Notes(Quiet):
    """Keeps what was shown."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def note(self, text: str) -> None:
        self.shown.append(text)

    def advance(self, done: int, total: int, text: str = "") -> None:
        self.shown.append(f"{done}/{total} {text}")


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stack:
    """A stack `local` of a program of the test's own, with the engine that `make up` uses."""
    engine = gobuild.build(PULUMI, Quiet()) / "pulumi"
    monkeypatch.setenv("ROOST_STATE", str(tmp_path / "state"))
    project = tmp_path / "project"
    project.mkdir()
    (project / "Pulumi.yaml").write_text("name: probe\nruntime: python\n")
    (project / "Pulumi.local.yaml").write_text("config: {}\n")
    environment = {**pulumi.environment(), "PYTHONPATH": str(paths.REPO)}
    plugins.provide(engine, environment, Quiet())
    environment["PATH"] = os.pathsep.join([str(probe(tmp_path)), str(tools.venv_bin()), environment["PATH"]])
    command = [str(engine), "stack", "init", "local", "--non-interactive"]
    subprocess.run(command, cwd=project, env=environment, check=True, capture_output=True)
    return Stack(str(engine), environment, project)


def probe(root: Path) -> Path:
    """A directory with the provider `probe`, also in the place of `kubernetes`."""
    folder = root / "bin"
    folder.mkdir()
    script = folder / "pulumi-resource-probe"
    script.write_text(
        f'#!/bin/sh\nexec {sys.executable} {Path(__file__).with_name("probe_plugin.py")} "$@"\n'
    )
    script.chmod(0o755)
    (folder / "pulumi-resource-kubernetes").symlink_to(script)
    return folder


def write(stack: Stack, program: str) -> None:
    (stack.directory / "__main__.py").write_text(PROGRAM + program)


def test_changes_are_counted_and_a_second_update_changes_nothing(stack: Stack) -> None:
    write(stack, "Thing('one', 0.5)\nThing('two', 0.5)\npulumi.export('url', 'https://here')\n")
    shown = Notes()
    first = stack.up(shown)
    assert first.summary() == "4 created"
    assert any("create Thing" in text for text in shown.shown), shown.shown
    second = stack.up(shown)
    assert second.summary() == "no changes, 4 resources"
    assert shown.shown[-1].startswith("4/4"), "the second update knows how long its bar is"
    assert stack.outputs() == {"url": "https://here"}


def test_a_failure_names_the_resource_and_what_it_said(stack: Stack) -> None:
    write(stack, "Thing('migrate', 0, fails=True)\n")
    with pytest.raises(PhaseError, match=r"migrate: .*the table is already there"):
        stack.up(Quiet())


def test_a_program_that_does_not_start_is_explained(stack: Stack) -> None:
    write(stack, "raise ValueError('roost:edge.hostname must be a name')\n")
    with pytest.raises(PhaseError, match=r"roost:edge\.hostname must be a name"):
        stack.up(Quiet())


def test_an_interrupt_lets_the_engine_finish_what_it_began(stack: Stack) -> None:
    write(stack, "first = Thing('first', 4)\nThing('second', 30)\n")
    threading.Thread(target=interrupt_soon, daemon=True).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        stack.up(Quiet())
    assert time.monotonic() - began < 60
    assert not list((paths.state() / "pulumi").glob(".pulumi/locks/**/*.json")), "the lock is released"


def kill_engine_soon(stack: Stack) -> None:
    """Once the creation has begun, kill the engine as the kernel would for want of memory."""
    events = paths.state() / "logs" / "pulumi-events.jsonl"
    while not events.exists() or "kubernetes:batch/v1:Job" not in events.read_text():
        time.sleep(0.1)
    time.sleep(1)
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        words = entry.read_bytes().split(b"\0")
        if words[0] == stack.pulumi.encode() and str(events).encode() in words:
            os.kill(int(entry.parent.name), signal.SIGKILL)


def interrupt_soon() -> None:
    time.sleep(6)
    os.kill(os.getpid(), signal.SIGINT)


def test_the_lock_of_a_killed_engine_does_not_stand_in_the_way(stack: Stack) -> None:
    write(stack, "Thing('one', 0)\n")
    stack.up(Quiet())
    dead = subprocess.Popen([sys.executable, "-c", "pass"])
    dead.wait()
    lock(stack, dead.pid)
    with pytest.raises(PhaseError, match="locked"):
        stack.up(Quiet())
    stack.release_dead_locks(Quiet())
    assert stack.up(Quiet()).summary() == "no changes, 3 resources"


def test_a_living_engine_is_left_in_peace(stack: Stack) -> None:
    with subprocess.Popen(["bash", "-c", "exec -a pulumi sleep 60"]) as other:
        lock(stack, other.pid)
        try:
            time.sleep(0.5)
            with pytest.raises(PhaseError, match=rf"Another pulumi .* \(process {other.pid}\)"):
                stack.refuse_if_busy()
        finally:
            other.kill()
    stack.refuse_if_busy()


def test_what_a_killed_engine_was_creating_is_known(stack: Stack) -> None:
    write(stack, "Thing('one', 30, kind='kubernetes:batch/v1:Job')\n")
    threading.Thread(target=kill_engine_soon, args=(stack,), daemon=True).start()
    before = datetime.now(UTC)
    with pytest.raises(PhaseError):
        stack.up(Quiet())
    (found,) = leftovers.find(stack.backend())
    assert found == leftovers.Unfinished("Job.v1.batch", "roost", "one")
    began = stack.interrupted_since()
    assert began is not None
    assert before < began < datetime.now(UTC)
    stack.release_dead_locks(Quiet())
    assert stack.interrupted_since() is None
    write(stack, "Thing('one', 0, kind='kubernetes:batch/v1:Job')\n")
    stack.up(Quiet())
    assert leftovers.find(stack.backend()) == [], "what is made by now must not be removed as half-made"


def lock(stack: Stack, pid: int) -> None:
    """A lock as the engine writes it."""
    folder = stack.backend() / ".pulumi" / "locks" / "organization" / "probe" / "local"
    folder.mkdir(parents=True, exist_ok=True)
    holder = {"pid": pid, "username": "root", "hostname": "here", "timestamp": "2026-01-01T00:00:00Z"}
    (folder / "0d9c2b7e.json").write_text(json.dumps(holder))


@pytest.mark.parametrize("arguments", [["state", "delete", "--all"], ["destroy", "--skip-preview"]])
def test_what_a_refused_move_advises_lets_the_next_one_through(stack: Stack, arguments: list[str]) -> None:
    write(stack, "Thing('one', 0, kind='kubernetes:batch/v1:Job')\n")
    stack.up(Quiet())
    whereabouts.record(whereabouts.Place("kind-kind", "uid"))
    with pytest.raises(PhaseError) as caught:
        whereabouts.refuse_elsewhere(whereabouts.Place(None))
    assert f"pulumi {arguments[0]}" in caught.value.remedy
    command = [stack.pulumi, *arguments, "-s", "local", "--yes"]
    environment = dict(stack.environment)
    subprocess.run(command, cwd=stack.directory, env=environment, check=True, capture_output=True)
    whereabouts.refuse_elsewhere(whereabouts.Place(None))
