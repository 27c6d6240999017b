"""The AWS platform: what `infra/local/` makes on one machine, from EKS, RDS and a load balancer."""

from __future__ import annotations

import pulumi

from infra.aws.cache import Cache
from infra.aws.cluster import Cluster
from infra.aws.contract import cloud_outputs
from infra.aws.database import Database
from infra.aws.database_logins import DatabaseLogins
from infra.aws.edge import Edge
from infra.aws.external_model import external_model
from infra.aws.images import Registry
from infra.aws.inference import AwsInference
from infra.aws.keys import Keys
from infra.aws.load_balancer_controller import LoadBalancerController
from infra.aws.lost_region import LostRegion
from infra.aws.network_acl import CACHE_PORT, POSTGRES_PORT
from infra.aws.network_choice import build_network
from infra.aws.operations import Operations
from infra.aws.parts import StackParts
from infra.aws.place import Place
from infra.aws.provider import account_provider
from infra.aws.rds_ca import ca_of
from infra.aws.server_attachment import ServerAttachment
from infra.aws.server_identity import ServerIdentity
from infra.aws.server_image import MOVING_TAGS, ServerImage
from infra.aws.storage import Storage
from infra.naming import stack_prefix
from infra.options import Options
from infra.outputs import CloudOutputs
from infra.ports import (
    ClusterAccess,
    DatabaseEndpoint,
    Images,
    ModelEndpoint,
    NamespaceAccess,
    ObjectStore,
    PodIdentity,
    PublicEdge,
    Reach,
    ServerEndpoint,
    ServerSecrets,
    Site,
    Supplies,
)
from infra.settings import Settings
from infra.workloads.namespace import NAME as NAMESPACE


class AwsPlatform:
    """One account, one region: the parts are components, this only wires them."""

    def __init__(self, settings: Settings) -> None:
        assert settings.aws is not None  # `build` gives the profiles dev and prod their section
        self._settings = settings
        self._aws = settings.aws
        self._options = Options(settings.profile)
        self._place = Place(
            account=self._aws.account,
            region=self._aws.region,
            dr_region=self._aws.dr_region,
            prefix=stack_prefix(pulumi.get_stack()),
        )
        self._opts = pulumi.ResourceOptions(providers=[account_provider(self._aws, profile=settings.profile)])
        self._keys = Keys(
            "keys",
            deletion_days=self._aws.key_deletion_days,
            delivers_flow_logs=self._aws.network.flow_log_destination == "s3",
            place=self._place,
            options=self._options,
            opts=self._opts,
        )
        self._network = build_network(
            "network",
            self._aws,
            database_ports=(POSTGRES_PORT, CACHE_PORT) if settings.cache.enabled else (POSTGRES_PORT,),
            keys=self._keys,
            place=self._place,
            options=self._options,
            opts=self._opts,
        )
        self._cluster = Cluster(
            "cluster",
            self._aws.cluster,
            network=self._network,
            keys=self._keys,
            place=self._place,
            options=self._options,
            opts=self._opts,
        )
        self._storage = Storage(
            "storage",
            self._aws.storage,
            gpu_nodes=self._aws.cluster.gpu_nodes is not None,
            keys=self._keys,
            place=self._place,
            options=self._options,
            opts=self._opts,
        )
        self._registry = Registry(
            "images",
            images=("server",),
            moving_tags=() if settings.server.image else MOVING_TAGS,
            replicate=self._aws.images.replicate,
            keys=self._keys,
            place=self._place,
            options=self._options,
            opts=self._opts,
        )
        self._cache = self._build_cache() if settings.cache.enabled else None
        self._identity: ServerIdentity | None = None
        self._postgres: Database | None = None
        self._edge: Edge | None = None
        self._supplies: Supplies | None = None
        self.cluster: ClusterAccess = self._cluster.access

    def supply(self, namespace: NamespaceAccess) -> Supplies:
        """RDS, the buckets, the server's image and the model elsewhere."""
        image = self._server_image()
        self._supplies = Supplies(
            images=Images(server=image),
            server_identity=self._server_identity(namespace),
            server_secrets=self._kept_secrets(),
            database=self._database(namespace),
            model=self._model(image),
            cache=self._cache.endpoint if self._cache else None,
            object_store=ObjectStore(
                bucket=self._storage.backup.name, region=self._place.region, endpoint_url=None
            ),
        )
        return self._supplies

    def expose(self, server: ServerEndpoint) -> PublicEdge:
        """The load balancer, and the server's pods behind it; and where its secrets outlive it."""
        assert self._identity is not None  # `supply` comes before
        self._identity.keep(server.secrets)
        self._edge = edge = Edge(
            "edge",
            self._aws.edge,
            timing=self._settings.timing,
            server_port=server.port,
            network=self._network,
            storage=self._storage,
            keys=self._keys,
            place=self._place,
            options=self._options,
            opts=self._opts,
        )
        controller = LoadBalancerController(
            "load-balancer-controller",
            self._aws.edge.controller_image,
            target_group_arn=edge.target_group_arn,
            namespace=server.namespace,
            cluster=self._cluster,
            network=self._network,
            place=self._place,
            options=self._options,
            opts=self._opts,
        )
        ServerAttachment(
            "server-attachment",
            server=server,
            edge=edge,
            controller=controller,
            cluster=self._cluster,
            network=self._network,
            options=self._options,
            opts=self._opts,
        )
        assert self._supplies is not None
        site = Site(cluster=self.cluster, namespace=server.namespace, supplies=self._supplies)
        Operations(self._aws, self._parts(), site=site, options=self._options, opts=self._opts)
        return edge.public

    def outputs(self) -> CloudOutputs:
        """Endpoints, ARNs, references to secrets, and commands."""
        return cloud_outputs(self._parts())

    def _parts(self) -> StackParts:
        assert self._identity is not None  # `supply` and `expose` come before
        assert self._postgres is not None
        assert self._edge is not None
        return StackParts(
            place=self._place,
            keys=self._keys,
            network=self._network,
            cluster=self._cluster,
            database=self._postgres,
            database_name=self._settings.database.name,
            cache=self._cache,
            storage=self._storage,
            registry=self._registry,
            identity=self._identity,
            edge=self._edge,
        )

    def _build_cache(self) -> Cache:
        return Cache(
            "cache",
            self._aws.cache,
            self._settings.cache,
            clients={"cluster": self._cluster.security_group_id},
            network=self._network,
            keys=self._keys,
            place=self._place,
            options=self._options,
            opts=self._opts,
        )

    def _server_identity(self, namespace: NamespaceAccess) -> PodIdentity:
        self._identity = ServerIdentity(
            "server-identity",
            bedrock_models=self._aws.bedrock_models,
            recovery_days=self._aws.key_deletion_days,
            namespace=namespace,
            namespace_name=NAMESPACE,
            cluster=self._cluster,
            keys=self._keys,
            place=self._place,
            options=self._options,
            opts=self._opts,
        )
        return self._identity.port

    def _kept_secrets(self) -> ServerSecrets | None:
        restore = self._aws.restore
        if restore is None:
            return None
        return LostRegion("lost-region", restore, place=self._place, opts=self._opts).server_secrets

    def _model(self, server_image: pulumi.Output[str]) -> ModelEndpoint:
        if self._settings.model.kind != "vllm":
            return external_model(self._settings.model)
        return AwsInference(
            "inference",
            self._settings,
            server_image=server_image,
            cluster=self._cluster,
            network=self._network,
            storage=self._storage,
            keys=self._keys,
            place=self._place,
            options=self._options,
            opts=self._opts,
        ).endpoint

    def _server_image(self) -> pulumi.Output[str]:
        if self._settings.server.image is not None:
            return pulumi.Output.from_input(self._settings.server.image)
        return ServerImage(
            "server-image",
            repository=self._registry.repositories["server"],
            platforms=self._aws.images.platforms,
            options=self._options,
            opts=self._opts,
        ).ref

    def _database(self, namespace: NamespaceAccess) -> DatabaseEndpoint:
        self._postgres = database = Database(
            "database",
            self._aws.database,
            self._settings.database,
            network=self._network,
            keys=self._keys,
            place=self._place,
            options=self._options,
            opts=self._opts,
        )
        door = database.admit("cluster", self._cluster.security_group_id)
        logins = DatabaseLogins(
            "database-logins",
            database=database,
            cluster=self._cluster,
            namespace=namespace,
            namespace_name=NAMESPACE,
            keys=self._keys,
            place=self._place,
            options=self._options,
            opts=self._opts,
        )
        return DatabaseEndpoint(
            host=database.host,
            direct_host=database.host,
            port=database.port,
            database=self._settings.database.name,
            ssl_mode="verify-full",
            ca_bundle=pulumi.Output.from_input(ca_of(self._place.region)),
            master=logins.master,
            migrator=logins.migrator,
            app=logins.app,
            readonly=logins.readonly,
            max_connections=self._aws.database.max_connections,
            replica_host=database.replica_host,
            reach=Reach(
                name="rds", ports=(database.port,), cidrs=tuple(self._network.plan.database.values())
            ),
            ready=[*database.ready, door, *logins.ready],
        )
