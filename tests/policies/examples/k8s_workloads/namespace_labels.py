"""What a namespace promises about everything in it."""

from __future__ import annotations

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, options, put, without

NAMESPACE = "kubernetes:core/v1:Namespace"
QUOTA = "kubernetes:core/v1:ResourceQuota"
LIMITS = "kubernetes:core/v1:LimitRange"
PATCH = "kubernetes:core/v1:NamespacePatch"
ENFORCE = "pod-security.kubernetes.io/enforce"
VERSION = "pod-security.kubernetes.io/enforce-version"


def namespace(name: str, level: str) -> dict[str, Any]:
    labels = {ENFORCE: level, VERSION: "v1.36"}
    return {"kind": "Namespace", "metadata": {"name": name, "labels": labels}}


GOOD = (
    R(NAMESPACE, namespace("roost", "restricted")),
    R(QUOTA, {"metadata": {"namespace": "roost"}, "spec": {}}, name="quota", depends={"metadata": ["it"]}),
    R(LIMITS, {"metadata": {"namespace": "roost"}, "spec": {}}, name="limits"),
)
WORDS = "restricted pod-security.kubernetes.io"


def labels(**said: str):
    keys = {"enforce": ENFORCE, "version": VERSION}
    return put("it", "metadata.labels", {keys[key]: value for key, value in said.items()})


EXAMPLES = (
    Example(
        "k8s-ns-labels",
        good=GOOD,
        bad={
            "it enforces a lower level": labels(enforce="baseline", version="v1.36"),
            "it enforces nothing": labels(enforce="privileged", version="v1.36"),
            "it enforces a word that is none": labels(enforce="Restricted", version="v1.36"),
            "the version floats": labels(enforce="restricted", version="latest"),
            "the version is old": labels(enforce="restricted", version="v1.19"),
            "the version is none": labels(enforce="restricted", version="1.36"),
        },
        fine={
            "a newer version": labels(enforce="restricted", version="v1.40"),
            "another label patched in": lambda stack: [
                *stack,
                R(PATCH, {"metadata": {"name": "roost", "labels": {"team": "a"}}}, name="patch"),
            ],
            "the quota is found by what it was made from": put("quota", "metadata.namespace", UNKNOWN),
        },
        vocabulary=WORDS,
    ),
    Example(
        "k8s-ns-labels",
        good=GOOD,
        bad={
            "no labels": Bad(drop("it", "metadata.labels"), 2),
            "no level": labels(version="v1.36"),
            "no version": labels(enforce="restricted"),
            "no quota": without("quota"),
            "no limits": without("limits"),
            "the quota is another namespace's": both(
                put("quota", "metadata.namespace", "tools"), options("quota", depends={})
            ),
            "one of two namespaces": Bad(
                lambda stack: [*stack, R(NAMESPACE, {"metadata": {"name": "tools"}}, name="second")], 4
            ),
        },
        open={
            "nobody knows whose quota it is": both(
                put("quota", "metadata.namespace", UNKNOWN), options("quota", depends={})
            )
        },
        vocabulary=WORDS,
        patches=False,
        companions_hide=True,
        by_hand=True,
    ),
    Example(
        "k8s-ns-labels",
        good=(
            R(
                NAMESPACE,
                {
                    "kind": "",
                    "metadata": {"name": "gpu", "labels": {ENFORCE: "privileged", VERSION: "v1.36"}},
                },
            ),
            R(
                NAMESPACE,
                {"kind": "", "metadata": {"name": "b", "labels": {ENFORCE: "baseline", VERSION: "v1.36"}}},
                "b",
            ),
        ),
        bad={
            "another one is as free": put("it", "metadata.name", "tools"),
            "freer than was granted": put("b", "metadata.labels", {ENFORCE: "privileged", VERSION: "v1.36"}),
        },
        fine={"stricter than it must": labels(enforce="restricted", version="v1.36")},
        config={"relaxed": {"gpu": "privileged", "b": "baseline"}, "bounds": False},
        vocabulary=f"{WORDS} baseline",
    ),
)
