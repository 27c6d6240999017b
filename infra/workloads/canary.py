"""One token from the model and one vector from the embedding model, every five minutes."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.ports import MetricSink, ModelEndpoint, NamespaceAccess
from infra.settings.inference import ScheduleSettings
from infra.workloads.connections import Connection
from infra.workloads.jobs import SERVER_UID
from infra.workloads.labels import labels
from infra.workloads.metric_sink import sink_environment
from infra.workloads.openings import open_connections
from infra.workloads.pods import (
    SECRETS_DIR,
    Mounts,
    container_security,
    environment,
    pod_security,
    scratch,
    service_account,
)

WORKLOAD = "model-canary"
KEY_FILE = "api-key"
DEADLINE_SECONDS = 240


class Canary(pulumi.ComponentResource):
    """A CronJob whose failed Jobs say which model does not answer, and why; with a `sink`, an alarm hears.

    vLLM's `/health` stays 200 while a GPU is broken (vllm-project/vllm issue 36960): only an answer counts.
    """

    def __init__(
        self,
        name: str,
        *,
        model: ModelEndpoint,
        image: pulumi.Input[str],
        key: Mounts,
        schedule: ScheduleSettings | None,
        sink: MetricSink | None,
        namespace: NamespaceAccess,
        provider: k8s.Provider,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:workloads:Canary", name, None, opts)
        self._opts = pulumi.ResourceOptions(parent=self, provider=provider)
        told = [sink.reach, sink.identity.reach] if sink else []
        openings = open_connections(
            [Connection(client=WORKLOAD, reach=reach) for reach in (*model.reach, *told)],
            namespace,
            self._opts,
        )
        account = service_account(WORKLOAD, namespace, self._opts)
        clock, zone = cron(schedule)
        k8s.batch.v1.CronJob(
            WORKLOAD,
            metadata={"name": WORKLOAD, "namespace": namespace.name, "labels": labels(WORKLOAD)},
            spec={
                "schedule": clock,
                "time_zone": zone,
                "concurrency_policy": "Forbid",
                "starting_deadline_seconds": 60,
                "successful_jobs_history_limit": 1,
                "failed_jobs_history_limit": 3,
                "job_template": {
                    "metadata": {"labels": labels(WORKLOAD)},
                    "spec": {
                        "backoff_limit": 0,
                        "active_deadline_seconds": DEADLINE_SECONDS,
                        "template": {
                            "metadata": {"labels": labels(WORKLOAD)},
                            "spec": _pod(model, image, key, sink, account),
                        },
                    },
                },
            },
            opts=pulumi.ResourceOptions.merge(
                self._opts,
                pulumi.ResourceOptions(
                    depends_on=[*namespace.ready, *openings, *(sink.identity.ready if sink else [])]
                ),
            ),
        )
        self.register_outputs({})


def cron(schedule: ScheduleSettings | None) -> tuple[str, str]:
    """When to ask, and in which time zone: always, or from an hour after the model comes up until it goes."""
    if schedule is None:
        return "*/5 * * * *", "Etc/UTC"
    first, last = int(schedule.start[:2]) + 1, int(schedule.stop[:2]) - 1
    hours = f"{first}-{last}" if first < last else str(min(first, 23))
    return f"*/5 {hours} * * {schedule.days}", schedule.time_zone


def _pod(
    model: ModelEndpoint,
    image: pulumi.Input[str],
    key: Mounts,
    sink: MetricSink | None,
    account: pulumi.Output[str],
) -> k8s.core.v1.PodSpecArgsDict:
    mounts = key + scratch()
    variables: dict[str, pulumi.Input[str]] = {
        "VLLM_API_BASE": model.base_url,
        "VLLM_API_KEY_FILE": f"{SECRETS_DIR}/{KEY_FILE}",
        "EMBEDDING_API_BASE": model.embedding_base_url,
        # What comes after the provider in a handle is the name on the wire.
        "ROOST_MODEL": model.handle.partition("/")[2],
        "ROOST_EMBEDDING_MODEL": model.embedding_handle.partition("/")[2],
        **(sink_environment(sink) if sink else {}),
    }
    return {
        "restart_policy": "Never",
        "service_account_name": account,
        "automount_service_account_token": False,
        "enable_service_links": False,
        "security_context": pod_security(SERVER_UID),
        "volumes": mounts.volumes,
        "containers": [
            {
                "name": WORKLOAD,
                "image": image,
                "image_pull_policy": "IfNotPresent",
                "args": ["model", "check"],
                "env": environment(variables),
                "volume_mounts": mounts.mounts,
                "security_context": container_security(),
                "resources": {
                    "requests": {"cpu": "50m", "memory": "128Mi", "ephemeral-storage": "64Mi"},
                    "limits": {"memory": "256Mi", "ephemeral-storage": "64Mi"},
                },
                "termination_message_policy": "FallbackToLogsOnError",
            }
        ],
    }
