"""PgBouncer: many connections of the server's pods on few of Postgres', one transaction at a time."""

from __future__ import annotations

from dataclasses import replace

import pulumi
import pulumi_kubernetes as k8s

from infra.options import waits
from infra.ports import ClusterAccess, Credentials, DatabaseEndpoint, Reach, Site
from infra.settings import Settings
from infra.settings.pooler import PoolerSettings
from infra.sizing.connections import SURGE_PODS
from infra.sizing.timing import Probe
from infra.workloads.bootstrap import Bootstrap
from infra.workloads.connections import Connection
from infra.workloads.labels import labels, selector
from infra.workloads.openings import open_connections
from infra.workloads.pods import (
    SECRETS_DIR,
    Mounts,
    config_files,
    container_security,
    immutable_secret,
    pod_security,
    resources,
    secret_files,
    service_account,
    spread_over,
    tcp_probe,
)
from infra.workloads.pooler_config import CONFIG_DIR, CONFIG_FILE, PORT, PoolerConfig, userlist
from infra.workloads.service_certificate import ServiceCertificate
from infra.workloads.services import cluster_service

WORKLOAD = "pooler"
UID = 10002
"""Any that is not root: PgBouncer needs none of its image's users."""

PRE_STOP_SECONDS = 5
GRACE_SECONDS = 60
"""Transactions end within the server's statement timeout; an idle connection that is cut is opened again."""

PROGRESS_SECONDS = 300
_PROBE = Probe(period_seconds=5, timeout_seconds=3, failure_threshold=3)


def pooled(settings: Settings, *, site: Site, bootstrap: Bootstrap) -> Site:
    """The site as the server sees it: with the pooler before the database, if the settings ask for one.

    Migration and bootstrap keep the site itself: they hold locks for a session, which a pooler cannot.
    """
    if settings.pooler is None:
        return site
    pooler = Pooler(
        WORKLOAD,
        settings.pooler,
        max_clients=settings.server_pool.connections,
        site=site,
        bootstrap=bootstrap,
    )
    return replace(site, supplies=replace(site.supplies, database=pooler.database))


class Pooler(pulumi.ComponentResource):
    """PgBouncer in transaction mode for the server's login, with TLS on both sides.

    Every pod admits all of the server's connections, so one is enough while another is replaced. It starts
    after the bootstrap Job: with a new password it must not sign in before Postgres knows it.
    """

    database: DatabaseEndpoint

    def __init__(
        self,
        name: str,
        settings: PoolerSettings,
        *,
        max_clients: int,
        site: Site,
        bootstrap: Bootstrap,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:workloads:Pooler", name, None, opts)
        self._settings = settings
        self._max_clients = max_clients
        self._namespace = site.namespace
        self._opts = pulumi.ResourceOptions(parent=self, provider=site.cluster.provider)
        direct = site.supplies.database
        host = pulumi.Output.concat(WORKLOAD, ".", site.namespace.name, ".svc")
        certificate = ServiceCertificate(
            f"{name}-certificate", service=WORKLOAD, host=host, opts=pulumi.ResourceOptions(parent=self)
        )
        openings = open_connections(
            [Connection(client=WORKLOAD, reach=direct.reach)], self._namespace, self._opts
        )
        deployment = self._deployment(
            self._files(direct, direct.app, certificate),
            site.cluster,
            after=[*self._namespace.ready, *direct.ready, *openings, bootstrap.job],
        )
        self._disruption_budget()
        cluster_service(
            WORKLOAD, PORT, "postgres", namespace=self._namespace.name, pods=deployment, opts=self._opts
        )
        self.database = replace(
            direct,
            host=host,
            port=PORT,
            ca_bundle=certificate.authority,
            reach=Reach(name=WORKLOAD, ports=(PORT,), pods=WORKLOAD),
            ready=[*direct.ready, self],
        )
        self.register_outputs({"host": host})

    def _files(
        self, database: DatabaseEndpoint, login: Credentials, certificate: ServiceCertificate
    ) -> Mounts:
        assert database.ca_bundle is not None  # only a platform that verifies Postgres has a pooler
        secret = immutable_secret(
            WORKLOAD,
            {
                "userlist.txt": login.password.apply(lambda password: userlist(login.username, password)),
                "tls.crt": certificate.certificate,
                "tls.key": certificate.private_key,
                "database-ca.pem": database.ca_bundle,
            },
            self._namespace.name,
            labels(WORKLOAD),
            self._opts,
        )
        config = k8s.core.v1.ConfigMap(
            WORKLOAD,
            metadata={"namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            immutable=True,
            data={CONFIG_FILE: database.direct_host.apply(lambda host: self._config(database, host))},
            opts=self._opts,
        )
        return secret_files(secret, SECRETS_DIR) + config_files(config, CONFIG_DIR)

    def _config(self, database: DatabaseEndpoint, host: str) -> str:
        return PoolerConfig(
            host=host,
            port=database.port,
            database=database.database,
            pool_size=self._settings.pool_size,
            max_clients=self._max_clients,
        ).render()

    def _deployment(
        self, mounts: Mounts, cluster: ClusterAccess, *, after: list[pulumi.Resource]
    ) -> k8s.apps.v1.Deployment:
        pod: k8s.core.v1.PodSpecArgsDict = {
            "service_account_name": service_account(WORKLOAD, self._namespace, self._opts),
            "automount_service_account_token": False,
            "enable_service_links": False,
            "security_context": pod_security(UID),
            "termination_grace_period_seconds": PRE_STOP_SECONDS + GRACE_SECONDS,
            "topology_spread_constraints": spread_over(WORKLOAD, zones=cluster.zone_spread),
            "volumes": mounts.volumes,
            "containers": [self._container(mounts)],
        }
        if cluster.node_selector:
            pod["node_selector"] = cluster.node_selector
        return k8s.apps.v1.Deployment(
            WORKLOAD,
            metadata={"name": WORKLOAD, "namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            spec={
                "replicas": self._settings.replicas,
                "revision_history_limit": 3,
                "progress_deadline_seconds": PROGRESS_SECONDS,
                "selector": {"match_labels": selector(WORKLOAD)},
                "strategy": {
                    "type": "RollingUpdate",
                    "rolling_update": {"max_unavailable": 0, "max_surge": SURGE_PODS},
                },
                "template": {"metadata": {"labels": labels(WORKLOAD)}, "spec": pod},
            },
            opts=pulumi.ResourceOptions.merge(
                self._opts,
                pulumi.ResourceOptions(
                    depends_on=after,
                    custom_timeouts=waits(PROGRESS_SECONDS * (self._settings.replicas + SURGE_PODS)),
                ),
            ),
        )

    def _container(self, mounts: Mounts) -> k8s.core.v1.ContainerArgsDict:
        return {
            "name": WORKLOAD,
            "image": self._settings.image,
            "image_pull_policy": "IfNotPresent",
            "command": ["pgbouncer", f"{CONFIG_DIR}/{CONFIG_FILE}"],
            "ports": [{"name": "postgres", "container_port": PORT}],
            "volume_mounts": mounts.mounts,
            "security_context": container_security(),
            "resources": resources(self._settings.resources),
            "liveness_probe": tcp_probe("postgres", _PROBE),
            "readiness_probe": tcp_probe("postgres", _PROBE),
            "lifecycle": {"pre_stop": {"sleep": {"seconds": PRE_STOP_SECONDS}}},
            "termination_message_policy": "FallbackToLogsOnError",
        }

    def _disruption_budget(self) -> None:
        k8s.policy.v1.PodDisruptionBudget(
            WORKLOAD,
            metadata={"name": WORKLOAD, "namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            spec={"max_unavailable": 1, "selector": {"match_labels": selector(WORKLOAD)}},
            opts=self._opts,
        )
