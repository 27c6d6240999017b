"""Runs Pulumi for `make up` and shows the engine's events as one phase."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from local import paths
from local.policing import Run
from local.progress import PhaseError, Progress
from local.toolchain.events import Tail, Tally
from local.toolchain.pulumi import STACK, stack_exists

UP_SECONDS = 1800
QUERY_SECONDS = 60
JUDGED_SECONDS = 300
CANCEL_SECONDS = 120
POLL_SECONDS = 0.2
_JUDGED = ("--stack", STACK, "--color=never")


@dataclass(frozen=True)
class Stack:
    """The `local` stack: which pulumi runs it, with which environment."""

    pulumi: str
    environment: Mapping[str, str]
    directory: Path = paths.REPO
    """Where its Pulumi.yaml is."""

    def up(self, progress: Progress) -> Tally:
        """`pulumi up`; what it changed.

        Raises:
            PhaseError: Pulumi failed; the message holds its diagnostics.
        """
        logs = paths.private_state() / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        return self._update(progress, logs / "pulumi-up.log", logs / "pulumi-events.jsonl")

    def backend(self) -> Path:
        """The directory of the file backend."""
        return Path(self.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))

    def refuse_if_busy(self) -> None:
        """Raises PhaseError while another pulumi works on the stack."""
        living = [pid for pid in self._lock_holders() if _is_pulumi(pid)]
        if living:
            raise PhaseError(
                f"Another pulumi is at work on the stack {STACK} (process {living[0]}).",
                "Wait for it to end or stop it, then run `make up` again.",
            )

    def interrupted_since(self) -> datetime | None:
        """When the pulumi began that was killed and left its lock; None when there is no such lock."""
        return min(filter(None, map(_began, self._locks())), default=None)

    def release_dead_locks(self, progress: Progress) -> None:
        """A killed pulumi leaves its lock in the backend; release it. Call `refuse_if_busy` before."""
        if self._lock_holders():
            progress.note("releasing the lock of an interrupted pulumi")
            self._query("cancel", "--yes", "--stack", STACK)

    def _lock_holders(self) -> list[int]:
        return [_holder(path) for path in self._locks()]

    def _locks(self) -> list[Path]:
        return list(self.backend().glob(f".pulumi/locks/**/{STACK}/*.json"))

    def outputs(self, *, secrets: bool = False) -> dict[str, Any]:
        """The stack's outputs; {} when it was never up. Secrets are "[secret]" unless asked for."""
        if not stack_exists():
            return {}
        flags = ["--show-secrets"] if secrets else []
        answer = self._query("stack", "output", "--json", "--stack", STACK, *flags)
        return json.loads(answer or "{}")

    def preview(self, policies: Run) -> None:
        """`pulumi preview` with the policy packs.

        Raises:
            PhaseError: it failed, or a mandatory rule is violated; with what pulumi says about it.
        """
        self._query("preview", *_JUDGED, *policies.flags, policies=policies)

    def analyze(self, policies: Run) -> None:
        """`pulumi policy analyze` on the state; raises PhaseError as `preview` does."""
        self._query("policy", "analyze", *_JUDGED, *policies.flags, policies=policies)

    def _update(self, progress: Progress, log: Path, events: Path) -> Tally:
        progress.log(log)
        events.unlink(missing_ok=True)
        argv = [self.pulumi, "up", "--stack", STACK, "--yes", "--skip-preview", "--non-interactive"]
        argv += ["--color=never", "--suppress-outputs", "--event-log", str(events)]
        # The event log is a flag for tools that drive pulumi; it hides behind this switch.
        environment = {**self.environment, "PULUMI_DEBUG_COMMANDS": "true"}
        with log.open("wb") as out:
            # A process group of its own: Ctrl-C reaches pulumi once, from us, and it finishes cleanly.
            process = subprocess.Popen(
                argv,
                cwd=self.directory,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                process_group=0,
            )
            tally = _follow(process, events, progress)
        if process.returncode != 0:
            raise _failure(tally, process.returncode, log)
        _remember_size(tally.done)
        return tally

    def _query(self, *arguments: str, policies: Run | None = None) -> str:
        result = subprocess.run(
            [self.pulumi, *arguments, "--non-interactive"],
            cwd=self.directory,
            env={**self.environment, **(policies.variables if policies else {})},
            capture_output=True,
            text=True,
            timeout=JUDGED_SECONDS if policies else QUERY_SECONDS,
            check=False,
        )
        if result.returncode != 0:
            what = " ".join(arguments[:2])
            if policies:
                raise PhaseError(
                    f"`pulumi {what}` failed: {result.stdout.strip()}\n{result.stderr.strip()}",
                    "Mend what the rules name; docs/policies.md explains each, and how to exempt a resource.",
                )
            raise PhaseError(
                f"`pulumi {what}` failed: {result.stderr.strip() or result.stdout.strip()}",
                "If the state directory was changed by hand, put it back; `make clean` starts afresh.",
            )
        return result.stdout


def _follow(process: subprocess.Popen[bytes], events: Path, progress: Progress) -> Tally:
    """Show events until pulumi ends; at most UP_SECONDS."""
    tally, tail, expected = Tally(), Tail(events), _expected_size()
    deadline = time.monotonic() + UP_SECONDS
    progress.note("starting the engine")
    try:
        while process.poll() is None:
            _show(tally, tail, progress, expected)
            if time.monotonic() > deadline:
                _interrupt(process, progress)
                raise PhaseError(
                    f"pulumi up did not end within {UP_SECONDS // 60} minutes.",
                    "See `make status` for what is not ready.",
                )
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        _interrupt(process, progress)
        raise
    _show(tally, tail, progress, expected)
    return tally


def _show(tally: Tally, tail: Tail, progress: Progress, expected: int) -> None:
    events = tail.read()
    for event in events:
        tally.add(event)
    if not events or not (tally.done or tally.running):
        return
    if expected:
        progress.advance(tally.done, max(expected, tally.done + len(tally.running)), tally.current())
    else:
        progress.note(f"{tally.done} resources done  {tally.current()}".rstrip())


def _interrupt(process: subprocess.Popen[bytes], progress: Progress) -> None:
    progress.note("pulumi is finishing what it began (Ctrl-C again ends it at once)")
    process.send_signal(signal.SIGINT)
    try:
        process.wait(CANCEL_SECONDS)
    except (KeyboardInterrupt, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _failure(tally: Tally, code: int, log: Path) -> PhaseError:
    said = tally.errors[:3] or _complaint(log) or [f"It ended with exit code {code}."]
    return PhaseError(
        "\n".join(["pulumi up failed.", *said]),
        f"Fix that and run `make up` again; everything that pulumi said is in {log}.",
    )


def _complaint(log: Path) -> list[str]:
    """What pulumi said when it gave up before the engine started."""
    lines = log.read_text(errors="replace").splitlines()
    return [line.removeprefix("error: ") for line in lines if line.startswith("error: ")][:3]


def _size_file() -> Path:
    return paths.state() / "logs" / "resources"


def _expected_size() -> int:
    """How many resources the last successful update had: the length of the bar."""
    try:
        return int(_size_file().read_text())
    except (OSError, ValueError):
        return 0


def _remember_size(count: int) -> None:
    _size_file().write_text(str(count))


def _holder(lock: Path) -> int:
    try:
        return int(json.loads(lock.read_text())["pid"])
    except (OSError, ValueError, KeyError):
        return 0


def _began(lock: Path) -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(lock.read_text())["timestamp"])
    except (OSError, ValueError, KeyError):
        return None


def _is_pulumi(pid: int) -> bool:
    """Whether that process lives and is a pulumi, not a later one with its number."""
    try:
        return b"pulumi" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return False
