"""What a user sees of phases: on a terminal, in a log, and when one fails."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rich.console import Console

from local import paths
from local.cli.phases import PhaseFailedError, Run, tail
from local.progress import PhaseError

SCENE = """
import time
from rich.console import Console
from local.cli.phases import Run
run = Run(Console(highlight=False))
with run.phase("Packages"):
    pass
with run.phase("Tools") as phase:
    phase.note("downloading a module with a name that is far too long for one line " * 3)
    time.sleep(0.3)
    for done in range(6):
        phase.advance(done, 5, "compiling")
        time.sleep(0.1)
    phase.result("built 5 programs")
"""


def plain() -> tuple[Run, io.StringIO]:
    out = io.StringIO()
    return Run(Console(file=out, width=200)), out


def test_without_a_terminal_every_event_is_one_line() -> None:
    run, out = plain()
    with run.phase("Packages"):
        pass
    with run.phase("Tools") as phase:
        phase.note("compiling")
        phase.result("built 5 programs")
    lines = out.getvalue().splitlines()
    assert "\x1b" not in out.getvalue()
    assert [re.sub(r"^\[ +[\d.]+ s\] ", "", line) for line in lines] == [
        "Packages   · nothing to do",
        "Tools      compiling",
        "Tools      ✓ built 5 programs (0.0 s)",
    ]


def test_without_a_terminal_a_busy_phase_does_not_flood_the_log() -> None:
    run, out = plain()
    with run.phase("Tools") as phase:
        for done in range(10_000):
            phase.advance(done, 10_000, f"package {done}")
    assert len(out.getvalue().splitlines()) <= 3


def test_without_a_terminal_a_silent_phase_gives_signs_of_life(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local.cli.screen.PlainScreen.HEARTBEAT_SECONDS", 0.5)
    run, out = plain()
    with run.phase("Tools") as phase:
        phase.note("linking")
        time.sleep(2.6)
    assert "Tools      linking (for 1.0 s)" in out.getvalue()


def test_on_a_terminal_the_phase_is_one_line_that_is_redrawn() -> None:
    screen = on_terminal(SCENE, columns=80)
    assert "5/5  compiling" in screen
    final = [line for line in visible(screen) if line.strip()]
    assert [line[:15].split()[:2] for line in final] == [["·", "Packages"], ["✓", "Tools"]]
    assert final[1].rstrip().endswith(" s")
    assert all(len(line) < 80 for line in final), "a line that wraps cannot be redrawn in place"


def test_a_failure_says_what_where_why_and_what_next(tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    log.write_text("\n".join(f"line {number}" for number in range(100)))
    run, out = plain()

    def fail() -> None:
        with run.phase("Tools") as phase:
            phase.log(log)
            phase.note("compiling kubernetes")
            raise PhaseError("go build failed with exit code 1.", "Free some memory, then `make up` again.")

    with pytest.raises(PhaseFailedError):
        fail()
    said = out.getvalue()
    for part in (
        "✗ compiling kubernetes",
        "go build failed with exit code 1.",
        str(log),
        "│ line 99",
        "→ Free some",
    ):
        assert part in said
    assert "line 50" not in said
    assert run.timings[0].outcome == "failed"


def test_each_phase_is_timed_with_the_memory_of_its_children() -> None:
    run, _ = plain()
    with run.phase("Tools") as phase:
        phase.note("allocating")
        subprocess.run(
            [sys.executable, "-c", "x = bytearray(200_000_000); import time; time.sleep(1.2)"], check=True
        )
    (timing,) = run.timings
    assert 1.2 <= timing.seconds < 10
    assert timing.peak_bytes > 200_000_000


def test_an_interrupt_is_passed_on_and_shown_as_one() -> None:
    run, out = plain()

    def interrupt() -> None:
        with run.phase("Images") as phase:
            phase.note("server")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert "■ interrupted" in out.getvalue()


def test_tail_of_a_log_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert tail(tmp_path / "none", 5) == []


def on_terminal(program: str, columns: int) -> str:
    """All bytes that `program` writes to a terminal of this width."""
    pid, master = pty.fork()
    if pid == 0:
        environment = {
            **os.environ,
            "TERM": "xterm-256color",
            "COLUMNS": str(columns),
            "PYTHONPATH": str(paths.REPO),
        }
        for name in ("CI", "NO_COLOR"):
            environment.pop(name, None)
        os.execve(sys.executable, [sys.executable, "-c", program], environment)
    data = b""
    while True:
        try:
            chunk = os.read(master, 65536)
        except OSError:
            break
        if not chunk:
            break
        data += chunk
    os.close(master)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    return data.decode()


def visible(output: str) -> list[str]:
    """What a terminal shows in the end: carriage returns, cursor-up and erase-line obeyed."""
    lines, row = [""], 0
    for part in re.split(r"(\r?\n|\r|\x1b\[\d*[A-Za-z]|\x1b\[[?\d;]*[A-Za-z])", output):
        if part.endswith("\n"):
            row += 1
            if row == len(lines):
                lines.append("")
        elif part.endswith("A") and part.startswith("\x1b["):
            row = max(0, row - int(part[2:-1] or 1))
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part == "\r" or part.startswith("\x1b"):
            continue
        else:
            lines[row] += part
    return lines
