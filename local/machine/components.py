"""The processes of the machine: what each is started with, and after what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from local.machine.layout import CLUSTER_DOMAIN, NODE_NAME, Addresses, Layout


@dataclass(frozen=True)
class Component:
    """One supervised process. `after` names components that must be ready before it starts."""

    name: str
    argv: tuple[str, ...]
    after: tuple[str, ...] = ()


def components(layout: Layout, addresses: Addresses, tools: Path) -> list[Component]:
    """All components in start order; `tools` holds the Kubernetes and network binaries."""
    return [
        _etcd(layout),
        Component("containerd", ("containerd", "--config", str(layout.conf / "containerd.toml"))),
        _api_server(layout, addresses, tools),
        _controller_manager(layout, addresses, tools),
        Component(
            "kube-scheduler",
            (
                str(tools / "kube-scheduler"),
                f"--kubeconfig={layout.conf / 'scheduler.kubeconfig'}",
                f"--authentication-kubeconfig={layout.conf / 'scheduler.kubeconfig'}",
                f"--authorization-kubeconfig={layout.conf / 'scheduler.kubeconfig'}",
                "--bind-address=127.0.0.1",
                "--leader-elect=false",
            ),
            after=("kube-apiserver",),
        ),
        Component(
            "kubelet",
            (
                str(tools / "kubelet"),
                f"--config={layout.conf / 'kubelet.yaml'}",
                f"--kubeconfig={layout.conf / 'kubelet.kubeconfig'}",
                f"--root-dir={layout.kubelet}",
                f"--hostname-override={NODE_NAME}",
                f"--node-ip={addresses.node}",
                f"--cert-dir={layout.pki}",
            ),
            after=("kube-apiserver", "containerd"),
        ),
        Component(
            "kube-proxy",
            (str(tools / "kube-proxy"), f"--config={layout.conf / 'kube-proxy.yaml'}"),
            after=("kube-apiserver",),
        ),
        Component(
            "kube-router",
            (
                str(tools / "kube-router"),
                f"--kubeconfig={layout.conf / 'kube-router.kubeconfig'}",
                f"--hostname-override={NODE_NAME}",
                f"--service-cluster-ip-range={addresses.services}",
                "--run-firewall=true",
                "--run-router=false",
                "--run-service-proxy=false",
                "--run-loadbalancer=false",
                "--health-port=0",
                "--metrics-port=0",
            ),
            after=("kube-apiserver", "kubelet"),
        ),
    ]


def _etcd(layout: Layout) -> Component:
    return Component(
        "etcd",
        (
            "etcd",
            f"--name={NODE_NAME}",
            f"--data-dir={layout.etcd}",
            "--listen-client-urls=https://127.0.0.1:2379",
            "--advertise-client-urls=https://127.0.0.1:2379",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--initial-advertise-peer-urls=http://127.0.0.1:2380",
            f"--initial-cluster={NODE_NAME}=http://127.0.0.1:2380",
            "--client-cert-auth",
            f"--trusted-ca-file={layout.pki / 'etcd-ca.crt'}",
            f"--cert-file={layout.pki / 'etcd.crt'}",
            f"--key-file={layout.pki / 'etcd.key'}",
            "--auto-compaction-mode=periodic",
            "--auto-compaction-retention=1h",
            "--snapshot-count=10000",
        ),
    )


def _api_server(layout: Layout, addresses: Addresses, tools: Path) -> Component:
    pki = layout.pki
    return Component(
        "kube-apiserver",
        (
            str(tools / "kube-apiserver"),
            f"--advertise-address={addresses.node}",
            f"--bind-address={addresses.node}",
            "--secure-port=6443",
            "--anonymous-auth=false",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--profiling=false",
            f"--client-ca-file={pki / 'cluster-ca.crt'}",
            f"--tls-cert-file={pki / 'apiserver.crt'}",
            f"--tls-private-key-file={pki / 'apiserver.key'}",
            "--etcd-servers=https://127.0.0.1:2379",
            f"--etcd-cafile={pki / 'etcd-ca.crt'}",
            f"--etcd-certfile={pki / 'apiserver-etcd.crt'}",
            f"--etcd-keyfile={pki / 'apiserver-etcd.key'}",
            f"--encryption-provider-config={layout.conf / 'encryption.yaml'}",
            f"--kubelet-certificate-authority={pki / 'cluster-ca.crt'}",
            f"--kubelet-client-certificate={pki / 'apiserver-kubelet.crt'}",
            f"--kubelet-client-key={pki / 'apiserver-kubelet.key'}",
            "--kubelet-preferred-address-types=InternalIP",
            f"--proxy-client-cert-file={pki / 'front-proxy.crt'}",
            f"--proxy-client-key-file={pki / 'front-proxy.key'}",
            f"--requestheader-client-ca-file={pki / 'front-proxy-ca.crt'}",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-username-headers=X-Remote-User",
            f"--service-account-issuer=https://kubernetes.default.svc.{CLUSTER_DOMAIN}",
            f"--service-account-key-file={pki / 'service-accounts.pub'}",
            f"--service-account-signing-key-file={pki / 'service-accounts.key'}",
            f"--service-cluster-ip-range={addresses.services}",
        ),
        after=("etcd",),
    )


def _controller_manager(layout: Layout, addresses: Addresses, tools: Path) -> Component:
    kubeconfig = layout.conf / "controller-manager.kubeconfig"
    return Component(
        "kube-controller-manager",
        (
            str(tools / "kube-controller-manager"),
            f"--kubeconfig={kubeconfig}",
            f"--authentication-kubeconfig={kubeconfig}",
            f"--authorization-kubeconfig={kubeconfig}",
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            "--use-service-account-credentials=true",
            f"--service-account-private-key-file={layout.pki / 'service-accounts.key'}",
            f"--root-ca-file={layout.pki / 'cluster-ca.crt'}",
            f"--cluster-signing-cert-file={layout.pki / 'cluster-ca.crt'}",
            f"--cluster-signing-key-file={layout.pki / 'cluster-ca.key'}",
            "--allocate-node-cidrs=true",
            f"--cluster-cidr={addresses.pods}",
            f"--service-cluster-ip-range={addresses.services}",
            # One node on one machine: a restart of it should not cost the default five minutes.
            "--node-monitor-grace-period=16s",
        ),
        after=("kube-apiserver",),
    )
