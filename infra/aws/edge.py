"""The public edge: load balancer, listeners, firewall, DNS; all in the state, none a controller's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_network

import pulumi
from pulumi_aws import ec2, lb, route53
from pulumi_aws import vpc as rules

from infra.aws.bucket_policies import ALB_LOGS_PREFIX
from infra.aws.certificate import Certificate
from infra.aws.firewall import Firewall
from infra.aws.keys import Keys
from infra.aws.network_port import NetworkPort
from infra.aws.place import Place
from infra.aws.storage import Storage
from infra.options import Options
from infra.ports import PublicEdge
from infra.settings.aws_edge import AwsEdgeSettings
from infra.sizing.timing import Timing

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
HEALTH_PATH = "/v1/health/"


class Edge(pulumi.ComponentResource):
    """An internet-facing load balancer whose target group waits for pods to attach (`target_group_arn`).

    Nothing here waits for the cluster, so both are made at the same time.
    """

    public: PublicEdge

    def __init__(
        self,
        name: str,
        settings: AwsEdgeSettings,
        *,
        timing: Timing,
        server_port: int,
        network: NetworkPort,
        storage: Storage,
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Edge", name, None, opts)
        self._name = name
        self._settings = settings
        self._timing = timing
        self._network = network
        self._place = place
        self._options = options
        self._group = self._security_group()
        self._balancer = self._load_balancer(storage)
        self._target_group = self._targets(server_port)
        zone = self._zone() if settings.dns == "managed" else None
        self._zone_id = zone.zone_id if zone else settings.zone_id if settings.dns == "route53" else None
        certificate = Certificate(
            f"{name}-certificate", settings, zone_id=self._zone_id, options=options, opts=options.child(self)
        )
        firewall = Firewall(
            f"{name}-firewall",
            settings.waf,
            load_balancer_arn=self._balancer.arn,
            keys=keys,
            place=place,
            options=options,
            opts=options.child(self),
        )
        listener = self._listeners(certificate.issued, firewall)
        records = self._records(self._zone_id) if self._zone_id is not None else []
        if zone is not None:
            self._say_where_to_delegate(zone, waiting=certificate.issued is None)
        self.security_group_id: pulumi.Output[str] = self._group.id
        self.target_group_arn = self._target_group.arn
        self.arn = self._balancer.arn
        self.dns_name = self._balancer.dns_name
        self.arn_suffix = self._balancer.arn_suffix
        self.target_group_suffix = self._target_group.arn_suffix
        self.certificate_arn = certificate.arn
        self.listener = listener
        # Through listener and records, so that whoever has the URL can also connect.
        ready = [listener.arn, *(record.fqdn for record in records)]
        url = pulumi.Output.all(*ready).apply(lambda _: f"https://{settings.domain}")
        self.public = PublicEdge(
            url=url, ca_certificate=None, name_servers=zone.name_servers if zone else None
        )
        self.register_outputs({"url": url, "dnsName": self.dns_name, "targetGroupArn": self.target_group_arn})

    def _security_group(self) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self._name,
            vpc_id=self._network.vpc_id,
            description="Load balancer: HTTPS from clients, the server's port to its pods",
            tags={"Name": f"{self._place.prefix}-edge"},
            opts=self._options.child(self),
        )
        for port, purpose in ((443, "https"), (80, "redirect")):
            for cidr in self._settings.allowed_cidrs:
                where = _words(cidr)
                six = ip_network(cidr).version == 6
                rules.SecurityGroupIngressRule(
                    f"{self._name}-{purpose}-from-{where}",
                    security_group_id=group.id,
                    description=f"{purpose} from {where}",
                    ip_protocol="tcp",
                    from_port=port,
                    to_port=port,
                    cidr_ipv4=None if six else cidr,
                    cidr_ipv6=cidr if six else None,
                    opts=self._options.child(self),
                )
        return group

    def _load_balancer(self, storage: Storage) -> lb.LoadBalancer:
        return lb.LoadBalancer(
            self._name,
            load_balancer_type="application",
            internal=False,
            ip_address_type="dualstack" if self._settings.dual_stack else None,
            security_groups=[self._group.id],
            subnets=self._network.public_subnet_ids,
            idle_timeout=self._timing.edge_idle,
            drop_invalid_header_fields=True,
            desync_mitigation_mode="defensive",
            enable_deletion_protection=self._options.protects_data,
            access_logs=lb.LoadBalancerAccessLogsArgs(
                bucket=storage.logs.name, prefix=ALB_LOGS_PREFIX, enabled=True
            ),
            tags={"Name": f"{self._place.prefix}-edge"},
            # AWS tries to write to the bucket before it accepts the setting.
            opts=self._options.child(self, depends_on=[storage.logs.policy]),
        )

    def _targets(self, port: int) -> lb.TargetGroup:
        probe = self._timing.readiness
        return lb.TargetGroup(
            self._name,
            vpc_id=self._network.vpc_id,
            port=port,
            protocol="HTTP",
            target_type="ip",
            deregistration_delay=self._timing.deregistration_delay,
            health_check=lb.TargetGroupHealthCheckArgs(
                path=HEALTH_PATH,
                matcher="200",
                interval=max(5, probe.period_seconds),
                timeout=max(2, probe.timeout_seconds - 1),
                healthy_threshold=2,
                unhealthy_threshold=3,
            ),
            opts=self._options.child(self),
        )

    def _listeners(self, certificate: pulumi.Output[str] | None, firewall: Firewall) -> lb.Listener:
        """The listener that pods are served by, or without a certificate the one that only redirects."""
        redirect = lb.Listener(
            f"{self._name}-redirect",
            load_balancer_arn=self._balancer.arn,
            port=80,
            protocol="HTTP",
            default_actions=[
                lb.ListenerDefaultActionArgs(
                    type="redirect",
                    redirect=lb.ListenerDefaultActionRedirectArgs(
                        protocol="HTTPS", port="443", status_code="HTTP_301"
                    ),
                )
            ],
            opts=self._options.child(self),
        )
        if certificate is None:
            return redirect
        return lb.Listener(
            f"{self._name}-https",
            load_balancer_arn=self._balancer.arn,
            port=443,
            protocol="HTTPS",
            ssl_policy=TLS_POLICY,
            certificate_arn=certificate,
            routing_http_response_strict_transport_security_header_value="max-age=31536000",
            default_actions=[
                lb.ListenerDefaultActionArgs(type="forward", target_group_arn=self._target_group.arn)
            ],
            # No request gets in before the firewall stands.
            opts=self._options.child(self, depends_on=[firewall.association]),
        )

    def _zone(self) -> route53.Zone:
        # A new zone gets new name servers, and the delegation would point to none: so it counts as data.
        return route53.Zone(
            f"{self._name}-zone",
            name=self._settings.domain,
            comment=f"{self._place.prefix}: the server's own name",
            tags={"Name": f"{self._place.prefix}-edge"},
            opts=self._options.data(self),
        )

    def _say_where_to_delegate(self, zone: route53.Zone, *, waiting: bool) -> None:
        """During the update: the stack's outputs come only at its end, which may wait for the delegation."""
        domain = self._settings.domain
        later = "; then set edge.waitForCertificate to true and run `pulumi up` again" if waiting else ""

        def say(servers: Sequence[str]) -> None:
            tell = pulumi.log.warn if waiting else pulumi.log.info
            tell(f"{domain}: its parent must delegate it to {', '.join(servers)}{later}.", resource=self)

        zone.name_servers.apply(say)

    def _records(self, zone_id: pulumi.Input[str]) -> list[route53.Record]:
        kinds = (
            {"A": self._name, "AAAA": f"{self._name}-ipv6"}
            if self._settings.dual_stack
            else {"A": self._name}
        )
        return [
            route53.Record(
                name,
                zone_id=zone_id,
                name=self._settings.domain,
                type=kind,
                aliases=[
                    route53.RecordAliasArgs(
                        name=self._balancer.dns_name,
                        zone_id=self._balancer.zone_id,
                        evaluate_target_health=False,
                    )
                ],
                allow_overwrite=self._settings.take_over_domain or None,
                opts=self._options.child(self),
            )
            for kind, name in kinds.items()
        ]


def _words(cidr: str) -> str:
    """A range as part of a name."""
    everyone = {"0.0.0.0/0": "anywhere", "::/0": "anywhere-ipv6"}
    spelled = ip_network(cidr).exploded if ":" in cidr else cidr
    return everyone.get(cidr) or re.sub(r"[.:/]", "-", spelled)
