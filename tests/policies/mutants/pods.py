"""The pods of these stacks, let off the Pod Security Standards one by one."""

from __future__ import annotations

from typing import Any

from infra.naming import migration_job
from infra.workloads.revision import head_revision
from tests.policies.mutants.mutant import mutant
from tests.support.policies import R, add, both, drop, put

SERVER = "kubernetes:apps/v1:Deployment::server"
MIGRATE = f"kubernetes:batch/v1:Job::{migration_job(head_revision())}"
BOOTSTRAP = "kubernetes:batch/v1:Job::bootstrap"
CONTROLLER = "kubernetes:apps/v1:Deployment::load-balancer-controller"
SPEC = "spec.template.spec"
MAIN = f"{SPEC}.containers[0]"
CONTEXT = f"{MAIN}.securityContext"
POD_CONTEXT = f"{SPEC}.securityContext"
ANNOTATIONS = "spec.template.metadata.annotations"
LABELS = {f"app.kubernetes.io/{key}": "server" for key in ("name", "part-of", "managed-by")}
APPARMOR = "container.apparmor.security.beta.kubernetes.io"


def sidecar(**context: Any) -> dict[str, Any]:
    """One more container, which keeps all rules but for this part of its security context."""
    return {
        "name": "sidecar",
        "image": f"111122223333.dkr.ecr.eu-central-1.amazonaws.com/roost-prod/server@sha256:{'0' * 64}",
        "resources": {
            "requests": {"cpu": "10m", "memory": "16Mi", "ephemeral-storage": "16Mi"},
            "limits": {"memory": "32Mi", "ephemeral-storage": "32Mi"},
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
            **context,
        },
    }


def nightly(**fields: Any) -> R:
    """A CronJob whose pod keeps all rules but for these fields."""
    pod = {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "automountServiceAccountToken": False,
        "serviceAccountName": "server",
        "restartPolicy": "Never",
        "containers": [sidecar()],
        **fields,
    }
    template = {"metadata": {"labels": LABELS}, "spec": pod}
    return R(
        "kubernetes:batch/v1:CronJob",
        {
            "metadata": {"name": "nightly", "namespace": "roost", "labels": LABELS},
            "spec": {"jobTemplate": {"spec": {"template": template}}},
        },
        name="nightly",
    )


MUTANTS = (
    mutant("the server is privileged", put(SERVER, f"{CONTEXT}.privileged", True), "pss-privileged"),
    mutant("a Job is, by a text", put(MIGRATE, f"{CONTEXT}.privileged", "true"), "pss-privileged"),
    mutant(
        "an init container is",
        put(SERVER, f"{SPEC}.initContainers", [sidecar(privileged=True)]),
        "pss-privileged",
    ),
    mutant("in dev, too", put(SERVER, f"{CONTEXT}.privileged", True), "pss-privileged", stack="dev"),
    mutant(
        "a new CronJob is",
        add(nightly(containers=[sidecar(privileged=True)])),
        "k8s-image-signed",
        "pss-privileged",
    ),
    mutant(
        "the server may gain privileges",
        put(SERVER, f"{CONTEXT}.allowPrivilegeEscalation", True),
        "pss-allowprivilegeescalation",
    ),
    mutant(
        "the controller may, as nothing is said",
        drop(CONTROLLER, f"{CONTEXT}.allowPrivilegeEscalation"),
        "pss-allowprivilegeescalation",
    ),
    mutant(
        "a second container may",
        put(MIGRATE, f"{SPEC}.containers[1]", sidecar(allowPrivilegeEscalation=None)),
        "pss-allowprivilegeescalation",
    ),
    mutant("the server keeps its capabilities", drop(SERVER, f"{CONTEXT}.capabilities"), "pss-capabilities"),
    mutant("it drops but one", put(SERVER, f"{CONTEXT}.capabilities.drop", ["NET_RAW"]), "pss-capabilities"),
    mutant(
        "a Job has one more",
        put(BOOTSTRAP, f"{CONTEXT}.capabilities.add", ["NET_BIND_SERVICE", "SYS_PTRACE"]),
        "pss-capabilities",
    ),
    mutant(
        "in dev, the controller has one more",
        put(CONTROLLER, f"{CONTEXT}.capabilities.add", ["NET_ADMIN"]),
        "pss-capabilities",
        stack="dev",
    ),
    mutant(
        "the server in its node's network", put(SERVER, f"{SPEC}.hostNetwork", True), "pss-hostnamespaces"
    ),
    mutant("a Job among its node's processes", put(MIGRATE, f"{SPEC}.hostPID", "true"), "pss-hostnamespaces"),
    mutant(
        "the controller in its node's memory", put(CONTROLLER, f"{SPEC}.hostIPC", True), "pss-hostnamespaces"
    ),
    mutant(
        "the server takes a port of its node",
        put(SERVER, f"{MAIN}.ports[0].hostPort", 8283),
        "pss-hostports",
    ),
    mutant(
        "the controller takes one, as a text",
        put(CONTROLLER, f"{MAIN}.ports[0].hostPort", "9443"),
        "pss-hostports",
    ),
    mutant(
        "a probe is sent elsewhere",
        put(SERVER, f"{MAIN}.livenessProbe.httpGet.host", "169.254.169.254"),
        "pss-hostprobesandhostlifecycle",
    ),
    mutant(
        "a hook is sent elsewhere",
        put(SERVER, f"{MAIN}.lifecycle.postStart", {"httpGet": {"host": "10.0.0.1", "port": 80}}),
        "pss-hostprobesandhostlifecycle",
    ),
    mutant(
        "a container of the Windows node",
        put(SERVER, f"{CONTEXT}.windowsOptions", {"hostProcess": True}),
        "pss-windowshostprocess",
    ),
    mutant(
        "a pod of the Windows node",
        put(BOOTSTRAP, f"{POD_CONTEXT}.windowsOptions.hostProcess", True),
        "pss-windowshostprocess",
    ),
    mutant(
        "the server mounts its node",
        put(SERVER, f"{SPEC}.volumes[1]", {"name": "tmp", "hostPath": {"path": "/tmp"}}),
        "pss-hostpathvolumes",
        "pss-restrictedvolumes",
    ),
    mutant(
        "a Job mounts its node's container runtime",
        put(MIGRATE, f"{SPEC}.volumes[2]", {"name": "run", "hostPath": {"path": "/run/containerd"}}),
        "pss-hostpathvolumes",
        "pss-restrictedvolumes",
    ),
    mutant(
        "a new CronJob does",
        add(nightly(volumes=[{"name": "logs", "hostPath": {"path": "/var/log"}}])),
        "k8s-image-signed",
        "pss-hostpathvolumes",
        "pss-restrictedvolumes",
    ),
    mutant(
        "a volume of another kind",
        put(SERVER, f"{SPEC}.volumes[2]", {"name": "share", "nfs": {"server": "10.0.0.1", "path": "/"}}),
        "pss-restrictedvolumes",
    ),
    mutant(
        "the server may run as root", put(SERVER, f"{POD_CONTEXT}.runAsNonRoot", False), "pss-runasnonroot"
    ),
    mutant(
        "the controller may, as nothing is said",
        drop(CONTROLLER, f"{POD_CONTEXT}.runAsNonRoot"),
        "pss-runasnonroot",
    ),
    mutant("a container may", put(MIGRATE, f"{CONTEXT}.runAsNonRoot", False), "pss-runasnonroot"),
    mutant("the server is user 0", put(SERVER, f"{POD_CONTEXT}.runAsUser", 0), "pss-runasuser"),
    mutant("a container is", put(BOOTSTRAP, f"{CONTEXT}.runAsUser", "0"), "pss-runasuser"),
    mutant("nobody names a seccomp profile", drop(SERVER, f"{POD_CONTEXT}.seccompProfile"), "pss-seccomp"),
    mutant(
        "the controller is unconfined",
        put(CONTROLLER, f"{POD_CONTEXT}.seccompProfile.type", "Unconfined"),
        "pss-seccomp",
    ),
    mutant(
        "a container is unconfined",
        put(MIGRATE, f"{CONTEXT}.seccompProfile", {"type": "Unconfined"}),
        "pss-seccomp",
    ),
    mutant(
        "the server gives up AppArmor",
        put(SERVER, f"{POD_CONTEXT}.appArmorProfile", {"type": "Unconfined"}),
        "pss-apparmor",
    ),
    mutant(
        "by the old annotation",
        put(SERVER, ANNOTATIONS, {f"{APPARMOR}/server": "unconfined"}),
        "pss-apparmor",
    ),
    mutant(
        "the server has another SELinux type",
        put(SERVER, f"{POD_CONTEXT}.seLinuxOptions", {"type": "spc_t"}),
        "pss-selinux",
    ),
    mutant("a container another user", put(MIGRATE, f"{CONTEXT}.seLinuxOptions.user", "root"), "pss-selinux"),
    mutant("the server sees all of /proc", put(SERVER, f"{CONTEXT}.procMount", "Unmasked"), "pss-procmount"),
    mutant(
        "with users of its own, too",
        both(put(BOOTSTRAP, f"{SPEC}.hostUsers", False), put(BOOTSTRAP, f"{CONTEXT}.procMount", "Unmasked")),
        "pss-procmount",
    ),
    mutant(
        "the server changes its node's kernel",
        put(SERVER, f"{POD_CONTEXT}.sysctls", [{"name": "net.core.somaxconn", "value": "4096"}]),
        "pss-sysctls",
    ),
    mutant(
        "a Job does",
        put(MIGRATE, f"{POD_CONTEXT}.sysctls", [{"name": "kernel.shmmax", "value": "1"}]),
        "pss-sysctls",
    ),
)
