"""A rollout cuts no stream: SIGTERM, then the drain, then the end, all within the pod's grace."""

from __future__ import annotations

from pathlib import Path

from infra.workloads.model_pod import ModelPod
from tests.support import vllm
from tests.support.vllm import Vllm


def test_a_stream_outlives_the_order_to_stop(
    executable: Path, chat: Vllm, chat_pod_here: ModelPod, tmp_path: Path
) -> None:
    """On the cache of a server before it, as in a rollout: no kernel has to be compiled again.

    The graph is: vLLM's build for processors finds the stored one and cannot load it (0.32.0).
    """
    timing = chat_pod_here.timing
    compiled = set(chat.cache.rglob("*.so"))
    with vllm.serving(executable, chat_pod_here, tmp_path, chat.cache) as server:
        assert set(chat.cache.rglob("*.so")) == compiled
        stream = server.stream(max_tokens=1500, ignore_eos=True)
        chunks = [next(stream) for _ in range(10)]
        server.process.terminate()
        # The pod must be out of its Service by now, which is what the wait before SIGTERM is for.
        assert server.ask("/v1/chat/completions", server.request("Hi."))[0] >= 500
        chunks += stream
        assert chunks[-1]["usage"]["completion_tokens"] == 1500
        assert server.process.wait(timing.termination_grace - timing.pre_stop) == 0
