"""What of its node a pod shares."""

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.pods import CRON_SPEC, SPEC, workloads
from tests.support.policies import UNKNOWN, both, drop, put

GOOD = workloads()
FIRST = f"{SPEC}.containers[0]"
SECOND = f"{SPEC}.containers[1]"
INIT = f"{SPEC}.initContainers[0]"
ELSEWHERE = {"port": 80, "host": "10.0.0.1"}
HOST_PROCESS = {"windowsOptions": {"hostProcess": True}}

EXAMPLES = (
    Example(
        "pss-hostnamespaces",
        good=GOOD,
        bad={
            "the network": put("it", f"{SPEC}.hostNetwork", True),
            "the processes": put("it", f"{SPEC}.hostPID", True),
            "the memory, as a text": put("it", f"{SPEC}.hostIPC", "true"),
            "all of them": Bad(
                both(*(put("it", f"{SPEC}.host{name}", True) for name in ("Network", "PID", "IPC"))), 3
            ),
            "in a CronJob": put("nightly", f"{CRON_SPEC}.hostNetwork", True),
            "in a Pod": put("pod", "spec.hostPID", True),
        },
        fine={"it says so": both(put("it", f"{SPEC}.hostPID", False), put("it", f"{SPEC}.hostIPC", None))},
        open={"one is unknown": put("it", f"{SPEC}.hostPID", UNKNOWN)},
    ),
    Example(
        "pss-hostports",
        good=GOOD,
        bad={
            "a port": put("it", f"{FIRST}.ports[0].hostPort", 80),
            "a second port, as a text": put(
                "it", f"{SECOND}.ports", [{"containerPort": 1}, {"containerPort": 2, "hostPort": "2"}]
            ),
            "of an init container": put("it", f"{INIT}.ports[0].hostPort", 9),
            "in a CronJob": put("nightly", f"{CRON_SPEC}.containers[0].ports[0].hostPort", 80),
            "two": Bad(
                both(put("it", f"{FIRST}.ports[0].hostPort", 1), put("it", f"{INIT}.ports[0].hostPort", 2)),
                2,
            ),
            "after one that is unknown": put("it", f"{SECOND}.ports", [UNKNOWN, {"hostPort": 2}]),
        },
        fine={
            "zero": put("it", f"{FIRST}.ports[0].hostPort", 0),
            "no ports": drop("it", f"{FIRST}.ports"),
        },
        open={"the ports are unknown": put("it", f"{INIT}.ports", UNKNOWN)},
    ),
    Example(
        "pss-hostprobesandhostlifecycle",
        good=GOOD,
        bad={
            "readiness by HTTP": put("it", f"{FIRST}.readinessProbe.httpGet.host", "10.0.0.1"),
            "liveness by TCP": put("it", f"{SECOND}.livenessProbe", {"tcpSocket": ELSEWHERE}),
            "a sidecar's startup": put("it", f"{INIT}.startupProbe", {"httpGet": ELSEWHERE}),
            "before it stops": put("it", f"{FIRST}.lifecycle", {"preStop": {"httpGet": ELSEWHERE}}),
            "after it starts": put("it", f"{FIRST}.lifecycle", {"postStart": {"tcpSocket": ELSEWHERE}}),
            "in a CronJob": put(
                "nightly", f"{CRON_SPEC}.containers[0].readinessProbe.httpGet.host", "localhost"
            ),
        },
        fine={
            "it is empty": put("it", f"{FIRST}.readinessProbe.httpGet.host", ""),
            "it only sleeps": put("it", f"{FIRST}.lifecycle", {"preStop": {"sleep": {"seconds": 15}}}),
            "a header is no host": put(
                "it",
                f"{FIRST}.readinessProbe.httpGet.httpHeaders",
                [{"name": "Host", "value": "example.com"}],
            ),
        },
        open={"the host is unknown": put("it", f"{FIRST}.readinessProbe.httpGet.host", UNKNOWN)},
    ),
    Example(
        "pss-windowshostprocess",
        good=GOOD,
        bad={
            "the pod": put("it", f"{SPEC}.securityContext.windowsOptions", {"hostProcess": True}),
            "a container": put("it", f"{SECOND}.securityContext.windowsOptions", {"hostProcess": "true"}),
            "an init container": put("it", f"{INIT}.securityContext.windowsOptions.hostProcess", True),
            "an ephemeral container": put(
                "it", f"{SPEC}.ephemeralContainers", [{"name": "d", "securityContext": HOST_PROCESS}]
            ),
            "in a CronJob": put("nightly", f"{CRON_SPEC}.securityContext.windowsOptions.hostProcess", True),
            "both": Bad(
                both(
                    put("pod", "spec.securityContext.windowsOptions.hostProcess", True),
                    put("pod", "spec.containers[0].securityContext", HOST_PROCESS),
                ),
                2,
            ),
        },
        fine={
            "another option": put(
                "it", f"{SPEC}.securityContext.windowsOptions", {"runAsUserName": "ContainerUser"}
            )
        },
        open={"it is unknown": put("it", f"{SPEC}.securityContext.windowsOptions", UNKNOWN)},
    ),
)
