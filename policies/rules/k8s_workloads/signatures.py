"""Admission checks who built an image before it runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.images import Image, images
from policies.lib.kubernetes import kind
from policies.lib.namespaced import NAMESPACE, namespace_of
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.types import WORKLOADS, types
from policies.lib.values import Undetermined, Value

_KYVERNO = "kubernetes:kyverno.io/"
_SIGSTORE = "kubernetes:policy.sigstore.dev/"
_INCLUDED = "policy.sigstore.dev/include"


class Signatures(Settings):
    """What has to be proved about an image."""

    attestations: bool = Field(
        default=True, description="Whether how it was built, or what is in it, must be attested, too."
    )


@dataclass(frozen=True)
class _Verifier:
    """What one admission policy verifies, and where."""

    namespaces: tuple[str, ...]
    """Globs."""
    but_not: tuple[str, ...]
    images: tuple[str, ...]
    """Globs over whole references."""
    attests: bool

    def covers(self, namespace: str, image: Image, *, attested: bool) -> bool:
        """Whether such an image is verified there."""
        inside = any(fnmatchcase(namespace, glob) for glob in self.namespaces)
        outside = any(fnmatchcase(namespace, glob) for glob in self.but_not)
        bare = f"{image.registry}/{image.repository}"
        named = any(fnmatchcase(text, glob) for glob in self.images for text in (image.text, bare))
        return inside and not outside and named and (self.attests or not attested)


@stack_rule(
    "k8s-image-signed",
    WORKLOADS | types(f"{_KYVERNO}*", f"{_SIGSTORE}*", NAMESPACE),
    title="Images are verified when they are admitted",
    why="A digest says which bytes run, not who built them: without a signature that is checked at the door, "
    "whoever can push to the registry runs code in the cluster.",
    fix="Add a Kyverno policy with verifyImages, or a sigstore ClusterImagePolicy, that enforces signatures "
    "and attestations for the images of the namespace.",
    severity=Severity.MEDIUM,
    refs="SLSA L2",
    url="https://kyverno.io/docs/policy-types/cluster-policy/verify-images/sigstore/",
    dev="disabled",
    prod="advisory",
    settings=Signatures,
)
def signed(stack: Stack, check: Check) -> None:
    attested = check.settings(Signatures).attestations
    verifiers, open_ = _verifiers(stack)
    for workload in stack.of(*WORKLOADS.tokens):
        with check.on(workload):
            home = namespace_of(workload)
            for where, image in images(workload, check):
                with check.part():
                    if any(one.covers(home, image, attested=attested) for one in verifiers):
                        continue
                    if open_:
                        raise open_
                    check.violation("nothing verifies an image when it is admitted", where)


def _verifiers(stack: Stack) -> tuple[list[_Verifier], Undetermined | None]:
    """All that enforce something, and why there may be more."""
    found: list[_Verifier] = []
    open_: Undetermined | None = None
    included, not_all = _included(stack)
    for policy in stack.all:
        try:
            if policy.type.startswith(_KYVERNO):
                found += _of_kyverno(policy)
            elif policy.type.startswith(_SIGSTORE) and kind(policy) == "ClusterImagePolicy":
                found += _of_sigstore(policy["spec"], included)
                open_ = open_ or not_all
        except Undetermined as reason:
            open_ = reason
    return found, open_


def _of_kyverno(policy: Resource) -> Iterator[_Verifier]:
    if kind(policy) not in ("ClusterPolicy", "Policy"):
        return
    spec = policy["spec"]
    by_default = spec["validationFailureAction"].text(default="Audit")
    for rule in spec["rules"].items():
        homes = (namespace_of(policy),) if kind(policy) == "Policy" else _matched(rule["match"])
        but_not = _excluded(rule["exclude"])
        for verified in rule["verifyImages"].items():
            enforced = verified["failureAction"].text(default=by_default).lower() == "enforce"
            attests = bool(verified["attestations"].items())
            if enforced and but_not is not None and (verified["attestors"].items() or attests):
                globs = tuple(verified["imageReferences"].texts())
                yield _Verifier(homes, but_not, globs, attests)


def _clauses(criteria: Value) -> list[Value]:
    given = criteria["any"].items() or criteria["all"].items()
    return [one["resources"] for one in given] or [criteria["resources"]]


def _matched(match: Value) -> tuple[str, ...]:
    """The namespaces in which all pods match."""
    clauses = _clauses(match)
    if len(match["all"].items()) > 1:
        return ()
    found: list[str] = []
    for clause in clauses:
        of_pods = any(one.rpartition("/")[2] in ("Pod", "*") for one in clause["kinds"].texts())
        if of_pods and not set(clause.entries()) - {"kinds", "namespaces"}:
            found += clause["namespaces"].texts() or ["*"]
    return tuple(found)


def _excluded(exclude: Value) -> tuple[str, ...] | None:
    """The namespaces that are left out; None if something else is, so that nobody knows what is."""
    if not exclude.entries():
        return ()
    found: list[str] = []
    for clause in _clauses(exclude):
        if not clause["namespaces"].items():
            return None
        found += clause["namespaces"].texts()
    return tuple(found)


def _of_sigstore(spec: Value, included: tuple[str, ...]) -> Iterator[_Verifier]:
    authorities = [one for one in spec["authorities"].items() if not one["static"].present]
    if spec["mode"].text(default="enforce") == "enforce" and authorities:
        globs = tuple(one["glob"].text() for one in spec["images"].items())
        attests = any(one["attestations"].items() for one in authorities)
        yield _Verifier(included, (), globs, attests)


def _included(stack: Stack) -> tuple[tuple[str, ...], Undetermined | None]:
    """The namespaces that sigstore's controller looks at, and why there may be more."""
    found: list[str] = []
    open_: Undetermined | None = None
    for home in stack.of(NAMESPACE):
        try:
            if home["metadata.labels"][_INCLUDED].text() == "true":
                found.append(home["metadata.name"].text())
        except Undetermined as reason:
            open_ = reason
    return tuple(found), open_
