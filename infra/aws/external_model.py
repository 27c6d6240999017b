"""A model that runs elsewhere, as the server must know it."""

from __future__ import annotations

import pulumi
from pydantic import SecretStr

from infra.ports import ModelEndpoint
from infra.settings.model import ModelSettings
from infra.workloads.reach import reach_of


def external_model(settings: ModelSettings) -> ModelEndpoint:
    """The endpoint of `roost:model`, whose URLs the settings have checked."""
    assert settings.base_url is not None  # the settings ask for both with kind external
    assert settings.embedding.base_url is not None
    reaches = (
        reach_of("external-model", settings.base_url),
        reach_of("external-embedding", settings.embedding.base_url),
    )
    return ModelEndpoint(
        kind=settings.kind,
        base_url=pulumi.Output.from_input(settings.base_url),
        handle=settings.handle,
        api_key=_secret(settings.api_key),
        embedding_base_url=pulumi.Output.from_input(settings.embedding.base_url),
        embedding_handle=settings.embedding.handle,
        embedding_dim=settings.embedding.dimensions,
        embedding_api_key=_secret(settings.embedding.api_key),
        reach=reaches,
    )


def _secret(key: SecretStr | None) -> pulumi.Output[str] | None:
    return pulumi.Output.secret(key.get_secret_value()) if key is not None else None
