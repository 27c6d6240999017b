"""Pod Security Standards: the profiles by which the kernel confines containers."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.pod_remedy import PodDraft, pods
from policies.lib.pod_security import JudgedPod, PodSecurity, judged, standard
from policies.lib.remedy import Draft
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import WORKLOADS
from policies.lib.values import State, Undetermined, Value

SECCOMP, APPARMOR = "seccompProfile", "appArmorProfile"
PROFILES = frozenset({"RuntimeDefault", "Localhost"})
"""Types of seccomp and AppArmor profiles that confine."""
SECCOMP_OF_POD = "seccomp.security.alpha.kubernetes.io/pod"
SECCOMP_OF_CONTAINER = "container.seccomp.security.alpha.kubernetes.io/"
APPARMOR_OF_CONTAINER = "container.apparmor.security.beta.kubernetes.io/"
_FIELD_SINCE = 19
_DEFAULT = "RuntimeDefault"
_OLD_DEFAULT = "runtime/default"


def _confines(profile: Value) -> bool:
    return profile["type"].text() in PROFILES


def _old_seccomp_confines(profile: str) -> bool:
    return profile in (_OLD_DEFAULT, "docker/default") or profile.startswith("localhost/")


def _old_apparmor_confines(profile: str) -> bool:
    return profile in (_OLD_DEFAULT, "") or profile.startswith("localhost/")


def _mend_profile(draft: Draft, path: str) -> None:
    """Only one that is there and does not confine."""
    profile = Value(draft.get(path))
    with contextlib.suppress(Undetermined):
        if profile.present and not _confines(profile):
            draft.put(f"{path}.type", _DEFAULT)


def _mend_annotations(pod: PodDraft, prefixes: tuple[str, ...], confines: Callable[[str], bool]) -> None:
    annotations = pod.value("metadata.annotations")
    for key, profile in annotations.entries().items() if annotations.is_mapping else ():
        with contextlib.suppress(Undetermined):
            if key.startswith(prefixes) and not confines(profile.text()):
                pod.annotate(key, _OLD_DEFAULT)


def _confined_by_seccomp(draft: Draft, settings: Settings) -> None:
    by = standard(settings)
    for pod in pods(draft):
        if not by.since(_FIELD_SINCE):
            _mend_annotations(pod, (SECCOMP_OF_POD, SECCOMP_OF_CONTAINER), _old_seccomp_confines)
            continue
        required = by.restricted_since(_FIELD_SINCE)
        if required and pod.may_be_windows:
            continue
        for context in pod.contexts():
            _mend_profile(context, SECCOMP)
        unconfined = [one for one in pod.containers() if not one.get(f"securityContext.{SECCOMP}")]
        if required and unconfined and pod.get(f"spec.securityContext.{SECCOMP}") is None:
            pod.put(f"spec.securityContext.{SECCOMP}.type", _DEFAULT)


@resource_rule(
    "pss-seccomp",
    WORKLOADS,
    title="A seccomp profile says which system calls containers may make",
    why="Without one a container may make every system call, and holes in the kernel are in the rare ones. "
    "Kubernetes sets none unless it is asked to.",
    fix="Set securityContext.seccompProfile.type to RuntimeDefault on the pod.",
    severity=Severity.MEDIUM,
    refs="PSS Seccomp, CKV K8S_31, NSA C-0055",
    dev="mandatory",
    prod="remediate",
    settings=PodSecurity,
    remedy=_confined_by_seccomp,
)
def seccomp(resource: Resource, check: Check) -> None:
    pod = judged(resource, check)
    if not pod.standard.since(_FIELD_SINCE):
        _seccomp_by_annotations(pod)
        return
    required = pod.standard.restricted_since(_FIELD_SINCE)
    excuse = pod.windows(since=25)
    if required and excuse.surely:
        return
    of_pod = pod.context[SECCOMP]
    with check.part():
        if of_pod.present and not _confines(of_pod) and not (required and excuse.holds()):
            check.violation("the pod's seccomp profile does not confine it", of_pod)
    for container in pod.containers():
        with check.part():
            profile = container.at(f"securityContext.{SECCOMP}")
            # What the pod says is judged above, once for all containers that say nothing.
            bare = not _confines(profile) if profile.present else required and not of_pod.present
            if bare and not (required and excuse.holds()):
                check.violation("no seccomp profile confines a container", profile)


def _seccomp_by_annotations(pod: JudgedPod) -> None:
    annotations = pod.pod.metadata["annotations"]
    asked = [lambda: SECCOMP_OF_POD]
    asked += [lambda one=one: SECCOMP_OF_CONTAINER + one["name"].text() for one in pod.containers()]
    for key in asked:
        with pod.check.part():
            profile = annotations[key()]
            if profile.state is not State.ABSENT and not _old_seccomp_confines(profile.text()):
                pod.check.violation("an annotation takes a container's seccomp profile away", annotations)


def _confined_by_apparmor(draft: Draft, _: Settings) -> None:
    for pod in pods(draft):
        _mend_annotations(pod, (APPARMOR_OF_CONTAINER,), _old_apparmor_confines)
        for context in pod.contexts():
            _mend_profile(context, APPARMOR)


@resource_rule(
    "pss-apparmor",
    WORKLOADS,
    title="No container gives up its AppArmor profile",
    why="Nodes with AppArmor confine every container by the runtime's profile, unless a pod declines it.",
    fix="Leave appArmorProfile out, or set its type to RuntimeDefault or Localhost; the old annotation "
    "likewise.",
    severity=Severity.MEDIUM,
    refs="PSS AppArmor",
    dev="advisory",
    prod="mandatory",
    settings=PodSecurity,
    remedy=_confined_by_apparmor,
)
def apparmor(resource: Resource, check: Check) -> None:
    pod = judged(resource, check)
    for context in pod.contexts():
        with check.part():
            profile = context[APPARMOR]
            if profile.present and not _confines(profile):
                check.violation("an AppArmor profile does not confine", profile)
    with check.part():
        annotations = pod.pod.metadata["annotations"]
        for key, profile in annotations.entries().items():
            with check.part():
                if key.startswith(APPARMOR_OF_CONTAINER) and not _old_apparmor_confines(profile.text()):
                    check.violation("an annotation takes a container's AppArmor profile away", annotations)
