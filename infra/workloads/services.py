"""The in-cluster address of a workload."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as k8s

from infra.workloads.labels import labels, selector

UNAWAITED = {"pulumi.com/skipAwait": "true"}
"""On what may rightly not be ready: nobody waits for it."""


def cluster_service(
    workload: str,
    port: int,
    port_name: str,
    *,
    namespace: pulumi.Input[str],
    pods: pulumi.Resource,
    asleep: bool = False,
    opts: pulumi.ResourceOptions,
) -> k8s.core.v1.Service:
    """A ClusterIP Service named after its workload; `port_name` is the port's name here and in the pod.

    It comes after `pods`: waiting for endpoints would otherwise hide why there are none. Nobody waits for
    the endpoints of pods that may be `asleep`.
    """
    metadata: k8s.meta.v1.ObjectMetaArgsDict = {
        "name": workload,
        "namespace": namespace,
        "labels": labels(workload),
    }
    if asleep:
        metadata["annotations"] = UNAWAITED
    return k8s.core.v1.Service(
        workload,
        metadata=metadata,
        spec={
            "type": "ClusterIP",
            "selector": selector(workload),
            "ports": [{"name": port_name, "port": port, "target_port": port_name}],
        },
        opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[pods])),
    )
