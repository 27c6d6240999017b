"""Workloads that outlive the loss of a node or of a zone, and let nodes be drained."""

from __future__ import annotations

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, put, without

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
STATEFUL_SET = "kubernetes:apps/v1:StatefulSet"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget"
SCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler"
ZONE = "topology.kubernetes.io/zone"
SPREAD = "spec.template.spec.topologySpreadConstraints"


def labels(name: str) -> dict[str, Any]:
    return {"matchLabels": {"app": name, "part-of": "roost"}}


def workload(name: str, **spec: Any) -> dict[str, Any]:
    spread = [
        {"topologyKey": "kubernetes.io/hostname", "labelSelector": labels(name)},
        {"topologyKey": ZONE, "labelSelector": labels(name)},
    ]
    return {
        "metadata": {"name": name, "namespace": "roost"},
        "spec": {
            **spec,
            "template": {
                "metadata": {"labels": {**labels(name)["matchLabels"], "tier": "web"}},
                "spec": {"topologySpreadConstraints": spread},
            },
        },
    }


def budget(selector: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {"metadata": {"namespace": "roost"}, "spec": {"selector": selector, **spec}}


def affinity(key: str = ZONE) -> dict[str, Any]:
    term = {"topologyKey": key, "labelSelector": labels("server")}
    preferred = "preferredDuringSchedulingIgnoredDuringExecution"
    return {"podAntiAffinity": {preferred: [{"weight": 1, "podAffinityTerm": term}]}}


EXAMPLES = (
    Example(
        "k8s-ha",
        good=(
            R(DEPLOYMENT, workload("server", replicas=3), name="server"),
            R(BUDGET, budget(labels("server"), maxUnavailable=1), name="server-budget"),
            R(STATEFUL_SET, workload("store", replicas=2), name="store"),
            R(BUDGET, budget(labels("store"), minAvailable="50%"), name="store-budget"),
            R(DEPLOYMENT, workload("scaled"), name="scaled"),
            R(BUDGET, budget(labels("scaled"), maxUnavailable="10%"), name="scaled-budget"),
            R(
                SCALER,
                {
                    "metadata": {"namespace": "roost"},
                    "spec": {"minReplicas": 2, "scaleTargetRef": {"kind": "Deployment", "name": "scaled"}},
                },
                name="scaler",
            ),
        ),
        bad={
            "one replica": put("server", "spec.replicas", 1),
            "the number of replicas is left to Kubernetes": drop("server", "spec.replicas"),
            "the autoscaler goes down to one": put("scaler", "spec.minReplicas", 1),
            "the autoscaler's minimum is left to Kubernetes": drop("scaler", "spec.minReplicas"),
            "the autoscaler is for something else": put("scaler", "spec.scaleTargetRef.kind", "StatefulSet"),
            "no spread": drop("server", SPREAD),
            "a spread over nodes alone": put("server", f"{SPREAD}[1].topologyKey", "kubernetes.io/hostname"),
            "a spread of other pods": put("server", f"{SPREAD}[1].labelSelector", labels("other")),
            "a spread of no pods": drop("server", f"{SPREAD}[1].labelSelector"),
            "apart by nodes alone": both(
                drop("server", SPREAD),
                put("server", "spec.template.spec.affinity", affinity("kubernetes.io/hostname")),
            ),
            "no budget": without("server-budget"),
            "a budget in another namespace": put("server-budget", "metadata.namespace", "tools"),
            "a budget for other pods": put("server-budget", "spec.selector", labels("other")),
            "a budget for no pods": drop("server-budget", "spec.selector"),
            "a budget that allows nothing": put("server-budget", "spec.maxUnavailable", 0),
            "a budget that allows no share": put("server-budget", "spec.maxUnavailable", "0%"),
            "a budget that needs all": put("store-budget", "spec.minAvailable", 2),
            "a share that is all when rounded up": put("store-budget", "spec.minAvailable", "51%"),
            "a budget that says nothing": drop("server-budget", "spec.maxUnavailable"),
            "two budgets": add(R(BUDGET, budget(labels("server"), maxUnavailable=1), name="second")),
            "all at once": Bad(
                both(
                    both(put("server", "spec.replicas", 1), drop("server", SPREAD)),
                    without("server-budget"),
                ),
                3,
            ),
        },
        fine={
            "apart by affinity": both(
                drop("server", SPREAD), put("server", "spec.template.spec.affinity", affinity())
            ),
            "a share is rounded up": put("server-budget", "spec.maxUnavailable", "1%"),
            "all may go": put("server-budget", "spec.maxUnavailable", "100%"),
            "a selector by expressions": put(
                "server-budget",
                "spec.selector",
                {"matchExpressions": [{"key": "app", "operator": "In", "values": ["server"]}]},
            ),
        },
        open={
            "nobody knows what the budget selects": put("server-budget", "spec.selector", UNKNOWN),
            "nor what it allows": put("server-budget", "spec.maxUnavailable", UNKNOWN),
            "nor whether it is a number": put("server-budget", "spec.maxUnavailable", "some"),
            "nor what is scaled": put("scaler", "spec.scaleTargetRef", UNKNOWN),
        },
        companions_hide=True,
    ),
)
