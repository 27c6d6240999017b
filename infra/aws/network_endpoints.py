"""The VPC's own doors to AWS services, so that traffic to them stays inside."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi_aws import ec2
from pulumi_aws import vpc as rules

from infra.aws.endpoint_policies import interface_endpoint_policy, s3_endpoint_policy
from infra.aws.place import Place
from infra.options import Options


class Endpoints(pulumi.ComponentResource):
    """S3 inside the VPC always (it costs nothing), other services as the settings say."""

    def __init__(
        self,
        name: str,
        *,
        vpc: ec2.Vpc,
        cidr: str,
        services: tuple[str, ...],
        subnets: dict[str, ec2.Subnet],
        route_tables: dict[str, ec2.RouteTable],
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Endpoints", name, None, opts)
        s3 = ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=vpc.id,
            service_name=f"com.amazonaws.{place.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=[t.id for t in route_tables.values()],
            policy=s3_endpoint_policy(place),
            tags={"Name": f"{place.prefix}-s3"},
            opts=options.child(self),
        )
        self.s3_id = s3.id
        self.s3_cidrs: pulumi.Output[Sequence[str]] = s3.cidr_blocks
        self.interface_ids: dict[str, pulumi.Output[str]] = {}
        if services:
            group = self._door(name, vpc, cidr, place, options)
            for service in services:
                self.interface_ids[service] = ec2.VpcEndpoint(
                    f"{name}-{service.replace('.', '-')}",
                    vpc_id=vpc.id,
                    service_name=f"com.amazonaws.{place.region}.{service}",
                    vpc_endpoint_type="Interface",
                    private_dns_enabled=True,
                    subnet_ids=[s.id for s in subnets.values()],
                    security_group_ids=[group.id],
                    policy=interface_endpoint_policy(place),
                    tags={"Name": f"{place.prefix}-{service}"},
                    opts=options.child(self),
                ).id
        self.register_outputs({"s3Id": self.s3_id, "interfaceIds": self.interface_ids})

    def _door(self, name: str, vpc: ec2.Vpc, cidr: str, place: Place, options: Options) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            name,
            vpc_id=vpc.id,
            description="Interface endpoints: HTTPS from inside the VPC",
            tags={"Name": f"{place.prefix}-endpoints"},
            opts=options.child(self),
        )
        rules.SecurityGroupIngressRule(
            name,
            security_group_id=group.id,
            description="HTTPS from the VPC",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            cidr_ipv4=cidr,
            opts=options.child(self),
        )
        return group
