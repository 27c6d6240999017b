"""The whole way of one resource: real engine, real program, plugin as a process, emulated account."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from local.emulator.child import Emulated
from tests.engine.aws.harness import REGION, SERVICES
from tests.engine.workspace import Project

PROGRAM = """
    import pulumi
    import pulumi_aws as aws
    import pulumi_random as random

    config = pulumi.Config()
    provider = aws.Provider(
        "aws",
        region={region!r},
        allowed_account_ids=["111122223333"],
        default_tags=aws.ProviderDefaultTagsArgs(tags={{"owner": "platform"}}),
        endpoints=[aws.ProviderEndpointArgs(**dict.fromkeys({services!r}, {url!r}))],
        s3_use_path_style=True,
        skip_credentials_validation=True,
        skip_metadata_api_check=True,
    )
    word = random.RandomId("word", byte_length=4)
    vpc = aws.ec2.Vpc(
        "main",
        cidr_block=config.get("cidr") or "10.0.0.0/16",
        enable_dns_hostnames=True,
        tags={{"Name": "main", "word": word.hex}},
        opts=pulumi.ResourceOptions(provider=provider{options}),
    )
    pulumi.export("id", vpc.id)
    pulumi.export("tags", vpc.tags_all)
"""
NOBODY = "http://127.0.0.1:9"


def program(url: str, options: str = "") -> str:
    return PROGRAM.format(region=REGION, services=SERVICES, url=url, options=options)


@pytest.fixture
def project(new_project: Callable[..., Project]) -> Project:
    return new_project()


def operations(text: str) -> dict[str, int]:
    """What the engine counts at the end of a run: `1 created` and the like."""
    return {
        words[1]: int(words[0])
        for line in text.partition("Resources:")[2].splitlines()
        if len(words := line.replace("+", "").replace("~", "").replace("-", " ").split()) >= 2
        and words[0].isdigit()
    }


def test_a_vpc_lives_from_a_preview_without_aws_to_its_end(project: Project, emulated: Emulated) -> None:
    project.program(program(NOBODY))
    previewed = project.run("preview", "--diff")
    assert "+ aws:ec2/vpc:Vpc" in previewed

    project.program(program(emulated.url))
    project.up()
    identity = project.outputs()["id"]
    assert project.outputs()["tags"].keys() == {"Name", "word", "owner"}
    assert operations(project.up()) == {"unchanged": 4}
    project.run("refresh", "--yes", "--expect-no-changes")

    ec2 = emulated.client("ec2", REGION)
    ec2.create_tags(Resources=[identity], Tags=[{"Key": "Name", "Value": "meddled"}])
    assert "meddled" in project.run("refresh", "--yes", "--diff")
    assert "meddled" in project.run("preview", "--diff")
    project.up()
    (vpc,) = ec2.describe_vpcs(VpcIds=[identity])["Vpcs"]
    assert {"Key": "Name", "Value": "main"} in vpc["Tags"]

    project.run("destroy", "--yes")
    assert not ec2.describe_vpcs(Filters=[{"Name": "vpc-id", "Values": [identity]}])["Vpcs"]


def test_a_vpc_that_is_there_can_be_imported(project: Project, emulated: Emulated) -> None:
    ec2 = emulated.client("ec2", REGION)
    identity = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    project.program(program(emulated.url))
    project.up("--target", "**aws::aws")
    provider = project.resource("aws")["urn"]

    project.run(
        *("import", "aws:ec2/vpc:Vpc", "found", identity, "--provider", f"aws={provider}"),
        *("--yes", "--protect=false", "--generate-code=false"),
    )

    inputs = project.resource("found")["inputs"]
    assert inputs["cidrBlock"] == "10.9.0.0/16"
    assert "enableDnsSupport" not in inputs, "what every VPC has needs no line in the program"
    ec2.delete_vpc(VpcId=identity)
