"""Alarms on what users meet first: load balancer, its targets, the certificate."""

from __future__ import annotations

from infra.aws.alarm_spec import AlarmSpec, Facts, Metric

_FEW = 20
"""Requests in a minute below which a share of errors says nothing."""


def edge_alarms(facts: Facts) -> list[AlarmSpec]:
    """All that there are for the public edge."""
    return [*_errors(facts), *_targets(), *_latency(facts), _rejected(), _certificate(facts)]


def _alb(name: str, statistic: str, of: str = "load-balancer") -> Metric:
    return Metric(namespace="AWS/ApplicationELB", name=name, of=of, statistic=statistic)


def _errors(facts: Facts) -> list[AlarmSpec]:
    percent = facts.thresholds.target_error_percent
    return [
        AlarmSpec(
            id="alb-target-5xx",
            runbook="alb-target-5xx",
            severity="critical",
            says=f"Over {percent:g} % of the server's answers are errors of its own.",
            metrics={
                "errors": _alb("HTTPCode_Target_5XX_Count", "Sum"),
                "requests": _alb("RequestCount", "Sum"),
            },
            # No error is no datapoint, and in an empty minute one error would be all of them.
            expression=f"IF(requests >= {_FEW}, 100 * FILL(errors, 0) / requests, 0)",
            comparison=">",
            threshold=percent,
            period=60,
            periods=5,
            datapoints=3,
            missing="notBreaching",
        ),
        AlarmSpec(
            id="alb-5xx",
            runbook="alb-5xx",
            severity="critical",
            says="The load balancer answers with errors of its own: it reaches no server, or loses it.",
            metrics={"m": _alb("HTTPCode_ELB_5XX_Count", "Sum")},
            comparison=">=",
            threshold=10,
            period=60,
            periods=5,
            datapoints=3,
            missing="notBreaching",
        ),
    ]


def _targets() -> list[AlarmSpec]:
    return [
        AlarmSpec(
            id="alb-no-healthy-host",
            runbook="alb-no-healthy-host",
            severity="critical",
            says="No server is healthy behind the load balancer: everybody gets errors.",
            # The largest count that any zone sees: with cross-zone routing one is enough for all.
            metrics={"m": _alb("HealthyHostCount", "Maximum", "targets")},
            comparison="<",
            threshold=1,
            period=60,
            periods=3,
            datapoints=3,
            # With no target at all there is no metric either.
            missing="breaching",
        ),
        AlarmSpec(
            id="alb-unhealthy-host",
            runbook="alb-unhealthy-host",
            severity="warning",
            says="A server has been unhealthy for ten minutes, longer than any rollout leaves one.",
            metrics={"m": _alb("UnHealthyHostCount", "Maximum", "targets")},
            comparison=">",
            threshold=0,
            period=60,
            periods=10,
            datapoints=10,
            missing="notBreaching",
        ),
    ]


def _latency(facts: Facts) -> list[AlarmSpec]:
    seconds = facts.thresholds.latency_seconds
    return [
        AlarmSpec(
            id="alb-latency",
            runbook="alb-latency",
            severity="warning",
            says=f"One request in twenty waits over {seconds:g} s for its first byte.",
            metrics={"m": _alb("TargetResponseTime", "p95")},
            comparison=">",
            threshold=seconds,
            period=60,
            periods=15,
            datapoints=10,
            missing="notBreaching",
        )
    ]


def _rejected() -> AlarmSpec:
    return AlarmSpec(
        id="alb-rejected",
        runbook="alb-rejected",
        severity="warning",
        says="The load balancer turned connections away: it is at its limit.",
        metrics={"m": _alb("RejectedConnectionCount", "Sum")},
        comparison=">",
        threshold=0,
        period=300,
        periods=1,
        datapoints=1,
        missing="notBreaching",
    )


def _certificate(facts: Facts) -> AlarmSpec:
    days = facts.thresholds.certificate_days
    return AlarmSpec(
        id="certificate",
        runbook="certificate",
        severity="critical",
        says=f"The certificate ends in less than {days} days; then no client connects any more.",
        metrics={
            "m": Metric(
                namespace="AWS/CertificateManager",
                name="DaysToExpiry",
                of="certificate",
                statistic="Minimum",
            )
        },
        comparison="<",
        threshold=days,
        period=86_400,
        periods=1,
        datapoints=1,
        # Reported once a day, and no more once it has expired: then the alarm must stay.
        missing="ignore",
    )
