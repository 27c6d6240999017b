"""What a stack on AWS refuses before it creates anything, and the sentence that it says."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from infra.settings.aws import AwsSettings
from infra.settings.aws_network import NEEDED_WITHOUT_NAT

GOOD: dict[str, Any] = {
    "account": "111122223333",
    "region": "eu-central-1",
    "owner": "platform",
    "costCenter": "research",
    "cluster": {
        "admins": {"deployer": "arn:aws:iam::111122223333:role/deployer"},
        "api": {"runnerInVpc": True},
        "systemNodes": {"instanceTypes": ["t4g.medium"]},
        "appNodes": {"instanceTypes": ["t4g.large"]},
    },
    "edge": {"domain": "roost.example.com", "zoneId": "Z0123456789EXAMPLE"},
}


def with_(path: str, value: object) -> dict[str, Any]:
    """`GOOD` with one value changed."""
    first, _, rest = path.partition(".")
    if not rest:
        return {**GOOD, first: value}
    inner, _, last = rest.partition(".")
    section: dict[str, Any] = dict(GOOD.get(first, {}))
    section[inner] = {**section.get(inner, {}), last: value} if last else value
    return {**GOOD, first: section}


def test_the_example_is_accepted() -> None:
    assert AwsSettings.model_validate(GOOD).cluster.addons.vpc_cni.startswith("v1.")


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("region", "mars-north-1", "region 'mars-north-1' is not one of"),
        ("drRegion", "eu-central-1", "copies must outlive it"),
        ("network", {"nat": "none"}, "these are missing: ec2, ecr.api"),
        ("database", {"engineVersion": "14"}, "not one of the Postgres majors"),
        ("database", {"engineVersion": "17.0"}, "use 17.1 or later"),
        ("database", {"storageGib": 100, "maxStorageGib": 105}, "at least 10 % above"),
        ("database", {"backupWindow": "2am"}, "reads 02:00-03:00"),
        ("database", {"maintenanceWindow": "sunday"}, "reads sun:03:30-sun:04:30"),
        ("database", {"restore": {}}, "exactly one source"),
        ("database", {"restore": {"snapshot": "a", "time": "2026-11-21T09:00:00Z"}}, "one time of its own"),
        ("cluster.kubernetesVersion", "1.29", "not one this stack has add-ons for"),
        ("cluster.api", {}, "nothing could reach the Kubernetes API"),
        ("cluster.api", {"publicCidrs": ["0.0.0.0/0"]}, "name the runner's own range"),
        ("cluster.admins", {"me": "arn:aws:iam::111122223333:user/me"}, "must be the ARN of an IAM role"),
        (
            "cluster.appNodes",
            {"instanceTypes": ["m7g.large"], "minNodes": 5, "maxNodes": 2},
            "above maxNodes",
        ),
        ("edge.zoneId", None, "zoneId must be the hosted zone"),
        ("edge.dns", "none", "give the certificateArn"),
        ("edge.allowedCidrs", [], "nobody could connect"),
        ("storage", {"backup": {"lockDays": 400}}, "shorter than lockDays"),
        ("storage", {"backup": {"glacierDays": 60, "infrequentAccessDays": 45}}, "at least 30 days later"),
    ],
)
def test_what_could_not_work_is_refused_with_a_sentence(path: str, value: object, sentence: str) -> None:
    with pytest.raises(ValidationError) as caught:
        AwsSettings.model_validate(with_(path, value))
    assert sentence in str(caught.value)


def test_without_nat_the_controller_comes_from_the_accounts_own_registry() -> None:
    services = sorted(NEEDED_WITHOUT_NAT)
    closed = with_("network", {"nat": "none", "interfaceEndpoints": services})
    with pytest.raises(ValidationError, match=r"name that in edge\.controllerImage"):
        AwsSettings.model_validate(closed)
    mirror = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/mirror/controller:v2.14.1"
    AwsSettings.model_validate({**closed, "edge": {**GOOD["edge"], "controllerImage": mirror}})
