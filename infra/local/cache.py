"""Redis in the cluster, with what ElastiCache asks of its clients: TLS, a login, and nothing kept."""

from __future__ import annotations

import hashlib

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from infra.ports import CacheEndpoint, ClusterAccess, Credentials, NamespaceAccess, Reach
from infra.settings.cache import CacheSettings
from infra.settings.local import LocalSettings
from infra.sizing.quantities import memory_bytes
from infra.sizing.timing import Probe
from infra.workloads.cache import LOGIN, MAY_DO
from infra.workloads.labels import labels, selector
from infra.workloads.pods import (
    container_security,
    exec_probe,
    immutable_secret,
    name_of,
    pod_security,
    resources,
    scratch,
    secret_files,
)
from infra.workloads.service_certificate import ServiceCertificate
from infra.workloads.services import cluster_service

WORKLOAD = "cache"
PORT = 6379
UID = 10001
FILES = "/run/secrets/cache"
DATA_SHARE = 0.75
"""Of the pod's memory: ElastiCache sets aside as much for copies and buffers."""

# The answer is that it wants a login, which a Redis gives that speaks TLS and keeps up.
_PING = ["redis-cli", "--tls", "--insecure", "PING"]
_PROBE = Probe(period_seconds=5, timeout_seconds=3, failure_threshold=6)


class LocalCache(pulumi.ComponentResource):
    """StatefulSet and Service `cache`: one pod without a volume, so a restart empties it."""

    endpoint: CacheEndpoint

    def __init__(
        self,
        name: str,
        settings: LocalSettings,
        common: CacheSettings,
        *,
        cluster: ClusterAccess,
        namespace: NamespaceAccess,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:local:Cache", name, None, opts)
        self._settings = settings
        self._common = common
        self._namespace = namespace
        self._opts = pulumi.ResourceOptions(parent=self, provider=cluster.provider)
        child = pulumi.ResourceOptions(parent=self)
        host = pulumi.Output.concat(WORKLOAD, ".", namespace.name, ".svc")
        password = random.RandomPassword(f"{name}-login", length=48, special=False, opts=child).result
        certificate = ServiceCertificate(f"{name}-certificate", service=WORKLOAD, host=host, opts=child)
        files = immutable_secret(
            WORKLOAD,
            {
                "users.acl": password.apply(users),
                "tls.crt": certificate.certificate,
                "tls.key": certificate.private_key,
            },
            namespace.name,
            labels(WORKLOAD),
            self._opts,
        )
        pods = self._stateful_set(files)
        service = cluster_service(
            WORKLOAD, PORT, "redis", namespace=namespace.name, pods=pods, opts=self._opts
        )
        self.endpoint = CacheEndpoint(
            host=pulumi.Output.concat(name_of(service), ".", namespace.name, ".svc"),
            port=PORT,
            login=Credentials(username=LOGIN, password=password),
            ca_bundle=certificate.authority,
            reach=Reach(name=WORKLOAD, ports=(PORT,), pods=WORKLOAD),
            ready=[pods, service],
        )
        self.register_outputs({"host": self.endpoint.host})

    def _stateful_set(self, files: k8s.core.v1.Secret) -> k8s.apps.v1.StatefulSet:
        return k8s.apps.v1.StatefulSet(
            WORKLOAD,
            metadata={"name": WORKLOAD, "namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            spec={
                "replicas": 1,
                "service_name": WORKLOAD,
                "selector": {"match_labels": selector(WORKLOAD)},
                "template": {"metadata": {"labels": labels(WORKLOAD)}, "spec": self._pod(files)},
            },
            opts=pulumi.ResourceOptions.merge(
                self._opts, pulumi.ResourceOptions(depends_on=self._namespace.ready)
            ),
        )

    def _pod(self, files: k8s.core.v1.Secret) -> k8s.core.v1.PodSpecArgsDict:
        mounts = secret_files(files, FILES) + scratch()
        return {
            "automount_service_account_token": False,
            "enable_service_links": False,
            "security_context": pod_security(UID),
            "volumes": mounts.volumes,
            "containers": [
                {
                    "name": WORKLOAD,
                    "image": self._settings.platform.images.cache,
                    "image_pull_policy": "IfNotPresent",
                    "args": server_arguments(
                        memory=int(memory_bytes(self._settings.cache.memory_limit) * DATA_SHARE),
                        eviction=self._common.eviction_policy,
                    ),
                    "ports": [{"name": "redis", "container_port": PORT}],
                    "volume_mounts": mounts.mounts,
                    "security_context": container_security(),
                    "resources": resources(self._settings.cache),
                    "liveness_probe": exec_probe(_PING, _PROBE),
                    "readiness_probe": exec_probe(_PING, _PROBE),
                    "termination_message_policy": "FallbackToLogsOnError",
                }
            ],
        }


def users(password: str) -> str:
    """The access control list, with the password's digest only: nobody is `default`, as on ElastiCache."""
    digest = hashlib.sha256(password.encode()).hexdigest()
    return f"user default off -@all\nuser {LOGIN} #{digest} {MAY_DO}\n"


def server_arguments(*, memory: int, eviction: str) -> list[str]:
    """TLS and nothing else, users from a file, and nothing written to disk."""
    options = {
        "port": "0",
        "tls-port": str(PORT),
        "tls-cert-file": f"{FILES}/tls.crt",
        "tls-key-file": f"{FILES}/tls.key",
        "tls-auth-clients": "no",
        "tls-protocols": "TLSv1.2 TLSv1.3",
        "aclfile": f"{FILES}/users.acl",
        "maxmemory": str(memory),
        "maxmemory-policy": eviction,
        "save": "",
        "dir": "/tmp",  # noqa: S108 - the pod's own
    }
    return [word for name, value in options.items() for word in (f"--{name}", value)]
