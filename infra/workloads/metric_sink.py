"""How a pod of the server image is told where its figures go."""

from __future__ import annotations

import pulumi

from infra.ports import MetricSink


def sink_environment(sink: MetricSink) -> dict[str, pulumi.Input[str]]:
    """What `app/aws/metrics.py` reads; the identity brings the rest."""
    return {"AWS_REGION": sink.region, "ROOST_METRICS_NAMESPACE": sink.namespace}
