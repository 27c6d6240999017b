"""The agent server: Deployment, Service, disruption budget, autoscaler, and what it may connect to."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from infra.options import Options, waits
from infra.ports import ServerEndpoint, ServerSecrets, Site
from infra.settings import Settings
from infra.sizing.connections import SURGE_PODS
from infra.workloads.connections import Connection
from infra.workloads.hosted import hosted_reaches
from infra.workloads.labels import labels, selector
from infra.workloads.migration import Migration
from infra.workloads.openings import open_connections
from infra.workloads.pods import immutable_secret, name_of, secret_files, service_account
from infra.workloads.server_pod import PORT, ServerPod, secret_contents
from infra.workloads.services import cluster_service

WORKLOAD = "server"
IN_FLIGHT = "roost_http_in_flight"
"""What the server's `/metrics` calls the requests and streams that it is answering."""


class Server(pulumi.ComponentResource):
    """Server pods at the migrated revision; a rollout never goes below the ready count and cuts no stream."""

    endpoint: ServerEndpoint
    password: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        site: Site,
        options: Options,
        migration: Migration,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:workloads:Server", name, None, opts)
        namespace, supplies = site.namespace, site.supplies
        self._opts = pulumi.ResourceOptions(parent=self, provider=site.cluster.provider)
        self._settings = settings.server
        self._cluster = site.cluster
        self._namespace = namespace
        self._pod = ServerPod(settings=settings, supplies=supplies)
        kept = supplies.server_secrets or self._made_up(options)
        self.password = kept.password
        secret = self._secret(kept)
        optional = [one for one in (supplies.server_identity, self._pod.cache) if one is not None]
        reaches = [
            supplies.database.reach,
            *supplies.model.reach,
            *hosted_reaches(settings),
            *(one.reach for one in optional),
        ]
        openings = open_connections(
            [Connection(client=WORKLOAD, reach=r) for r in reaches], namespace, self._opts
        )
        deployment = self._deployment(
            secret,
            after=[
                *namespace.ready,
                *supplies.database.ready,
                *supplies.model.ready,
                *(resource for one in optional for resource in one.ready),
                *openings,
                migration,
            ],
        )
        self._disruption_budget()
        self._autoscaler(deployment)
        service = cluster_service(
            WORKLOAD, PORT, "http", namespace=self._namespace.name, pods=deployment, opts=self._opts
        )
        self.endpoint = ServerEndpoint(
            namespace=namespace,
            service=name_of(service),
            port=PORT,
            labels=selector(WORKLOAD),
            secrets={"password": kept.password, "encryptionKey": kept.encryption_key},
        )
        self.register_outputs({"password": self.password})

    def _made_up(self, options: Options) -> ServerSecrets:
        return ServerSecrets(
            password=_password("server-password", pulumi.ResourceOptions(parent=self)),
            encryption_key=_password("encryption-key", options.key(self)),
        )

    def _secret(self, kept: ServerSecrets) -> k8s.core.v1.Secret:
        contents = secret_contents(
            self._pod, server_password=kept.password, encryption_key=kept.encryption_key
        )
        return immutable_secret(WORKLOAD, contents, self._namespace.name, labels(WORKLOAD), self._opts)

    def _deployment(
        self, secret: k8s.core.v1.Secret, *, after: list[pulumi.Resource]
    ) -> k8s.apps.v1.Deployment:
        account = service_account(WORKLOAD, self._namespace, self._opts)
        return k8s.apps.v1.Deployment(
            WORKLOAD,
            metadata={"name": WORKLOAD, "namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            # No replicas: they are the autoscaler's, which lifts the first pod to the minimum.
            spec={
                "revision_history_limit": 3,
                "progress_deadline_seconds": self._pod.timing.progress_deadline,
                "selector": {"match_labels": selector(WORKLOAD)},
                "strategy": {
                    "type": "RollingUpdate",
                    "rolling_update": {"max_unavailable": 0, "max_surge": SURGE_PODS},
                },
                "template": {
                    "metadata": {"labels": labels(WORKLOAD)},
                    "spec": self._pod.spec(
                        account,
                        secret_files(secret),
                        zones=self._cluster.zone_spread,
                        nodes=self._cluster.node_selector,
                    ),
                },
            },
            opts=pulumi.ResourceOptions.merge(
                self._opts,
                pulumi.ResourceOptions(depends_on=after, custom_timeouts=self._rollout_timeout()),
            ),
        )

    def _rollout_timeout(self) -> pulumi.CustomTimeouts:
        """Every pod in turn may take the progress deadline; more means that it is stuck."""
        seconds = self._pod.timing.progress_deadline * (self._settings.replicas.max + 1)
        return waits(seconds)

    def _disruption_budget(self) -> None:
        k8s.policy.v1.PodDisruptionBudget(
            WORKLOAD,
            metadata={"name": WORKLOAD, "namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            # Always satisfiable, so that a node can be drained even with one replica; and pods that never
            # became ready are no reason to keep a node.
            spec={
                "max_unavailable": 1,
                "selector": {"match_labels": selector(WORKLOAD)},
                "unhealthy_pod_eviction_policy": "AlwaysAllow",
            },
            opts=self._opts,
        )

    def _autoscaler(self, deployment: k8s.apps.v1.Deployment) -> None:
        replicas, targets = self._settings.replicas, self._settings.autoscaling
        # Without metrics it can only hold the minimum; saying so is better than promising more.
        most = replicas.max if self._cluster.metrics_available else replicas.min
        k8s.autoscaling.v2.HorizontalPodAutoscaler(
            WORKLOAD,
            metadata={"name": WORKLOAD, "namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            spec={
                "scale_target_ref": {"api_version": "apps/v1", "kind": "Deployment", "name": WORKLOAD},
                "min_replicas": replicas.min,
                "max_replicas": most,
                "metrics": [
                    _target("cpu", targets.cpu_percent),
                    _target("memory", targets.memory_percent),
                    *([_requests(targets.in_flight_per_pod)] if targets.in_flight_per_pod else []),
                ],
                # Streams are long: taking pods away in a hurry would only drain them for nothing.
                "behavior": {"scale_down": {"stabilization_window_seconds": 300}},
            },
            opts=pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=[deployment])),
        )


def _password(name: str, opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """48 letters and digits: 285 bits, and safe in URLs, shells and headers."""
    return random.RandomPassword(name, length=48, special=False, opts=opts).result


def _target(resource: str, percent: int) -> k8s.autoscaling.v2.MetricSpecArgsDict:
    return {
        "type": "Resource",
        "resource": {"name": resource, "target": {"type": "Utilization", "average_utilization": percent}},
    }


def _requests(per_pod: int) -> k8s.autoscaling.v2.MetricSpecArgsDict:
    return {
        "type": "Pods",
        "pods": {
            "metric": {"name": IN_FLIGHT},
            "target": {"type": "AverageValue", "average_value": str(per_pod)},
        },
    }
