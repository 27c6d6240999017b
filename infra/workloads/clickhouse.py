"""ClickHouse in the cluster: a StatefulSet on a volume that outlives it, reached over TLS by chosen pods."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from infra.options import Options
from infra.ports import ClickHouseEndpoint, Credentials, NamespaceAccess, Reach, Site, StorePlace
from infra.settings.clickhouse import ClickHouseSettings
from infra.workloads.clickhouse_config import (
    HTTPS_PORT,
    NATIVE_PORT,
    BackupPlace,
    admin_file,
    config_files,
)
from infra.workloads.clickhouse_pod import WORKLOAD, configuration, data, pod_spec
from infra.workloads.clickhouse_users import (
    ADMIN,
    BACKUP,
    DATABASE,
    OWNER,
    READER,
    USERS,
    WRITER,
    passwords_file,
)
from infra.workloads.connections import Connection
from infra.workloads.labels import labels, selector
from infra.workloads.openings import open_connections, open_ranges
from infra.workloads.pods import Mounts, immutable_secret, name_of, service_account
from infra.workloads.service_certificate import ServiceCertificate
from infra.workloads.services import UNAWAITED

_HTTPS = 443


class ClickHouse(pulumi.ComponentResource):
    """One server. Its volume is a resource of its own: it grows by a setting, and goes by none."""

    endpoint: ClickHouseEndpoint
    backup: Credentials
    """Takes backups, and reads no row."""

    def __init__(
        self,
        name: str,
        settings: ClickHouseSettings,
        *,
        site: Site,
        place: StorePlace,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:workloads:ClickHouse", name, None, opts)
        self._settings = settings
        self._namespace: NamespaceAccess = site.namespace
        self._cluster = site.cluster
        self._place = place
        self._options = options
        self._opts = pulumi.ResourceOptions(parent=self, provider=site.cluster.provider)
        logins = {user.name: self._login(user.name) for user in USERS}
        host = pulumi.Output.concat(WORKLOAD, ".", site.namespace.name, ".svc")
        certificate = ServiceCertificate(
            f"{name}-certificate", service=WORKLOAD, host=host, opts=pulumi.ResourceOptions(parent=self)
        )
        files = self._files(self._secret(logins, certificate))
        pods = self._stateful_set(files + data(self._claim()), self._openings())
        self._disruption_budget()
        service = self._service(pods)
        self.backup = logins[BACKUP]
        self.endpoint = ClickHouseEndpoint(
            host=host,
            http_port=HTTPS_PORT,
            native_port=NATIVE_PORT,
            tls=True,
            database=DATABASE,
            writer=logins[WRITER],
            reader=logins[READER],
            owner=logins[OWNER],
            ca_bundle=certificate.authority,
            reach=Reach(name=WORKLOAD, ports=(HTTPS_PORT, NATIVE_PORT), pods=WORKLOAD),
            ready=[pods, service],
        )
        self.register_outputs({"host": host})

    def _login(self, username: str) -> Credentials:
        password = random.RandomPassword(
            f"{WORKLOAD}-{username.replace('_', '-')}",
            length=32,
            special=False,
            opts=pulumi.ResourceOptions(parent=self),
        )
        return Credentials(username=username, password=password.result)

    def _secret(self, logins: dict[str, Credentials], certificate: ServiceCertificate) -> k8s.core.v1.Secret:
        passwords = pulumi.Output.all(**{name: login.password for name, login in logins.items()})
        return immutable_secret(
            WORKLOAD,
            {
                "passwords.xml": passwords.apply(
                    lambda known: passwords_file({name: str(known[name]) for name in known})
                ),
                # For `kubectl exec`: whoever may do that may be the administrator.
                "admin.xml": logins[ADMIN].password.apply(lambda password: admin_file(ADMIN, password)),
                "tls.crt": certificate.certificate,
                "tls.key": certificate.private_key,
                "ca.crt": certificate.authority,
            },
            self._namespace.name,
            labels(WORKLOAD),
            self._opts,
        )

    def _files(self, secret: k8s.core.v1.Secret) -> Mounts:
        # The names are known before the bucket's: only the contents wait for it.
        paths = list(config_files(self._settings, None))
        contents = self._place.backups_url.apply(
            lambda url: {
                _key(path): text for path, text in config_files(self._settings, BackupPlace(url=url)).items()
            }
        )
        config = k8s.core.v1.ConfigMap(
            WORKLOAD,
            metadata={"namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            immutable=True,
            data=contents,
            opts=self._opts,
        )
        return configuration({_key(path): path for path in paths}, config, secret)

    def _claim(self) -> pulumi.Output[str]:
        claim = k8s.core.v1.PersistentVolumeClaim(
            f"{WORKLOAD}-data",
            metadata={
                "name": f"{WORKLOAD}-data",
                "namespace": self._namespace.name,
                "labels": labels(WORKLOAD),
                # The volume is made in the zone of the first pod; that pod's readiness says that it was.
                "annotations": UNAWAITED,
            },
            spec={
                "access_modes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": f"{self._settings.storage_gib}Gi"}},
                "storage_class_name": self._place.storage_class,
            },
            opts=pulumi.ResourceOptions.merge(
                self._options.data(self, depends_on=self._place.ready),
                pulumi.ResourceOptions(provider=self._cluster.provider),
            ),
        )
        return name_of(claim)

    def _openings(self) -> list[pulumi.Resource]:
        identity = [Connection(client=WORKLOAD, reach=self._place.identity.reach)]
        return [
            *open_connections(identity, self._namespace, self._opts),
            open_ranges(WORKLOAD, "backups", self._place.cidrs, (_HTTPS,), self._namespace, self._opts),
        ]

    def _stateful_set(self, mounts: Mounts, openings: list[pulumi.Resource]) -> k8s.apps.v1.StatefulSet:
        account = service_account(WORKLOAD, self._namespace, self._opts)
        return k8s.apps.v1.StatefulSet(
            WORKLOAD,
            metadata={"name": WORKLOAD, "namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            spec={
                "replicas": 1,
                "service_name": WORKLOAD,
                "selector": {"match_labels": selector(WORKLOAD)},
                # The old pod stops before the new one starts: two servers on one volume would ruin it.
                "update_strategy": {"type": "RollingUpdate"},
                "template": {
                    "metadata": {"labels": labels(WORKLOAD)},
                    "spec": pod_spec(self._settings, mounts, account=account, cluster=self._cluster),
                },
            },
            opts=pulumi.ResourceOptions.merge(
                self._opts,
                pulumi.ResourceOptions(
                    depends_on=[*self._namespace.ready, *self._place.identity.ready, *openings]
                ),
            ),
        )

    def _service(self, pods: k8s.apps.v1.StatefulSet) -> k8s.core.v1.Service:
        return k8s.core.v1.Service(
            WORKLOAD,
            metadata={"name": WORKLOAD, "namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            spec={
                "type": "ClusterIP",
                "selector": selector(WORKLOAD),
                "ports": [
                    {"name": "https", "port": HTTPS_PORT, "target_port": "https"},
                    {"name": "native", "port": NATIVE_PORT, "target_port": "native"},
                ],
            },
            opts=pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=[pods])),
        )

    def _disruption_budget(self) -> None:
        k8s.policy.v1.PodDisruptionBudget(
            WORKLOAD,
            metadata={"name": WORKLOAD, "namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            spec={"max_unavailable": 1, "selector": {"match_labels": selector(WORKLOAD)}},
            opts=self._opts,
        )


def _key(path: str) -> str:
    """A ConfigMap's key for a path: without a slash."""
    return path.replace("/", "_")
