"""`make bench-up`, with a `make up` that only notes how it was called and says how long it took."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from local import paths
from local.cli import bench

STUB = """
import json, os, pathlib, sys
state, cache = pathlib.Path(os.environ["ROOST_STATE"]), pathlib.Path(os.environ["ROOST_CACHE"])
with open(os.environ["CALLS"], "a") as calls:
    print(sys.argv[1], cache.exists(), os.environ["GOMODCACHE"], os.environ["PIP_CACHE_DIR"], file=calls)
if sys.argv[1] == "up":
    cache.mkdir(parents=True, exist_ok=True)
    state.mkdir(parents=True, exist_ok=True)
    runs = json.loads((state / "timings.json").read_text()) if (state / "timings.json").exists() else []
    phase = {"name": "Tools", "seconds": 5, "peak_bytes": 0, "outcome": "done"}
    seconds = [900, SECOND][len(runs)]
    runs.append({"at": "2026-01-01T00:00:00", "seconds": seconds, "succeeded": True, "phases": [phase]})
    (state / "timings.json").write_text(json.dumps(runs))
    (state / "logs").mkdir(exist_ok=True)
    (state / "logs" / "up.log").write_text("why it failed")
    sys.exit(len(runs) == FAILS)
"""


@pytest.fixture
def calls(roots: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file in which the stub notes its calls."""
    (roots / "repo" / "local").mkdir(parents=True)
    monkeypatch.setattr(paths, "REPO", roots / "repo")
    monkeypatch.setenv("CALLS", str(roots / "calls"))
    return roots / "calls"


def run(seconds_of_second: int, fails: int = 0) -> tuple[int, str]:
    """`fails` is the number of the `make up` that fails, 0 for none."""
    stub = STUB.replace("SECOND", str(seconds_of_second)).replace("FAILS", str(fails))
    (paths.REPO / "local" / "bootstrap.py").write_text(stub)
    out = io.StringIO()
    return bench.bench_up(Console(file=out, width=120), confirmed=True), out.getvalue()


def test_it_runs_cold_then_again_then_takes_it_down(calls: Path, roots: Path) -> None:
    code, said = run(12)
    assert code == 0, said
    assert "cold    15 min 00 s (target: 30 min 00 s)" in said
    assert "second  12 s (target: 1 min 00 s)" in said
    rows = [line.split() for line in calls.read_text().splitlines()]
    assert [row[:2] for row in rows] == [["up", "False"], ["up", "True"], ["down", "True"]]
    assert all(str(roots) in place for row in rows for place in row[2:]), "no cache of Go or pip may be warm"
    assert not (roots / "roost-bench").exists()


def test_a_second_run_that_is_too_slow_fails(calls: Path) -> None:
    code, said = run(75)
    assert code == 1
    assert "✗ second  1 min 15 s" in said


@pytest.mark.parametrize("fails", [1, 2])
def test_the_logs_of_a_run_that_failed_stay(calls: Path, roots: Path, fails: int) -> None:
    code, said = run(12, fails)
    assert code == 1
    assert [line.split()[0] for line in calls.read_text().splitlines()] == ["up"] * fails + ["down"]
    logs = roots / "roost-bench" / "state" / "logs"
    assert str(logs) in "".join(said.split())
    assert (logs / "up.log").read_text() == "why it failed"
    code, said = run(12)
    assert code == 0, said
    assert not (roots / "roost-bench").exists()


def test_it_does_not_start_unasked(roots: Path, calls: Path) -> None:
    with pytest.raises(bench.PhaseError, match="Nothing was started"):
        bench.bench_up(Console(file=io.StringIO()), confirmed=False)
    assert not calls.exists()
