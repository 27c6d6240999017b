"""Models on the stack's own GPU nodes: what the cluster, the bucket and IAM have to do with it."""

from __future__ import annotations

import pulumi

from infra.aws.cluster import Cluster
from infra.aws.gpu_support import GpuSupport
from infra.aws.keys import Keys
from infra.aws.metric_publisher import MetricPublisher
from infra.aws.model_schedule import ModelSchedule
from infra.aws.model_store import ModelAccess
from infra.aws.network_port import NetworkPort
from infra.aws.nodes import POOL_LABEL
from infra.aws.place import Place
from infra.aws.storage import Storage
from infra.options import Options
from infra.ports import ModelEndpoint
from infra.settings import Settings
from infra.settings.models_namespace import models_namespace
from infra.settings.rules_gpu import gpus_of_a_node, nodes_for
from infra.workloads.canary import WORKLOAD as CANARY
from infra.workloads.inference import NAMESPACE, Inference, ModelSite
from infra.workloads.namespace import Namespace


class AwsInference(pulumi.ComponentResource):
    """A namespace for models, identities in it, GPUs that work, and vLLM."""

    endpoint: ModelEndpoint

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        server_image: pulumi.Output[str],
        cluster: Cluster,
        network: NetworkPort,
        storage: Storage,
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Inference", name, None, opts)
        assert settings.inference is not None  # the caller has it
        assert settings.aws is not None  # a rule asks for it
        gpu_nodes = settings.aws.cluster.gpu_nodes
        assert gpu_nodes is not None
        assert storage.weights is not None
        child = options.child(self)
        bounds, gpus = models_namespace(settings)
        namespace = Namespace(
            "models", bounds, cluster=cluster.access, kubernetes_name=NAMESPACE, gpus=gpus, opts=child
        ).access
        access = ModelAccess(
            "model-access",
            settings.inference.weights,
            bucket=storage.weights,
            namespace=namespace,
            cluster=cluster,
            network=network,
            keys=keys,
            place=place,
            options=options,
            opts=child,
        )
        GpuSupport(
            "gpu-support",
            settings.aws.gpu,
            exports_metrics=not settings.aws.cluster.observability,
            cluster=cluster.access,
            options=options,
            opts=child,
        )
        if settings.inference.schedule is not None:
            ModelSchedule(
                "model-schedule",
                settings.inference.schedule,
                nodes=gpu_nodes,
                running=nodes_for(
                    settings.inference, settings.inference.replicas.min, gpus_of_a_node(gpu_nodes)
                ),
                cluster=cluster,
                place=place,
                options=options,
                opts=child,
            )
        publisher = (
            MetricPublisher(
                "model-canary-metrics",
                workload=CANARY,
                namespace=namespace,
                namespace_name=NAMESPACE,
                cluster=cluster,
                place=place,
                options=options,
                opts=child,
            )
            if settings.aws.alarms
            else None
        )
        site = ModelSite(
            cluster=cluster.access,
            namespace=namespace,
            store=access.port,
            image=server_image,
            gpu_nodes={POOL_LABEL: "gpu"},
            canary_sink=publisher.sink if publisher else None,
        )
        self.endpoint = Inference(name, settings, site=site, opts=child).endpoint
        self.register_outputs({})
