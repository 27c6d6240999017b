"""The pod of the AWS Load Balancer Controller."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.aws.nodes import POOL_LABEL
from infra.workloads.labels import labels
from infra.workloads.pods import container_security, name_of, pod_security, spread_over

core = k8s.core.v1

WORKLOAD = "aws-load-balancer-controller"
SERVICE = "aws-load-balancer-webhook"
WEBHOOK_PORT = 9443
HEALTH_PORT = 61779
UID = 65534
CERTIFICATE_PATH = "/tmp/k8s-webhook-server/serving-certs"  # noqa: S108 - where the image looks for it


def controller_pod(
    *,
    image: str,
    cluster_name: str,
    region: str,
    vpc_id: pulumi.Output[str],
    watched_namespace: pulumi.Output[str],
    certificate: core.Secret,
) -> core.PodTemplateSpecArgsDict:
    """It runs on system nodes; everything that it could manage by itself is off."""
    return {
        "metadata": {"labels": labels(WORKLOAD)},
        "spec": {
            "service_account_name": WORKLOAD,
            "priority_class_name": "system-cluster-critical",
            "node_selector": {POOL_LABEL: "system"},
            "security_context": pod_security(UID),
            "topology_spread_constraints": spread_over(WORKLOAD, zones=True),
            "containers": [
                {
                    "name": "controller",
                    "image": image,
                    "args": _arguments(cluster_name, region, vpc_id, watched_namespace),
                    "security_context": container_security(),
                    "ports": [{"name": "webhook", "container_port": WEBHOOK_PORT}],
                    "resources": {
                        "requests": {"cpu": "50m", "memory": "128Mi", "ephemeral-storage": "64Mi"},
                        "limits": {"memory": "512Mi", "ephemeral-storage": "256Mi"},
                    },
                    "liveness_probe": _probe("/healthz", 6),
                    "readiness_probe": _probe("/readyz", 2),
                    "volume_mounts": [
                        {"name": "certificate", "mount_path": CERTIFICATE_PATH, "read_only": True}
                    ],
                }
            ],
            "volumes": [
                {
                    "name": "certificate",
                    "secret": {"secret_name": name_of(certificate), "default_mode": 0o440},
                }
            ],
        },
    }


def _arguments(
    cluster_name: str, region: str, vpc_id: pulumi.Output[str], namespace: pulumi.Output[str]
) -> list[pulumi.Input[str]]:
    return [
        f"--cluster-name={cluster_name}",
        # Given, because the metadata service of the node is closed to pods.
        f"--aws-region={region}",
        pulumi.Output.concat("--aws-vpc-id=", vpc_id),
        pulumi.Output.concat("--watch-namespace=", namespace),
        "--enable-pod-readiness-gate-inject=true",
        "--enable-backend-security-group=false",
        "--enable-shield=false",
        "--enable-waf=false",
        "--enable-wafv2=false",
        "--feature-gates=NLBGatewayAPI=false,ALBGatewayAPI=false",
    ]


def _probe(path: str, failures: int) -> core.ProbeArgsDict:
    return {
        "http_get": {"path": path, "port": HEALTH_PORT},
        "period_seconds": 10,
        "timeout_seconds": 5,
        "failure_threshold": failures,
    }
