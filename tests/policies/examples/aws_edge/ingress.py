"""Ingresses and Services that become load balancers."""

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, R, both, drop, put

INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
SERVICE = "kubernetes:core/v1:Service"
ALB = "alb.ingress.kubernetes.io/"
SAFE = {
    "scheme": "internet-facing",
    "certificate-arn": "arn:aws:acm:::certificate/1",
    "ssl-policy": "ELBSecurityPolicy-TLS13-1-2-Res-2021-06",
    "listen-ports": '[{"HTTP": 80}, {"HTTPS": 443}]',
    "ssl-redirect": "443",
    "wafv2-acl-arn": "arn:aws:wafv2:::webacl/1",
    "inbound-cidrs": "198.51.100.0/24",
    "load-balancer-attributes": (
        "deletion_protection.enabled=true,access_logs.s3.enabled=true,access_logs.s3.bucket=b,"
        "routing.http.drop_invalid_header_fields.enabled=true"
    ),
}
ANNOTATIONS = {f"{ALB}{name}": value for name, value in SAFE.items()}
HOST = "roost.example.com"
LOAD_BALANCER = {"type": "LoadBalancer", "ports": [{"port": 443}]}


def annotated(**changes: Any) -> Change:
    """The same with some annotations changed, or left out where None; `_` stands for a dash."""
    found = {f"{ALB}{name.replace('_', '-')}": value for name, value in changes.items()}
    return put(
        "it", "metadata.annotations", {k: v for k, v in {**ANNOTATIONS, **found}.items() if v is not None}
    )


def scheme(value: str, name: str = "scheme") -> Change:
    annotation = {f"service.beta.kubernetes.io/aws-load-balancer-{name}": value}
    return both(put("it", "spec", LOAD_BALANCER), put("it", "metadata.annotations", annotation))


EXAMPLES = (
    Example(
        "ing-alb-secure",
        good=(
            R(
                INGRESS,
                {
                    "metadata": {"name": "api", "annotations": ANNOTATIONS},
                    "spec": {
                        "ingressClassName": "alb",
                        "rules": [{"host": HOST, "http": {"paths": []}}],
                        "tls": [{"hosts": [HOST]}],
                    },
                },
            ),
        ),
        bad={
            "no scheme": annotated(scheme=None),
            "no certificate": annotated(certificate_arn=None),
            "no TLS policy": annotated(ssl_policy=None),
            "an old TLS policy": annotated(ssl_policy="ELBSecurityPolicy-2016-08"),
            "HTTP without a redirect": annotated(ssl_redirect=None),
            "HTTP alone": annotated(listen_ports='[{"HTTP": 80}]'),
            "no firewall": annotated(wafv2_acl_arn=None),
            "a firewall called none": annotated(wafv2_acl_arn="none"),
            "nothing about who may connect": annotated(inbound_cidrs=None),
            "no attributes": Bad(annotated(load_balancer_attributes=None), 3),
            "no deletion protection": annotated(
                load_balancer_attributes=SAFE["load-balancer-attributes"].replace(
                    "deletion_protection.enabled=true", "deletion_protection.enabled=false"
                )
            ),
            "every host": drop("it", "spec.rules[0].host"),
            "a default backend alone": drop("it", "spec.rules"),
            "no TLS": drop("it", "spec.tls"),
            "the class is an annotation, and there is no scheme": both(
                drop("it", "spec.ingressClassName"),
                put(
                    "it",
                    "metadata.annotations",
                    {
                        **{k: v for k, v in ANNOTATIONS.items() if not k.endswith("scheme")},
                        "kubernetes.io/ingress.class": "alb",
                    },
                ),
            ),
            "no class but annotations for it": both(
                drop("it", "spec.ingressClassName"), annotated(inbound_cidrs=None)
            ),
            "everything left to the controller": Bad(drop("it", "metadata.annotations"), 8),
        },
        fine={
            "an internal one needs no firewall": annotated(scheme="internal", wafv2_acl_arn=None),
            "the firewall is named": annotated(wafv2_acl_arn=None, wafv2_acl_name="edge"),
            "with a certificate the default is 443 alone": annotated(listen_ports=None, ssl_redirect=None),
            "security groups say who may connect": annotated(inbound_cidrs=None, security_groups="sg-1"),
            "another controller's": both(
                put("it", "spec.ingressClassName", "nginx"), put("it", "metadata.annotations", {})
            ),
            "no class and no annotation for it": both(
                drop("it", "spec.ingressClassName"), put("it", "metadata.annotations", {})
            ),
            "firewall and certificate come with the update": annotated(
                wafv2_acl_arn=UNKNOWN, certificate_arn=UNKNOWN
            ),
        },
        open={
            "the scheme is not known": annotated(scheme=UNKNOWN),
            "the attributes are not known": annotated(load_balancer_attributes=UNKNOWN),
            "the ports are not JSON": annotated(listen_ports="443"),
            "no annotation is known": put("it", "metadata.annotations", UNKNOWN),
        },
    ),
    Example(
        "svc-no-public-lb",
        good=(
            R(
                SERVICE,
                {"metadata": {"name": "api"}, "spec": {"type": "ClusterIP", "ports": [{"port": 8283}]}},
            ),
        ),
        bad={
            "a LoadBalancer": put("it", "spec", LOAD_BALANCER),
            "a LoadBalancer that faces the internet": scheme("internet-facing"),
            "an old annotation that says no": scheme("false", "internal"),
            "a NodePort": put("it", "spec.type", "NodePort"),
            "external addresses": put("it", "spec.externalIPs", ["198.51.100.7"]),
            "a LoadBalancer with external addresses": Bad(
                put("it", "spec", {**LOAD_BALANCER, "externalIPs": ["198.51.100.7"]}), 2
            ),
        },
        fine={
            "no type is ClusterIP": drop("it", "spec.type"),
            "an internal LoadBalancer": scheme("internal"),
            "an internal one of old": scheme("true", "internal"),
            "a name for something outside": put(
                "it", "spec", {"type": "ExternalName", "externalName": "db.example.com"}
            ),
        },
        open={
            "the scheme is not known": scheme(UNKNOWN),
        },
    ),
    Example(
        "svc-no-public-lb",
        good=(R(SERVICE, {"spec": {"type": "NodePort", "ports": [{"port": 443, "nodePort": 30443}]}}),),
        bad={
            "a LoadBalancer where only NodePorts are allowed": put("it", "spec.type", "LoadBalancer"),
        },
        config={"nodePorts": True},
    ),
)
