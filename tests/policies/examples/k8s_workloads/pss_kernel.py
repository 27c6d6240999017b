"""What a pod may tell the kernel about itself."""

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.pods import CRON_SPEC, SPEC, workloads
from tests.support.policies import UNKNOWN, both, drop, put

GOOD = workloads()
POD = f"{SPEC}.securityContext"
FIRST = f"{SPEC}.containers[0].securityContext"
SECOND = f"{SPEC}.containers[1].securityContext"
INIT = f"{SPEC}.initContainers[0].securityContext"
OWN_USERS = put("it", f"{SPEC}.hostUsers", False)
UNMASKED = put("it", f"{FIRST}.procMount", "Unmasked")
NEW_SYSCTL = put("it", f"{POD}.sysctls[1]", {"name": "net.ipv4.tcp_notsent_lowat", "value": "1"})

EXAMPLES = (
    Example(
        "pss-selinux",
        good=GOOD,
        bad={
            "a type of the node": put("it", f"{POD}.seLinuxOptions", {"type": "spc_t"}),
            "a container's user": put("it", f"{SECOND}.seLinuxOptions", {"user": "system_u"}),
            "an init container's role": put("it", f"{INIT}.seLinuxOptions", {"role": "system_r"}),
            "all three": Bad(
                put("it", f"{FIRST}.seLinuxOptions", {"type": "spc_t", "user": "root", "role": "sysadm_r"}), 3
            ),
            "in a CronJob": put("nightly", f"{CRON_SPEC}.securityContext.seLinuxOptions.type", "init_t"),
            "beside an unknown": put("it", f"{POD}.seLinuxOptions", {"user": "root", "level": UNKNOWN}),
        },
        fine={
            "containers": put("it", f"{POD}.seLinuxOptions", {"type": "container_t", "level": "s0:c1,c2"}),
            "engines": put("it", f"{FIRST}.seLinuxOptions", {"type": "container_engine_t"}),
            "nothing": put("it", f"{FIRST}.seLinuxOptions", {"type": "", "user": "", "role": None}),
        },
        open={"a type is unknown": put("it", f"{FIRST}.seLinuxOptions", {"type": UNKNOWN})},
    ),
    Example(
        "pss-selinux",
        config={"version": "v1.30"},
        good=GOOD,
        bad={"engines, before 1.31": put("it", f"{FIRST}.seLinuxOptions", {"type": "container_engine_t"})},
        open={"a user is unknown": put("it", f"{POD}.seLinuxOptions", {"user": UNKNOWN})},
    ),
    Example(
        "pss-procmount",
        good=GOOD,
        bad={
            "without masks": UNMASKED,
            "an init container": put("it", f"{INIT}.procMount", "Unmasked"),
            "in a CronJob": put(
                "nightly", f"{CRON_SPEC}.containers[1].securityContext.procMount", "Unmasked"
            ),
            "with users of its own": both(OWN_USERS, UNMASKED),
        },
        fine={"the default": put("it", f"{FIRST}.procMount", "Default")},
        open={"it is unknown": put("it", f"{SECOND}.procMount", UNKNOWN)},
    ),
    Example(
        "pss-procmount",
        config={"level": "baseline"},
        good=GOOD,
        bad={"with its node's users": UNMASKED},
        fine={"with users of its own": both(OWN_USERS, UNMASKED)},
        open={"whose users is unknown": both(put("it", f"{SPEC}.hostUsers", UNKNOWN), UNMASKED)},
    ),
    Example(
        "pss-procmount",
        config={"level": "baseline", "version": "v1.34"},
        good=GOOD,
        bad={"users of its own are no excuse yet": both(OWN_USERS, UNMASKED)},
        open={"it is unknown": put("it", f"{INIT}.procMount", UNKNOWN)},
    ),
    Example(
        "pss-sysctls",
        good=GOOD,
        bad={
            "a limit of the node": put("it", f"{POD}.sysctls[0].name", "kernel.msgmax"),
            "the second": put("it", f"{POD}.sysctls[1]", {"name": "net.core.somaxconn", "value": "1"}),
            "safe, but only from 1.37 on": NEW_SYSCTL,
            "nameless": put("it", f"{POD}.sysctls[1]", {"value": "1"}),
            "in a CronJob": put("nightly", f"{CRON_SPEC}.securityContext.sysctls[0].name", "vm.swappiness"),
            "after one that is unknown": put("it", f"{POD}.sysctls", [UNKNOWN, {"name": "kernel.sem"}]),
        },
        fine={
            "none": drop("it", f"{POD}.sysctls"),
            "others": put("it", f"{POD}.sysctls[1]", {"name": "net.ipv4.tcp_rmem", "value": "4096"}),
        },
        open={"they are unknown": put("it", f"{POD}.sysctls", UNKNOWN)},
    ),
    Example(
        "pss-sysctls",
        config={"version": "latest"},
        good=GOOD,
        bad={"a limit of the node": put("it", f"{POD}.sysctls[0].name", "kernel.msgmax")},
        fine={"safe from 1.37 on": NEW_SYSCTL},
    ),
)
