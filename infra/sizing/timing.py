"""Every timeout between a client and the server, from one computation, so that no stream is ever cut.

    ping            the server speaks on a silent stream at least this often
    edge idle       >= 2 x ping: one late ping cuts nothing
    keep-alive      = edge idle + 15 s: of the two ends of an idle connection the edge closes first; the other
                    way round a request meets a socket that the server is closing, which users see as 502
    preStop         the pod still answers while every proxy learns that it goes: 5 s behind kube-proxy and
                    nginx, 15 s behind an ALB (target deregistration is not immediate)
    drain           >= longest stream: open streams finish
    grace           = preStop + drain + 10 s (Kubernetes counts preStop into the grace period)
    deregistration  = preStop + drain, at most 3,600 s (the ALB's bound): it must not cut what the pod still
                    serves

Sources: the ALB user guide (idle timeout 1-4,000 s, deregistration delay 0-3,600 s), the Kubernetes pod
lifecycle page (grace covers preStop), nginx `keepalive_timeout` and `proxy_read_timeout`.
"""

from __future__ import annotations

from dataclasses import dataclass

KEEP_ALIVE_MARGIN = 15
STOP_MARGIN = 10
PINGS_PER_IDLE = 2
DEREGISTRATION_MAX = 3600
SCHEDULING_SECONDS = 240
"""For a node to be found or added and the image to be pulled, before the startup budget begins."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """Numbers of a Kubernetes probe."""

    period_seconds: int
    timeout_seconds: int
    failure_threshold: int

    @property
    def budget_seconds(self) -> int:
        """How long it must fail without a break before Kubernetes acts."""
        return self.period_seconds * self.failure_threshold


@dataclass(frozen=True, kw_only=True)
class Timing:
    """The result; all in seconds."""

    ping: int
    edge_idle: int
    keep_alive: int
    pre_stop: int
    drain: int
    longest_stream: int
    termination_grace: int
    deregistration_delay: int
    startup: Probe
    liveness: Probe
    readiness: Probe
    progress_deadline: int
    """`progressDeadlineSeconds` of the Deployment: how long it may go without a new pod becoming ready."""


def compute_timing(
    *,
    ping: int,
    edge_idle: int,
    pre_stop: int,
    drain: int,
    longest_stream: int,
    startup: int,
    keep_alive: int | None = None,
    termination_grace: int | None = None,
) -> Timing:
    """Derive what is not given; what is given stays as it is, for `faults` to judge."""
    startup_probe = Probe(period_seconds=2, timeout_seconds=5, failure_threshold=max(3, -(-startup // 2)))
    return Timing(
        ping=ping,
        edge_idle=edge_idle,
        keep_alive=keep_alive or edge_idle + KEEP_ALIVE_MARGIN,
        pre_stop=pre_stop,
        drain=drain,
        longest_stream=longest_stream,
        termination_grace=termination_grace or pre_stop + drain + STOP_MARGIN,
        deregistration_delay=min(DEREGISTRATION_MAX, pre_stop + drain),
        startup=startup_probe,
        # A busy event loop answers late: one second, the default, would kill pods that only work hard.
        liveness=Probe(period_seconds=10, timeout_seconds=5, failure_threshold=6),
        readiness=Probe(period_seconds=5, timeout_seconds=5, failure_threshold=3),
        progress_deadline=SCHEDULING_SECONDS + startup_probe.budget_seconds,
    )
