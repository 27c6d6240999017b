"""A VPC that was there before the stack: looked at, judged, and never changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pulumi
from pulumi_aws import ec2, eks
from pulumi_aws.ec2.outputs import GetRouteTableRouteResult

from infra.aws.adopted_checks import TIERS, Place, RouteFacts, SubnetFacts, Tier, VpcFacts, Wanted, misfits
from infra.settings.aws_existing_network import ExistingNetwork, ExistingTier
from infra.sizing.cidr import SubnetPlan

_TARGETS = (
    "nat_gateway_id",
    "gateway_id",
    "transit_gateway_id",
    "vpc_endpoint_id",
    "network_interface_id",
    "instance_id",
    "vpc_peering_connection_id",
    "egress_only_gateway_id",
    "core_network_arn",
    "local_gateway_id",
    "carrier_gateway_id",
)


class UnfitNetworkError(pulumi.RunError):
    """The VPC cannot carry the stack; the message has a sentence for each reason."""

    def __init__(self, vpc_id: str, problems: Sequence[str]) -> None:
        lines = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"{vpc_id} cannot be used as network.existing:\n{lines}")


class AdoptedNetwork(pulumi.ComponentResource):
    """The same port as `Network`. Its ids become known only once everything about the VPC was found good.

    So nothing is made in a VPC that does not fit, and already a preview says what is wrong.
    """

    def __init__(
        self,
        name: str,
        existing: ExistingNetwork,
        *,
        wanted: Wanted,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:AdoptedNetwork", name, None, opts)
        self._existing = existing
        self._wanted = wanted
        self._asking = pulumi.InvokeOutputOptions(parent=self)
        self.plan: SubnetPlan = wanted.plan
        self._main_table = self._tables("association.main", "true")
        self._judged = self._judge()
        self.vpc_id: pulumi.Output[str] = self._once_judged(existing.vpc_id)
        self.public_subnet_ids = self._ids(existing.public)
        self.private_subnet_ids = self._ids(existing.private)
        self.database_subnet_ids = self._ids(existing.database)
        self.s3_cidrs: pulumi.Output[Sequence[str]] = ec2.get_prefix_list_output(
            name=f"com.amazonaws.{wanted.region}.s3", opts=self._asking
        ).cidr_blocks
        self.nat_gateway_ids: dict[str, pulumi.Output[str]] = {}
        self.ready: list[pulumi.Resource] = []
        self.register_outputs(
            {
                "vpcId": self.vpc_id,
                "publicSubnetIds": self.public_subnet_ids,
                "privateSubnetIds": self.private_subnet_ids,
                "databaseSubnetIds": self.database_subnet_ids,
            }
        )

    def _once_judged(self, id_: str) -> pulumi.Output[str]:
        return self._judged.apply(lambda _: id_)

    def _ids(self, tier: ExistingTier) -> list[pulumi.Output[str]]:
        return [self._once_judged(tier.subnets[zone]) for zone in self.plan.public]

    def _judge(self) -> pulumi.Output[None]:
        tiers: dict[Tier, ExistingTier] = {
            "public": self._existing.public,
            "private": self._existing.private,
            "database": self._existing.database,
        }
        places: list[Place] = [(tier, zone) for tier in TIERS for zone in self.plan.public]
        facts = pulumi.Output.all(
            self._vpc(),
            eks.get_clusters_output(opts=self._asking).names,
            *(self._subnet(tiers[tier].subnets[zone]) for tier, zone in places),
        )

        def judge(found: Sequence[Any]) -> None:
            vpc, clusters, *subnets = found
            problems = misfits(
                self._wanted,
                vpc,
                dict(zip(places, subnets, strict=True)),
                first_time=self._wanted.cluster_name not in clusters,
            )
            if problems:
                raise UnfitNetworkError(self._existing.vpc_id, problems)

        return facts.apply(judge)

    def _vpc(self) -> pulumi.Output[VpcFacts]:
        id_ = self._existing.vpc_id
        gateways = ec2.get_nat_gateways_output(
            vpc_id=id_, filters=[{"name": "state", "values": ["available"]}], opts=self._asking
        )
        return pulumi.Output.all(ec2.get_vpc_output(id=id_, opts=self._asking), gateways.ids).apply(
            lambda found: VpcFacts(
                id=id_,
                cidrs=[block.cidr_block for block in found[0].cidr_block_associations],
                dns_support=found[0].enable_dns_support,
                dns_hostnames=found[0].enable_dns_hostnames,
                nat_gateways=frozenset(found[1]),
            )
        )

    def _subnet(self, id_: str) -> pulumi.Output[SubnetFacts]:
        subnet = ec2.get_subnet_output(id=id_, opts=self._asking)
        return pulumi.Output.all(subnet, self._routes(id_)).apply(
            lambda found: SubnetFacts(
                id=id_,
                vpc_id=found[0].vpc_id,
                zone=found[0].availability_zone,
                cidr=found[0].cidr_block,
                free_addresses=found[0].available_ip_address_count,
                has_ipv6=bool(found[0].ipv6_cidr_block),
                routes=found[1],
                tags=found[0].tags,
            )
        )

    def _routes(self, subnet_id: str) -> pulumi.Output[list[RouteFacts]]:
        """Of the subnet's own table; a subnet that has none follows the VPC's main one."""
        own = self._tables("association.subnet-id", subnet_id)
        table = pulumi.Output.all(own, self._main_table).apply(lambda found: str([*found[0], *found[1]][0]))
        found = ec2.get_route_table_output(route_table_id=table, opts=self._asking)
        return found.routes.apply(lambda routes: [_route(route) for route in routes])

    def _tables(self, name: str, value: str) -> pulumi.Output[list[str]]:
        return ec2.get_route_tables_output(
            vpc_id=self._existing.vpc_id, filters=[{"name": name, "values": [value]}], opts=self._asking
        ).ids


def _route(route: GetRouteTableRouteResult) -> RouteFacts:
    targets = (str(getattr(route, name) or "") for name in _TARGETS)
    return RouteFacts(
        destination=route.cidr_block or route.ipv6_cidr_block or route.destination_prefix_list_id,
        target=next((target for target in targets if target), ""),
    )
