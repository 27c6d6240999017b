"""Pods as several examples have them: they keep the Pod Security Standards at their strictest."""

from __future__ import annotations

from typing import Any

from tests.support.policies import R

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
DAEMON_SET = "kubernetes:apps/v1:DaemonSet"
CRON_JOB = "kubernetes:batch/v1:CronJob"
POD = "kubernetes:core/v1:Pod"
SPEC = "spec.template.spec"
"""Where a Deployment has its pod."""
CRON_SPEC = f"spec.jobTemplate.{SPEC}"


def container(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "image": "registry.example.com/app",
        "ports": [{"containerPort": 8080}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
        },
        "readinessProbe": {"httpGet": {"path": "/ready", "port": 8080}},
    }


def spec() -> dict[str, Any]:
    """A pod that is fine: two containers after a third."""
    return {
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 10001,
            "seccompProfile": {"type": "RuntimeDefault"},
            "sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}],
        },
        "initContainers": [container("prepare")],
        "containers": [container("serve"), container("relay")],
        "volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "config", "configMap": {"name": "settings"}}],
    }


def workloads() -> tuple[R, ...]:
    """A Deployment `it`, a CronJob `nightly` and a Pod `pod`, all fine."""
    template = {"metadata": {"annotations": {"example": "yes"}}, "spec": spec()}
    return (
        R(DEPLOYMENT, {"spec": {"template": template}}),
        R(CRON_JOB, {"spec": {"jobTemplate": {"spec": {"template": template}}}}, name="nightly"),
        R(POD, template, name="pod"),
    )
