"""How `vllm serve` is started: its arguments, its environment and the script around both. Pure, no Pulumi.

Nothing secret is in either: the key comes from a file, by the shell that then becomes the server. What vLLM
writes goes below `CACHE_DIR`, as its file system is read-only and its user has no home.

Sources: vLLM's `serve` reference and `vllm/envs.py` (floor 0.18, which has `--shutdown-timeout`).
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import Literal

PORT = 8000
WEIGHTS_DIR = "/models"
CACHE_DIR = "/cache"
"""Compiled kernels and graphs; whoever keeps it starts a minute or two faster."""

HEALTH = "/health"
"""Answers without a key. `/v1/models` says more, and asks for one."""

KEEP_ALIVE_SECONDS = 120
"""Longer than clients keep an idle connection, so that they close it first; vLLM's 5 s would cut requests."""


@dataclass(frozen=True, kw_only=True)
class VllmCommand:
    """One server of one model."""

    location: str
    """Directory of the weights, which names model and revision: `/models/<id>/<commit>`."""
    served_name: str
    """What clients ask for, and the label `model_name` of every metric."""
    shutdown_timeout: int
    """Seconds in which a stopping server finishes what it streams; vLLM's own default cuts everything."""
    purpose: Literal["chat", "embed"]
    device: Literal["gpu", "cpu"] = "gpu"
    max_model_len: int | None = None
    """Longest request in tokens; None leaves it to the model."""
    tensor_parallel: int = 1
    gpu_memory_utilization: float | None = None
    kv_cache_dtype: str | None = None
    quantization: str | None = None
    tool_call_parser: str | None = None
    reasoning_parser: str | None = None
    chat_template: str | None = None

    def command(self) -> list[str]:
        """Program and arguments, in a stable order."""
        return [
            *("vllm", "serve", self.location),
            *("--host", "0.0.0.0", "--port", str(PORT)),  # noqa: S104 - in a pod, behind a NetworkPolicy
            *("--served-model-name", self.served_name),
            *self._memory(),
            *(self._chat() if self.purpose == "chat" else ("--runner", "pooling")),
            *("--shutdown-timeout", str(self.shutdown_timeout)),
            "--disable-fastapi-docs",
            # One line for each probe and each turn, and nothing in it that the metrics do not say.
            "--disable-uvicorn-access-log",
        ]

    def environment(self) -> dict[str, str]:
        """Variables of the server; none of them is secret."""
        return {
            # The weights are there: a server that asks the hub would start with whatever it has today.
            "HF_HUB_OFFLINE": "1",
            "TRANSFORMERS_OFFLINE": "1",
            "VLLM_NO_USAGE_STATS": "1",
            "DO_NOT_TRACK": "1",
            "VLLM_HTTP_TIMEOUT_KEEP_ALIVE": str(KEEP_ALIVE_SECONDS),
            # torch asks who it is, and the image may not know the user.
            "USER": "vllm",
            "HOME": f"{CACHE_DIR}/home",
            "XDG_CACHE_HOME": f"{CACHE_DIR}/xdg",
            "XDG_CONFIG_HOME": f"{CACHE_DIR}/config",
            "HF_HOME": f"{CACHE_DIR}/huggingface",
            "VLLM_CACHE_ROOT": f"{CACHE_DIR}/vllm",
            "TORCHINDUCTOR_CACHE_DIR": f"{CACHE_DIR}/inductor",
            "TRITON_CACHE_DIR": f"{CACHE_DIR}/triton",
            "CUDA_CACHE_PATH": f"{CACHE_DIR}/cuda",
            "FLASHINFER_WORKSPACE_BASE": f"{CACHE_DIR}/flashinfer",
        }

    def script(self, key_file: str) -> str:
        """For `sh -c`: the key from its file into the environment of the server alone, which keeps the pid.

        vLLM reads a key from its arguments or its environment and from nowhere else; arguments are for
        everyone to see.
        """
        return f'export VLLM_API_KEY="$(cat {shlex.quote(key_file)})"; exec {shlex.join(self.command())}'

    def _memory(self) -> list[str]:
        words = ["--max-model-len", str(self.max_model_len)] if self.max_model_len else []
        if self.device == "gpu":
            words += ["--tensor-parallel-size", str(self.tensor_parallel)]
        if self.gpu_memory_utilization is not None:
            words += ["--gpu-memory-utilization", f"{self.gpu_memory_utilization:.2f}"]
        if self.kv_cache_dtype is not None:
            words += ["--kv-cache-dtype", self.kv_cache_dtype]
        if self.quantization is not None:
            words += ["--quantization", self.quantization]
        return words

    def _chat(self) -> list[str]:
        # Agents send the same instructions and memories with every turn.
        words = ["--enable-prefix-caching"]
        if self.tool_call_parser is not None:
            # Without both, a request with tool_choice auto is refused.
            words += ["--enable-auto-tool-choice", "--tool-call-parser", self.tool_call_parser]
        if self.reasoning_parser is not None:
            words += ["--reasoning-parser", self.reasoning_parser]
        if self.chat_template is not None:
            words += ["--chat-template", self.chat_template]
        return words
