"""When Deployments, StatefulSets, DaemonSets, Jobs and Pods are ready."""

from __future__ import annotations

from local.plugins.kubernetes.await_.verdict import (
    NOT_OBSERVED,
    READY,
    Lookup,
    Verdict,
    condition,
    describe,
    failed,
    observed,
    says,
    waiting,
)
from local.plugins.kubernetes.objects import Object, dig


def deployment(obj: Object, _: Lookup) -> Verdict:
    """All replicas run the newest template and are available, and no old one is left."""
    if not observed(obj):
        return NOT_OBSERVED
    if dig(obj, "spec", "paused", default=False):
        return READY
    progress = condition(obj, "Progressing")
    if progress and says(progress, "False", "ProgressDeadlineExceeded"):
        return failed(describe(progress))
    status: Object = dig(obj, "status", default={})
    wanted = dig(obj, "spec", "replicas", default=1)
    updated, available = status.get("updatedReplicas", 0), status.get("availableReplicas", 0)
    if updated < wanted:
        return waiting(f"{updated} of {wanted} replicas are up to date")
    if status.get("replicas", 0) > updated:
        return waiting(f"{status['replicas'] - updated} old replicas are still to be ended")
    if available < updated:
        return waiting(f"{available} of {updated} updated replicas are available")
    return READY


def stateful_set(obj: Object, _: Lookup) -> Verdict:
    """All replicas (above the partition) run the newest template, and all are available."""
    if not observed(obj):
        return NOT_OBSERVED
    status: Object = dig(obj, "status", default={})
    wanted = dig(obj, "spec", "replicas", default=1)
    available = status.get("availableReplicas", status.get("readyReplicas", 0))
    if available < wanted:
        return waiting(f"{available} of {wanted} replicas are available")
    if dig(obj, "spec", "updateStrategy", "type") == "OnDelete":
        return READY
    partition = dig(obj, "spec", "updateStrategy", "rollingUpdate", "partition", default=0)
    to_update = max(wanted - partition, 0)
    updated = status.get("updatedReplicas", 0)
    if updated < to_update:
        return waiting(f"{updated} of {to_update} replicas are up to date")
    if partition == 0 and status.get("currentRevision") != status.get("updateRevision"):
        return waiting("the rolling update is being finished")
    return READY


def daemon_set(obj: Object, _: Lookup) -> Verdict:
    """Every node that should run a pod has an available one of the newest template."""
    if not observed(obj):
        return NOT_OBSERVED
    status: Object = dig(obj, "status", default={})
    wanted = status.get("desiredNumberScheduled", 0)
    updated = status.get("updatedNumberScheduled", 0)
    available = status.get("numberAvailable", 0)
    if dig(obj, "spec", "updateStrategy", "type") != "OnDelete" and updated < wanted:
        return waiting(f"{updated} of {wanted} nodes have an up-to-date pod")
    if available < wanted:
        return waiting(f"{available} of {wanted} nodes have an available pod")
    return READY


def job(obj: Object, _: Lookup) -> Verdict:
    """Complete. A suspended Job is as ready as it can be."""
    if says(condition(obj, "Complete"), "True"):
        return READY
    broken = condition(obj, "Failed")
    if broken and says(broken, "True"):
        return failed(describe(broken))
    if dig(obj, "spec", "suspend", default=False):
        return READY
    status: Object = dig(obj, "status", default={})
    wanted = dig(obj, "spec", "completions", default=1)
    retries = f", {status['failed']} failed" if status.get("failed") else ""
    return waiting(
        f"{status.get('succeeded', 0)} of {wanted} completions, {status.get('active', 0)} active{retries}"
    )


def pod(obj: Object, _: Lookup) -> Verdict:
    """Ready, or ended with success."""
    phase = dig(obj, "status", "phase", default="Pending")
    if phase == "Succeeded":
        return READY
    if phase == "Failed":
        reason = dig(obj, "status", "message") or dig(obj, "status", "reason") or "a container failed"
        return failed(f"the pod failed: {reason}")
    ready = condition(obj, "Ready")
    if says(ready, "True"):
        return READY
    scheduled = condition(obj, "PodScheduled")
    if scheduled and says(scheduled, "False"):
        return waiting(describe(scheduled))
    return waiting(describe(ready) if ready else f"the pod is {phase}")
