"""What Kubernetes roles grant, and to whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.logic import all_hold, any_holds
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.types import types
from policies.lib.values import Value

_RBAC = "kubernetes:rbac.authorization.k8s.io/v1"
_ROLES = types(f"{_RBAC}:Role", f"{_RBAC}:ClusterRole")
_BINDINGS = types(f"{_RBAC}:RoleBinding", f"{_RBAC}:ClusterRoleBinding")
_PRACTICES = "https://kubernetes.io/docs/concepts/security/rbac-good-practices/"
_ALL = "*"
_READS = ("get", "list", "watch")
_WRITES = ("create", "update", "patch", "delete", "deletecollection")


@dataclass(frozen=True)
class Danger:
    """Rights that are more than they look like: a role that has one of them is the harm."""

    group: str
    resources: tuple[str, ...]
    verbs: tuple[str, ...]
    harm: str


_ESCALATIONS = (
    Danger("rbac.authorization.k8s.io", ("roles", "clusterroles"), ("escalate", "bind"), "take any right"),
    Danger("", ("users", "groups", "serviceaccounts"), ("impersonate",), "act as somebody else"),
    Danger("authentication.k8s.io", ("userextras", "uids"), ("impersonate",), "act as somebody else"),
    Danger(
        "",
        ("pods/exec", "pods/attach", "pods/ephemeralcontainers"),
        ("get", "create", "update", "patch"),
        "run programs in any pod",
    ),
    Danger("", ("nodes/proxy",), (*_READS, *_WRITES), "talk to the kubelet past all audit"),
    Danger("", ("serviceaccounts/token",), ("create",), "make tokens of other accounts"),
    Danger(
        "admissionregistration.k8s.io",
        (
            "mutatingwebhookconfigurations",
            "validatingwebhookconfigurations",
            "mutatingadmissionpolicies",
            "mutatingadmissionpolicybindings",
        ),
        _WRITES,
        "see and change what everybody creates",
    ),
    Danger(
        "certificates.k8s.io",
        ("certificatesigningrequests/approval", "certificatesigningrequests/status"),
        ("update", "patch"),
        "issue itself certificates",
    ),
    Danger("certificates.k8s.io", ("signers",), ("approve", "sign"), "issue itself certificates"),
)
_EVERYBODY = frozenset(
    {"system:anonymous", "system:unauthenticated", "system:authenticated", "system:serviceaccounts"}
)


@resource_rule(
    "rbac-no-wildcards",
    _ROLES,
    title="Roles name what they grant, and no role reads every secret",
    why="A wildcard also grants what a later version or a new custom resource adds; who reads all secrets is "
    "everybody.",
    fix="List the verbs, resources and API groups that are used, and secrets by resourceNames.",
    severity=Severity.HIGH,
    refs="CISEKS 4.1.2, CISEKS 4.1.3, CKV K8S_49, CKV 2_K8S_5",
    url=_PRACTICES,
    dev="mandatory",
    prod="mandatory",
)
def no_wildcards(role: Resource, check: Check) -> None:
    for rule in _rules(role, check):
        for key in ("verbs", "resources", "apiGroups", "nonResourceURLs"):
            with check.part():
                for item in rule[key].items():
                    with check.part():
                        if _is_wild(key, item.text()):
                            check.violation(f"it has a wildcard among its {key}", item)
        with check.part():
            named = bool(rule["resourceNames"].items())
            if not named and _names(rule, "", "secrets", _READS):
                check.violation("it reads every secret", rule)
    with check.part():
        for selector in role["aggregationRule.clusterRoleSelectors"].items():
            with check.part():
                if not any(one.entries() if one.is_mapping else one.items() for one in _criteria(selector)):
                    check.violation("it takes the rights of every other role", selector)


def _is_wild(key: str, text: str) -> bool:
    # Paths may end in a wildcard below a directory: `/healthz/*` is no more than it says.
    return text in (_ALL, "/*") or (key == "resources" and _ALL in text)


def _criteria(selector: Value) -> tuple[Value, Value]:
    return selector["matchLabels"], selector["matchExpressions"]


def _names(rule: Value, group: str, resource: str, verbs: tuple[str, ...]) -> bool:
    """Whether a rule grants one of the verbs, said in so many words."""
    return all_hold(
        lambda: _has(rule["verbs"], *verbs),
        lambda: _has(rule["resources"], resource),
        lambda: _has(rule["apiGroups"], group),
    )


def _has(words: Value, *wanted: str) -> bool:
    return any_holds(*(lambda word=word: word.text() in wanted for word in words.items()))


def _rules(role: Resource, check: Check) -> Iterator[Value]:
    """Those of which something can be said."""
    with check.part():
        yield from role["rules"].items()


@resource_rule(
    "rbac-no-escalation",
    _ROLES | _BINDINGS,
    title="No role is a way to more rights, and none is granted to everybody",
    why="Some rights are as good as administration: who may bind roles, impersonate, open a shell in a pod "
    "or approve certificates needs no other.",
    fix="Leave the right out, name a narrower role in the binding, and name the accounts that need it.",
    severity=Severity.CRITICAL,
    refs="CISEKS 4.1.8, CISEKS 4.1.9, CISEKS 4.1.10, CISEKS 4.1.11, CISEKS 4.1.12, CKV K8S_155, CKV K8S_156, "
    "CKV K8S_157, CKV K8S_158, CKV 2_K8S_1, CKV 2_K8S_2, CKV 2_K8S_3, CKV 2_K8S_4, NSA C-0262, NSA C-0265",
    url=_PRACTICES,
    dev="mandatory",
    prod="mandatory",
)
def no_escalation(resource: Resource, check: Check) -> None:
    if resource.type in _BINDINGS:
        _judge_binding(resource, check)
        return
    for rule in _rules(resource, check):
        for danger in _ESCALATIONS:
            with check.part():
                if _grants(rule, danger):
                    check.violation(f"who has it can {danger.harm}", rule)


def _grants(rule: Value, danger: Danger) -> bool:
    """Whether the rule grants it, in so many words or by a wildcard."""
    parts = (resource.partition("/")[2] for resource in danger.resources)
    return all_hold(
        lambda: _has(rule["verbs"], *danger.verbs, _ALL),
        lambda: _has(rule["apiGroups"], danger.group, _ALL),
        lambda: _has(rule["resources"], *danger.resources, _ALL, *(f"*/{part}" for part in parts if part)),
    )


def _judge_binding(binding: Resource, check: Check) -> None:
    with check.part():
        role = binding["roleRef"]
        if role["name"].text() == "cluster-admin" and role["kind"].text() == "ClusterRole":
            check.violation("it makes its subjects administrators of the cluster", role)
    for subject in binding["subjects"].items():
        with check.part():
            name = subject["name"].text()
            if subject["kind"].text() in ("Group", "User"):
                if name == "system:masters":
                    check.violation("it names the group that no rule holds back", subject)
                elif name in _EVERYBODY:
                    check.violation("it grants the role to everybody", subject)
