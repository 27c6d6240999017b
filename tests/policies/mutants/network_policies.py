"""What the pack k8s-workloads notices about network policies."""

from __future__ import annotations

from tests.policies.mutants.mutant import each, mutant
from tests.support.policies import R, add, drop, put, without

_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
DENY = f"{_POLICY}::deny-all"
DNS = f"{_POLICY}::allow-dns"
AWS = f"{_POLICY}::heartbeat-to-aws"
RDS = f"{_POLICY}::server-to-rds"
BALANCER = f"{_POLICY}::load-balancer-to-server"
SERVER = "kubernetes:apps/v1:Deployment::server"
BLOCK = "spec.egress[0].to[0].ipBlock"

MUTANTS = (
    *each(
        "not everything is denied by default",
        [
            ("egress is left out", put(DENY, "spec.policyTypes", ["Ingress"])),
        ],
        "np-default-deny",
    ),
    mutant(
        "the policy that denies allows something",
        put(DENY, "spec.ingress", [{"from": [{"podSelector": {}}]}]),
        "np-default-deny",
        "ch-tls-net",
    ),
    mutant("there is no such policy", without(DENY), "np-default-deny", "np-pods-covered"),
    mutant(
        "ingress is open", put(DENY, "spec.policyTypes", ["Egress"]), "np-default-deny", "np-pods-covered"
    ),
    mutant(
        "a namespace without policies",
        add(R("kubernetes:core/v1:Namespace", {"metadata": {"name": "tools"}}, name="tools")),
        "np-default-deny",
        "k8s-ns-labels",
    ),
    *each(
        "a label has a typing error",
        [
            ("the policy's", put(RDS, "spec.podSelector.matchLabels.tier", "web")),
            ("nobody may reach the server", without(BALANCER)),
            ("a policy for nobody", put(BALANCER, "spec.podSelector.matchLabels.tier", "web")),
            ("in another namespace", put(BALANCER, "metadata.namespace", "tools")),
        ],
        "np-pods-covered",
    ),
    *each(
        "the world is let in",
        [
            ("by range", put(BALANCER, "spec.ingress[0].from[0].ipBlock.cidr", "0.0.0.0/0")),
            ("by halves", put(BALANCER, "spec.ingress[0].from[1].ipBlock.cidr", "128.0.0.0/1")),
            ("by IPv6", put(BALANCER, "spec.ingress[0].from[2].ipBlock.cidr", "::/0")),
            ("by nobody being named", drop(BALANCER, "spec.ingress[0].from")),
            ("by a peer that says nothing", put(BALANCER, "spec.ingress[0].from[0]", {})),
        ],
        "np-no-world",
    ),
    *each(
        "pods are let out",
        [("all of them", put(AWS, "spec.podSelector", {}))],
        "np-no-world",
    ),
    mutant("pods go out on all ports", drop(AWS, "spec.egress[0].ports"), "np-no-world", "np-imds-blocked"),
    mutant("pods go out to all", drop(AWS, "spec.egress[0].to"), "np-no-world", "np-imds-blocked"),
    *each(
        "pods reach what is not theirs",
        [
            ("the metadata service", drop(AWS, f"{BLOCK}.except")),
            ("the metadata service with IPv6", drop(AWS, "spec.egress[0].to[1].ipBlock.except")),
            ("the VPC on port 22", put(RDS, "spec.egress[0].ports[0].port", 22)),
            ("other DNS servers", put(DNS, "spec.egress[0].to[1]", {"ipBlock": {"cidr": "198.51.100.1/32"}})),
            ("any pod as DNS server", drop(DNS, "spec.egress[0].to[0].podSelector")),
        ],
        "np-imds-blocked",
    ),
)
