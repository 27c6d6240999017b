"""The official pods of the Pod Security Standards: judged as Kubernetes' own evaluator judges them.

`k8s.io/pod-security-admission` has, for each version and level, pods that pass and pods that fail one check,
named after it. They are read out of the Go module itself, which go.sum holds to its contents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from pulumi_policy.proxy import unknown_checking_proxy

from local.progress import Quiet
from local.toolchain import gosource
from local.toolchain.versions import POD_SECURITY
from policies.catalogue import pack
from policies.lib.check import Check
from policies.lib.kubernetes import pod, template_path
from policies.lib.pack import today
from policies.lib.pod_security import PodSecurity
from policies.lib.resources import Resource
from policies.lib.rule import Rule
from policies.lib.types import WORKLOADS
from policies.lib.values import Value
from tests.policies.examples.pods import spec
from tests.support.policies import Change, Judge, R, both, drop, put

LEVELS: tuple[Literal["baseline", "restricted"], ...] = ("baseline", "restricted")
VERSIONS = tuple(f"v1.{minor}" for minor in range(38))
FIXTURES = 4537
KINDS = sorted(WORKLOADS.tokens)
_POD = "kubernetes:core/v1:Pod"
ALSO = {
    "windowshostprocess": "pss-hostnamespaces",  # such pods are in the network of their node
    "hostpathvolumes": "pss-restrictedvolumes",  # two rules here, where the evaluator skips one for the other
    "restrictedvolumes": "pss-hostpathvolumes",
    "privileged": "pss-allowprivilegeescalation",  # whoever is privileged may not forbid it
    "allowprivilegeescalation": "pss-capabilities",  # one of them has no security context at all
}
"""Fixtures, by the beginnings of their names, that break a second rule as well."""


@dataclass(frozen=True)
class Fixture:
    """One pod, and what the evaluator says about it."""

    name: str
    level: Literal["baseline", "restricted"]
    version: str
    passes: bool
    pod: dict[str, Any]

    def is_judged_right(self, fired: set[str]) -> bool:
        """Whether these are the rules that it breaks: none, or that of its name, and which comes with it."""
        if self.passes:
            return not fired
        named = {one for one in fired if self.name.startswith(one.removeprefix("pss-"))}
        also = {rule for beginning, rule in ALSO.items() if self.name.startswith(beginning)}
        return bool(named) and fired - named <= also


@dataclass
class Score:
    """How the fixtures of a version did."""

    right: int = 0
    wrong: list[str] = field(default_factory=list[str])


@cache
def _directory() -> Path:
    return gosource.fetch(POD_SECURITY, Quiet()) / "test" / "testdata"


@cache
def _parsed(text: str) -> dict[str, Any]:
    return yaml.load(text, yaml.CSafeLoader)


def fixtures(version: str) -> Iterator[Fixture]:
    for level in LEVELS:
        for path in sorted(_directory().glob(f"{level}/{version}/*/*.yaml")):
            passes = {"pass": True, "fail": False}[path.parent.name]
            yield Fixture(path.stem, level, version, passes, _parsed(path.read_text()))


@cache
def rules() -> tuple[Rule, ...]:
    return tuple(rule for rule in pack("k8s-workloads").rules if rule.id.startswith("pss-"))


@cache
def judge(level: str, version: str) -> Judge:
    return Judge(rules(), config={rule.id: {"level": level, "version": version} for rule in rules()})


def fired(fixture: Fixture, version: str = "") -> set[str]:
    """The rules that the pod breaks, as the engine would hear of them; nothing of it is undetermined."""
    said = judge(fixture.level, version or fixture.version).resources([R(_POD, fixture.pod)])
    assert not any(one.undetermined for one in said)
    return {one.rule for one in said}


def lifted(pod: dict[str, Any], kind: str) -> dict[str, Any]:
    """The pod as that kind of workload holds it."""
    props = pod
    for step in reversed(template_path(kind.rpartition(":")[2]).split(".")):
        props = {step: props} if step else props
    return props


@cache
def score(version: str) -> Score:
    """All fixtures of a version, as pods."""
    made = Score()
    for fixture in fixtures(version):
        broken = fired(fixture)
        if fixture.is_judged_right(broken):
            made.right += 1
        else:
            made.wrong.append(f"{fixture.level} {fixture.name} ({fixture.passes=}): {sorted(broken)}")
    return made


@cache
def distinct() -> tuple[Fixture, ...]:
    """Each pod that differs from all others, once for each level, at the newest version that has it."""
    newest = {
        (fixture.level, fixture.passes, id(fixture.pod)): fixture
        for version in VERSIONS
        for fixture in fixtures(version)
    }
    return tuple(newest.values())


@pytest.mark.parametrize("version", VERSIONS)
def test_the_rules_judge_as_the_evaluator_does(version: str) -> None:
    found = score(version)
    assert not found.wrong
    assert found.right


@pytest.mark.parametrize("kind", KINDS)
def test_a_pod_is_judged_alike_in_every_kind_of_workload(kind: str) -> None:
    for fixture in distinct():
        # As the servicer does for each rule anew, which takes most of its time.
        props = unknown_checking_proxy(lifted(fixture.pod, kind))
        workload = Resource(kind, "urn", "it", Value(props))
        broken = {rule.id for rule in rules() if _breaks(rule, workload, fixture)}
        assert fixture.is_judged_right(broken), fixture


def _breaks(rule: Rule, workload: Resource, fixture: Fixture) -> bool:
    check = Check(PodSecurity(level=fixture.level, version=fixture.version), today())
    assert rule.judge
    with check.on(workload):
        rule.judge(workload, check)
    (verdict,) = check.verdicts.values()
    assert not verdict.undetermined
    return bool(verdict.violations)


@pytest.mark.parametrize("kind", KINDS)
def test_rules_are_handed_the_same_pod_whatever_holds_it(kind: str) -> None:
    """So what holds for the pods of all versions holds for every kind: rules see nothing but this."""
    for fixture in distinct():
        found = pod(Resource(kind, "urn", "it", Value(lifted(fixture.pod, kind))))
        for part, value in (("metadata", found.metadata), ("spec", found.spec)):
            assert _plain(value) == _plain(Value(fixture.pod)[part])


def _plain(value: Value) -> list[tuple[list[str], str]]:
    steps = len(value.path.split("."))
    return [(leaf.path.split(".")[steps:], leaf.text()) for leaf in value.leaves()]


def _sysctl(name: str) -> Change:
    return put("it", "spec.securityContext.sysctls", [{"name": name, "value": "1"}])


_WINDOWS = both(
    put("it", "spec.os", {"name": "windows"}),
    drop("it", "spec.securityContext.seccompProfile"),
    drop("it", "spec.containers[0].securityContext"),
)
_OWN_ROOT = both(
    put("it", "spec.hostUsers", False),
    put("it", "spec.securityContext.runAsUser", 0),
    put("it", "spec.securityContext.runAsNonRoot", False),
)
_NO_LINUX_FIELDS = {"pss-allowprivilegeescalation", "pss-capabilities", "pss-seccomp"}
TURNS: tuple[tuple[int, Change, set[str], set[str]], ...] = (
    (8, drop("it", "spec.containers[0].securityContext"), set(), {"pss-allowprivilegeescalation"}),
    (19, drop("it", "spec.securityContext.seccompProfile"), set(), {"pss-seccomp"}),
    (22, put("it", "spec.containers[0].securityContext.capabilities", {}), set(), {"pss-capabilities"}),
    (23, put("it", "spec.securityContext.runAsUser", 0), set(), {"pss-runasuser"}),
    (25, _WINDOWS, _NO_LINUX_FIELDS, set()),
    (27, _sysctl("net.ipv4.ip_local_reserved_ports"), {"pss-sysctls"}, set()),
    (29, _sysctl("net.ipv4.tcp_keepalive_time"), {"pss-sysctls"}, set()),
    (31, put("it", "spec.securityContext.seLinuxOptions.type", "container_engine_t"), {"pss-selinux"}, set()),
    (32, _sysctl("net.ipv4.tcp_rmem"), {"pss-sysctls"}, set()),
    (
        34,
        put("it", "spec.containers[0].readinessProbe.httpGet.host", "10.0.0.1"),
        set(),
        {"pss-hostprobesandhostlifecycle"},
    ),
    (35, _OWN_ROOT, {"pss-runasnonroot", "pss-runasuser"}, set()),
    (37, _sysctl("net.ipv4.tcp_notsent_lowat"), {"pss-sysctls"}, set()),
)
"""Minor versions that changed a verdict, each by a pod: what it broke before, and what since."""


@pytest.mark.parametrize(("minor", "change", "before", "since"), TURNS, ids=[f"v1.{one[0]}" for one in TURNS])
def test_a_verdict_turns_at_its_version(
    minor: int, change: Change, before: set[str], since: set[str]
) -> None:
    (pod_,) = change([R(_POD, {"metadata": {}, "spec": spec()})])
    for version, expected in ((f"v1.{minor - 1}", before), (f"v1.{minor}", since)):
        said = judge("restricted", version).resources([pod_])
        assert {one.rule for one in said} == expected, version


def test_the_latest_version_is_the_newest_known() -> None:
    for fixture in fixtures(VERSIONS[-1]):
        assert fired(fixture, version="latest") == fired(fixture)


def test_every_fixture_is_judged(record_property: Callable[[str, object], None]) -> None:
    """And the score by version, for the end of the run's log."""
    scores = {version: score(version) for version in VERSIONS}
    right = sum(one.right for one in scores.values())
    by_version = ", ".join(f"{v} {one.right}/{one.right + len(one.wrong)}" for v, one in scores.items())
    record_property(
        "summary",
        f"pod security: {right} of {FIXTURES} official fixtures, in {len(KINDS)} kinds: {by_version}",
    )
    assert len(list(_directory().glob("*/*/*/*.yaml"))) == right == FIXTURES
    assert {path.name for path in _directory().glob("*/v*")} == set(VERSIONS)
