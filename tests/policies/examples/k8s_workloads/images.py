"""Which images may run: exactly those bytes, and from where."""

from __future__ import annotations

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CRON_JOB = "kubernetes:batch/v1:CronJob"
POD = "kubernetes:core/v1:Pod"
COLLECTOR = "kubernetes:opentelemetry.io/v1beta1:OpenTelemetryCollector"
CLICKHOUSE = "kubernetes:clickhouse.altinity.com/v1:ClickHouseInstallation"
KYVERNO = "kubernetes:kyverno.io/v1:ClusterPolicy"
SPEC = "spec.template.spec"
OWN = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/roost"
DIGEST = f"sha256:{'0123456789abcdef' * 4}"
IMAGE = f"{OWN}/server@{DIGEST}"

GOOD = (
    R(
        DEPLOYMENT,
        {
            "spec": {
                "template": {
                    "spec": {
                        "containers": [{"image": IMAGE}, {"image": f"{OWN}/proxy:1.2@{DIGEST}"}],
                        "initContainers": [{"image": IMAGE}],
                        "volumes": [{"emptyDir": {}}, {"image": {"reference": IMAGE}}],
                    }
                }
            }
        },
    ),
    R(
        CRON_JOB,
        {"spec": {"jobTemplate": {"spec": {"template": {"spec": {"containers": [{"image": IMAGE}]}}}}}},
        name="nightly",
    ),
    R(POD, {"spec": {"containers": [{"image": IMAGE}]}}, name="pod"),
    R(COLLECTOR, {"spec": {"image": IMAGE, "config": {}}}, name="collector"),
    R(
        CLICKHOUSE,
        {"spec": {"templates": {"podTemplates": [{"spec": {"containers": [{"image": IMAGE}]}}]}}},
        name="clickhouse",
    ),
)
FIRST, POD_IMAGE = f"{SPEC}.containers[0].image", "spec.containers[0].image"
DEEP = "spec.templates.podTemplates[0].spec.containers[0].image"
OPEN = {
    "nobody knows the containers": put("it", f"{SPEC}.containers", UNKNOWN),
    "nor an image of a custom resource": put("collector", "spec.image", UNKNOWN),
}
PARTS = {"registry": OWN.partition("/")[0], "repository": "roost/server", "digest": DIGEST}

EXAMPLES = (
    Example(
        "k8s-image-digest",
        good=GOOD,
        bad={
            "a tag alone": put("it", FIRST, f"{OWN}/server:1.2"),
            "the tag latest": put("it", FIRST, f"{OWN}/server:latest"),
            "no tag": put("it", FIRST, f"{OWN}/server"),
            "a port is no tag": put("it", FIRST, "registry.example.com:5000/server"),
            "the second container": put("it", f"{SPEC}.containers[1].image", f"{OWN}/proxy:1.2"),
            "an init container": put("it", f"{SPEC}.initContainers[0].image", f"{OWN}/server:1"),
            "an ephemeral container": put("it", f"{SPEC}.ephemeralContainers", [{"image": "busybox"}]),
            "a volume of an image": put("it", f"{SPEC}.volumes[1].image.reference", f"{OWN}/model:7"),
            "half a digest": put("it", FIRST, f"{OWN}/server@sha256:0123"),
            "a digest of another kind": put("it", FIRST, f"{OWN}/server@md5:{'0' * 32}"),
            "in a CronJob": put("nightly", f"spec.jobTemplate.{SPEC}.containers[0].image", f"{OWN}/a:1"),
            "in a Pod": put("pod", POD_IMAGE, "nginx:latest"),
            "in a custom resource": put("collector", "spec.image", f"{OWN}/collector:0.1"),
            "deep in a custom resource": put("clickhouse", DEEP, "clickhouse/clickhouse-server"),
            "in parts": put("collector", "spec.image", {"repository": f"{OWN}/collector", "tag": "0.1"}),
            "two": Bad(both(put("it", FIRST, "a:1"), put("it", f"{SPEC}.containers[1].image", "b")), 2),
        },
        fine={
            "a digest in parts": put("collector", "spec.image", PARTS),
            "a name that is an object": put("collector", "spec.image", {"format": "png"}),
            "the digest counts, whatever the tag": put("it", FIRST, f"{OWN}/server:latest@{DIGEST}"),
            "a custom resource without one": drop("collector", "spec.image"),
        },
        open=OPEN,
        repeatable=False,
    ),
    Example(
        "k8s-image-digest",
        good=(
            *GOOD,
            R(POD, {"spec": {"containers": [{"image": f"{OWN}/server:1.2"}]}}, name="tagged"),
            R(
                KYVERNO,
                {"spec": {"rules": [{"validate": {"pattern": {"image": "!*:latest"}}}]}},
                name="patterns are no images",
            ),
        ),
        bad={
            "the tag latest": put("tagged", POD_IMAGE, f"{OWN}/server:latest"),
            "no tag": put("tagged", POD_IMAGE, f"{OWN}/server"),
        },
        config={"digest": False},
    ),
    Example(
        "k8s-image-registry",
        good=GOOD,
        bad={
            "from Docker Hub by its short name": put("it", FIRST, f"nginx@{DIGEST}"),
            "from an account there": put("it", FIRST, f"example/server@{DIGEST}"),
            "a name that begins alike": put("it", FIRST, IMAGE.replace(".com/", ".com.evil.example/")),
            "a name that ends alike": put("it", FIRST, f"evil.example/{IMAGE}"),
            "a path that holds the name": put("it", FIRST, f"quay.io/{OWN}@{DIGEST}"),
            "the name as a user": put("it", FIRST, f"{OWN.partition('/')[0]}@evil.example/server"),
            "another port": put("it", FIRST, IMAGE.replace(".com/", ".com:5000/")),
            "an init container": put("it", f"{SPEC}.initContainers[0].image", "busybox"),
            "an ephemeral container": put("it", f"{SPEC}.ephemeralContainers", [{"image": "busybox"}]),
            "a volume": put("it", f"{SPEC}.volumes[1].image.reference", "quay.io/model"),
            "a custom resource": put("collector", "spec.image", "quay.io/collector"),
            "public, but not what EKS publishes": put("it", FIRST, "public.ecr.aws/eks-evil/server"),
        },
        fine={
            "what EKS publishes": put("it", FIRST, "public.ecr.aws/eks/pause:3"),
            "capital letters in a host's name": put("it", FIRST, IMAGE.replace("amazonaws", "AmazonAWS")),
        },
        open=OPEN,
    ),
    Example(
        "k8s-image-registry",
        good=(R(POD, {"spec": {"containers": [{"image": "nginx"}, {"image": "localhost:5000/a"}]}}),),
        bad={
            "another namespace": put("it", POD_IMAGE, "libraries/nginx"),
            "another port": put("it", "spec.containers[1].image", "localhost:5001/a"),
        },
        fine={
            "in full": put("it", POD_IMAGE, "docker.io/library/nginx:1"),
            "by its other name": put("it", POD_IMAGE, "index.docker.io/library/nginx"),
        },
        config={"registries": ["docker.io/library", "localhost:5000"]},
    ),
)
