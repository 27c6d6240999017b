"""As whom containers run."""

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.pods import CRON_SPEC, SPEC, workloads
from tests.support.policies import UNKNOWN, both, drop, put

GOOD = workloads()
POD_FLAG = f"{SPEC}.securityContext.runAsNonRoot"
POD_USER = f"{SPEC}.securityContext.runAsUser"
FIRST = f"{SPEC}.containers[0].securityContext"
SECOND = f"{SPEC}.containers[1].securityContext"
INIT = f"{SPEC}.initContainers[0].securityContext"
OWN_USERS = put("it", f"{SPEC}.hostUsers", False)
EACH = both(*(put("it", f"{one}.runAsNonRoot", True) for one in (FIRST, SECOND, INIT)))

EXAMPLES = (
    Example(
        "pss-runasnonroot",
        good=GOOD,
        bad={
            "the pod says no": put("it", POD_FLAG, False),
            "the pod says no, though every container says yes": both(EACH, put("it", POD_FLAG, False)),
            "a container says no": put("it", f"{SECOND}.runAsNonRoot", False),
            "an init container says no, as a text": put("it", f"{INIT}.runAsNonRoot", "false"),
            "nobody says anything": Bad(drop("it", POD_FLAG), 3),
            "all but one say yes": both(EACH, drop("it", POD_FLAG), drop("it", f"{INIT}.runAsNonRoot")),
            "a user other than 0 is not enough": Bad(drop("pod", "spec.securityContext.runAsNonRoot"), 3),
            "in a CronJob": put("nightly", f"{CRON_SPEC}.securityContext.runAsNonRoot", False),
            "with its node's users": both(put("it", f"{SPEC}.hostUsers", True), put("it", POD_FLAG, False)),
        },
        fine={
            "every container says yes": both(EACH, drop("it", POD_FLAG)),
            "with users of its own": both(OWN_USERS, put("it", POD_FLAG, False)),
            "with users of its own, and an unknown": both(OWN_USERS, put("it", POD_FLAG, UNKNOWN)),
            "whose users is unknown, and it does not matter": put("it", f"{SPEC}.hostUsers", UNKNOWN),
        },
        open={
            "whose users is unknown": both(
                put("it", f"{SPEC}.hostUsers", UNKNOWN), put("it", POD_FLAG, False)
            )
        },
    ),
    Example(
        "pss-runasnonroot",
        config={"version": "v1.34"},
        good=GOOD,
        bad={"users of its own are no excuse yet": both(OWN_USERS, put("it", POD_FLAG, False))},
    ),
    Example(
        "pss-runasuser",
        good=GOOD,
        bad={
            "the pod": put("it", POD_USER, 0),
            "the pod, as a text": put("it", POD_USER, "0"),
            "a container": put("it", f"{SECOND}.runAsUser", 0),
            "an init container": put("it", f"{INIT}.runAsUser", 0),
            "an ephemeral container": put(
                "it", f"{SPEC}.ephemeralContainers", [{"name": "d", "securityContext": {"runAsUser": 0}}]
            ),
            "in a CronJob": put("nightly", f"{CRON_SPEC}.containers[0].securityContext.runAsUser", 0),
            "both": Bad(both(put("it", POD_USER, 0), put("it", f"{FIRST}.runAsUser", 0)), 2),
        },
        fine={
            "nothing is said": drop("it", POD_USER),
            "a low number": put("it", POD_USER, 1),
            "with users of its own": both(OWN_USERS, put("it", POD_USER, 0)),
        },
        open={"a container's is unknown": put("it", f"{FIRST}.runAsUser", UNKNOWN)},
    ),
    Example(
        "pss-runasuser",
        config={"version": "v1.34"},
        good=GOOD,
        bad={"users of its own are no excuse yet": both(OWN_USERS, put("it", POD_USER, 0))},
    ),
)
