"""The shape of a Job that prepares the database: bounded, kept, and with its error where people look."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from infra.options import waits
from infra.settings.base import ComputeResources
from infra.settings.migration import MigrationSettings
from infra.workloads.labels import labels
from infra.workloads.pods import Mounts, container_security, environment, pod_security, resources, scratch

core = k8s.core.v1

SERVER_UID = 10001
"""User and group of the server image, which also runs the database commands."""

KILLED = (137, 143)
"""Exit codes of a container that something else stopped; only those are worth another pod."""


@dataclass(frozen=True, kw_only=True)
class DatabaseCommand:
    """One run of a command of the server image that uses the database."""

    workload: str
    """Label of the pods; never the server's own, or its Service and autoscaler would count them."""
    args: list[str]
    image: pulumi.Input[str]
    environment: dict[str, pulumi.Input[str]]
    mounts: Mounts
    service_account: pulumi.Input[str]


def database_job(
    name: str,
    command: DatabaseCommand,
    settings: MigrationSettings,
    *,
    namespace: pulumi.Input[str],
    job_name: pulumi.Input[str],
    opts: pulumi.ResourceOptions,
) -> k8s.batch.v1.Job:
    """A Job that is awaited to completion, run again by the next `up` when it failed, and kept afterwards.

    It has no TTL: were it deleted behind the stack's back, a refresh would make the next `up` run it again.
    """
    return k8s.batch.v1.Job(
        name,
        metadata={
            "name": job_name,
            "namespace": namespace,
            "labels": labels(command.workload),
            "annotations": {"pulumi.com/replaceUnready": "true"},
        },
        spec={
            "backoff_limit": 3,
            "active_deadline_seconds": settings.deadline_seconds,
            "pod_failure_policy": _failure_policy(command.workload),
            "template": {
                "metadata": {"labels": labels(command.workload)},
                "spec": command_pod(command, settings.resources),
            },
        },
        opts=pulumi.ResourceOptions.merge(
            opts,
            pulumi.ResourceOptions(
                custom_timeouts=waits(settings.deadline_seconds),
                # An update that fails leaves what it replaced behind; going back to the old version would
                # then meet its own Job under the same name. A finished Job holds nothing, so it goes first.
                delete_before_replace=True,
            ),
        ),
    )


def _failure_policy(container: str) -> k8s.batch.v1.PodFailurePolicyArgsDict:
    """A drained node costs no attempt; an error of the program ends the Job at once, with its log."""
    return {
        "rules": [
            {"action": "Ignore", "on_pod_conditions": [{"type": "DisruptionTarget", "status": "True"}]},
            {
                "action": "FailJob",
                "on_exit_codes": {"container_name": container, "operator": "NotIn", "values": list(KILLED)},
            },
        ]
    }


def command_pod(command: DatabaseCommand, needs: ComputeResources) -> core.PodSpecArgsDict:
    """A pod that runs the command once."""
    mounts = command.mounts + scratch()
    return {
        "restart_policy": "Never",
        "service_account_name": command.service_account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "security_context": pod_security(SERVER_UID),
        "termination_grace_period_seconds": 30,
        "volumes": mounts.volumes,
        "containers": [
            {
                "name": command.workload,
                "image": command.image,
                "image_pull_policy": "IfNotPresent",
                "args": command.args,
                "env": environment(command.environment),
                "volume_mounts": mounts.mounts,
                "security_context": container_security(),
                "resources": resources(needs),
                "termination_message_policy": "FallbackToLogsOnError",
            }
        ],
    }
