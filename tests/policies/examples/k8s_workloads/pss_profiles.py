"""The profiles by which the kernel confines containers."""

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.pods import CRON_SPEC, SPEC, workloads
from tests.support.policies import UNKNOWN, both, drop, put

GOOD = workloads()
POD = f"{SPEC}.securityContext"
FIRST = f"{SPEC}.containers[0].securityContext"
SECOND = f"{SPEC}.containers[1].securityContext"
INIT = f"{SPEC}.initContainers[0].securityContext"
ANNOTATIONS = "spec.template.metadata.annotations"
UNCONFINED = {"type": "Unconfined"}
WINDOWS = put("it", f"{SPEC}.os", {"name": "windows"})
EACH = both(*(put("it", f"{one}.seccompProfile", {"type": "Localhost"}) for one in (FIRST, SECOND, INIT)))

EXAMPLES = (
    Example(
        "pss-seccomp",
        good=GOOD,
        bad={
            "the pod is unconfined": put("it", f"{POD}.seccompProfile", UNCONFINED),
            "it is, though every container is not": both(
                EACH, put("it", f"{POD}.seccompProfile", UNCONFINED)
            ),
            "a container is": put("it", f"{SECOND}.seccompProfile", UNCONFINED),
            "an init container is": put("it", f"{INIT}.seccompProfile", UNCONFINED),
            "a profile without a type": put("it", f"{FIRST}.seccompProfile", {}),
            "nobody says anything": Bad(drop("it", f"{POD}.seccompProfile"), 3),
            "all but one do": both(
                EACH, drop("it", f"{POD}.seccompProfile"), drop("it", f"{INIT}.seccompProfile")
            ),
            "an annotation says it, which counts no more": Bad(
                both(
                    drop("it", f"{POD}.seccompProfile"),
                    put("it", ANNOTATIONS, {"seccomp.security.alpha.kubernetes.io/pod": "runtime/default"}),
                ),
                3,
            ),
            "in a CronJob": put("nightly", f"{CRON_SPEC}.securityContext.seccompProfile", UNCONFINED),
        },
        fine={
            "every container says it": both(EACH, drop("it", f"{POD}.seccompProfile")),
            "Windows has none": both(WINDOWS, drop("it", f"{POD}.seccompProfile")),
        },
        open={
            "the pod's is unknown": put("it", f"{POD}.seccompProfile", UNKNOWN),
            "the system is unknown": both(
                put("it", f"{SPEC}.os", UNKNOWN), drop("it", f"{POD}.seccompProfile")
            ),
        },
        vocabulary="RuntimeDefault Localhost runtime/default",
    ),
    Example(
        "pss-seccomp",
        config={"level": "baseline"},
        good=GOOD,
        bad={
            "a container is unconfined": put("it", f"{FIRST}.seccompProfile", UNCONFINED),
            "for Windows, too": both(WINDOWS, put("it", f"{POD}.seccompProfile", UNCONFINED)),
        },
        fine={"nobody says anything": drop("it", f"{POD}.seccompProfile")},
    ),
    Example(
        "pss-seccomp",
        config={"version": "v1.18"},
        good=GOOD,
        bad={
            "the pod's annotation": put(
                "it", ANNOTATIONS, {"seccomp.security.alpha.kubernetes.io/pod": "unconfined"}
            ),
            "a container's": put(
                "it", ANNOTATIONS, {"container.seccomp.security.alpha.kubernetes.io/serve": "unconfined"}
            ),
            "an init container's": put(
                "pod",
                "metadata.annotations",
                {"container.seccomp.security.alpha.kubernetes.io/prepare": "unconfined"},
            ),
        },
        fine={
            "the field is not read yet": put("it", f"{POD}.seccompProfile", UNCONFINED),
            "profiles": put(
                "it",
                ANNOTATIONS,
                {
                    "seccomp.security.alpha.kubernetes.io/pod": "docker/default",
                    "container.seccomp.security.alpha.kubernetes.io/serve": "localhost/profile",
                    "container.seccomp.security.alpha.kubernetes.io/nobody": "unconfined",
                },
            ),
        },
        open={"the annotations are unknown": put("it", ANNOTATIONS, UNKNOWN)},
    ),
    Example(
        "pss-apparmor",
        good=GOOD,
        bad={
            "the pod is unconfined": put("it", f"{POD}.appArmorProfile", UNCONFINED),
            "a container is": put("it", f"{SECOND}.appArmorProfile", UNCONFINED),
            "a profile without a type": put("it", f"{INIT}.appArmorProfile", {}),
            "by the old annotation": put(
                "it", ANNOTATIONS, {"container.apparmor.security.beta.kubernetes.io/serve": "unconfined"}
            ),
            "by that of a container that is not there": put(
                "pod",
                "metadata.annotations",
                {"container.apparmor.security.beta.kubernetes.io/nobody": "unconfined"},
            ),
            "both": Bad(
                both(
                    put("it", f"{POD}.appArmorProfile", UNCONFINED),
                    put("it", ANNOTATIONS, {"container.apparmor.security.beta.kubernetes.io/serve": "none"}),
                ),
                2,
            ),
            "in a CronJob": put("nightly", f"{CRON_SPEC}.securityContext.appArmorProfile", UNCONFINED),
        },
        fine={
            "the runtime's": put("it", f"{POD}.appArmorProfile", {"type": "RuntimeDefault"}),
            "one of the node's": put("it", f"{FIRST}.appArmorProfile", {"type": "Localhost"}),
            "old annotations": put(
                "it",
                ANNOTATIONS,
                {
                    "container.apparmor.security.beta.kubernetes.io/serve": "localhost/profile",
                    "container.apparmor.security.beta.kubernetes.io/relay": "runtime/default",
                    "container.apparmor.security.beta.kubernetes.io/prepare": "",
                },
            ),
        },
        open={
            "the profile is unknown": put("it", f"{FIRST}.appArmorProfile", UNKNOWN),
            "an annotation is": put(
                "it", ANNOTATIONS, {"container.apparmor.security.beta.kubernetes.io/serve": UNKNOWN}
            ),
        },
    ),
)
