from __future__ import annotations

import itertools
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local import emulator
from local.emulator.child import ClusterEndpoint, Emulated

HOME, ABROAD = "eu-central-1", "eu-west-1"
ENDPOINT = "https://127.0.0.1:16443"
AUTHORITY = "-----BEGIN CERTIFICATE-----\nnot a real one\n-----END CERTIFICATE-----\n"
TRUST = '{"Version": "2012-10-17", "Statement": []}'
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def account(tmp_path_factory: pytest.TempPathFactory) -> Generator[Emulated]:
    """One for all tests of the folder: none counts on being alone there."""
    ca = tmp_path_factory.mktemp("cluster") / "ca.crt"
    ca.write_text(AUTHORITY)
    with emulator.running(clusters={HOME: ClusterEndpoint(ENDPOINT, ca)}) as started:
        yield started


@dataclass(frozen=True)
class Place:
    """What a cluster and a database need, anew for each test."""

    account: Emulated
    name: str
    subnets: list[str]
    security_group: str
    role: str

    def key(self, region: str = HOME) -> str:
        return self.account.client("kms", region).create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def place(account: Emulated) -> Place:
    name = f"it{next(_numbers)}"
    ec2 = account.client("ec2", HOME)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=HOME + zone)
        for index, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName=name, Description="for a test", VpcId=vpc)
    role = account.client("iam", HOME).create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    return Place(
        account, name, [s["Subnet"]["SubnetId"] for s in subnets], group["GroupId"], role["Role"]["Arn"]
    )


def statuses(describe: Any, path: tuple[str, ...], looks: int = 2, **wanted: str) -> list[str]:
    """What waiting sees: the status at each of the next looks."""
    seen: list[str] = []
    for _ in range(looks):
        answer = describe(**wanted)
        for step in path:
            answer = answer[step][0] if isinstance(answer[step], list) else answer[step]
        seen.append(answer)
    return seen


def repository() -> Path:
    return Path(__file__).parents[2]
