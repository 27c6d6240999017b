"""What everything else in an AWS stack stands on: keys, network, cluster, buckets, repositories."""

from __future__ import annotations

import pulumi

from infra.aws.clickhouse import backup_folders
from infra.aws.cluster import Cluster
from infra.aws.images import Registry
from infra.aws.keys import Keys
from infra.aws.network_acl import CACHE_PORT, POSTGRES_PORT
from infra.aws.network_choice import build_network
from infra.aws.place import Place
from infra.aws.provider import account_provider
from infra.aws.server_image import MOVING_TAGS
from infra.aws.storage import Storage
from infra.naming import stack_prefix
from infra.options import Options
from infra.settings import Settings


class Foundation:
    """One account, one region, and what is there before there is a namespace."""

    def __init__(self, settings: Settings) -> None:
        assert settings.aws is not None  # `build` gives the profiles dev and prod their section
        self.settings = settings
        self.aws = settings.aws
        self.options = Options(settings.profile)
        self.place = Place(
            account=self.aws.account,
            region=self.aws.region,
            dr_region=self.aws.dr_region,
            prefix=stack_prefix(pulumi.get_stack()),
        )
        self.opts = pulumi.ResourceOptions(providers=[account_provider(self.aws, profile=settings.profile)])
        self.keys = Keys(
            "keys",
            deletion_days=self.aws.key_deletion_days,
            delivers_flow_logs=self.aws.network.flow_log_destination == "s3",
            place=self.place,
            options=self.options,
            opts=self.opts,
        )
        self.network = build_network(
            "network",
            self.aws,
            database_ports=(POSTGRES_PORT, CACHE_PORT) if settings.cache.enabled else (POSTGRES_PORT,),
            keys=self.keys,
            place=self.place,
            options=self.options,
            opts=self.opts,
        )
        self.cluster = Cluster(
            "cluster",
            self.aws.cluster,
            network=self.network,
            keys=self.keys,
            place=self.place,
            options=self.options,
            opts=self.opts,
        )
        self.storage = Storage(
            "storage",
            self.aws.storage,
            gpu_nodes=self.aws.cluster.gpu_nodes is not None,
            folders=backup_folders(settings.clickhouse),
            keys=self.keys,
            place=self.place,
            options=self.options,
            opts=self.opts,
        )
        self.registry = Registry(
            "images",
            images=("server",),
            moving_tags=() if settings.server.image else MOVING_TAGS,
            replicate=self.aws.images.replicate,
            keys=self.keys,
            place=self.place,
            options=self.options,
            opts=self.opts,
        )
