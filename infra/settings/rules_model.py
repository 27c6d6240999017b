"""Rules on the language model and the embedding model."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from infra.settings.model import STAND_IN_DIMENSIONS, STAND_IN_EMBEDDING, STAND_IN_MODEL, ModelSettings
from infra.settings.settings import Settings
from infra.settings.urls import is_on_host


def model_can_answer(settings: Settings) -> Iterator[str]:
    """The kind fits the profile, and what it needs is given."""
    model = settings.model
    if model.kind == "scripted" and settings.local is None:
        yield (
            "`roost:model.kind` is `scripted`, a stand-in that follows rules and must never face users, "
            f"in profile {settings.profile}: set it to `external`, with baseUrl and name."
        )
    if model.kind == "external":
        yield from _external_is_named(settings)
    else:
        yield from _nothing_is_ignored(model)


def _external_is_named(settings: Settings) -> Iterator[str]:
    model = settings.model
    if model.base_url is None:
        yield "`roost:model.kind` is `external`, so `roost:model.baseUrl` must say where: `https://host/v1`."
    else:
        yield from _reachable("roost:model.baseUrl", model.base_url, settings)
    if model.name == STAND_IN_MODEL:
        yield (
            "`roost:model.name` is still the stand-in's: an external model is asked for by its id there, "
            "one of those that `GET <baseUrl>/models` lists."
        )


def _nothing_is_ignored(model: ModelSettings) -> Iterator[str]:
    for key, value in (("baseUrl", model.base_url), ("apiKey", model.api_key)):
        if value is not None:
            yield (
                f"`roost:model.{key}` would be ignored, as `roost:model.kind` is `{model.kind}`: set it to "
                f"`external`, or remove {key}."
            )


def embeddings_can_be_made(settings: Settings) -> Iterator[str]:
    """Someone serves the embedding model, with the dimensions that the database is laid out for."""
    embedding = settings.model.embedding
    if embedding.base_url is not None:
        yield from _reachable("roost:model.embedding.baseUrl", embedding.base_url, settings)
        return
    if embedding.api_key is not None:
        yield (
            "`roost:model.embedding.apiKey` would be ignored without `roost:model.embedding.baseUrl`: "
            "give both."
        )
    if settings.local is None:
        if settings.model.kind != "vllm":
            yield (
                "`roost:model.embedding.baseUrl` is missing: only the local stack embeds by itself. Give the "
                "URL, name and dimensions of an embedding model."
            )
    else:
        yield from _stand_in_embeds(embedding.name, embedding.dimensions)


def _stand_in_embeds(name: str, dimensions: int) -> Iterator[str]:
    if (name, dimensions) != (STAND_IN_EMBEDDING, STAND_IN_DIMENSIONS):
        yield (
            f"the stand-in embeds with {STAND_IN_EMBEDDING} ({STAND_IN_DIMENSIONS} dimensions), not with "
            f"{name} ({dimensions}): give `roost:model.embedding.baseUrl` of a server that does, or remove "
            "name and dimensions."
        )


def _reachable(key: str, url: str, settings: Settings) -> Iterator[str]:
    if not is_on_host(url):
        return
    if settings.local is None:
        yield (
            f"`{key}` names {urlsplit(url).hostname}, which inside a pod is the pod itself: give a name "
            "that pods can reach."
        )
    elif settings.local.platform.host_address is None:
        yield (
            f"`{key}` names {urlsplit(url).hostname}, and nobody knows under which address pods of your "
            f"cluster ({settings.local.platform.context}) reach this machine: write that address instead."
        )


def handles_name_one_provider(settings: Settings) -> Iterator[str]:
    """The first part of a handle says whose model it is; the stack's own is nobody else's."""
    hosted = settings.model.hosted
    used = {
        "openai": hosted.openai_api_key,
        "anthropic": hosted.anthropic_api_key,
        "bedrock": settings.aws and settings.aws.bedrock_models,
    }
    provider = settings.model.handle.partition("/")[0]
    if used.get(provider):
        yield (
            f"`roost:model.provider` is {provider}, and so is a provider of its own that the stack uses: "
            "give the model at baseUrl another name, as `gateway`."
        )


def keys_travel_encrypted(settings: Settings) -> Iterator[str]:
    """Outside the local profile a key is sent over TLS only."""
    if settings.local is not None:
        return
    model, embedding = settings.model, settings.model.embedding
    pairs = (
        ("roost:model", model.base_url, model.api_key),
        ("roost:model.embedding", embedding.base_url, embedding.api_key),
    )
    for section, url, key in pairs:
        if url is not None and key is not None and url.startswith("http://"):
            yield f"`{section}.apiKey` would be sent unencrypted to `{section}.baseUrl`: use https."
