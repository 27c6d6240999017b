"""The VPC: public, private and database subnets in every zone, and the ways in and out."""

from __future__ import annotations

from typing import Any, Literal

import pulumi
from pulumi_aws import ec2

from infra.aws.keys import Keys
from infra.aws.network_acl import POSTGRES_PORT, AclRule, database_acl
from infra.aws.network_endpoints import Endpoints
from infra.aws.network_flow_logs import FlowLogs
from infra.aws.place import Place
from infra.options import Options
from infra.settings.aws_network import NetworkSettings
from infra.sizing.cidr import SubnetPlan, ipv6_subnet, plan_subnets

Tier = Literal["public", "private", "database"]
SUBNET_ROLES = {"public": "kubernetes.io/role/elb", "private": "kubernetes.io/role/internal-elb"}
"""Tags by which Kubernetes controllers find subnets."""


class Network(pulumi.ComponentResource):
    """A VPC whose default security group admits nothing and whose database subnets have no route out."""

    def __init__(
        self,
        name: str,
        settings: NetworkSettings,
        *,
        database_ports: tuple[int, ...] = (POSTGRES_PORT,),
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Network", name, None, opts)
        self._name = name
        self._settings = settings
        self._database_ports = database_ports
        self._place = place
        self._options = options
        self.plan: SubnetPlan = plan_subnets(settings.cidr, settings.zones)
        vpc = self._vpc()
        self._public = self._subnets(vpc, "public", self.plan.public)
        self._private = self._subnets(vpc, "private", self.plan.private)
        self._database = self._subnets(vpc, "database", self.plan.database)
        private_tables = self._private_routes(vpc, self._public_routes(vpc))
        self._isolate_database(vpc)
        self._flow_logs = FlowLogs(
            f"{name}-flow-logs",
            vpc=vpc,
            destination=settings.flow_log_destination,
            retention_days=settings.flow_log_retention_days,
            keys=keys,
            place=place,
            options=options,
            opts=options.child(self),
        )
        self._endpoints = Endpoints(
            f"{name}-endpoints",
            vpc=vpc,
            cidr=settings.cidr,
            services=settings.interface_endpoints,
            subnets=self._private,
            route_tables=private_tables,
            place=place,
            options=options,
            opts=options.child(self),
        )
        self.vpc_id: pulumi.Output[str] = vpc.id
        self.public_subnet_ids = [s.id for s in self._public.values()]
        self.private_subnet_ids = [s.id for s in self._private.values()]
        self.database_subnet_ids = [s.id for s in self._database.values()]
        self.s3_cidrs = self._endpoints.s3_cidrs
        self.nat_gateway_ids = {zone: gateway.id for zone, gateway in self._gateways.items()}
        self.ready: list[pulumi.Resource] = [*self._egress, self._endpoints]
        self.register_outputs(
            {
                "vpcId": self.vpc_id,
                "publicSubnetIds": self.public_subnet_ids,
                "privateSubnetIds": self.private_subnet_ids,
                "databaseSubnetIds": self.database_subnet_ids,
            }
        )

    def _tags(self, suffix: str, **more: str) -> dict[str, str]:
        return {"Name": f"{self._place.prefix}-{suffix}", **more}

    def _vpc(self) -> ec2.Vpc:
        vpc = ec2.Vpc(
            self._name,
            cidr_block=self._settings.cidr,
            assign_generated_ipv6_cidr_block=self._settings.ipv6 or None,
            enable_dns_support=True,
            enable_dns_hostnames=True,
            tags=self._tags("vpc"),
            opts=self._options.child(self),
        )
        ec2.DefaultSecurityGroup(
            f"{self._name}-default",
            vpc_id=vpc.id,
            ingress=[],
            egress=[],
            tags=self._tags("default-closed"),
            opts=self._options.child(self),
        )
        return vpc

    def _subnets(self, vpc: ec2.Vpc, tier: Tier, cidrs: dict[str, str]) -> dict[str, ec2.Subnet]:
        marks = {SUBNET_ROLES[tier]: "1"} if tier != "database" else {}
        return {
            zone: ec2.Subnet(
                f"{self._name}-{tier}-{zone}",
                vpc_id=vpc.id,
                cidr_block=cidr,
                availability_zone=f"{self._place.region}{zone}",
                map_public_ip_on_launch=False,
                ipv6_cidr_block=self._ipv6_range(vpc, tier, zone),
                assign_ipv6_address_on_creation=(tier == "private" and self._settings.ipv6) or None,
                tags=self._tags(f"{tier}-{zone}", tier=tier, **marks),
                opts=self._options.child(self),
            )
            for zone, cidr in cidrs.items()
        }

    def _ipv6_range(self, vpc: ec2.Vpc, tier: Tier, zone: str) -> pulumi.Output[str] | None:
        if not self._settings.ipv6 or tier == "database":
            return None
        return vpc.ipv6_cidr_block.apply(lambda block: ipv6_subnet(block, tier, zone))

    def _public_routes(self, vpc: ec2.Vpc) -> ec2.Route:
        gateway = ec2.InternetGateway(
            f"{self._name}-internet",
            vpc_id=vpc.id,
            tags=self._tags("internet"),
            opts=self._options.child(self),
        )
        table = self._table(vpc, "public", self._public)
        if self._settings.ipv6:
            ec2.Route(
                f"{self._name}-public-internet-ipv6",
                route_table_id=table.id,
                destination_ipv6_cidr_block="::/0",
                gateway_id=gateway.id,
                opts=self._options.child(self),
            )
        return ec2.Route(
            f"{self._name}-public-internet",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=self._options.child(self),
        )

    def _table(self, vpc: ec2.Vpc, name: str, subnets: dict[str, ec2.Subnet]) -> ec2.RouteTable:
        table = ec2.RouteTable(
            f"{self._name}-{name}", vpc_id=vpc.id, tags=self._tags(name), opts=self._options.child(self)
        )
        for zone, subnet in subnets.items():
            suffix = "" if name.endswith(f"-{zone}") else f"-{zone}"
            ec2.RouteTableAssociation(
                f"{self._name}-{name}{suffix}",
                route_table_id=table.id,
                subnet_id=subnet.id,
                opts=self._options.child(self),
            )
        return table

    def _private_routes(self, vpc: ec2.Vpc, internet: ec2.Route) -> dict[str, ec2.RouteTable]:
        """One table for each zone, so that NAT by zone is a change of routes and not of tables."""
        tables = {z: self._table(vpc, f"private-{z}", {z: s}) for z, s in self._private.items()}
        self._gateways = gateways = {zone: self._nat(zone, internet) for zone in self._nat_zones()}
        self._egress: list[pulumi.Resource] = [
            ec2.Route(
                f"{self._name}-private-{zone}-nat",
                route_table_id=table.id,
                destination_cidr_block="0.0.0.0/0",
                nat_gateway_id=gateways.get(zone, next(iter(gateways.values()))).id,
                opts=self._options.child(self),
            )
            for zone, table in tables.items()
            if gateways
        ]
        if self._settings.ipv6:
            self._egress += self._ipv6_egress(vpc, tables)
        return tables

    def _ipv6_egress(self, vpc: ec2.Vpc, tables: dict[str, ec2.RouteTable]) -> list[ec2.Route]:
        """IPv6 has no NAT: this gateway lets connections out and none in."""
        gateway = ec2.EgressOnlyInternetGateway(
            f"{self._name}-egress",
            vpc_id=vpc.id,
            tags=self._tags("egress"),
            opts=self._options.child(self),
        )
        return [
            ec2.Route(
                f"{self._name}-private-{zone}-ipv6",
                route_table_id=table.id,
                destination_ipv6_cidr_block="::/0",
                egress_only_gateway_id=gateway.id,
                opts=self._options.child(self),
            )
            for zone, table in tables.items()
        ]

    def _nat_zones(self) -> tuple[str, ...]:
        zones = tuple(self.plan.public)
        return {"none": (), "single": zones[:1], "per-az": zones}[self._settings.nat]

    def _nat(self, zone: str, internet: ec2.Route) -> ec2.NatGateway:
        address = ec2.Eip(
            f"{self._name}-nat-{zone}",
            domain="vpc",
            tags=self._tags(f"nat-{zone}"),
            opts=self._options.child(self),
        )
        return ec2.NatGateway(
            f"{self._name}-nat-{zone}",
            allocation_id=address.allocation_id,
            subnet_id=self._public[zone].id,
            tags=self._tags(f"nat-{zone}"),
            opts=self._options.child(self, depends_on=[internet]),
        )

    def _isolate_database(self, vpc: ec2.Vpc) -> None:
        """A table with no route but the VPC's own, and a network ACL that admits clients on few ports."""
        self._table(vpc, "database", self._database)
        private, own = (tuple(tier.values()) for tier in (self.plan.private, self.plan.database))
        rules = database_acl(private, own, ports=self._database_ports)
        ec2.NetworkAcl(
            f"{self._name}-database",
            vpc_id=vpc.id,
            subnet_ids=[s.id for s in self._database.values()],
            ingress=[ec2.NetworkAclIngressArgs(**_entry(rule)) for rule in rules.ingress],
            egress=[ec2.NetworkAclEgressArgs(**_entry(rule)) for rule in rules.egress],
            tags=self._tags("database"),
            opts=self._options.child(self),
        )


def _entry(rule: AclRule) -> dict[str, Any]:
    return {
        "rule_no": rule.number,
        "protocol": "tcp",
        "action": "allow",
        "cidr_block": rule.cidr,
        "from_port": rule.first,
        "to_port": rule.last,
    }
