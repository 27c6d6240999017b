"""What EKS add-ons bring into a cluster, as far as the stack depends on it: their custom resources.

Their pods are not played: a volume of the Secrets Store driver is mounted as soon as its class exists, and
no secret is fetched; no volume is provisioned; no metrics are served, so an autoscaler keeps its minimum.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from local.plugins.kubernetes.objects import Object, dig
from local.rehearsal.api import Api

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_ESTABLISHED_SECONDS = 15.0
_POLL_SECONDS = 0.1

_TEXT: Object = {"type": "string"}
_TEXTS: Object = {"type": "object", "additionalProperties": _TEXT}


def _objects(**properties: Object) -> Object:
    return {"type": "array", "items": {"type": "object", "properties": properties}}


def _definition(group: str, kind: str, plural: str, version: str, **properties: Object) -> Object:
    schema = {"type": "object", "properties": properties}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural, "singular": kind.lower(), "listKind": f"{kind}List"},
            "versions": [
                {"name": version, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
            ],
        },
    }


DEFINITIONS = {
    # The fields of secrets-store-csi-driver's own definition (v1).
    "aws-secrets-store-csi-driver-provider": _definition(
        "secrets-store.csi.x-k8s.io",
        "SecretProviderClass",
        "secretproviderclasses",
        "v1",
        spec={
            "type": "object",
            "properties": {
                "provider": _TEXT,
                "parameters": _TEXTS,
                "secretObjects": _objects(
                    secretName=_TEXT,
                    type=_TEXT,
                    labels=_TEXTS,
                    annotations=_TEXTS,
                    data=_objects(objectName=_TEXT, key=_TEXT),
                ),
            },
        },
        status={"type": "object", "properties": {"byPod": _objects(id=_TEXT, namespace=_TEXT)}},
    )
}
"""By the EKS name of the add-on; those that bring nothing the stack uses are not in it."""


def install(api: Api, addons: Iterable[str]) -> None:
    """Bring in what these add-ons define, and wait until it is served. ApiError, TimeoutError."""
    for definition in [DEFINITIONS[name] for name in sorted(addons) if name in DEFINITIONS]:
        path = f"{_DEFINITIONS}/{definition['metadata']['name']}"
        made = api.apply(path, definition)
        end = time.monotonic() + _ESTABLISHED_SECONDS
        while not _established(made):
            if time.monotonic() > end:
                raise TimeoutError(f"{path} was not established after {_ESTABLISHED_SECONDS:.0f} s")
            time.sleep(_POLL_SECONDS)
            made = api.get(path)


def _established(definition: Object) -> bool:
    conditions: list[Object] = dig(definition, "status", "conditions", default=[])
    return any(c["type"] == "Established" and c["status"] == "True" for c in conditions)
