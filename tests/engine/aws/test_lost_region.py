"""A region that is gone, and what copies itself into another one before."""

from __future__ import annotations

import json
from collections.abc import Generator

import pytest
from botocore.exceptions import ConnectionClosedError

from local.emulator import child
from local.emulator.child import ACCOUNT, Emulated

GONE, LEFT = "eu-central-1", "eu-west-1"
MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.oci.image.manifest.v1+json",
    "config": {"digest": f"sha256:{'a' * 64}", "size": 2},
    "layers": [{"digest": f"sha256:{'b' * 64}", "size": 3}],
}


@pytest.fixture
def account() -> Generator[Emulated]:
    """An account of its own: losing a region is for good."""
    with child.running() as started:
        yield started


def test_whoever_asks_a_lost_region_finds_the_connection_closed(account: Emulated) -> None:
    account.client("rds", GONE).describe_db_instances()
    account.shut_off(GONE)
    for service, operation in (("rds", "describe_db_instances"), ("ec2", "describe_vpcs")):
        with pytest.raises(ConnectionClosedError):
            getattr(account.client(service, GONE), operation)()
    assert account.asked_in_vain() == {
        f"{GONE} ec2.DescribeVpcs": 1,
        f"{GONE} rds.DescribeDBInstances": 1,
    }
    account.client("rds", LEFT).describe_db_instances()
    account.client("route53", LEFT).list_hosted_zones()
    assert len(account.asked_in_vain()) == 2


def test_a_push_is_in_the_copy_under_the_same_digest_and_outlives_the_region(account: Emulated) -> None:
    here, there = account.client("ecr", GONE), account.client("ecr", LEFT)
    for name in ("roost-prod/server", "other/server"):
        here.create_repository(repositoryName=name)
    there.create_repository(repositoryName="roost-prod/server")
    rule = {
        "destinations": [{"region": LEFT, "registryId": ACCOUNT}],
        "repositoryFilters": [{"filter": "roost-", "filterType": "PREFIX_MATCH"}],
    }
    here.put_replication_configuration(replicationConfiguration={"rules": [rule]})
    pushed = {
        name: here.put_image(repositoryName=name, imageManifest=json.dumps(MANIFEST), imageTag="tested")
        for name in ("roost-prod/server", "other/server")
    }
    digest = pushed["roost-prod/server"]["image"]["imageId"]["imageDigest"]
    account.shut_off(GONE)
    (copy,) = there.describe_images(repositoryName="roost-prod/server")["imageDetails"]
    assert (copy["imageDigest"], copy["imageTags"]) == (digest, ["tested"])
    assert [one["repositoryName"] for one in there.describe_repositories()["repositories"]] == [
        "roost-prod/server"
    ]
