"""The stack's own models: vLLM for the agents' model and for the embedding model, and what they need."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

from infra.ports import ClusterAccess, MetricSink, ModelEndpoint, ModelStore, NamespaceAccess
from infra.settings import Settings
from infra.settings.inference import InferenceScalingSettings, InferenceSettings
from infra.settings.inference_plan import InferencePlan, plan_of
from infra.workloads import canary
from infra.workloads.canary import Canary
from infra.workloads.connections import Guest
from infra.workloads.inference_pods import cache_on_volume, chat_pod, embedding_pod, weights_of
from infra.workloads.labels import labels
from infra.workloads.model_pod import KEY_FILE, ModelPod
from infra.workloads.model_scaling import KEDA_OPERATOR, ModelScaling
from infra.workloads.model_server import ModelServer
from infra.workloads.namespace import NAME as STACK_NAMESPACE
from infra.workloads.pods import Mounts, immutable_secret, name_of, secret_files, service_account
from infra.workloads.server import WORKLOAD as SERVER
from infra.workloads.services import UNAWAITED
from infra.workloads.weights import READER, WeightsFetch
from infra.workloads.weights_copy import copy_config

NAMESPACE = "roost-models"
"""Their own: what runs foreign code on GPUs shares nothing with what holds users' secrets."""


@dataclass(frozen=True, kw_only=True)
class ModelSite:
    """Where the models go, and what they find there."""

    cluster: ClusterAccess
    namespace: NamespaceAccess
    store: ModelStore
    image: pulumi.Output[str]
    """The server's, which has the commands for weights and for the canary."""
    gpu_nodes: dict[str, str]
    """Labels of the nodes with GPUs."""
    canary_sink: MetricSink | None = None
    """Where the canary says whether the models answer; None tells nobody."""


class Inference(pulumi.ComponentResource):
    """Both servers and the files that they load; the agent server and the canary are their only clients."""

    endpoint: ModelEndpoint

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        site: ModelSite,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:workloads:Inference", name, None, opts)
        assert settings.inference is not None  # the caller has it
        self._name = name
        self._settings: InferenceSettings = settings.inference
        self._plan: InferencePlan = plan_of(settings)
        self._site = site
        self._opts = pulumi.ResourceOptions(parent=self, provider=site.cluster.provider)
        api_key = random.RandomPassword(
            f"{name}-api-key", length=48, special=False, opts=pulumi.ResourceOptions(parent=self)
        ).result
        secret = immutable_secret(
            f"{name}-api-key", {KEY_FILE: api_key}, site.namespace.name, labels(name), self._opts
        )
        key = secret_files(secret)
        jobs = self._fetch()
        _, code = copy_config("weights-code", site.namespace, self._opts)
        account = service_account(READER, site.namespace, self._opts)
        self._parts = (account, key, code, jobs)
        embedding, scaling = self._settings.embedding, self._settings.scaling
        chat = self._server(
            chat_pod(settings, self._plan, site.gpu_nodes, self._claim()),
            replicas=self._settings.replicas.min,
            on_gpu=True,
            scaling=scaling,
        )
        embed = self._server(
            embedding_pod(settings, self._plan, site.cluster.node_selector, site.gpu_nodes),
            replicas=embedding.replicas,
            on_gpu=embedding.device == "gpu",
            scaling=None,
        )
        if scaling is not None:
            ModelScaling(
                "model-scaling",
                scaling,
                self._settings.replicas,
                server=chat,
                namespace=site.namespace.name,
                provider=site.cluster.provider,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.endpoint = self._endpoint(settings, chat, embed, api_key)
        self._canary(key)
        self.register_outputs({"baseUrl": chat.base_url, "embeddingBaseUrl": embed.base_url})

    def _server(
        self, pod: ModelPod, *, replicas: int, on_gpu: bool, scaling: InferenceScalingSettings | None
    ) -> ModelServer:
        account, key, code, jobs = self._parts
        clients = [
            Guest(namespace=STACK_NAMESPACE, name=SERVER),
            Guest(namespace=NAMESPACE, name=canary.WORKLOAD),
        ]
        if scaling is not None:
            clients.append(Guest(namespace=scaling.keda_namespace, name=KEDA_OPERATOR, ours=False))
        return ModelServer(
            pod.workload,
            pod,
            replicas=replicas,
            scaled=scaling is not None,
            sleeps=on_gpu and self._settings.schedule is not None,
            account=account,
            key=key,
            code=code,
            store=self._site.store,
            namespace=self._site.namespace,
            namespace_name=NAMESPACE,
            clients=tuple(clients),
            after=[jobs[pod.weights.model]] if jobs else [],
            provider=self._site.cluster.provider,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _fetch(self) -> dict[str, k8s.batch.v1.Job]:
        if self._settings.weights.source != "hub":
            return {}
        return WeightsFetch(
            "weights",
            list(weights_of(self._settings, self._plan)),
            image=self._site.image,
            token_secret=self._settings.weights.hub_token_secret,
            store=self._site.store,
            namespace=self._site.namespace,
            provider=self._site.cluster.provider,
            opts=pulumi.ResourceOptions(parent=self),
        ).jobs

    def _claim(self) -> pulumi.Output[str] | None:
        """A volume for what the compiler makes; it can be attached to one node at a time."""
        if not cache_on_volume(self._settings):
            return None
        claim = k8s.core.v1.PersistentVolumeClaim(
            f"{self._name}-cache",
            metadata={
                "name": f"{self._name}-cache",
                "namespace": self._site.namespace.name,
                "labels": labels(self._name),
                # It is bound when its first pod is placed, which may be in the morning.
                "annotations": UNAWAITED,
            },
            spec={
                "access_modes": ["ReadWriteOnce"],
                "storage_class_name": self._site.cluster.storage_class,
                "resources": {"requests": {"storage": f"{self._settings.compile_cache_gib}Gi"}},
            },
            opts=self._opts,
        )
        return name_of(claim)

    def _endpoint(
        self, settings: Settings, chat: ModelServer, embed: ModelServer, api_key: pulumi.Output[str]
    ) -> ModelEndpoint:
        return ModelEndpoint(
            kind="vllm",
            base_url=chat.base_url,
            handle=settings.model.handle,
            api_key=pulumi.Output.secret(api_key),
            embedding_base_url=embed.base_url,
            embedding_handle=settings.model.embedding.handle,
            embedding_dim=settings.model.embedding.dimensions,
            embedding_api_key=pulumi.Output.secret(api_key),
            reach=(chat.reach, embed.reach),
        )

    def _canary(self, key: Mounts) -> None:
        Canary(
            "model-canary",
            model=self.endpoint,
            image=self._site.image,
            key=key,
            schedule=self._settings.schedule,
            sink=self._site.canary_sink,
            namespace=self._site.namespace,
            provider=self._site.cluster.provider,
            opts=pulumi.ResourceOptions(parent=self),
        )
