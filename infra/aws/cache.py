"""The cache on ElastiCache: encrypted, private, and with a login for nobody but the server."""

from __future__ import annotations

import pulumi
import pulumi_random as random
from pulumi_aws import cloudwatch, ec2, elasticache
from pulumi_aws import vpc as rules

from infra.aws.cache_logins import CacheLogins
from infra.aws.keys import Keys
from infra.aws.log_group import log_group
from infra.aws.network_acl import CACHE_PORT
from infra.aws.network_port import NetworkPort
from infra.aws.place import Place
from infra.options import Options
from infra.ports import CacheEndpoint, Reach
from infra.settings.aws_cache import ElastiCacheSettings
from infra.settings.cache import CacheSettings

LOGS = ("engine-log", "slow-log")


class Cache(pulumi.ComponentResource):
    """A replication group without sharding, in the database subnets, and who may enter it.

    What is in it may vanish at any time, so it is not protected; with snapshots it leaves a last one when it
    goes.
    """

    def __init__(
        self,
        name: str,
        settings: ElastiCacheSettings,
        common: CacheSettings,
        *,
        clients: dict[str, pulumi.Output[str]],
        network: NetworkPort,
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Cache", name, None, opts)
        self._name = name
        self._settings = settings
        self._network = network
        self._keys = keys
        self._place = place
        self._options = options
        # Names its log groups, which are there before it; another engine is another cache under another name.
        self.identifier = pulumi.Output.concat(place.prefix, "-", self._suffix())
        self._group = self._security_group()
        doors = [self._door(client, group) for client, group in clients.items()]
        logins = CacheLogins(
            f"{name}-logins",
            engine=settings.engine,
            identifier=self.identifier,
            options=options,
            opts=options.child(self),
        )
        nodes = self._nodes(common, logins)
        self.arn = nodes.arn
        self.host = nodes.primary_endpoint_address
        self.reader_host = nodes.reader_endpoint_address
        self.port = CACHE_PORT
        self.node_ids = nodes.member_clusters
        """What CloudWatch knows its metrics by."""
        self.endpoint = CacheEndpoint(
            host=self.host,
            port=CACHE_PORT,
            login=logins.server,
            ca_bundle=None,  # its certificates are from Amazon's public authority
            reach=Reach(name="elasticache", ports=(CACHE_PORT,), cidrs=tuple(network.plan.database.values())),
            ready=[nodes, *doors],
        )
        self.register_outputs({"host": self.host, "readerHost": self.reader_host, "arn": self.arn})

    def _suffix(self) -> pulumi.Output[str]:
        return random.RandomString(
            f"{self._name}-identifier",
            length=8,
            upper=False,
            special=False,
            keepers={"engine": self._settings.engine},
            opts=self._options.child(self),
        ).result

    def _security_group(self) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self._name,
            vpc_id=self._network.vpc_id,
            description="Cache: admits named security groups, opens no connection itself",
            egress=[],
            tags={"Name": f"{self._place.prefix}-cache"},
            opts=self._options.child(self),
        )

    def _door(self, client: str, security_group_id: pulumi.Output[str]) -> rules.SecurityGroupIngressRule:
        return rules.SecurityGroupIngressRule(
            f"{self._name}-from-{client}",
            security_group_id=self._group.id,
            referenced_security_group_id=security_group_id,
            description=f"Cache from {client}",
            ip_protocol="tcp",
            from_port=CACHE_PORT,
            to_port=CACHE_PORT,
            opts=self._options.child(self),
        )

    def _log_groups(self) -> dict[str, cloudwatch.LogGroup]:
        return {
            log: log_group(
                f"{self._name}-{log}",
                physical_name=pulumi.Output.concat("/aws/elasticache/", self.identifier, "/", log),
                key_arn=self._keys.logs,
                retention_days=self._settings.log_retention_days,
                opts=self._options.child(self),
            )
            for log in LOGS
        }

    def _parameters(self, common: CacheSettings) -> elasticache.ParameterGroup:
        """Autonamed, so that a new one exists before the nodes leave the old one."""
        return elasticache.ParameterGroup(
            self._name,
            family=self._settings.family,
            description=f"{self._place.prefix}: {self._settings.family}",
            parameters=[
                elasticache.ParameterGroupParameterArgs(name="maxmemory-policy", value=common.eviction_policy)
            ],
            opts=self._options.child(self),
        )

    def _nodes(self, common: CacheSettings, logins: CacheLogins) -> elasticache.ReplicationGroup:
        s = self._settings
        keeps = s.snapshot_retention_days > 0
        subnets = elasticache.SubnetGroup(
            self._name,
            subnet_ids=self._network.database_subnet_ids,
            description=f"{self._place.prefix}: subnets without a way out",
            opts=self._options.child(self),
        )
        return elasticache.ReplicationGroup(
            self._name,
            replication_group_id=self.identifier,
            description=f"{self._place.prefix}: what replicas of the server share",
            engine=s.engine,
            engine_version=s.version,
            # AWS would move the minor version, and the next `up` would try to take it back.
            auto_minor_version_upgrade=False,
            apply_immediately=False,
            node_type=s.node_type,
            num_cache_clusters=1 + s.replicas,
            automatic_failover_enabled=s.replicas > 0,
            multi_az_enabled=s.multi_az,
            port=CACHE_PORT,
            parameter_group_name=self._parameters(common).name,
            subnet_group_name=subnets.name,
            security_group_ids=[self._group.id],
            at_rest_encryption_enabled=True,
            kms_key_id=self._keys.data,
            transit_encryption_enabled=True,
            transit_encryption_mode="required",
            user_group_ids=[logins.user_group_id],
            maintenance_window=s.maintenance_window,
            snapshot_window=s.snapshot_window,
            snapshot_retention_limit=s.snapshot_retention_days,
            final_snapshot_identifier=pulumi.Output.concat(self.identifier, "-final") if keeps else None,
            log_delivery_configurations=[
                elasticache.ReplicationGroupLogDeliveryConfigurationArgs(
                    log_type=log,
                    destination=group.name,
                    destination_type="cloudwatch-logs",
                    log_format="json",
                )
                for log, group in self._log_groups().items()
            ],
            opts=self._options.cache(self),
        )
