"""What every cluster has besides its components: DNS, and the one role that kube-router needs."""

from __future__ import annotations

import hashlib
import subprocess
import time
from typing import Any

import yaml

from local.machine.images import SystemImages
from local.machine.layout import CLUSTER_DOMAIN, NODE_NAME, Addresses, Layout
from local.progress import PhaseError, Progress

READY_SECONDS = 120.0
HOST_NAME = "host.roost.internal"
DNS_LABELS = {"k8s-app": "kube-dns"}


def apply(layout: Layout, addresses: Addresses, images: SystemImages, progress: Progress) -> None:
    """Apply the add-ons and wait until the node is ready and names resolve."""
    progress.note("cluster DNS")
    documents = [*_kube_router_role(), *_coredns(layout, addresses, images)]
    _kubectl(
        layout,
        "apply",
        "--server-side",
        "--field-manager=roost-machine",
        "--force-conflicts",
        "-f",
        "-",
        stdin=yaml.safe_dump_all(documents),
    )
    _kubectl(layout, "wait", "--for=condition=Ready", f"node/{NODE_NAME}", f"--timeout={READY_SECONDS:.0f}s")
    _kubectl(
        layout,
        "-n",
        "kube-system",
        "rollout",
        "status",
        "deployment/coredns",
        f"--timeout={READY_SECONDS:.0f}s",
    )


def _kubectl(layout: Layout, *arguments: str, stdin: str | None = None) -> str:
    argv = [str(layout.tools / "kubectl"), f"--kubeconfig={layout.admin_kubeconfig}", *arguments]
    deadline = time.monotonic() + READY_SECONDS
    while True:
        result = subprocess.run(
            argv, input=stdin, capture_output=True, text=True, timeout=READY_SECONDS + 10, check=False
        )
        if result.returncode == 0:
            return result.stdout
        # Between "API server ready" and "node registered" a few answers are still Not Found.
        if time.monotonic() > deadline or "NotFound" not in result.stderr:
            raise PhaseError(
                f"kubectl {' '.join(arguments[:3])} failed: {result.stderr.strip()}",
                "`make logs SERVICE=kubelet` and `make status` say more",
            )
        time.sleep(0.5)


def _kube_router_role() -> list[dict[str, Any]]:
    read = ["get", "list", "watch"]
    return [
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "roost:kube-router"},
            "rules": [
                {
                    "apiGroups": [""],
                    "resources": ["namespaces", "pods", "services", "nodes", "endpoints"],
                    "verbs": read,
                },
                {"apiGroups": ["networking.k8s.io"], "resources": ["networkpolicies"], "verbs": read},
                {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": read},
            ],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "roost:kube-router"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "roost:kube-router",
            },
            "subjects": [
                {"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "roost:kube-router"}
            ],
        },
    ]


def _corefile(addresses: Addresses, *, forwards: bool) -> str:
    forward = "    forward . /etc/resolv.conf {\n        max_concurrent 500\n    }\n" if forwards else ""
    return f""".:53 {{
    errors
    health :8080 {{
        lameduck 2s
    }}
    ready :8181
    hosts {{
        {addresses.host} {HOST_NAME}
        fallthrough
    }}
    kubernetes {CLUSTER_DOMAIN} in-addr.arpa ip6.arpa {{
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
        ttl 10
    }}
{forward}    cache 10
    loop
    loadbalance
}}
"""


def _coredns(layout: Layout, addresses: Addresses, images: SystemImages) -> list[dict[str, Any]]:
    forwards = "nameserver" in (layout.conf / "resolv.conf").read_text()
    corefile = _corefile(addresses, forwards=forwards)
    meta = {"name": "coredns", "namespace": "kube-system", "labels": DNS_LABELS}
    return [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": meta},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "roost:coredns"},
            "rules": [
                {
                    "apiGroups": [""],
                    "resources": ["services", "pods", "namespaces"],
                    "verbs": ["list", "watch"],
                },
                {
                    "apiGroups": ["discovery.k8s.io"],
                    "resources": ["endpointslices"],
                    "verbs": ["list", "watch"],
                },
            ],
        },
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "roost:coredns"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "roost:coredns",
            },
            "subjects": [{"kind": "ServiceAccount", "name": "coredns", "namespace": "kube-system"}],
        },
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": meta,
            "data": {"Corefile": corefile},
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": meta,
            "spec": _coredns_deployment(images.coredns, corefile),
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {**meta, "name": "kube-dns"},
            "spec": {
                "clusterIP": addresses.dns_service,
                "selector": DNS_LABELS,
                "ports": [
                    {"name": "dns", "port": 53, "protocol": "UDP", "targetPort": 53},
                    {"name": "dns-tcp", "port": 53, "protocol": "TCP", "targetPort": 53},
                ],
            },
        },
    ]


def _coredns_deployment(image: str, corefile: str) -> dict[str, Any]:
    container = {
        "name": "coredns",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": ["-conf", "/etc/coredns/Corefile"],
        "ports": [
            {"containerPort": 53, "name": "dns", "protocol": "UDP"},
            {"containerPort": 53, "name": "dns-tcp", "protocol": "TCP"},
        ],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8181}, "periodSeconds": 1},
        "livenessProbe": {"httpGet": {"path": "/health", "port": 8080}, "initialDelaySeconds": 10},
        "resources": {"requests": {"cpu": "20m", "memory": "32Mi"}, "limits": {"memory": "170Mi"}},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "capabilities": {"drop": ["ALL"]},
            "readOnlyRootFilesystem": True,
        },
        "volumeMounts": [{"name": "config", "mountPath": "/etc/coredns", "readOnly": True}],
    }
    return {
        "selector": {"matchLabels": DNS_LABELS},
        "strategy": {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
        "template": {
            # A changed Corefile rolls the pods: one that cannot start leaves the old ones answering.
            "metadata": {
                "labels": DNS_LABELS,
                "annotations": {"roost.dev/corefile": hashlib.sha256(corefile.encode()).hexdigest()[:16]},
            },
            "spec": {
                "serviceAccountName": "coredns",
                "dnsPolicy": "Default",
                "priorityClassName": "system-cluster-critical",
                "securityContext": {
                    "runAsNonRoot": True,
                    "runAsUser": 10001,
                    "runAsGroup": 10001,
                    "seccompProfile": {"type": "RuntimeDefault"},
                    # Port 53 itself, as in every other cluster: NetworkPolicies see the pod's port.
                    "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}],
                },
                "containers": [container],
                "volumes": [{"name": "config", "configMap": {"name": "coredns"}}],
            },
        },
    }
