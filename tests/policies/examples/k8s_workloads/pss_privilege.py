"""What a container may do that its user could not."""

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.pods import CRON_SPEC, SPEC, workloads
from tests.support.policies import UNKNOWN, both, drop, put

GOOD = workloads()
FIRST = f"{SPEC}.containers[0].securityContext"
SECOND = f"{SPEC}.containers[1].securityContext"
INIT = f"{SPEC}.initContainers[0].securityContext"
WINDOWS = put("it", f"{SPEC}.os", {"name": "windows"})
DEBUGGER = [{"name": "debugger", "securityContext": {"privileged": True}}]

EXAMPLES = (
    Example(
        "pss-privileged",
        good=GOOD,
        bad={
            "the second container": put("it", f"{SECOND}.privileged", True),
            "an init container, as a text": put("it", f"{INIT}.privileged", "true"),
            "an ephemeral container": put("it", f"{SPEC}.ephemeralContainers", DEBUGGER),
            "in a CronJob": put("nightly", f"{CRON_SPEC}.containers[0].securityContext.privileged", True),
            "in a Pod, although it is for Windows": both(
                put("pod", "spec.os", {"name": "windows"}),
                put("pod", "spec.containers[0].securityContext.privileged", True),
            ),
            "two of them": Bad(
                both(put("it", f"{FIRST}.privileged", True), put("it", f"{INIT}.privileged", True)), 2
            ),
            "beside a list that is unknown": both(
                put("it", f"{SECOND}.privileged", True), put("it", f"{SECOND}.capabilities.add", UNKNOWN)
            ),
        },
        fine={
            "nothing is said": drop("it", FIRST),
            "null": put("it", f"{FIRST}.privileged", None),
        },
        open={"a list of containers is unknown": put("it", f"{SPEC}.initContainers", UNKNOWN)},
    ),
    Example(
        "pss-allowprivilegeescalation",
        good=GOOD,
        bad={
            "it is allowed": put("it", f"{FIRST}.allowPrivilegeEscalation", True),
            "nothing is said": drop("it", f"{SECOND}.allowPrivilegeEscalation"),
            "there is no security context": drop("it", INIT),
            "null": put("it", f"{FIRST}.allowPrivilegeEscalation", None),
            "an ephemeral container says nothing": put(
                "it", f"{SPEC}.ephemeralContainers", [{"name": "debugger"}]
            ),
            "in a CronJob": drop(
                "nightly", f"{CRON_SPEC}.initContainers[0].securityContext.allowPrivilegeEscalation"
            ),
            "for Linux": both(
                put("it", f"{SPEC}.os", {"name": "linux"}), drop("it", f"{FIRST}.allowPrivilegeEscalation")
            ),
        },
        fine={
            "Windows has no such thing": both(WINDOWS, drop("it", f"{FIRST}.allowPrivilegeEscalation")),
            "Windows, with something unknown": both(
                WINDOWS, put("it", f"{FIRST}.allowPrivilegeEscalation", UNKNOWN)
            ),
            "the system is unknown, and it does not matter": put("it", f"{SPEC}.os", {"name": UNKNOWN}),
        },
        open={
            "the system is unknown": both(
                put("it", f"{SPEC}.os", {"name": UNKNOWN}), drop("it", f"{FIRST}.allowPrivilegeEscalation")
            )
        },
    ),
    Example(
        "pss-allowprivilegeescalation",
        config={"version": "v1.24"},
        good=GOOD,
        bad={"Windows is no excuse yet": both(WINDOWS, drop("it", f"{FIRST}.allowPrivilegeEscalation"))},
        by_hand=True,
    ),
    Example(
        "pss-capabilities",
        good=GOOD,
        bad={
            "one more": put("it", f"{FIRST}.capabilities.add", ["NET_BIND_SERVICE", "SYS_ADMIN"]),
            "one that runtimes grant": put("it", f"{FIRST}.capabilities.add", ["CHOWN"]),
            "as a single text": put("it", f"{SECOND}.capabilities.add", "NET_RAW"),
            "it drops but one": put("it", f"{FIRST}.capabilities.drop", ["KILL"]),
            "it drops nothing": put("it", f"{FIRST}.capabilities.drop", []),
            "lower case": put("it", f"{INIT}.capabilities.drop", ["all"]),
            "no capabilities are named": drop("it", f"{INIT}.capabilities"),
            "an ephemeral container says nothing": put(
                "it", f"{SPEC}.ephemeralContainers", [{"name": "debugger"}]
            ),
            "in a CronJob": drop("nightly", f"{CRON_SPEC}.containers[1].securityContext.capabilities.drop"),
            "both wrong": Bad(
                put("pod", "spec.containers[0].securityContext.capabilities", {"add": ["BPF"]}), 2
            ),
            "beside one that is unknown": put("it", f"{FIRST}.capabilities.add", [UNKNOWN, "SYS_ADMIN"]),
        },
        fine={
            "Windows has none": both(WINDOWS, drop("it", f"{FIRST}.capabilities")),
            "ALL among others": put("it", f"{FIRST}.capabilities.drop", ["KILL", "ALL"]),
            "ALL beside an unknown": put("it", f"{FIRST}.capabilities.drop", [UNKNOWN, "ALL"]),
        },
        open={
            "what it adds is unknown": put("it", f"{FIRST}.capabilities.add", UNKNOWN),
            "what it drops is unknown": put("it", f"{FIRST}.capabilities.drop", ["KILL", UNKNOWN]),
        },
        vocabulary="ALL NET_BIND_SERVICE",
        removed=(
            f"{FIRST}.capabilities.add[0]",
            f"{FIRST}.capabilities.add[1]",
            f"{SECOND}.capabilities.add",
            "spec.containers[0].securityContext.capabilities.add[0]",
        ),
    ),
    Example(
        "pss-capabilities",
        config={"level": "baseline"},
        good=GOOD,
        bad={
            "one that runtimes do not grant": put("it", f"{FIRST}.capabilities.add", ["CHOWN", "NET_RAW"]),
            "all": put("it", f"{FIRST}.capabilities.add", ["ALL"]),
            "for Windows, too": both(WINDOWS, put("it", f"{FIRST}.capabilities.add", ["NET_ADMIN"])),
        },
        fine={
            "one that runtimes grant": put("it", f"{FIRST}.capabilities.add", ["CHOWN", "SYS_CHROOT"]),
            "it drops nothing": drop("it", f"{FIRST}.capabilities.drop"),
        },
        removed=(f"{FIRST}.capabilities.add[0]", f"{FIRST}.capabilities.add[1]"),
    ),
)
