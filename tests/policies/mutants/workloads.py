"""What the pack k8s-workloads notices about workloads, their images, namespaces and volumes."""

from __future__ import annotations

from collections.abc import Sequence

from infra.naming import migration_job
from infra.workloads.revision import head_revision
from tests.policies.mutants.mutant import each, mutant
from tests.policies.mutants.pods import nightly
from tests.support.policies import Change, R, add, both, drop, put, without

SERVER = "kubernetes:apps/v1:Deployment::server"
CONTROLLER = "kubernetes:apps/v1:Deployment::load-balancer-controller"
MIGRATE = f"kubernetes:batch/v1:Job::{migration_job(head_revision())}"
BOOTSTRAP = "kubernetes:batch/v1:Job::bootstrap"
NAMESPACE = "kubernetes:core/v1:Namespace::namespace"
PATCH = "kubernetes:core/v1:NamespacePatch::load-balancer-controller-gate"
QUOTA = "kubernetes:core/v1:ResourceQuota::quota"
LIMITS = "kubernetes:core/v1:LimitRange::limits"
BUDGET = "kubernetes:policy/v1:PodDisruptionBudget::server"
SCALER = "kubernetes:autoscaling/v2:HorizontalPodAutoscaler::server"
CLASS = "kubernetes:storage.k8s.io/v1:StorageClass::cluster-gp3"
ACCOUNT = "kubernetes:core/v1:ServiceAccount::server"
SPEC = "spec.template.spec"
FIRST = f"{SPEC}.containers[0]"
CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
HERE = {"namespace": "roost", "name": "added", "labels": {"app.kubernetes.io/name": "added"}}
IMAGE = f"111122223333.dkr.ecr.eu-central-1.amazonaws.com/roost-prod/server@sha256:{'0' * 64}"
VERIFYING = {
    "match": {"any": [{"resources": {"kinds": ["Pod"]}}]},
    "verifyImages": [
        {"imageReferences": ["*"], "attestors": [{"count": 1}], "attestations": [{"type": "slsa"}]}
    ],
}
LEVEL = "pod-security.kubernetes.io/enforce"


def label(key: str, value: str | None) -> Change:
    """Sets a label of the namespace; its key has dots, which `put` would take for steps."""

    def change(stack: Sequence[R]) -> list[R]:
        home = next(one for one in stack if f"{one.type}::{one.name}" == NAMESPACE)
        return put(NAMESPACE, "metadata.labels", {**home.props["metadata"]["labels"], key: value})(stack)

    return change


MUTANTS = (
    *each(
        "a container can write to its image",
        [
            ("the server", put(SERVER, f"{FIRST}.securityContext.readOnlyRootFilesystem", False)),
            ("the migration", drop(MIGRATE, f"{FIRST}.securityContext.readOnlyRootFilesystem")),
            ("the controller", put(CONTROLLER, f"{FIRST}.securityContext.readOnlyRootFilesystem", None)),
            ("scratch space without a size", put(SERVER, f"{SPEC}.volumes[1].emptyDir", {})),
        ],
        "k8s-ro-rootfs",
    ),
    *each(
        "a container does not say what it needs",
        [
            ("no memory limit", drop(SERVER, f"{FIRST}.resources.limits.memory")),
            ("no CPU request", drop(SERVER, f"{FIRST}.resources.requests.cpu")),
            ("no bound on the disk", drop(MIGRATE, f"{FIRST}.resources.limits.ephemeral-storage")),
            ("nothing", put(CONTROLLER, f"{FIRST}.resources", {})),
        ],
        "k8s-resources",
    ),
    *each(
        "Kubernetes cannot tell whether a pod works",
        [
            ("no readiness probe", drop(SERVER, f"{FIRST}.readinessProbe")),
            ("no liveness probe", drop(CONTROLLER, f"{FIRST}.livenessProbe")),
            (
                "liveness as strict as readiness",
                put(
                    SERVER,
                    f"{FIRST}.livenessProbe",
                    {"httpGet": {"path": "/v1/ready/", "port": "http"}, "periodSeconds": 5},
                ),
            ),
        ],
        "k8s-probes",
    ),
    *each(
        "nobody knows which image it is",
        [
            ("a tag", put(SERVER, f"{FIRST}.image", IMAGE.replace("@sha256:", ":"))),
            ("the migration's latest", put(MIGRATE, f"{FIRST}.image", IMAGE.partition("@")[0])),
        ],
        "k8s-image-digest",
        "mig-job-safe",
    ),
    mutant(
        "the bootstrap Job takes the latest image",
        put(BOOTSTRAP, f"{FIRST}.image", f"{IMAGE.partition('@')[0]}:latest"),
        "k8s-image-digest",
    ),
    *each(
        "an image comes from anywhere",
        [
            ("Docker Hub", put(BOOTSTRAP, f"{FIRST}.image", f"roost/server@sha256:{'0' * 64}")),
            ("another account", put(BOOTSTRAP, f"{FIRST}.image", IMAGE.replace("1111", "9999", 1))),
            ("a name alike", put(BOOTSTRAP, f"{FIRST}.image", IMAGE.replace(".com/", ".com.evil.example/"))),
            ("the other environment", put(BOOTSTRAP, f"{FIRST}.image", IMAGE.replace("-prod/", "-dev/"))),
            ("the controller's", put(CONTROLLER, f"{FIRST}.image", "quay.io/controller:v2")),
        ],
        "k8s-image-registry",
    ),
    *each(
        "a pod gets a token",
        [
            ("the server", put(SERVER, f"{SPEC}.automountServiceAccountToken", True)),
            ("the migration", drop(MIGRATE, f"{SPEC}.automountServiceAccountToken")),
            ("by its account", drop(ACCOUNT, "automountServiceAccountToken")),
            ("under the shared account", put(SERVER, f"{SPEC}.serviceAccountName", "default")),
        ],
        "k8s-sa-token",
    ),
    *each(
        "it is in a namespace that nobody guards",
        [
            ("the default one", put(QUOTA, "metadata.namespace", "default")),
            ("none", drop(QUOTA, "metadata.namespace")),
            ("the cluster's", put(QUOTA, "metadata.namespace", "kube-system")),
        ],
        "k8s-no-default-ns",
        "k8s-ns-labels",
    ),
    *each(
        "the namespace promises less",
        [
            ("baseline", label(LEVEL, "baseline")),
            ("nothing", label(LEVEL, None)),
            ("whatever the version has", label(f"{LEVEL}-version", "latest")),
            ("an old version", label(f"{LEVEL}-version", "v1.20")),
            ("no quota", without(QUOTA)),
            ("no default limits", without(LIMITS)),
            ("a patch takes it back", put(PATCH, "metadata.labels", {LEVEL: "privileged"})),
        ],
        "k8s-ns-labels",
    ),
    *each(
        "a secret is in the environment",
        [
            (
                "one key",
                put(
                    SERVER,
                    f"{FIRST}.env[0]",
                    {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "server", "key": "password"}}},
                ),
            ),
            ("a whole Secret", put(MIGRATE, f"{FIRST}.envFrom", [{"secretRef": {"name": "migrate"}}])),
        ],
        "k8s-secrets-as-files",
    ),
    *each(
        "a credential is written down",
        [
            (
                "in the environment",
                put(SERVER, f"{FIRST}.env[0]", {"name": "LETTA_PG_PASSWORD", "value": "x1"}),
            ),
            ("in an argument", put(MIGRATE, f"{FIRST}.args[2]", "--password=hunter2")),
            (
                "in a ConfigMap",
                add(R(CONFIG_MAP, {"metadata": HERE, "data": {"app.yaml": "apiKey: abcdef"}}, name="added")),
            ),
        ],
        "k8s-no-creds-in-config",
        "sec-no-literals",
    ),
    *each(
        "an outage of one node or zone is one of the server",
        [
            ("the autoscaler goes down to one", put(SCALER, "spec.minReplicas", 1)),
            ("there is no autoscaler", without(SCALER)),
            ("pods share a zone", drop(SERVER, f"{SPEC}.topologySpreadConstraints[1]")),
            ("no budget", without(BUDGET)),
            ("the budget is for others", put(BUDGET, "spec.selector.matchLabels.app", "other")),
            ("the budget allows nothing", put(BUDGET, "spec.maxUnavailable", 0)),
            (
                "the budget wants all",
                both(drop(BUDGET, "spec.maxUnavailable"), put(BUDGET, "spec.minAvailable", "51%")),
            ),
            ("one controller", put(CONTROLLER, "spec.replicas", 1)),
        ],
        "k8s-ha",
    ),
    *each(
        "volumes are not encrypted with our key",
        [
            ("not at all", put(CLASS, "parameters.encrypted", "false")),
            ("nothing is said", drop(CLASS, "parameters.encrypted")),
            ("with the account's key", drop(CLASS, "parameters.kmsKeyId")),
        ],
        "k8s-storage-encrypted",
    ),
    mutant(
        "a volume of the cluster's default class",
        add(R(CLAIM, {"metadata": HERE, "spec": {"accessModes": ["ReadWriteOnce"]}}, name="added")),
        "k8s-storage-encrypted",
        "dr-protect",
    ),
    *each(
        "nothing verifies an image",
        [
            ("of a new CronJob", add(nightly())),
            (
                "since the policy only tells",
                add(
                    nightly(),
                    R("kubernetes:kyverno.io/v1:ClusterPolicy", {"spec": {"rules": [VERIFYING]}}, "verifier"),
                ),
            ),
        ],
        "k8s-image-signed",
    ),
    mutant(
        "a Helm release",
        add(R("kubernetes:helm.sh/v3:Release", {"chart": "./charts/app", "version": "1.2.3"}, name="added")),
        "k8s-opaque-charts",
    ),
    mutant(
        "a chart of any version, by its tag",
        add(R("kubernetes:helm.sh/v4:Chart", {"chart": "oci://registry.example.com/app"}, name="added")),
        "k8s-opaque-charts",
    ),
    mutant(
        "a manifest from an address",
        add(R("kubernetes:yaml/v2:ConfigFile", {"file": "https://example.com/app.yaml"}, name="added")),
        "k8s-opaque-charts",
    ),
    mutant(
        "in dev, a password in the environment",
        put(SERVER, f"{FIRST}.env[0]", {"name": "LETTA_PG_PASSWORD", "value": "x1"}),
        "k8s-no-creds-in-config",
        "sec-no-literals",
        stack="dev",
    ),
    mutant(
        "locally, an image from elsewhere",
        put(SERVER, f"{FIRST}.image", "docker.io/example/server:0123456789ab"),
        "k8s-image-registry",
        "mig-job-safe",
        stack="local",
    ),
    mutant(
        "locally, an image without a tag",
        put("kubernetes:apps/v1:Deployment::edge", f"{FIRST}.image", "docker.io/roost/edge"),
        "k8s-image-digest",
        stack="local",
    ),
)
GUARDS = ("k8s-opaque-charts",)
