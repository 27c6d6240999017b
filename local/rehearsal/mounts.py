"""Whether the volumes of a pod could be mounted."""

from __future__ import annotations

from local.plugins.kubernetes.errors import ApiError
from local.plugins.kubernetes.objects import Object, dig
from local.rehearsal.api import Api

_SECRETS_STORE = "secrets-store.csi.k8s.io"
_CLASSES = "/apis/secrets-store.csi.x-k8s.io/v1/namespaces/{namespace}/secretproviderclasses/{name}"


def missing(api: Api, pod: Object) -> str:
    """The first object that a volume needs and that does not exist, in a kubelet's words; or nothing."""
    for volume in dig(pod, "spec", "volumes", default=[]):
        for what, path in _needs(volume, pod["metadata"]["namespace"]):
            if not _exists(api, path):
                return f'MountVolume.SetUp failed for volume "{volume["name"]}": {what} not found'
    return ""


def _needs(volume: Object, namespace: str) -> list[tuple[str, str]]:
    """What a volume reads, as (description, path). Projected parts count too."""
    found: list[tuple[str, str]] = []
    for source in [volume, *dig(volume, "projected", "sources", default=[])]:
        secret = dig(source, "secret", "secretName") or dig(source, "secret", "name")
        config = dig(source, "configMap", "name")
        if secret and not dig(source, "secret", "optional"):
            found.append((f'secret "{secret}"', f"/api/v1/namespaces/{namespace}/secrets/{secret}"))
        if config and not dig(source, "configMap", "optional"):
            found.append((f'configmap "{config}"', f"/api/v1/namespaces/{namespace}/configmaps/{config}"))
    if dig(volume, "csi", "driver") == _SECRETS_STORE:
        name = dig(volume, "csi", "volumeAttributes", "secretProviderClass")
        path = _CLASSES.format(namespace=namespace, name=name)
        found.append((f'SecretProviderClass "{name}"', path))
    return found


def _exists(api: Api, path: str) -> bool:
    try:
        api.get(path)
    except ApiError as error:
        if error.not_found:
            return False
        raise
    return True
