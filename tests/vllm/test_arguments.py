"""Flags and parsers that the program may render, put to vLLM's own argument parser: also those for GPUs."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.sizing.model_parsers import REASONING_PARSERS, TOOL_CALL_PARSERS
from infra.workloads.model_pod import ModelPod
from infra.workloads.vllm_command import VllmCommand

WORDS = Path(__file__).parents[1] / "support" / "vllm_words.py"


@pytest.fixture(scope="module")
def commands(pods: tuple[ModelPod, ModelPod]) -> dict[str, VllmCommand]:
    """Prod's, and what else the settings can lead to."""
    chat, embeddings = (pod.command for pod in pods)
    return {
        "chat": chat,
        "large": replace(
            chat,
            tensor_parallel=8,
            kv_cache_dtype="fp8",
            quantization="fp8",
            tool_call_parser="llama3_json",
            reasoning_parser="qwen3",
            chat_template="/template.jinja",
        ),
        "embeddings": embeddings,
        "embeddings on a GPU": replace(embeddings, device="gpu", gpu_memory_utilization=0.5),
    }


@pytest.fixture(scope="module")
def said(executable: Path, commands: dict[str, VllmCommand], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What vLLM says to them."""
    done = subprocess.run(
        [executable.parent / "python", "-P", WORDS],
        input=json.dumps([command.command()[2:] for command in commands.values()]),
        cwd=tmp_path_factory.mktemp("words"),
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_every_flag_is_known_and_means_what_we_mean(said: Any, commands: dict[str, VllmCommand]) -> None:
    for command, taken in zip(commands.values(), said["arguments"], strict=True):
        assert taken["model_tag"] == command.location
        assert taken["served_model_name"] == [command.served_name]
        assert taken["shutdown_timeout"] == command.shutdown_timeout
        assert taken["tensor_parallel_size"] == command.tensor_parallel
        assert taken["max_model_len"] == command.max_model_len
        assert taken["quantization"] == command.quantization
        assert taken["kv_cache_dtype"] == (command.kv_cache_dtype or "auto")
        assert taken["runner"] == ("auto" if command.purpose == "chat" else "pooling")
        assert taken["tool_call_parser"] == command.tool_call_parser
        assert taken["reasoning_parser"] == (command.reasoning_parser or "")
        assert taken["chat_template"] == command.chat_template
        assert not taken["trust_remote_code"]


def test_every_tool_call_parser_exists(said: Any) -> None:
    assert set(TOOL_CALL_PARSERS) <= set(said["tool_call_parsers"])


def test_every_reasoning_parser_exists(said: Any) -> None:
    assert set(REASONING_PARSERS) <= set(said["reasoning_parsers"])
