"""No pod is left open because no policy is about it."""

from __future__ import annotations

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

NAMESPACE = "kubernetes:core/v1:Namespace"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
JOB = "kubernetes:batch/v1:Job"
HERE = {"namespace": "roost"}
BOTH = ["Ingress", "Egress"]


def labels(name: str) -> dict[str, str]:
    return {"app": name, "part-of": "roost"}


def policy(name: str, selector: dict[str, Any], **spec: Any) -> R:
    return R(POLICY, {"metadata": HERE, "spec": {"podSelector": selector, **spec}}, name=name)


def pods(name: str, **container: Any) -> dict[str, Any]:
    template = {"metadata": {"labels": labels(name)}, "spec": {"containers": [{"name": name, **container}]}}
    return {"metadata": HERE, "spec": {"template": template}}


DENY = policy("deny-all", {}, policyTypes=BOTH)
SERVER = {"matchLabels": labels("server")}

EXAMPLES = (
    Example(
        "np-default-deny",
        good=(
            R(NAMESPACE, {"kind": "Namespace", "metadata": {"name": "roost"}}),
            R(POLICY, {**DENY.props, "kind": "NetworkPolicy"}, name="deny-all", depends={"metadata": ["it"]}),
            policy("allow", SERVER, policyTypes=BOTH, ingress=[{}], egress=[{}]),
            R(NAMESPACE, {"kind": "Namespace", "metadata": {"name": "kube-public"}}, name="system"),
        ),
        bad={
            "no such policy": Bad(without("deny-all"), 2),
            "ingress alone": put("deny-all", "spec.policyTypes", ["Ingress"]),
            "egress alone": put("deny-all", "spec.policyTypes", ["Egress"]),
            "no types named": drop("deny-all", "spec.policyTypes"),
            "it selects some": Bad(put("deny-all", "spec.podSelector", SERVER), 2),
            "it selects some by an expression": Bad(
                put(
                    "deny-all",
                    "spec.podSelector",
                    {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
                ),
                2,
            ),
            "it allows something": put("deny-all", "spec.ingress", [{"from": [{"podSelector": {}}]}]),
            "it is in another namespace": Bad(
                both(put("deny-all", "metadata.namespace", "tools"), options("deny-all", depends={})), 2
            ),
            "one of two namespaces": Bad(
                add(R(NAMESPACE, {"metadata": {"name": "tools"}}, name="second")), 2
            ),
        },
        fine={
            "one for each direction": both(
                put("deny-all", "spec.policyTypes", ["Ingress"]),
                add(policy("deny-egress", {}, policyTypes=["Egress"])),
            ),
            "it is found by what its namespace was made from": put("deny-all", "metadata.namespace", UNKNOWN),
            "the rules are an empty list": put("deny-all", "spec.ingress", []),
        },
        open={
            "nobody knows the selector": put("deny-all", "spec.podSelector", UNKNOWN),
            "nor the namespace": both(
                put("deny-all", "metadata.namespace", UNKNOWN), options("deny-all", depends={})
            ),
        },
        patches=False,
        companions_hide=True,
    ),
    Example(
        "np-pods-covered",
        good=(
            DENY,
            policy(
                "to-server",
                SERVER,
                policyTypes=["Ingress"],
                ingress=[{"from": [{"podSelector": {"matchLabels": labels("client")}}]}],
            ),
            policy(
                "by-expression",
                {"matchExpressions": [{"key": "app", "operator": "In", "values": ["client", "server"]}]},
                policyTypes=["Egress"],
                egress=[
                    {"to": [{"podSelector": {"matchLabels": {"app": "elsewhere"}}, "namespaceSelector": {}}]}
                ],
            ),
            R(DEPLOYMENT, pods("server", ports=[{"containerPort": 8283}]), name="server"),
            R(JOB, pods("client"), name="client"),
            R(
                DEPLOYMENT,
                {
                    **pods("system", ports=[{"containerPort": 1}]),
                    "metadata": {"namespace": "kube-system"},
                },
                name="system",
            ),
        ),
        bad={
            "nothing closes a pod that no other policy is about": without("deny-all"),
            "it closes one direction": Bad(
                both(put("deny-all", "spec.policyTypes", ["Egress"]), put("server", "kind", "Deployment")), 1
            ),
            "a pod elsewhere": Bad(put("client", "metadata.namespace", "tools"), 3),
            "a label with a typing error": Bad(
                put("server", "spec.template.metadata.labels.app", "servr"), 2
            ),
            "a policy for nobody": Bad(put("to-server", "spec.podSelector.matchLabels.app", "servr"), 2),
            "a peer that is nobody": put(
                "to-server", "spec.ingress[0].from[0].podSelector.matchLabels.app", "cliend"
            ),
            "a pod that listens and cannot be reached": put(
                "client", "spec.template.spec.containers[0].ports", [{"containerPort": 1}]
            ),
            "a sidecar that does": put(
                "client", "spec.template.spec.initContainers", [{"ports": [{"containerPort": 1}]}]
            ),
        },
        fine={
            "a peer in another namespace": put(
                "to-server",
                "spec.ingress[0].from[0]",
                {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "scraper"}}},
            ),
        },
        open={
            "nobody knows the labels": put("client", "spec.template.metadata.labels", UNKNOWN),
        },
        companions_hide=True,
    ),
)
