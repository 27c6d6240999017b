"""A model's files, and the Job that fetches them into the bucket."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from infra.options import waits
from infra.ports import ModelStore, NamespaceAccess, Reach
from infra.workloads.connections import Connection
from infra.workloads.jobs import SERVER_UID
from infra.workloads.labels import labels
from infra.workloads.openings import open_connections
from infra.workloads.pods import (
    container_security,
    environment,
    pod_security,
    scratch,
    service_account,
)
from infra.workloads.reach import ANY_ADDRESS
from infra.workloads.vllm_command import WEIGHTS_DIR

core = k8s.core.v1

FETCHER, READER = "weights-fetcher", "weights-reader"
"""Service accounts: who may write models, and who may read them."""

HUB = Reach(name="hub", ports=(443,), cidrs=ANY_ADDRESS)
"""Hugging Face and the networks that it hands files out from, which nobody can list; and AWS's own APIs."""

_SLOWEST_MIB_PER_SECOND = 10
_LEAST_SECONDS = 3600
_PASSING = (1, 137, 143)
"""Exit codes that another pod may better: the network failed, or something stopped it."""

# Three files at once, of each a part of 64 MiB.
_FETCH_RESOURCES: core.ResourceRequirementsArgsDict = {
    "requests": {"cpu": "500m", "memory": "512Mi", "ephemeral-storage": "256Mi"},
    "limits": {"memory": "1Gi", "ephemeral-storage": "256Mi"},
}


@dataclass(frozen=True, kw_only=True)
class Weights:
    """One revision of one model."""

    model: str
    revision: str
    prefix: str
    """In the bucket, with a slash at the end."""
    disk_gib: int
    """At most; of each pod's volume for them, too."""

    @property
    def location(self) -> str:
        """Where a server finds it."""
        return f"{WEIGHTS_DIR}/{self.model}/{self.revision}"

    @property
    def slug(self) -> str:
        """Names it in Kubernetes."""
        name = re.sub(r"[^a-z0-9]+", "-", self.model.rpartition("/")[2].lower()).strip("-")
        return f"{name[:36].strip('-')}-{self.revision[:8]}"


class WeightsFetch(pulumi.ComponentResource):
    """A Job for each revision, kept: the files that it brought are the ones that its name says.

    Only its pod knows the hub's token, and reaches anything but the bucket.
    """

    def __init__(
        self,
        name: str,
        weights: list[Weights],
        *,
        image: pulumi.Input[str],
        token_secret: str | None,
        store: ModelStore,
        namespace: NamespaceAccess,
        provider: k8s.Provider,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:workloads:WeightsFetch", name, None, opts)
        self._image = image
        self._token_secret = token_secret
        self._store = store
        self._namespace = namespace
        self._opts = pulumi.ResourceOptions(parent=self, provider=provider)
        account = service_account(FETCHER, namespace, self._opts)
        openings = open_connections(
            [Connection(client=FETCHER, reach=reach) for reach in (HUB, store.identity)],
            namespace,
            self._opts,
        )
        after = [*namespace.ready, *store.ready, *openings]
        self.jobs: dict[str, k8s.batch.v1.Job] = {
            one.model: self._job(one, account, after) for one in weights
        }
        self.register_outputs({})

    def _job(
        self, weights: Weights, account: pulumi.Output[str], after: list[pulumi.Resource]
    ) -> k8s.batch.v1.Job:
        seconds = max(_LEAST_SECONDS, int(weights.disk_gib * 1024 / _SLOWEST_MIB_PER_SECOND))
        name = f"fetch-{weights.slug}"
        return k8s.batch.v1.Job(
            name,
            metadata={
                "name": name,
                "namespace": self._namespace.name,
                "labels": labels(FETCHER),
                "annotations": {"pulumi.com/replaceUnready": "true"},
            },
            spec={
                "backoff_limit": 4,
                "active_deadline_seconds": seconds,
                "pod_failure_policy": {
                    "rules": [
                        {
                            "action": "Ignore",
                            "on_pod_conditions": [{"type": "DisruptionTarget", "status": "True"}],
                        },
                        {
                            "action": "FailJob",
                            "on_exit_codes": {
                                "container_name": FETCHER,
                                "operator": "NotIn",
                                "values": list(_PASSING),
                            },
                        },
                    ]
                },
                "template": {"metadata": {"labels": labels(FETCHER)}, "spec": self._pod(weights, account)},
            },
            opts=pulumi.ResourceOptions.merge(
                self._opts,
                pulumi.ResourceOptions(
                    depends_on=after,
                    custom_timeouts=waits(seconds),
                    delete_before_replace=True,
                    # A newer server image fetches no other files; those that are there stay as they are.
                    ignore_changes=["spec.template.spec.containers[0].image"],
                ),
            ),
        )

    def _pod(self, weights: Weights, account: pulumi.Output[str]) -> core.PodSpecArgsDict:
        variables: dict[str, pulumi.Input[str]] = {
            **store_environment(weights, self._store),
            "ROOST_WEIGHTS_REPOSITORY": weights.model,
            "ROOST_WEIGHTS_REVISION": weights.revision,
        }
        if self._token_secret is not None:
            variables["ROOST_WEIGHTS_TOKEN_SECRET"] = self._token_secret
        tmp = scratch()
        return {
            "restart_policy": "Never",
            "service_account_name": account,
            "automount_service_account_token": False,
            "enable_service_links": False,
            "security_context": pod_security(SERVER_UID),
            "volumes": tmp.volumes,
            "containers": [
                {
                    "name": FETCHER,
                    "image": self._image,
                    "image_pull_policy": "IfNotPresent",
                    "args": ["weights", "fetch"],
                    "env": environment(variables),
                    "volume_mounts": tmp.mounts,
                    "security_context": container_security(),
                    "resources": _FETCH_RESOURCES,
                    "termination_message_policy": "FallbackToLogsOnError",
                }
            ],
        }


def store_environment(weights: Weights, store: ModelStore) -> dict[str, pulumi.Input[str]]:
    """Where the files are, for `roost weights`."""
    return {
        "AWS_REGION": store.region,
        "ROOST_WEIGHTS_BUCKET": store.bucket,
        "ROOST_WEIGHTS_PREFIX": weights.prefix,
    }
