"""The command lines of a control plane on loopback: etcd, API server, controller manager."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from local.machine.layout import Addresses, Layout


@dataclass(frozen=True)
class Ports:
    """Free ports of loopback, so that several control planes run side by side."""

    etcd: int
    peer: int
    api: int


def etcd(place: Layout, ports: Ports) -> list[str]:
    """The store; only holders of a certificate of its own authority get in."""
    return [
        "etcd",
        f"--data-dir={place.etcd}",
        f"--listen-client-urls=https://127.0.0.1:{ports.etcd}",
        f"--advertise-client-urls=https://127.0.0.1:{ports.etcd}",
        f"--listen-peer-urls=http://127.0.0.1:{ports.peer}",
        f"--initial-advertise-peer-urls=http://127.0.0.1:{ports.peer}",
        f"--initial-cluster=default=http://127.0.0.1:{ports.peer}",
        "--client-cert-auth",
        f"--trusted-ca-file={place.pki / 'etcd-ca.crt'}",
        f"--cert-file={place.pki / 'etcd.crt'}",
        f"--key-file={place.pki / 'etcd.key'}",
    ]


def api_server(place: Layout, plan: Addresses, ports: Ports, pods: Path, further: Sequence[str]) -> list[str]:
    """The API server. `pods` is the socket through which it reaches pods, webhooks among them."""
    keys = place.pki
    return [
        "--advertise-address=127.0.0.1",
        "--bind-address=127.0.0.1",
        f"--secure-port={ports.api}",
        "--anonymous-auth=false",
        "--authorization-mode=Node,RBAC",
        # As on EKS: whether a namespace takes a privileged pod is for pod security admission to say.
        "--allow-privileged=true",
        # Loopback is no endpoint address, so the service `kubernetes` must do without one.
        "--endpoint-reconciler-type=none",
        # As on EKS, whose API server does not know service addresses either: a webhook's Service is resolved
        # to a ready pod by its EndpointSlices, and the pod is reached through a tunnel.
        "--enable-aggregator-routing=true",
        f"--egress-selector-config-file={_tunnel(place, pods)}",
        f"--client-ca-file={keys / 'cluster-ca.crt'}",
        f"--tls-cert-file={keys / 'apiserver.crt'}",
        f"--tls-private-key-file={keys / 'apiserver.key'}",
        f"--etcd-servers=https://127.0.0.1:{ports.etcd}",
        f"--etcd-cafile={keys / 'etcd-ca.crt'}",
        f"--etcd-certfile={keys / 'apiserver-etcd.crt'}",
        f"--etcd-keyfile={keys / 'apiserver-etcd.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={keys / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={keys / 'service-accounts.key'}",
        f"--service-cluster-ip-range={plan.services}",
        *further,
    ]


def controller_manager(place: Layout, kubeconfig: Path) -> list[str]:
    """The controllers that make pods, endpoints, accounts, and that empty a deleted namespace."""
    return [
        f"--kubeconfig={kubeconfig}",
        "--secure-port=0",
        "--leader-elect=false",
        # A new autoscaler raises the replicas at once, and not in the middle of a later step.
        "--horizontal-pod-autoscaler-sync-period=1s",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={place.pki / 'service-accounts.key'}",
        f"--root-ca-file={place.pki / 'cluster-ca.crt'}",
    ]


def _tunnel(place: Layout, pods: Path) -> Path:
    """The API server's own setting for clusters whose pods it cannot reach directly."""
    document = {
        "apiVersion": "apiserver.k8s.io/v1beta1",
        "kind": "EgressSelectorConfiguration",
        "egressSelections": [
            {
                "name": "cluster",
                "connection": {
                    "proxyProtocol": "HTTPConnect",
                    "transport": {"uds": {"udsName": str(pods)}},
                },
            }
        ],
    }
    path = place.conf / "egress.yaml"
    path.write_text(yaml.safe_dump(document))
    return path
