"""Rules on the stack's own inference servers."""

from __future__ import annotations

from collections.abc import Iterator

from infra.settings.model import STAND_IN_EMBEDDING, STAND_IN_MODEL
from infra.settings.settings import Settings


def section_fits_the_kind(settings: Settings) -> Iterator[str]:
    """`roost:inference` and model.kind `vllm` come together, on AWS, with names of their own."""
    model = settings.model
    if model.kind != "vllm":
        if settings.inference is not None:
            yield (
                f"`roost:inference` would be ignored, as `roost:model.kind` is `{model.kind}`: set it to "
                "`vllm`, or remove the section."
            )
        return
    if settings.local is not None:
        yield (
            "`roost:model.kind` is `vllm`, which needs GPU nodes, in profile local: run vLLM yourself and "
            "set kind to `external`, with its URL."
        )
    if settings.inference is None:
        yield (
            "`roost:model.kind` is `vllm`, so `roost:inference` must say which model: give model, revision "
            "and embedding (docs/inference.md has an example)."
        )
    if model.name == STAND_IN_MODEL:
        yield "`roost:model.name` is still the stand-in's: name what vLLM serves the model as."
    embedding = model.embedding
    if embedding.base_url is not None:
        yield (
            "`roost:model.embedding.baseUrl` would be ignored: with `roost:model.kind` `vllm` the server of "
            "`roost:inference.embedding` embeds. Remove it."
        )
    elif embedding.name == STAND_IN_EMBEDDING:
        yield "`roost:model.embedding.name` is still the stand-in's: name what vLLM serves it as."
