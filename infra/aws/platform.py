"""The AWS platform: what `infra/local/` makes on one machine, from EKS, RDS and a load balancer."""

from __future__ import annotations

import pulumi

from infra.aws.cache import Cache
from infra.aws.clickhouse import ClickHousePlace
from infra.aws.contract import cloud_outputs
from infra.aws.database import Database
from infra.aws.database_endpoint import build_database
from infra.aws.edge import Edge
from infra.aws.external_model import external_model
from infra.aws.foundation import Foundation
from infra.aws.inference import AwsInference
from infra.aws.load_balancer_controller import LoadBalancerController
from infra.aws.lost_region import LostRegion
from infra.aws.operations import Operations
from infra.aws.parts import StackParts
from infra.aws.server_attachment import ServerAttachment
from infra.aws.server_identity import ServerIdentity
from infra.aws.server_image import ServerImage
from infra.outputs import CloudOutputs
from infra.ports import (
    ClusterAccess,
    Images,
    ModelEndpoint,
    NamespaceAccess,
    ObjectStore,
    PodIdentity,
    PublicEdge,
    ServerEndpoint,
    ServerSecrets,
    Site,
    StorePlace,
    Supplies,
)
from infra.settings import Settings
from infra.workloads.namespace import NAME as NAMESPACE


class AwsPlatform:
    """One account, one region: the parts are components, this only wires them."""

    def __init__(self, settings: Settings) -> None:
        self._ground = Foundation(settings)
        self._cache = self._build_cache() if settings.cache.enabled else None
        self._identity: ServerIdentity | None = None
        self._postgres: Database | None = None
        self._edge: Edge | None = None
        self._supplies: Supplies | None = None
        self.cluster: ClusterAccess = self._ground.cluster.access

    def supply(self, namespace: NamespaceAccess) -> Supplies:
        """RDS, the buckets, the server's image and the model elsewhere."""
        image = self._server_image()
        self._postgres, database = build_database(self._ground, namespace)
        self._supplies = Supplies(
            images=Images(server=image),
            server_identity=self._server_identity(namespace),
            server_secrets=self._kept_secrets(),
            database=database,
            model=self._model(image),
            cache=self._cache.endpoint if self._cache else None,
            store=self._store_place(namespace)
            if self._ground.settings.clickhouse.kind == "in-cluster"
            else None,
            object_store=ObjectStore(
                bucket=self._ground.storage.backup.name, region=self._ground.place.region, endpoint_url=None
            ),
        )
        return self._supplies

    def expose(self, server: ServerEndpoint) -> PublicEdge:
        """The load balancer, and the server's pods behind it; and where its secrets outlive it."""
        assert self._identity is not None  # `supply` comes before
        self._identity.keep(server.secrets)
        self._edge = edge = Edge(
            "edge",
            self._ground.aws.edge,
            timing=self._ground.settings.timing,
            server_port=server.port,
            network=self._ground.network,
            storage=self._ground.storage,
            keys=self._ground.keys,
            place=self._ground.place,
            options=self._ground.options,
            opts=self._ground.opts,
        )
        controller = LoadBalancerController(
            "load-balancer-controller",
            self._ground.aws.edge.controller_image,
            target_group_arn=edge.target_group_arn,
            namespace=server.namespace,
            cluster=self._ground.cluster,
            network=self._ground.network,
            place=self._ground.place,
            options=self._ground.options,
            opts=self._ground.opts,
        )
        ServerAttachment(
            "server-attachment",
            server=server,
            edge=edge,
            controller=controller,
            cluster=self._ground.cluster,
            network=self._ground.network,
            options=self._ground.options,
            opts=self._ground.opts,
        )
        assert self._supplies is not None
        site = Site(cluster=self.cluster, namespace=server.namespace, supplies=self._supplies)
        Operations(
            self._ground.settings,
            self._parts(),
            site=site,
            options=self._ground.options,
            opts=self._ground.opts,
        )
        return edge.public

    def outputs(self) -> CloudOutputs:
        """Endpoints, ARNs, references to secrets, and commands."""
        return cloud_outputs(self._parts())

    def _parts(self) -> StackParts:
        assert self._identity is not None  # `supply` and `expose` come before
        assert self._postgres is not None
        assert self._edge is not None
        return StackParts(
            place=self._ground.place,
            keys=self._ground.keys,
            network=self._ground.network,
            cluster=self._ground.cluster,
            database=self._postgres,
            database_name=self._ground.settings.database.name,
            cache=self._cache,
            storage=self._ground.storage,
            registry=self._ground.registry,
            identity=self._identity,
            edge=self._edge,
        )

    def _store_place(self, namespace: NamespaceAccess) -> StorePlace:
        return ClickHousePlace(
            "clickhouse",
            alarms=self._ground.aws.alarms is not None,
            bucket=self._ground.storage.backup,
            namespace=namespace,
            namespace_name=NAMESPACE,
            cluster=self._ground.cluster,
            network=self._ground.network,
            keys=self._ground.keys,
            place=self._ground.place,
            options=self._ground.options,
            opts=self._ground.opts,
        ).port

    def _build_cache(self) -> Cache:
        return Cache(
            "cache",
            self._ground.aws.cache,
            self._ground.settings.cache,
            clients={"cluster": self._ground.cluster.security_group_id},
            network=self._ground.network,
            keys=self._ground.keys,
            place=self._ground.place,
            options=self._ground.options,
            opts=self._ground.opts,
        )

    def _server_identity(self, namespace: NamespaceAccess) -> PodIdentity:
        self._identity = ServerIdentity(
            "server-identity",
            bedrock_models=self._ground.aws.bedrock_models,
            recovery_days=self._ground.aws.key_deletion_days,
            namespace=namespace,
            namespace_name=NAMESPACE,
            cluster=self._ground.cluster,
            keys=self._ground.keys,
            place=self._ground.place,
            options=self._ground.options,
            opts=self._ground.opts,
        )
        return self._identity.port

    def _kept_secrets(self) -> ServerSecrets | None:
        restore = self._ground.aws.restore
        if restore is None:
            return None
        return LostRegion(
            "lost-region", restore, place=self._ground.place, opts=self._ground.opts
        ).server_secrets

    def _model(self, server_image: pulumi.Output[str]) -> ModelEndpoint:
        if self._ground.settings.model.kind != "vllm":
            return external_model(self._ground.settings.model)
        return AwsInference(
            "inference",
            self._ground.settings,
            server_image=server_image,
            cluster=self._ground.cluster,
            network=self._ground.network,
            storage=self._ground.storage,
            keys=self._ground.keys,
            place=self._ground.place,
            options=self._ground.options,
            opts=self._ground.opts,
        ).endpoint

    def _server_image(self) -> pulumi.Output[str]:
        if self._ground.settings.server.image is not None:
            return pulumi.Output.from_input(self._ground.settings.server.image)
        return ServerImage(
            "server-image",
            repository=self._ground.registry.repositories["server"],
            platforms=self._ground.aws.images.platforms,
            options=self._ground.options,
            opts=self._ground.opts,
        ).ref
