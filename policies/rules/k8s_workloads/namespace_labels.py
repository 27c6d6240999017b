"""What a namespace promises about everything in it: pod security and bounds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, cast

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.namespaced import NAMESPACE, Namespaced
from policies.lib.remedy import Draft
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined, Value
from policies.lib.versions import parse

Level = Literal["privileged", "baseline", "restricted"]
_STRICTNESS = ("privileged", "baseline", "restricted")
_ENFORCE = "pod-security.kubernetes.io/enforce"
_VERSION = "pod-security.kubernetes.io/enforce-version"
_PINNED = re.compile(r"^v1\.(0|[1-9][0-9]{0,3})$")
_BOUNDS = {
    "kubernetes:core/v1:ResourceQuota": "no quota bounds what its pods use together",
    "kubernetes:core/v1:LimitRange": "no LimitRange bounds a container that says nothing itself",
}


class Promises(Settings):
    """What namespaces have to enforce."""

    version: str = Field(
        default="v1.36",
        pattern=_PINNED.pattern,
        description="The oldest version of the Pod Security Standards that a namespace may enforce.",
    )
    relaxed: dict[str, Level] = Field(
        default={}, description="Namespaces whose pods need more, as `gpu-system: privileged`."
    )
    bounds: bool = Field(
        default=True, description="Whether each namespace needs a ResourceQuota and a LimitRange."
    )

    def keeps(self, key: str, value: Value, name: Value) -> bool:
        """Whether what a label says is strict enough.

        Raises:
            Undetermined: it is unknown; or the namespace's name is, and it matters.
        """
        said = value.text()
        if key == _VERSION:
            pinned = _PINNED.match(said)
            return bool(pinned) and int(pinned[1]) >= parse(self.version).numbers[1]
        return said == "restricted" or said in _STRICTNESS[_STRICTNESS.index(self.level(name)) :]

    def level(self, name: Value) -> Level:
        """The level for a namespace of that name."""
        return self.relaxed.get(name.text(), "restricted") if self.relaxed else "restricted"


def _promise(draft: Draft, settings: Settings) -> None:
    assert isinstance(settings, Promises)
    if draft.type != NAMESPACE or draft.get("metadata") is None:
        return
    if not draft.patch and draft.get("metadata.labels") is None:
        draft.put("metadata.labels", {})
    labels = draft.get("metadata.labels")
    if not isinstance(labels, Mapping):
        return
    labels = cast("dict[str, Any]", labels)
    name = Value(draft.get("metadata.name"))
    for key in (_ENFORCE, _VERSION):
        value = Value(labels.get(key))
        try:
            if (draft.patch and not value.present) or settings.keeps(key, value, name):
                continue
            labels[key] = settings.version if key == _VERSION else settings.level(name)
            draft.changed = True
        except Undetermined:
            continue


@stack_rule(
    "k8s-ns-labels",
    types(NAMESPACE, *_BOUNDS),
    title="Namespaces enforce restricted pods at a fixed version, and bound what is used",
    why="The API server then refuses a privileged pod whoever creates it, and one runaway workload cannot "
    "use up the cluster. Without a version the standard changes under a cluster's upgrade.",
    fix="Label the namespace with enforce=restricted and enforce-version of pod-security.kubernetes.io, and "
    "give it a ResourceQuota and a LimitRange.",
    severity=Severity.HIGH,
    refs="PSS restricted, CISEKS 4.2.1, NSA C-0068",
    url="https://kubernetes.io/docs/concepts/security/pod-security-admission/",
    dev="mandatory",
    prod="remediate",
    settings=Promises,
    remedy=_promise,
)
def promises(stack: Stack, check: Check) -> None:
    settings = check.settings(Promises)
    bounds = {type_: Namespaced(stack, type_) for type_ in _BOUNDS}
    for home in stack.of(NAMESPACE):
        with check.on(home):
            _judge_labels(home, check, settings)
            if home.patch or not settings.bounds:
                continue
            for type_, harm in _BOUNDS.items():
                with check.part():
                    found, open_ = bounds[type_].within(home)
                    if not found and open_:
                        raise open_
                    if not found:
                        check.violation(harm)


def _judge_labels(home: Resource, check: Check, settings: Promises) -> None:
    labels, name = home["metadata.labels"], home["metadata.name"]
    wrong = {
        _ENFORCE: "it does not enforce the pod security that it should",
        _VERSION: "its pod security has no fixed version, or an old one",
    }
    for key, what in wrong.items():
        with check.part():
            # A patch that says nothing about a label leaves it as it is.
            if (labels[key].present or not home.patch) and not settings.keeps(key, labels[key], name):
                check.violation(what, labels[key])
