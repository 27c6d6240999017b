"""The public edge of a local stack: nginx, with TLS from the stack's own authority."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.local import nginx
from infra.local.certificate import EdgeCertificate
from infra.local.edge_pod import WORKLOAD, edge_pod
from infra.ports import ClusterAccess, PublicEdge, Reach, ServerEndpoint
from infra.settings.local import LocalSettings
from infra.sizing.timing import Timing
from infra.workloads.connections import Connection, Entrance
from infra.workloads.labels import NAME, labels, selector
from infra.workloads.openings import open_connections
from infra.workloads.pods import immutable_secret, name_of, service_account


class LocalEdge(pulumi.ComponentResource):
    """Deployment and NodePort Service `edge`; a change of its configuration or certificate rolls it."""

    public: PublicEdge

    def __init__(
        self,
        name: str,
        settings: LocalSettings,
        *,
        timing: Timing,
        cluster: ClusterAccess,
        server: ServerEndpoint,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:local:Edge", name, None, opts)
        self._settings = settings
        self._timing = timing
        self._server = server
        self._namespace = server.namespace
        self._opts = pulumi.ResourceOptions(parent=self, provider=cluster.provider)
        hosts = (settings.edge.hostname, *nginx.LOOPBACK_HOSTS)
        self._hosts = tuple(dict.fromkeys(hosts))
        certificate = EdgeCertificate(
            "certificate", settings.edge, hosts=self._hosts, opts=pulumi.ResourceOptions(parent=self)
        )
        deployment = self._deployment(certificate)
        service = self._service(deployment)
        self.public = PublicEdge(url=self._url(service), ca_certificate=certificate.ca_certificate)
        self.register_outputs({"url": self.public.url})

    def _url(self, service: k8s.core.v1.Service) -> pulumi.Output[str]:
        port = self._settings.platform.edge.https_port
        suffix = "" if port == nginx.STANDARD_HTTPS_PORT else f":{port}"
        # Through the Service, so that whoever has the URL can also connect.
        return name_of(service).apply(lambda _: f"https://{self._settings.edge.hostname}{suffix}")

    def _openings(self) -> list[pulumi.Resource]:
        server = Reach(name="server", ports=(self._server.port,), pods=self._server.labels[NAME])
        entrance = Entrance(name="public-to-edge", server=WORKLOAD, ports=(nginx.HTTPS_PORT, nginx.HTTP_PORT))
        return open_connections(
            [Connection(client=WORKLOAD, reach=server), entrance], self._namespace, self._opts
        )

    def _configuration(self) -> k8s.core.v1.ConfigMap:
        upstream = pulumi.Output.concat(
            self._server.service, ".", self._namespace.name, f".svc:{self._server.port}"
        )
        return k8s.core.v1.ConfigMap(
            WORKLOAD,
            metadata={"namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            immutable=True,
            data={"nginx.conf": upstream.apply(self._render)},
            opts=self._opts,
        )

    def _render(self, upstream: str) -> str:
        reuse = self._timing.pre_stop // 3
        return nginx.render(
            nginx.EdgeConfig(
                hosts=self._hosts,
                upstream=upstream,
                public_https_port=self._settings.platform.edge.https_port,
                idle=self._timing.edge_idle,
                drain=self._timing.drain,
                upstream_keepalive=max(1, reuse),
                upstream_lifetime=max(1, reuse),
                body_limit_mib=self._settings.edge.max_body_megabytes,
            )
        )

    def _deployment(self, certificate: EdgeCertificate) -> k8s.apps.v1.Deployment:
        tls = immutable_secret(
            WORKLOAD,
            {"tls.crt": certificate.certificate, "tls.key": certificate.private_key},
            self._namespace.name,
            labels(WORKLOAD),
            self._opts,
        )
        pod = edge_pod(
            self._settings,
            self._timing,
            account=service_account(WORKLOAD, self._namespace, self._opts),
            configuration=name_of(self._configuration()),
            tls=name_of(tls),
        )
        return k8s.apps.v1.Deployment(
            WORKLOAD,
            metadata={"name": WORKLOAD, "namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            spec={
                "replicas": self._settings.edge.replicas,
                "revision_history_limit": 3,
                "selector": {"match_labels": selector(WORKLOAD)},
                "strategy": {
                    "type": "RollingUpdate",
                    "rolling_update": {"max_unavailable": 0, "max_surge": 1},
                },
                "template": {"metadata": {"labels": labels(WORKLOAD)}, "spec": pod},
            },
            opts=pulumi.ResourceOptions.merge(
                self._opts, pulumi.ResourceOptions(depends_on=[*self._namespace.ready, *self._openings()])
            ),
        )

    def _service(self, deployment: k8s.apps.v1.Deployment) -> k8s.core.v1.Service:
        ports = self._settings.platform.edge
        return k8s.core.v1.Service(
            WORKLOAD,
            metadata={"name": WORKLOAD, "namespace": self._namespace.name, "labels": labels(WORKLOAD)},
            spec={
                "type": "NodePort",
                "selector": selector(WORKLOAD),
                "ports": [
                    {
                        "name": "https",
                        "port": 443,
                        "target_port": "https",
                        "node_port": ports.https_node_port,
                    },
                    {"name": "http", "port": 80, "target_port": "http", "node_port": ports.http_node_port},
                ],
            },
            opts=pulumi.ResourceOptions.merge(self._opts, pulumi.ResourceOptions(depends_on=[deployment])),
        )
