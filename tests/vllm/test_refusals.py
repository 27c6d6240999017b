"""vLLM does not start with what the sizing refuses; better that somebody says so before the bill."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.workloads.model_pod import ModelPod
from tests.support import tiny_model, vllm


@pytest.mark.parametrize(
    ("length", "cache", "reason"),
    [
        (tiny_model.CONTEXT + 1, 256 * vllm.MIB, "max_model_len"),
        # 4,096 tokens of 512 bytes.
        (tiny_model.CONTEXT, 2 * vllm.MIB, "KV cache"),
    ],
    ids=["more than the model was made for", "more than the cache holds"],
)
def test_a_request_length_that_does_not_fit(
    executable: Path,
    chat_pod_here: ModelPod,
    tmp_path: Path,
    length: int,
    cache: int,
    reason: str,
) -> None:
    pod = vllm.with_model(chat_pod_here, Path(chat_pod_here.command.location), max_model_len=length)
    server = vllm.start(
        executable, pod, tmp_path, tmp_path / "cache", ["--kv-cache-memory-bytes", str(cache)]
    )
    try:
        assert server.process.wait(pod.timing.startup.budget_seconds) != 0
    finally:
        server.kill()
    assert reason in server.logs()
