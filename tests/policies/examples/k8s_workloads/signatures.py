"""Admission checks who built an image before it runs."""

from __future__ import annotations

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put, without

POD = "kubernetes:core/v1:Pod"
NAMESPACE = "kubernetes:core/v1:Namespace"
KYVERNO = "kubernetes:kyverno.io/v1:ClusterPolicy"
LOCAL_KYVERNO = "kubernetes:kyverno.io/v2beta1:Policy"
SIGSTORE = "kubernetes:policy.sigstore.dev/v1beta1:ClusterImagePolicy"
IMAGE = "registry.example.com/team/server:1"
VERIFY = "spec.rules[0].verifyImages[0]"
MATCH = "spec.rules[0].match"


def pod(namespace: str) -> dict[str, Any]:
    return {"metadata": {"namespace": namespace}, "spec": {"containers": [{"image": IMAGE}]}}


def kyverno() -> dict[str, Any]:
    verified = {
        "imageReferences": ["registry.example.com/*"],
        "failureAction": "Enforce",
        "attestors": [{"count": 1}],
        "attestations": [{"type": "slsa"}],
    }
    match = {"any": [{"resources": {"kinds": ["Pod"]}}]}
    return {
        "metadata": {"namespace": "roost"},
        "spec": {"rules": [{"match": match, "verifyImages": [verified]}]},
    }


def sigstore() -> R:
    authority = {"keyless": {"url": "https://fulcio.example.com"}, "attestations": [{"name": "slsa"}]}
    images = [{"glob": "registry.example.com/team/*"}]
    return R(SIGSTORE, {"kind": "", "spec": {"images": images, "authorities": [authority]}}, name="verifier")


EXAMPLES = (
    Example(
        "k8s-image-signed",
        good=(R(POD, pod("roost")), R(KYVERNO, kyverno(), name="verifier")),
        bad={
            "nothing verifies": without("verifier"),
            "it only tells": put("verifier", f"{VERIFY}.failureAction", "Audit"),
            "it only tells by default": drop("verifier", f"{VERIFY}.failureAction"),
            "it is about other images": put("verifier", f"{VERIFY}.imageReferences", ["ghcr.io/*"]),
            "it asks for no signature of anybody": both(
                drop("verifier", f"{VERIFY}.attestors"), drop("verifier", f"{VERIFY}.attestations")
            ),
            "it asks for no attestation": drop("verifier", f"{VERIFY}.attestations"),
            "it is about other kinds": put("verifier", f"{MATCH}.any[0].resources.kinds", ["Service"]),
            "it is about other namespaces": put(
                "verifier", f"{MATCH}.any[0].resources.namespaces", ["tools"]
            ),
            "it is about some pods": put(
                "verifier", f"{MATCH}.any[0].resources.selector", {"matchLabels": {}}
            ),
            "the namespace is left out": put(
                "verifier", "spec.rules[0].exclude", {"any": [{"resources": {"namespaces": ["roo*"]}}]}
            ),
            "something is left out": put("verifier", "spec.rules[0].exclude", {"any": [{"subjects": [{}]}]}),
            "an image from elsewhere": put("it", "spec.containers[0].image", "busybox"),
            "two images": Bad(
                both(
                    put("it", "spec.containers[0].image", "busybox"),
                    put("it", "spec.initContainers", [{"image": "nginx"}]),
                ),
                2,
            ),
        },
        fine={
            "for the whole policy": both(
                drop("verifier", f"{VERIFY}.failureAction"),
                put("verifier", "spec.validationFailureAction", "enforce"),
            ),
            "in the namespaces by name": put("verifier", f"{MATCH}.any[0].resources.namespaces", ["roost"]),
            "other namespaces are left out": put(
                "verifier", "spec.rules[0].exclude", {"any": [{"resources": {"namespaces": ["kube-*"]}}]}
            ),
        },
        open={
            "nobody knows what is verified": put("verifier", "spec.rules", UNKNOWN),
            "nor which image it is": put("it", "spec.containers[0].image", UNKNOWN),
        },
        companions_hide=True,
    ),
    Example(
        "k8s-image-signed",
        good=(R(POD, pod("roost")), R(LOCAL_KYVERNO, kyverno(), name="verifier")),
        bad={"it is another namespace's": put("verifier", "metadata.namespace", "tools")},
        companions_hide=True,
    ),
    Example(
        "k8s-image-signed",
        good=(
            R(POD, pod("roost")),
            sigstore(),
            R(
                NAMESPACE,
                {
                    "kind": "",
                    "metadata": {"name": "roost", "labels": {"policy.sigstore.dev/include": "true"}},
                },
                name="home",
            ),
        ),
        bad={
            "the namespace is not included": drop("home", "metadata.labels"),
            "it only warns": put("verifier", "spec.mode", "warn"),
            "it lets all pass": put("verifier", "spec.authorities[0].static", {"action": "pass"}),
            "it asks for no attestation": drop("verifier", "spec.authorities[0].attestations"),
            "it is about other images": put(
                "verifier", "spec.images[0].glob", "registry.example.com/other/*"
            ),
        },
        companions_hide=True,
    ),
    Example(
        "k8s-image-signed",
        good=(R(POD, pod("roost")), R(KYVERNO, kyverno(), name="verifier")),
        bad={"nothing verifies": without("verifier")},
        fine={"a signature is enough": drop("verifier", f"{VERIFY}.attestations")},
        config={"attestations": False},
        companions_hide=True,
    ),
)
