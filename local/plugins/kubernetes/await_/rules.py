"""Which rule tells whether an object of some kind is ready."""

from __future__ import annotations

from urllib.parse import quote

from local.plugins.kubernetes.await_ import workloads
from local.plugins.kubernetes.await_.custom import wait_for
from local.plugins.kubernetes.await_.verdict import (
    READY,
    Lookup,
    Rule,
    Verdict,
    condition,
    describe,
    failed,
    says,
    waiting,
)
from local.plugins.kubernetes.errors import ApiError
from local.plugins.kubernetes.objects import WAIT_FOR, Object, annotation, dig, kind_of, name_of, namespace_of


def claim(obj: Object, lookup: Lookup) -> Verdict:
    """Bound, or left unbound on purpose until a pod uses it."""
    phase = dig(obj, "status", "phase", default="Pending")
    if phase == "Bound":
        return READY
    if phase == "Lost":
        return failed("the claim lost its volume")
    storage_class = dig(obj, "spec", "storageClassName")
    if storage_class:
        try:
            found = lookup.get(f"/apis/storage.k8s.io/v1/storageclasses/{quote(storage_class, safe='')}")
            if found.get("volumeBindingMode") == "WaitForFirstConsumer":
                return READY
        except ApiError:  # no such class, or not ours to read: then only the claim itself can tell
            pass
    return waiting(f"the claim is {phase}, waiting for a volume")


def service(obj: Object, lookup: Lookup) -> Verdict:
    """Something answers behind it, and a load balancer has an address, where the type has these."""
    spec: Object = dig(obj, "spec", default={})
    if spec.get("type") == "ExternalName":
        return READY
    if spec.get("type") == "LoadBalancer" and not dig(obj, "status", "loadBalancer", "ingress"):
        return waiting("waiting for the load balancer's address")
    if not spec.get("selector") or spec.get("clusterIP") == "None":
        return READY
    slices = lookup.get(
        f"/apis/discovery.k8s.io/v1/namespaces/{namespace_of(obj)}/endpointslices",
        labelSelector=f"kubernetes.io/service-name={name_of(obj)}",
    )
    endpoints = [e for item in dig(slices, "items", default=[]) for e in dig(item, "endpoints", default=[])]
    if any(dig(endpoint, "conditions", "ready", default=True) for endpoint in endpoints):
        return READY
    selector = ", ".join(f"{key}={value}" for key, value in spec["selector"].items())
    return waiting(f"no ready pod behind it yet (selector {selector})")


def definition(obj: Object, lookup: Lookup) -> Verdict:
    """Established, and listed, so that its objects can be created."""
    refused = condition(obj, "NamesAccepted")
    if refused and says(refused, "False"):
        return failed(describe(refused))
    if not says(condition(obj, "Established"), "True"):
        return waiting("waiting to be established")
    group, plural = dig(obj, "spec", "group"), dig(obj, "spec", "names", "plural")
    for version in dig(obj, "spec", "versions", default=[]):
        if version.get("served"):
            listed = lookup.get(f"/apis/{group}/{version['name']}")
            if plural not in (resource["name"] for resource in listed["resources"]):
                return waiting(f"waiting for the API server to serve {version['name']}")
    return READY


_RULES: dict[tuple[str, str], Rule] = {
    ("apps", "Deployment"): workloads.deployment,
    ("apps", "StatefulSet"): workloads.stateful_set,
    ("apps", "DaemonSet"): workloads.daemon_set,
    ("batch", "Job"): workloads.job,
    ("", "Pod"): workloads.pod,
    ("", "PersistentVolumeClaim"): claim,
    ("", "Service"): service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): definition,
}


def rule_for(obj: Object) -> Rule | None:
    """The rule for this object; None if there is nothing to wait for. OperationError for a bad `waitFor`."""
    wanted = annotation(obj, WAIT_FOR)
    if wanted:
        return wait_for(wanted)
    kind = kind_of(obj)
    return _RULES.get((kind.group, kind.name))
