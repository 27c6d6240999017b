from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local import emulator
from local.emulator.child import Emulated
from tests.emulator.conftest import HOME, Place, repository

SECONDS = 30.0


def test_it_is_the_account_of_the_stack_files(account: Emulated) -> None:
    assert account.client("sts", HOME).get_caller_identity()["Account"] == "111122223333"


def test_aws_own_policies_can_be_attached(account: Emulated, place: Place) -> None:
    iam = account.client("iam", HOME)
    policy = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
    iam.attach_role_policy(RoleName=place.name, PolicyArn=policy)
    attached = iam.list_attached_role_policies(RoleName=place.name)["AttachedPolicies"]
    assert [one["PolicyArn"] for one in attached] == [policy]


@pytest.mark.parametrize(
    ("service", "operation", "call"),
    [
        ("ec2", "DescribeVpcs", "describe_vpcs"),
        ("rds", "DescribeDBInstances", "describe_db_instances"),
        ("eks", "ListClusters", "list_clusters"),
        ("s3", "ListBuckets", "list_buckets"),
        ("kms", "ListKeys", "list_keys"),
        ("elbv2", "DescribeLoadBalancers", "describe_load_balancers"),
        ("route53", "ListHostedZones", "list_hosted_zones"),
    ],
)
def test_a_planned_fault_reads_like_the_services_own_error_and_comes_as_often_as_planned(
    account: Emulated, service: str, operation: str, call: str
) -> None:
    before = account.calls().get(f"{service}.{operation}", 0)
    account.fail(service, operation, code="Throttling", message="Rate exceeded", http_status=503, times=2)
    ask = getattr(account.client(service, HOME), call)
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            ask()
        answer = refused.value.response
        assert (answer["Error"]["Code"], answer["Error"]["Message"]) == ("Throttling", "Rate exceeded")
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 503
    ask()
    assert account.calls()[f"{service}.{operation}"] == before + 3


def test_a_fault_that_says_too_little_is_refused(account: Emulated) -> None:
    with pytest.raises(emulator.EmulatorError, match="a fault has exactly"):
        account._ask("faults", {"service": "rds"})


def test_what_the_emulation_lacks_is_refused_by_name(account: Emulated) -> None:
    with pytest.raises(ClientError, match=r"eks\.ListInsights") as refused:
        account.client("eks", HOME).list_insights(clusterName="any")
    assert refused.value.response["Error"]["Code"] == "NotImplemented"


def test_the_inventory_has_what_was_made_and_not_what_aws_puts_there(account: Emulated, place: Place) -> None:
    ec2 = account.client("ec2", HOME)
    key = place.key()
    held = account.inventory()
    assert f"{HOME}/{place.subnets[0]}" in held["ec2:subnet"]
    assert f"{HOME}/{place.security_group}" in held["ec2:security-group"]
    assert f"aws/{place.name}" in held["iam:role"]
    assert "iam:policy" not in held
    default = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    assert f"{HOME}/{default}" not in held["ec2:vpc"]
    name = f"{HOME}/{key.rpartition('/')[2]}"
    assert name in held["kms:key"]
    account.client("kms", HOME).schedule_key_deletion(KeyId=key.rpartition("/")[2])
    assert name not in account.inventory().get("kms:key", [])


def test_a_certificate_is_issued_once_its_record_is_there(account: Emulated) -> None:
    acm, route53 = account.client("acm", HOME), account.client("route53", HOME)
    domain = "agents.example.org"
    arn = acm.request_certificate(DomainName=domain, ValidationMethod="DNS")["CertificateArn"]
    pending = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    assert pending["Status"] == "PENDING_VALIDATION"
    record = pending["DomainValidationOptions"][0]["ResourceRecord"]
    zone = route53.create_hosted_zone(Name="example.org", CallerReference="once")["HostedZone"]["Id"]
    new = {
        "Name": record["Name"],
        "Type": "CNAME",
        "TTL": 60,
        "ResourceRecords": [{"Value": record["Value"]}],
    }
    route53.change_resource_record_sets(
        HostedZoneId=zone,
        ChangeBatch={"Changes": [{"Action": "UPSERT", "ResourceRecordSet": new}]},
    )
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"
    held = account.inventory()["route53:record"]
    assert any(record["Name"].rstrip(".") in one for one in held)
    assert not any("SOA" in one for one in held)


def test_it_connects_to_nobody(account: Emulated, tmp_path: Path) -> None:
    script = """
import socket, sys
from local.emulator.serve import _connect_to_nobody
server = socket.create_server(("127.0.0.1", 0))
sys.addaudithook(_connect_to_nobody)
try:
    socket.create_connection(server.getsockname())
except PermissionError as error:
    print(error)
"""
    answer = subprocess.run(
        [sys.executable, "-c", script],
        cwd=repository(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert answer.stdout.strip() == "the emulated account connects to nobody"


def test_it_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    script = """
import os, signal
from local import emulator
with emulator.running() as account:
    print(account.url, flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""
    parent = subprocess.run(
        [sys.executable, "-c", script],
        cwd=repository(),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    orphan = Emulated(parent.stdout.strip(), "")
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        try:
            orphan.calls()
        except OSError:
            return
        time.sleep(0.1)
    pytest.fail("it outlived its parent")


def test_it_says_why_it_did_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    missing = emulator.child.ClusterEndpoint("https://127.0.0.1:1", Path("/nowhere/ca.crt"))
    start = emulator.running(clusters={HOME: missing})
    with pytest.raises(emulator.EmulatorError, match="is not REGION=ENDPOINT_URL,CA_FILE"):
        start.__enter__()


def test_credentials_of_the_environment_never_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "a real one")
    monkeypatch.setenv("MOTO_ACCOUNT_ID", "999999999999")
    child = emulator.child._environment()
    assert not [name for name in child if name.startswith(("AWS_", "MOTO_"))]
    assert child["PATH"] == os.environ["PATH"]
