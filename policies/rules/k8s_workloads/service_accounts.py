"""As whom pods run, and who of them can talk to the Kubernetes API."""

from __future__ import annotations

import contextlib

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.kubernetes import pod
from policies.lib.pod_remedy import pods
from policies.lib.remedy import Draft
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import WORKLOADS, types
from policies.lib.values import Undetermined, Value

ACCOUNT = "kubernetes:core/v1:ServiceAccount"
_TOKEN = "automountServiceAccountToken"  # noqa: S105 - a property's name


class Callers(Settings):
    """Who needs the Kubernetes API."""

    callers: tuple[str, ...] = Field(
        default=("kube-system/aws-load-balancer-controller",),
        description="`<namespace>/<service account>` of those that call the Kubernetes API.",
    )


def _is_unneeded(token: Value, metadata: Value, account: Value, settings: Settings, *, patch: bool) -> bool:
    """Whether a token is mounted for an account that is no caller. What a patch leaves out stays as is."""
    assert isinstance(settings, Callers)
    if not token.truth(default=not (patch and not token.present)):
        return False
    return f"{metadata['namespace'].text()}/{account.text()}" not in settings.callers


def _without_token(draft: Draft, settings: Settings) -> None:
    if draft.type == ACCOUNT:
        for one in [draft] if draft.get("items") is None else draft.members("items"):
            metadata = Value(one.get("metadata"))
            _refuse(one, _TOKEN, metadata, metadata["name"], settings)
        return
    for one in pods(draft):
        metadata, spec = Value(one.draft.get("metadata")), one.value("spec")
        _refuse(one.draft, one.path(f"spec.{_TOKEN}"), metadata, _account(spec), settings)


def _refuse(draft: Draft, path: str, metadata: Value, account: Value, settings: Settings) -> None:
    with contextlib.suppress(Undetermined):
        if _is_unneeded(Value(draft.get(path)), metadata, account, settings, patch=draft.patch):
            draft.put(path, value=False)


@resource_rule(
    "k8s-sa-token",
    WORKLOADS | types(ACCOUNT),
    title="Pods have an account of their own, and no token unless they call the Kubernetes API",
    why="A token in every pod turns a break-in into one of them into access to the cluster's API; a shared "
    "account gives all of them what one needs.",
    fix="Name a service account of its own, and set automountServiceAccountToken to false, or add it to the "
    "rule's callers.",
    severity=Severity.MEDIUM,
    refs="CISEKS 4.1.5, CISEKS 4.1.6, CKV K8S_38, CKV K8S_41, CKV K8S_42, NSA C-0034",
    url="https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/",
    dev="advisory",
    prod="mandatory",
    settings=Callers,
    remedy=_without_token,
)
def no_token(resource: Resource, check: Check) -> None:
    settings = check.settings(Callers)
    metadata = resource["metadata"]
    if resource.type == ACCOUNT:
        token, account = resource[_TOKEN], metadata["name"]
    else:
        spec = pod(resource).spec
        token, account = spec[_TOKEN], _account(spec)
        with check.part():
            missing = not account.present and not resource.patch
            if missing or account.text() == "default":
                check.violation(
                    "its pods run as the account that everything in the namespace shares", account
                )
    if _is_unneeded(token, metadata, account, settings, patch=resource.patch):
        check.violation("it gets a token for the Kubernetes API that it does not need", token)


def _account(spec: Value) -> Value:
    """The name of the account; `serviceAccount` is the old name of the property."""
    current, old = spec["serviceAccountName"], spec["serviceAccount"]
    return old if old.present and not current.present else current
