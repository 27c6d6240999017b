"""What AWS would refuse, or what could not work there, is refused before it costs anything."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from infra.settings import aws_versions
from tests.unit.refusals import elsewhere
from tests.unit.stacks import nested, problems_of, settings_of

NODES_NEED = [
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticloadbalancing",
    "kms",
    "logs",
    "secretsmanager",
    "sts",
]
DIGEST = f"example.com/pgbouncer@sha256:{'0' * 64}"
CERTIFICATE = "arn:aws:acm:eu-central-1:111122223333:certificate/x"


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        ("account", "12345", "has the wrong form, not '12345'"),
        ("region", "mars-north-1", "'mars-north-1' is not one of"),
        ("drRegion", "eu-central-1", "drRegion is the region itself"),
        ("drRegion", "eu-central-9", "'eu-central-9' is not one of"),
        ("keyDeletionDays", 6, "at least 7"),
        ("emulator", "http://10.0.0.5:4566", "must be an http URL of this machine"),
        ("emulator", "https://127.0.0.1:4566", "must be an http URL of this machine"),
        ("emulator", "http://emulator:4566", "a real account needs no endpoint"),
        ("network.zones", ["a"], "a longer list"),
        ("network.zones", ["a", "a"], "distinct letters"),
        ("network.zones", ["a", "g"], "distinct letters from a to f"),
        ("network.nat", "none", "only through interface endpoints, and these are missing: ec2, ecr.api"),
        ("network.nat", "per-zone", "(did you mean per-az?)"),
        ("network.flowLogRetentionDays", 14, "must be 30, 60, 90"),
        ("database.engineVersion", "14", "15, 16, 17"),
        ("database.engineVersion", "16.4", "use 16.5 or later"),
        ("database.instanceClass", "t4g.medium", "has the wrong form"),
        ("database.maxStorageGib", 21, "at least 10 % above storageGib (20)"),
        ("database.backupRetentionDays", 0, "at least 1"),
        ("database.backupRetentionDays", 36, "at most 35"),
        ("database.backupWindow", "2am", "reads 02:00-03:00"),
        ("database.maintenanceWindow", "03:30-04:30", "reads sun:03:30-sun:04:30"),
        ("cache.engine", "memcached", "must be valkey or redis"),
        ("cache.engineVersion", "6.2", "none of valkey"),
        ("cache.engineVersion", "8", "as 8.1, with a major of 7 or 8 or 9"),
        ("cache", {"engine": "redis", "engineVersion": "8.1"}, "none of redis"),
        ("cache.nodeType", "t4g.small", "has the wrong form"),
        ("cache.multiAz", True, "replicas is 0, so no node is in another zone"),
        ("cache.replicas", 6, "at most 5"),
        ("cache.snapshotRetentionDays", 36, "at most 35"),
        ("cache.snapshotWindow", "00:30-01:00", "30 minutes long, and ElastiCache wants 60"),
        ("cache.maintenanceWindow", "sat:23:30-sun:00:15", "45 minutes long"),
        ("cache.maintenanceWindow", "05:00-06:00", "reads sun:03:30-sun:04:30"),
        ("database.restore", {"snapshot": "a", "sourceInstance": "db-b"}, "2 are given"),
        ("database.restore", {"time": "2026-11-21T09:00:00Z"}, "0 are given"),
        ("database.restore", {"snapshot": "a", "time": "2026-11-21T09:00:00Z"}, "one time of its own"),
        ("database.pooler", {"image": "example.com/pgbouncer:1.24"}, "must be pinned by digest"),
        ("database.pooler", {}, "`roost:aws.database.pooler.image` is missing"),
        ("database.pooler", {"image": DIGEST, "replicas": 1}, "at least 2"),
        ("cluster.kubernetesVersion", "1.12", "is not one this stack has add-ons for"),
        ("cluster.addonVersions", {"coreDns": "v1.14.3-eksbuild.24"}, "not an add-on of this stack: vpcCni"),
        ("cluster.addonVersions", {"coredns": "1.14.3"}, "such as v1.14.3-eksbuild.23, not '1.14.3'"),
        ("cluster.api", {"publicCidrs": ["0.0.0.0/0"]}, "must not open the Kubernetes API"),
        ("cluster.api", {"publicCidrs": []}, "nothing could reach the Kubernetes API"),
        ("cluster.admins", {"me": "arn:aws:iam::111122223333:user/me"}, "must be the ARN of an IAM role"),
        ("cluster.appNodes", {"minNodes": 9, "maxNodes": 3}, "minNodes (9) is above maxNodes (3)"),
        ("cluster.appNodes", {"minNodes": 0}, "only gpuNodes may be empty"),
        ("cluster.appNodes", {"instanceTypes": ["m7g.large", "m7i.large"]}, "mix arm64 and x86_64"),
        ("cluster.appNodes", {"instanceTypes": ["large"]}, "does not read like an instance type"),
        ("cluster.gpuNodes", {"instanceTypes": ["m7i.large"]}, "m7i.large has no NVIDIA GPU"),
        ("cluster.gpuNodes", {"instanceTypes": ["g4ad.xlarge"]}, "g4ad.xlarge has no NVIDIA GPU"),
        ("bedrockModels", ["amazon.*"], "a pattern would grant models"),
        ("images.platforms", [], "a longer list"),
        ("images.platforms", ["linux/arm64", "windows/amd64"], "must be linux/amd64 or linux/arm64"),
        ("images.replicate", True, "there is no drRegion to copy to"),
        ("edge.domain", "localhost", "has the wrong form"),
        ("network.flowLogDestination", "kafka", "must be cloudwatch or s3"),
        ("network.ipv6", "perhaps", "must be true or false"),
        ("edge.zoneId", None, "zoneId must be the hosted zone of roost-dev.example.com"),
        ("edge.dns", "managed", "the stack makes the zone of roost-dev.example.com itself: remove zoneId"),
        ("edge.waitForCertificate", True, "is for the certificate of a zone that the stack makes"),
        ("edge.dualStack", True, "add ::/0 or your own ranges"),
        ("edge.allowedCidrs", ["2001:db8::/32"], "the load balancer has no IPv6 address"),
        ("edge.allowedCidrs", ["everyone"], "does not appear to be an IPv4 or IPv6 network"),
        ("storage.weights", "some", "must be true or false"),
        ("edge.dns", "none", "give the certificateArn"),
        ("edge.allowedCidrs", [], "nobody could connect"),
        ("edge.waf.requestsPer5Minutes", 1, "at least 100"),
        ("storage.backup.glacierDays", 59, "at least 60"),
        ("storage.backup.expireDays", 80, "ends after that"),
        ("storage.backup.lockDays", 400, "shorter than lockDays (400)"),
    ],
)
def test_refused_on_aws(path: str, value: Any, says: str) -> None:
    (problem,) = problems_of("dev", nested(f"aws.{path}", value))
    assert problem.startswith("`roost:aws")
    assert says in problem


def on(day: date, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws_versions, "today", lambda: day)


def test_a_kubernetes_version_out_of_standard_support_is_refused_with_its_price(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on(date(2026, 12, 3), monkeypatch)
    (problem,) = problems_of("dev", nested("aws.cluster.kubernetesVersion", "1.34"))
    assert "left EKS's standard support on 2026-12-02: it would cost 365 USD a month more" in problem
    assert "use 1.35 or 1.36" in problem


def test_the_last_day_of_standard_support_still_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    on(date(2026, 12, 2), monkeypatch)
    assert settings_of("dev", nested("aws.cluster.kubernetesVersion", "1.34")).aws is not None


def test_a_program_that_knows_no_supported_version_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    on(date(2031, 1, 1), monkeypatch)
    problems = problems_of("dev", nested("aws.cluster.kubernetesVersion", "1.36"))
    assert any("this program knows no later one" in problem for problem in problems)


def test_a_postgres_version_out_of_standard_support_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    on(date(2028, 3, 1), monkeypatch)
    problems = problems_of("dev", nested("aws.database.engineVersion", "15"))
    (problem,) = (p for p in problems if "engineVersion" in p)
    assert "Postgres 15 left RDS's standard support on 2028-02-29" in problem
    assert "use 17" in problem


def test_a_zone_of_the_stacks_own_needs_nothing_and_may_bring_a_certificate() -> None:
    managed = {"dns": "managed", "zoneId": None}
    assert settings_of("dev", nested("aws.edge", {**managed, "waitForCertificate": True})).aws is not None
    assert settings_of("dev", nested("aws.edge", {**managed, "certificateArn": CERTIFICATE})).aws is not None
    (problem,) = problems_of(
        "dev", nested("aws.edge", {**managed, "certificateArn": CERTIFICATE, "waitForCertificate": True})
    )
    assert "dns managed without certificateArn" in problem


def test_a_domain_elsewhere_brings_its_own_certificate() -> None:
    edge = {"dns": "none", "zoneId": None, "certificateArn": CERTIFICATE}
    assert settings_of("dev", nested("aws.edge", edge)).aws is not None


def test_without_nat_a_public_image_cannot_be_pulled() -> None:
    network = {"nat": "none", "interfaceEndpoints": [*NODES_NEED, "monitoring", "rds"]}
    problems = problems_of("dev", nested("aws.network", network))
    assert any("cannot pull public.ecr.aws/" in problem for problem in problems)


def test_without_nat_the_endpoints_that_nodes_need_and_an_image_of_ones_own_suffice() -> None:
    own = "111122223333.dkr.ecr.eu-central-1.amazonaws.com"
    changes = {
        **elsewhere(),
        "clickhouse": {"image": f"{own}/clickhouse:26.8"},
        "aws": {
            "network": {"nat": "none", "interfaceEndpoints": [*NODES_NEED, "monitoring", "rds"]},
            "edge": {"controllerImage": f"{own}/controller:v2.14.1"},
            "cluster": {"gpuNodes": None},
            "budget": None,
        },
    }
    assert settings_of("dev", changes).aws is not None


def test_one_addon_may_have_a_build_of_its_own() -> None:
    cluster = settings_of("prod", nested("aws.cluster.addonVersions", {"coredns": "v1.14.3-eksbuild.99"})).aws
    assert cluster is not None
    builds = cluster.cluster.addons
    assert builds.coredns == "v1.14.3-eksbuild.99"
    assert builds.vpc_cni == aws_versions.ADDONS[cluster.cluster.kubernetes_version].vpc_cni
