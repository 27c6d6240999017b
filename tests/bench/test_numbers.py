"""What the benchmarks say: percentiles, verdicts, exact neighbours, and a load against a real socket."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from local import paths
from local.bench import curves, load, report, stub, usage, vectors
from local.bench.compare import Measured
from local.bench.growth import Curve
from local.bench.http import HttpError
from local.bench.load import Call, Result, Sample
from local.bench.subjects import Subject
from local.bench.workloads import WORKLOADS
from local.progress import Quiet
from local.serving import process, server


@given(st.lists(st.floats(0, 1e6), min_size=1), st.integers(1, 100))
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(values: list[float], percent: int) -> None:
    ordered = sorted(values)
    found = report.percentile(ordered, percent)
    assert found in ordered
    assert sum(value <= found for value in ordered) * 100 >= percent * len(ordered)
    assert sum(value < found for value in ordered) * 100 < percent * len(ordered)


def subject(name: str, *, cpu: float = 0, memory: int = 0, port: int = 1, pid: int = 1) -> Subject:
    return Subject(name, "db", port, pid, {}, "m", "e", 1.0, cpu, memory)


def missed(table: str) -> list[str]:
    return [line.split(" | ")[0].strip("| ") for line in table.splitlines() if "✗" in line]


def measured(name: str, *, seconds: float, cpu: float, start_cpu: float, memory: int) -> Measured:
    result = Result([Sample(0, seconds / 2, seconds)], seconds, cpu, cpu)
    runs = {workload.name: [result] for workload in WORKLOADS}
    return Measured(subject(name, cpu=start_cpu, memory=memory), runs, end_memory=memory)


def test_the_table_says_which_target_was_missed() -> None:
    peer = measured("peer", seconds=1.0, cpu=0.1, start_cpu=20.0, memory=400 << 20)
    good = measured("roost", seconds=0.03, cpu=0.005, start_cpu=1.0, memory=90 << 20)
    table, reached = report.compared([good, peer])
    assert reached
    assert "✗" not in table
    slow = measured("roost", seconds=0.05, cpu=0.005, start_cpu=1.0, memory=90 << 20)
    table, reached = report.compared([slow, peer])
    assert not reached
    assert missed(table) == [workload.name for workload in WORKLOADS if workload.target > 20]
    heavy = measured("roost", seconds=0.03, cpu=0.005, start_cpu=2.0, memory=120 << 20)
    assert missed(report.compared([heavy, peer])[0]) == [
        "cold start, CPU s", "memory after start, MiB", "memory after load, MiB",
    ]  # fmt: skip


def test_a_workload_that_failed_is_told_and_is_no_success() -> None:
    peer = measured("peer", seconds=1.0, cpu=0.1, start_cpu=20.0, memory=400 << 20)
    ours = measured("roost", seconds=0.03, cpu=0.005, start_cpu=1.0, memory=90 << 20)
    ours.faults["message turn"] = "POST answered 500"
    table, reached = report.compared([ours, peer])
    assert not reached
    assert "| message turn | roost failed: POST answered 500 |" in table


def test_curves_are_judged() -> None:
    flat = Curve("a", "t", "x", "y", flat=True, lines={"steady": [(1, 10), (100, 12)]})
    steep = Curve("b", "t", "x", "y", flat=True, lines={"steep": [(1, 10), (100, 16)]})
    forgetful = Curve("c", "t", "x", "recall", least=0.95, lines={"c": [(1, 1.0), (100, 0.94)]})
    assert curves.table([flat])[1]
    assert not curves.table([flat, steep])[1]
    assert not curves.table([forgetful])[1]


def test_vectors_are_the_same_however_they_are_asked_for_and_neighbours_are_exact() -> None:
    whole = vectors.made(32, 0, 3000)
    assert np.array_equal(whole[990:1010], vectors.made(32, 990, 20))
    likeness = vectors.queries(32) @ whole.T
    wanted = [set(np.argsort(-row)[:10].tolist()) for row in likeness]
    assert vectors.nearest(32, 3000, 10) == wanted


@pytest.fixture(scope="module")
def model() -> Iterator[server.Running]:
    port = process.free_port()
    argv = [sys.executable, "-m", "local.bench.stub", str(port), "16"]
    url = f"http://127.0.0.1:{port}"
    command = server.Command("The stub", argv, {}, url, "/v1/models")
    with server.running(command, Quiet(), server.Pipe()) as running:
        yield running


def test_a_load_counts_every_call_and_the_server_s_cpu(model: server.Running) -> None:
    target = subject("stub", port=int(model.url.rsplit(":", 1)[1]), pid=model.process.pid)
    body = {"model": stub.EMBEDDING_MODEL, "input": ["a", "b"]}
    lanes = [[Call("POST", "/v1/embeddings", body)] * 200] * 5
    result = load.run(target, model.process.pid, lanes)
    assert len(result.samples) == 1000
    assert all(sample.start <= sample.first <= sample.end for sample in result.samples)
    assert 0 < result.server_cpu <= usage.cpu_seconds(model.process.pid)
    found = load.ask(target, [Call("POST", "/v1/embeddings", body)], orjson.loads)[0]
    assert np.allclose(found["data"][1]["embedding"], vectors.queries(16)[stub.number("b")])


def test_an_answer_that_is_no_success_stops_the_load(model: server.Running) -> None:
    target = subject("stub", port=int(model.url.rsplit(":", 1)[1]), pid=model.process.pid)
    with pytest.raises(ExceptionGroup) as raised:
        load.run(target, model.process.pid, [[Call("POST", "/v1/embeddings", {"model": "without input"})]])
    assert raised.group_contains(HttpError, match="500")


def test_the_peer_s_lock_names_the_release_and_no_address() -> None:
    lock = (paths.REPO / "local" / "bench" / "peer" / "requirements.lock").read_text()
    assert "\nletta==0.16.8 " in lock
    assert "://" not in lock


def test_the_usage_of_a_tree_has_its_children() -> None:
    # The parent does nothing; its child, started from another thread, works and ends.
    work = "import sys; x = bytearray(60 << 20); sum(range(10**7)); print(1, flush=True); sys.stdin.read()"
    code = f"""import subprocess, sys, threading
t = threading.Thread(target=lambda: subprocess.run([sys.executable, "-c", {work!r}]))
t.start(); t.join(); print(2, flush=True); sys.stdin.read()"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdin is not None
        assert parent.stdout.readline() == "1\n"
        assert usage.memory(parent.pid) > 60 << 20
        assert usage.cpu_seconds(parent.pid) > 0.1
        parent.stdin.close()
