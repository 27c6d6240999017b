"""What the tests of the real vLLM start is what the stacks run: also where those tests are not run."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from infra.workloads.vllm_command import CACHE_DIR
from tests.support import tiny_model, vllm


@pytest.mark.parametrize("stack", ["dev", "prod"])
def test_only_what_a_machine_forces_is_changed(stack: str, tmp_path: Path) -> None:
    for pod in vllm.pods_of(stack):
        script, variables = vllm.on_this_machine(pod, tmp_path, tmp_path / "cache", 1234)
        _, _, started = script.partition("exec ")
        words = shlex.split(started)
        rendered = pod.command.command()
        assert words[: len(rendered)] == rendered
        added = words[len(rendered) :]
        assert added[:4] == ["--host", "127.0.0.1", "--port", "1234"]
        assert added[4:] == (["--kv-cache-memory-bytes", "268435456"] if pod.placement.gpus else [])
        assert variables.keys() == {**pod.command.environment(), **pod.environment}.keys()
        assert not any(value[: len(CACHE_DIR)] == CACHE_DIR for value in variables.values())


def test_the_tiny_model_is_small_and_always_the_same(tmp_path: Path) -> None:
    for name in ("one", "two"):
        tiny_model.write(tmp_path / name)
    one, two = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two")
    )
    assert one == two
    assert sum(map(len, one.values())) < 5 * vllm.MIB
