"""The server's pod: its environment, its files, and how it starts and stops."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s

from infra.ports import CacheEndpoint, ModelEndpoint, Supplies
from infra.settings import Settings
from infra.sizing.timing import Timing
from infra.sizing.tools import TOOL_MIB, tools_at_once
from infra.workloads.cache import cache_environment, cache_files
from infra.workloads.database import login_environment, login_files
from infra.workloads.hosted import hosted_environment, hosted_files
from infra.workloads.jobs import SERVER_UID
from infra.workloads.pods import (
    SECRETS_DIR,
    Mounts,
    container_security,
    environment,
    http_probe,
    pod_security,
    resources,
    scratch,
    spread_over,
)

core = k8s.core.v1

PORT = 8283
LIVENESS = "/v1/health/"
READINESS = "/v1/ready/"


@dataclass(frozen=True, kw_only=True)
class ServerPod:
    """What one server pod is made of, less its secrets' values."""

    settings: Settings
    supplies: Supplies

    @property
    def timing(self) -> Timing:
        """Every timeout of the pod, computed together with the edge's."""
        return self.settings.timing

    @property
    def cache(self) -> CacheEndpoint | None:
        """What the image keeps something in: nobody else is told of a cache or may reach it."""
        return self.supplies.cache if self.settings.server.uses_cache else None

    def environment(self) -> dict[str, pulumi.Input[str]]:
        """Plain variables; every secret is the path of a file."""
        return {
            **login_environment(self.supplies.database, self.supplies.database.app, direct=False),
            **_model_environment(self.supplies.model),
            **hosted_environment(self.settings),
            **(cache_environment(self.cache) if self.cache else {}),
            "LETTA_PG_POOL_SIZE": str(self.settings.server.pool_size),
            "LETTA_SERVER_PASSWORD_FILE": f"{SECRETS_DIR}/server-password",
            "LETTA_ENCRYPTION_KEY_FILE": f"{SECRETS_DIR}/encryption-key",
            "GLOBAL_MAX_CONTEXT_WINDOW_LIMIT": str(self.settings.model.context_window),
            "HOST": "0.0.0.0",  # noqa: S104 - in a pod, behind a NetworkPolicy
            "PORT": str(PORT),
            "ROOST_DRAIN_SECONDS": str(self.timing.drain),
            "LETTA_UVICORN_TIMEOUT_KEEP_ALIVE": str(self.timing.keep_alive),
            "LETTA_KEEPALIVE_INTERVAL": str(self.timing.ping),
            "LETTA_LOG_LEVEL": self.settings.server.log_level,
            "ROOST_TOOL_MEMORY_MIB": str(TOOL_MIB),
            "ROOST_TOOL_CONCURRENCY": str(tools_at_once(self.settings.server.resources.memory_limit)),
        }

    def spec(
        self, account: pulumi.Input[str], mounts: Mounts, *, zones: bool, nodes: dict[str, str]
    ) -> core.PodSpecArgsDict:
        """The pod spec; `zones` spreads pods over zones as well, `nodes` are labels that a node must have."""
        mounts = mounts + scratch()
        pod: core.PodSpecArgsDict = {
            "service_account_name": account,
            "automount_service_account_token": False,
            "enable_service_links": False,
            "security_context": pod_security(SERVER_UID),
            "termination_grace_period_seconds": self.timing.termination_grace,
            "topology_spread_constraints": spread_over("server", zones=zones),
            "volumes": mounts.volumes,
            "containers": [self._container(mounts)],
        }
        if nodes:
            pod["node_selector"] = nodes
        return pod

    def _container(self, mounts: Mounts) -> core.ContainerArgsDict:
        return {
            "name": "server",
            "image": self.supplies.images.server,
            "image_pull_policy": "IfNotPresent",
            "args": ["serve"],
            "env": environment(self.environment()),
            "ports": [{"name": "http", "container_port": PORT}],
            "volume_mounts": mounts.mounts,
            "security_context": container_security(),
            "resources": resources(self.settings.server.resources),
            "startup_probe": http_probe(LIVENESS, "http", self.timing.startup),
            "liveness_probe": http_probe(LIVENESS, "http", self.timing.liveness),
            "readiness_probe": http_probe(READINESS, "http", self.timing.readiness),
            # The kubelet's own sleep: the image has no shell. Requests still arrive until every proxy knows.
            "lifecycle": {"pre_stop": {"sleep": {"seconds": self.timing.pre_stop}}},
            "termination_message_policy": "FallbackToLogsOnError",
        }


def secret_contents(
    pod: ServerPod, *, server_password: pulumi.Output[str], encryption_key: pulumi.Output[str]
) -> dict[str, pulumi.Output[str]]:
    """Contents of the files that `ServerPod.environment` names."""
    database, model = pod.supplies.database, pod.supplies.model
    keys = {"model-api-key": model.api_key, "embedding-api-key": model.embedding_api_key}
    return {
        **login_files(database, database.app),
        "server-password": server_password,
        "encryption-key": encryption_key,
        **(cache_files(pod.cache) if pod.cache else {}),
        **{name: value for name, value in keys.items() if value is not None},
        **hosted_files(pod.settings),
    }


def _model_environment(model: ModelEndpoint) -> dict[str, pulumi.Input[str]]:
    variables: dict[str, pulumi.Input[str]] = {
        "VLLM_API_BASE": model.base_url,
        "LETTA_DEFAULT_LLM_HANDLE": model.handle,
        "EMBEDDING_API_BASE": model.embedding_base_url,
        "LETTA_DEFAULT_EMBEDDING_HANDLE": model.embedding_handle,
        "LETTA_EMBEDDING_DIM": str(model.embedding_dim),
    }
    if model.api_key is not None:
        variables["VLLM_API_KEY_FILE"] = f"{SECRETS_DIR}/model-api-key"
    if model.embedding_api_key is not None:
        variables["EMBEDDING_API_KEY_FILE"] = f"{SECRETS_DIR}/embedding-api-key"
    return variables
