"""Alarms on the cluster, seen from outside it, and on its ways out."""

from __future__ import annotations

from infra.aws.alarm_spec import AlarmSpec, Facts, Metric, published

_ETCD_BYTES = 8 * 1024**3
"""EKS's limit for what a cluster stores; beyond it the API refuses to write."""


def cluster_alarms(facts: Facts) -> list[AlarmSpec]:
    """All that there are for the cluster and its gateways."""
    return [
        _heartbeat(facts),
        *([_models(facts)] if facts.models else []),
        *_control_plane(facts),
        *(_nodes() if facts.node_metrics else []),
        *(one for zone in facts.nat_zones for one in _gateway(zone)),
    ]


def _eks(name: str, statistic: str) -> Metric:
    return Metric(namespace="AWS/EKS", name=name, of="cluster", statistic=statistic)


def _heartbeat(facts: Facts) -> AlarmSpec:
    return AlarmSpec(
        id="heartbeat",
        runbook="heartbeat",
        severity="critical",
        says="Nothing has been heard from inside the cluster for a quarter of an hour.",
        metrics=published(facts.prefix, "Heartbeat", "SampleCount"),
        comparison="<",
        threshold=1,
        period=300,
        periods=3,
        datapoints=3,
        missing="breaching",
    )


def _models(facts: Facts) -> AlarmSpec:
    return AlarmSpec(
        id="model-canary",
        runbook="model-canary",
        severity="critical",
        says="The stack's own models have given no answer for a quarter of an hour: no agent can think.",
        metrics=published(facts.prefix, "ModelAnswers", "Maximum"),
        comparison="<",
        threshold=1,
        period=300,
        periods=3,
        datapoints=3,
        # At night nobody asks where the models sleep by schedule.
        missing="breaching" if facts.models == "always" else "notBreaching",
    )


def _control_plane(facts: Facts) -> list[AlarmSpec]:
    percent = facts.thresholds.api_error_percent
    return [
        AlarmSpec(
            id="eks-silent",
            runbook="eks-silent",
            severity="critical",
            says="The Kubernetes API has answered nobody for a quarter of an hour.",
            metrics={"m": _eks("apiserver_request_total", "Sum")},
            comparison="<",
            threshold=1,
            period=300,
            periods=3,
            datapoints=3,
            missing="breaching",
        ),
        AlarmSpec(
            id="eks-api-5xx",
            runbook="eks-api-5xx",
            severity="critical",
            says=f"Over {percent:g} % of the Kubernetes API's answers are errors of its own.",
            metrics={
                "errors": _eks("apiserver_request_total_5XX", "Sum"),
                "requests": _eks("apiserver_request_total", "Sum"),
            },
            expression="100 * FILL(errors, 0) / requests",
            comparison=">",
            threshold=percent,
            period=60,
            periods=15,
            datapoints=10,
            missing="notBreaching",
        ),
        AlarmSpec(
            id="eks-unschedulable",
            runbook="eks-unschedulable",
            severity="warning",
            says="Pods have found no node for a quarter of an hour.",
            metrics={"m": _eks("scheduler_pending_pods_UNSCHEDULABLE", "Sum")},
            comparison=">",
            threshold=0,
            period=60,
            periods=15,
            datapoints=15,
            missing="notBreaching",
        ),
        AlarmSpec(
            id="eks-storage",
            runbook="eks-storage",
            severity="warning",
            says="The cluster's own store is three quarters full; when it is full, nothing can be changed.",
            metrics={"m": _eks("apiserver_storage_size_bytes", "Maximum")},
            comparison=">",
            threshold=_ETCD_BYTES * 3 // 4,
            period=300,
            periods=3,
            datapoints=3,
            missing="missing",
        ),
    ]


def _nodes() -> list[AlarmSpec]:
    def insights(name: str) -> dict[str, Metric]:
        return {"m": Metric(namespace="ContainerInsights", name=name, of="cluster", statistic="Maximum")}

    return [
        AlarmSpec(
            id="node-failed",
            runbook="node-failed",
            severity="warning",
            says="A node has been failing for ten minutes.",
            metrics=insights("cluster_failed_node_count"),
            comparison=">",
            threshold=0,
            period=60,
            periods=10,
            datapoints=10,
            missing="missing",
        ),
        *(
            AlarmSpec(
                id=f"node-{what}",
                runbook=f"node-{what}",
                severity="warning",
                says=f"A node's {what} is over {limit} % full: pods will be evicted.",
                metrics=insights(metric),
                comparison=">",
                threshold=limit,
                period=300,
                periods=3,
                datapoints=3,
                missing="missing",
            )
            # The kubelet evicts at 85 % of the image disk's use and when 100 MiB of memory are left.
            for what, metric, limit in (
                ("disk", "node_filesystem_utilization", 80),
                ("memory", "node_memory_utilization", 90),
            )
        ),
    ]


def _gateway(zone: str) -> list[AlarmSpec]:
    def nat(name: str) -> dict[str, Metric]:
        return {"m": Metric(namespace="AWS/NATGateway", name=name, of=f"nat-{zone}", statistic="Sum")}

    return [
        AlarmSpec(
            id=f"nat-ports-{zone}",
            runbook="nat-ports",
            severity="critical",
            says=f"The NAT gateway of zone {zone} has no port left: connections to the outside fail.",
            metrics=nat("ErrorPortAllocation"),
            comparison=">",
            threshold=0,
            period=60,
            periods=5,
            datapoints=3,
            missing="notBreaching",
        ),
        AlarmSpec(
            id=f"nat-drops-{zone}",
            runbook="nat-drops",
            severity="warning",
            says=f"The NAT gateway of zone {zone} has been dropping packets for a quarter of an hour.",
            metrics=nat("PacketsDropCount"),
            comparison=">",
            threshold=100,
            period=300,
            periods=3,
            datapoints=3,
            missing="notBreaching",
        ),
    ]
