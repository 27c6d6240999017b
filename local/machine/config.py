"""Configuration files of the machine's components, written anew at every start."""

from __future__ import annotations

import base64
import json
import secrets
from pathlib import Path
from typing import Any

import yaml

from local.machine.files import write_private
from local.machine.images import SystemImages
from local.machine.layout import CLUSTER_DOMAIN, CONTEXT_NAME, NODE_NAME, Addresses, Layout

KUBECONFIG_USERS = ("controller-manager", "scheduler", "kube-proxy", "kube-router", "kubelet")
CNI_BIN = "/usr/lib/cni"


def write_all(layout: Layout, addresses: Addresses, images: SystemImages) -> None:
    """Render every file under `conf/`, and the kubeconfigs."""
    for name in KUBECONFIG_USERS:
        write_private(layout.conf / f"{name}.kubeconfig", _kubeconfig(layout, addresses, name, name))
    write_private(layout.admin_kubeconfig, _kubeconfig(layout, addresses, "admin", CONTEXT_NAME))
    write_private(layout.conf / "containerd.toml", _containerd(layout, images.pause))
    write_private(layout.conf / "cni" / "10-roost.conflist", json.dumps(_cni(addresses), indent=2))
    write_private(layout.conf / "kubelet.yaml", _dump(_kubelet(layout, addresses)))
    write_private(layout.conf / "kube-proxy.yaml", _dump(_kube_proxy(layout, addresses)))
    write_private(layout.conf / "resolv.conf", _resolv_conf())
    secrets_file = layout.conf / "encryption.yaml"
    if not secrets_file.exists():  # a new key would make the stored Secrets unreadable
        write_private(secrets_file, _dump(_encryption()))


def _dump(document: dict[str, Any]) -> str:
    return yaml.safe_dump(document, sort_keys=False)


def _kubeconfig(layout: Layout, addresses: Addresses, leaf: str, context: str) -> str:
    def pem(name: str) -> str:
        return base64.b64encode((layout.pki / name).read_bytes()).decode()

    return _dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": CONTEXT_NAME,
                    "cluster": {
                        "server": addresses.api_url,
                        "certificate-authority-data": pem("cluster-ca.crt"),
                    },
                }
            ],
            "users": [
                {
                    "name": leaf,
                    "user": {
                        "client-certificate-data": pem(f"{leaf}.crt"),
                        "client-key-data": pem(f"{leaf}.key"),
                    },
                }
            ],
            "contexts": [{"name": context, "context": {"cluster": CONTEXT_NAME, "user": leaf}}],
            "current-context": context,
        }
    )


def _containerd(layout: Layout, pause: str) -> str:
    return f"""version = 2
root = "{layout.containerd}"
state = "/run/containerd"

[grpc]
  address = "{layout.containerd_socket}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  # Without CAP_SYS_RESOURCE a score below the caller's own cannot be set, and every sandbox would die.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{CNI_BIN}"
    conf_dir = "{layout.conf / "cni"}"
"""


def _cni(addresses: Addresses) -> dict[str, Any]:
    return {
        "cniVersion": "0.4.0",
        "name": "roost",
        "plugins": [
            {
                "type": "bridge",
                "bridge": "cni0",
                "isDefaultGateway": True,
                "ipMasq": True,
                "hairpinMode": True,
                "ipam": {
                    "type": "host-local",
                    # The first node's share of the pod range, as the controller manager cuts it.
                    "ranges": [[{"subnet": str(next(addresses.pods.subnets(new_prefix=24)))}]],
                    "dataDir": "/run/cni",
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}, "snat": True},
        ],
    }


def _kubelet(layout: Layout, addresses: Addresses) -> dict[str, Any]:
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": addresses.node,
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(layout.pki / "cluster-ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(layout.pki / "kubelet.crt"),
        "tlsPrivateKeyFile": str(layout.pki / "kubelet.key"),
        "healthzBindAddress": "127.0.0.1",
        "clusterDNS": [addresses.dns_service],
        "clusterDomain": CLUSTER_DOMAIN,
        "resolvConf": str(layout.conf / "resolv.conf"),
        "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
        "podLogsDir": str(layout.root / "pod-logs"),
        "cgroupDriver": "cgroupfs",
        # All that pods use is accounted there, so that it can be found and removed.
        "cgroupRoot": f"/{addresses.name}",
        "failCgroupV1": False,
        "failSwapOn": False,
        "maxPods": 60,
        # Images come from archives, not from a registry: collected ones could not be pulled again.
        "imageGCHighThresholdPercent": 100,
        "imageMaximumGCAge": "0s",
        # The disk belongs to the user; evicting pods because it fills up would only add to the trouble.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "serializeImagePulls": False,
        "nodeStatusUpdateFrequency": "5s",
        "syncFrequency": "10s",
        "shutdownGracePeriod": "0s",
    }


def _kube_proxy(layout: Layout, addresses: Addresses) -> dict[str, Any]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(layout.conf / "kube-proxy.kubeconfig")},
        "mode": "iptables",
        "clusterCIDR": str(addresses.pods),
        "hostnameOverride": NODE_NAME,
        "bindAddress": addresses.node,
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        # Connection tracking limits are the host's; the machine leaves them as they are.
        "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
    }


def _encryption() -> dict[str, Any]:
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    return {
        "apiVersion": "apiserver.config.k8s.io/v1",
        "kind": "EncryptionConfiguration",
        "resources": [
            {
                "resources": ["secrets"],
                "providers": [{"secretbox": {"keys": [{"name": "local", "secret": key}]}}, {"identity": {}}],
            }
        ],
    }


def _resolv_conf() -> str:
    """The host's name servers, less those that only answer on the host's own loopback."""
    for candidate in (Path("/run/systemd/resolve/resolv.conf"), Path("/etc/resolv.conf")):
        if candidate.exists():
            lines = [line for line in candidate.read_text().splitlines() if line.startswith("nameserver")]
            usable = [line for line in lines if not line.split()[1].startswith(("127.", "::1"))]
            if usable:
                return "\n".join(usable) + "\n"
    return ""
