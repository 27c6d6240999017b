"""The provider's configuration, as the program or the environment gives it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.plugins.base.values import Value, plain

_ENVIRONMENT = {
    "deleteUnreachable": "PULUMI_K8S_DELETE_UNREACHABLE",
    "skipUpdateUnreachable": "PULUMI_K8S_SKIP_UPDATE_UNREACHABLE",
    "enableConfigMapMutable": "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE",
    "enableSecretMutable": "PULUMI_K8S_ENABLE_SECRET_MUTABLE",
    "enablePatchForce": "PULUMI_K8S_ENABLE_PATCH_FORCE",
    "upsertExistingObjects": "PULUMI_K8S_UPSERT_EXISTING_OBJECTS",
    "suppressDeprecationWarnings": "PULUMI_K8S_SUPPRESS_DEPRECATION_WARNINGS",
}


@dataclass(frozen=True)
class Settings:
    """What the fallback honours; every other option of the official provider is accepted and ignored."""

    kubeconfig: str | None
    """Contents or path; None means the user's default kubeconfig. Never shown in messages."""
    context: str | None
    cluster: str | None
    namespace: str | None
    delete_unreachable: bool
    skip_update_unreachable: bool
    config_map_mutable: bool
    secret_mutable: bool
    patch_force: bool
    upsert_existing: bool
    suppress_warnings: bool

    def __repr__(self) -> str:
        return f"Settings(context={self.context!r}, cluster={self.cluster!r}, namespace={self.namespace!r})"


def read(properties: Mapping[str, Value]) -> Settings:
    """Settings from the provider's properties, which the SDK sends as JSON in strings, or as they are."""

    def text(key: str) -> str | None:
        value = plain(properties.get(key))
        if isinstance(value, dict):  # a kubeconfig given as an object
            return json.dumps(value)
        return value if isinstance(value, str) and value else None

    def switch(key: str) -> bool:
        value: Any = plain(properties.get(key))
        if value is None:
            value = os.environ.get(_ENVIRONMENT[key], "")
        return str(value).strip('"').lower() in ("true", "1")

    return Settings(
        kubeconfig=text("kubeconfig"),
        context=text("context"),
        cluster=text("cluster"),
        namespace=text("namespace"),
        delete_unreachable=switch("deleteUnreachable"),
        skip_update_unreachable=switch("skipUpdateUnreachable"),
        config_map_mutable=switch("enableConfigMapMutable"),
        secret_mutable=switch("enableSecretMutable"),
        patch_force=switch("enablePatchForce"),
        upsert_existing=switch("upsertExistingObjects"),
        suppress_warnings=switch("suppressDeprecationWarnings"),
    )
