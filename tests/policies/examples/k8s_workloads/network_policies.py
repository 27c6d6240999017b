"""Where pods may reach beyond the cluster, and who may reach them from there."""

from __future__ import annotations

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
VPC = "aws:ec2/vpc:Vpc"
MORE = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
NAME = "app.kubernetes.io/name"
HTTPS, POSTGRES = {"protocol": "TCP", "port": 443}, {"protocol": "TCP", "port": 5432}
SERVER = {"matchLabels": {NAME: "server"}}
JOB = {"matchLabels": {NAME: "job"}}
WORLD = {"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32", "169.254.170.0/24"]}}
WORLD_6 = {"ipBlock": {"cidr": "::/0", "except": ["fd00:ec2::254/128"]}}
KUBE_DNS = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}
DNS_PORTS = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]


def block(cidr: str, *excepted: str) -> dict[str, Any]:
    return {"ipBlock": {"cidr": cidr, **({"except": list(excepted)} if excepted else {})}}


def egress(*to: dict[str, Any], ports: Any = None) -> dict[str, Any]:
    return {"to": list(to), **({"ports": ports} if ports else {})}


GOOD = (
    R(POLICY, {"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}}, name="deny-all"),
    R(
        POLICY,
        {
            "spec": {
                "podSelector": SERVER,
                "policyTypes": ["Egress"],
                "egress": [
                    egress(WORLD, WORLD_6, ports=[HTTPS]),
                    egress(block("10.0.8.0/22"), ports=[POSTGRES]),
                    egress({"podSelector": JOB}),
                ],
            }
        },
        name="out",
    ),
    R(
        POLICY,
        {
            "spec": {
                "podSelector": SERVER,
                "policyTypes": ["Ingress"],
                "ingress": [{"from": [block("10.0.4.0/22"), {"podSelector": {}}], "ports": [{"port": 8283}]}],
            }
        },
        name="in",
    ),
    R(
        POLICY,
        {
            "spec": {
                "podSelector": {},
                "egress": [egress(KUBE_DNS, ports=DNS_PORTS)],
                "policyTypes": ["Egress"],
            }
        },
        name="dns",
    ),
)
OUT, IN = "spec.egress[0]", "spec.ingress[0]"

EXAMPLES = (
    Example(
        "np-no-world",
        good=GOOD,
        bad={
            "from everybody": put("in", f"{IN}.from[0]", block("0.0.0.0/0")),
            "from everybody but a few": put("in", f"{IN}.from[0]", block("0.0.0.0/0", "10.0.0.0/8")),
            "from everybody with IPv6": put("in", f"{IN}.from[0]", block("::/0")),
            "from both halves of the world": put(
                "in", f"{IN}.from", [block("0.0.0.0/1"), block("128.0.0.0/1")]
            ),
            "the peers are not named": drop("in", f"{IN}.from"),
            "the list of peers is empty": put("in", f"{IN}.from", []),
            "the rule is empty": put("in", IN, {}),
            "the second rule": put("in", "spec.ingress[1]", {"ports": [{"port": 80}]}),
            "a peer that says nothing": put("in", f"{IN}.from[1]", {}),
            "out to everything": drop("out", f"{OUT}.to"),
            "out to everything, with ports": put("dns", OUT, {"ports": [HTTPS]}),
            "an egress peer that says nothing": put("out", "spec.egress[2].to[0]", {}),
            "out on any port": drop("out", f"{OUT}.ports"),
            "out on another port": put("out", f"{OUT}.ports[1]", {"port": 80}),
            "out on a range of ports": put("out", f"{OUT}.ports[0].endPort", 444),
            "out from pods that have no business there": put("out", "spec.podSelector", JOB),
            "out from all pods": put("out", "spec.podSelector", {}),
            "both": Bad(both(put("out", "spec.podSelector", JOB), drop("out", f"{OUT}.ports")), 2),
        },
        fine={
            "the direction is not what the policy is about": put("in", "spec.policyTypes", ["Egress"]),
            "addresses of one's own": put("in", f"{IN}.from[0]", block("10.0.0.0/8")),
            "no types are named": drop("in", "spec.policyTypes"),
            "little is left of the world": put(
                "in", f"{IN}.from[0]", block("0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1")
            ),
        },
        open={
            "nobody knows the peers": put("in", f"{IN}.from", UNKNOWN),
            "nor an address": put("in", f"{IN}.from[0]", UNKNOWN),
            "nor whether it is one": put("in", f"{IN}.from[0].ipBlock.cidr", "everywhere"),
        },
        repeatable=False,
    ),
    Example(
        "np-no-world",
        good=(R(POLICY, {"spec": {"podSelector": SERVER, "ingress": [{"ports": [{"port": 8443}]}]}}),),
        bad={"another pod": put("it", "spec.podSelector", JOB)},
        open={"nobody knows the pods": put("it", "spec.podSelector", UNKNOWN)},
        config={"publicPods": [f"{NAME}=server"]},
    ),
    Example(
        "np-imds-blocked",
        good=(
            *GOOD,
            R(VPC, {"cidrBlock": "10.0.0.0/16"}, name="vpc"),
            R(MORE, {"cidrBlock": "100.64.0.0/16"}, name="pods"),
        ),
        bad={
            "no exceptions": drop("out", f"{OUT}.to[0].ipBlock.except"),
            "another exception": put("out", f"{OUT}.to[0].ipBlock.except", ["169.254.170.0/24"]),
            "a narrow range with it": put("out", "spec.egress[1].to[0]", block("169.254.169.0/24")),
            "it alone": put("out", "spec.egress[1].to[0]", block("169.254.169.254/32")),
            "by IPv6": drop("out", f"{OUT}.to[1].ipBlock.except"),
            "everything": drop("out", f"{OUT}.to"),
            "everything on one port": put("dns", OUT, {"ports": [HTTPS]}),
            "the VPC on another port": put("out", "spec.egress[1].ports[0].port", 22),
            "the VPC on any port, and DNS with it": Bad(drop("out", "spec.egress[1].ports"), 2),
            "the VPC on a range of ports": put("out", "spec.egress[1].ports[0].endPort", 5440),
            "its second range": both(
                put("out", "spec.egress[1].to[0]", block("100.64.3.0/24")),
                put("out", "spec.egress[1].ports[0].port", 22),
            ),
            "a range around the VPC": put(
                "out", "spec.egress[1]", egress(block("8.0.0.0/6"), ports=[{"port": 22}])
            ),
            "other DNS servers by address": put("dns", OUT, egress(block("8.8.8.8/32"), ports=DNS_PORTS)),
            "a range of ports with DNS": put(
                "out", "spec.egress[1]", egress(block("198.51.100.0/24"), ports=[{"port": 1, "endPort": 100}])
            ),
            "any pod of the same namespace for DNS": put("dns", f"{OUT}.to[0]", {"podSelector": {}}),
            "any pod of kube-system for DNS": drop("dns", f"{OUT}.to[0].podSelector"),
            "a name in any namespace": drop("dns", f"{OUT}.to[0].namespaceSelector"),
        },
        fine={
            "the pods' own credentials": put(
                "out", "spec.egress[1]", egress(block("169.254.170.23/32"), ports=[{"port": 80}])
            ),
            "elsewhere on any named port": put(
                "out", "spec.egress[1]", egress(block("198.51.100.0/24"), ports=[{"port": "https"}])
            ),
            "all ports of pods beside": put("out", "spec.egress[1]", egress({"podSelector": SERVER})),
        },
        open={
            "nobody knows the rules": put("out", "spec.egress", UNKNOWN),
            "nor the VPC's range where it matters": both(
                put("vpc", "cidrBlock", UNKNOWN),
                put("out", "spec.egress[1]", egress(block("198.51.100.0/24"), ports=[{"port": 22}])),
            ),
        },
        companions_hide=True,
        repeatable=False,
    ),
    Example(
        "np-imds-blocked",
        good=(
            R(
                POLICY,
                {
                    "spec": {
                        "podSelector": {},
                        "policyTypes": ["Egress"],
                        "egress": [
                            egress(block("169.254.20.10/32"), ports=DNS_PORTS),
                            egress(block("10.0.8.0/22"), ports=[{"port": 6432}]),
                        ],
                    }
                },
            ),
        ),
        bad={
            "another resolver": put("it", f"{OUT}.to[0].ipBlock.cidr", "169.254.20.11/32"),
            "a port that is not agreed": put("it", "spec.egress[1].ports[0].port", 5432),
        },
        config={"resolvers": ["169.254.20.10/32"], "vpcCidrs": ["10.0.0.0/16"], "vpcPorts": [6432]},
    ),
)
