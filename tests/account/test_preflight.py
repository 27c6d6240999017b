"""`make preflight` against an emulated account: what is in the way is told, and nothing is made."""

from __future__ import annotations

import io
import json
from collections.abc import Generator
from typing import Any

import pytest
from rich.console import Console

from infra.settings import Settings
from infra.settings.profiles import merged
from local import emulator, paths
from local.account import identity, machines, references, services
from local.account.check import Account, Check, Finding, run
from local.account.stack import settings_of as settings_of_stack
from local.cli.account import CHECKS, ask, preflight
from local.emulator.child import Emulated
from local.progress import PhaseError
from tests.unit.refusals_inference import VLLM
from tests.unit.stacks import settings_of

HOME, ABROAD = "eu-central-1", "eu-west-1"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
    }
)
DEPLOYER = "roost-deployer"
"""As in the stack files."""


@pytest.fixture(scope="module")
def emulated() -> Generator[Emulated]:
    with emulator.running() as started:
        yield started


@pytest.fixture(scope="module")
def deployer(emulated: Emulated) -> dict[str, str]:
    """Credentials of a session of the role that runs Pulumi."""
    role = emulated.client("iam", HOME).create_role(RoleName=DEPLOYER, AssumeRolePolicyDocument=TRUST)
    session = emulated.client("sts", HOME).assume_role(
        RoleArn=role["Role"]["Arn"], RoleSessionName="preflight"
    )
    given = session["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }


@pytest.fixture
def account(emulated: Emulated, deployer: dict[str, str]) -> Any:
    """Accounts by what is changed in prod's file."""

    def of(changes: dict[str, Any] | None = None) -> Account:
        return Account(stack(changes or {}), emulated.url, deployer)

    return of


def stack(changes: dict[str, Any]) -> Settings:
    return settings_of("prod", merged(VLLM, changes))


def check(checks: tuple[Check, ...], name: str) -> Check:
    (found,) = [one for one in checks if one.name == name]
    return found


def outcomes(found: list[Finding]) -> list[str]:
    return [finding.outcome for finding in found]


def said(found: list[Finding], outcome: str) -> str:
    (one,) = [finding for finding in found if finding.outcome == outcome]
    if outcome != "right":
        assert one.remedy
    return f"{one.text} {one.remedy}"


def aws(path: str, value: Any) -> dict[str, Any]:
    for key in reversed(f"aws.{path}".split(".")):
        value = {key: value}
    return value


class TestIdentity:
    def test_the_caller_is_of_the_account(self, account: Any) -> None:
        text = said(run(identity.CALLER, account()), "right")
        assert "account 111122223333" in text
        assert f"assumed-role/{DEPLOYER}/preflight" in text

    def test_another_account_is_asked_nothing_else(self, account: Any, emulated: Emulated) -> None:
        before = emulated.calls().get("ec2.DescribeRegions", 0)
        out = io.StringIO()
        elsewhere = account(
            {
                "aws": {
                    "account": "444455556666",
                    "cluster": {"admins": {"deployer": "arn:aws:iam::444455556666:role/roost-deployer"}},
                }
            }
        )
        assert ask(Console(file=out, width=100), elsewhere) == 1
        assert "the stack is for 444455556666" in " ".join(out.getvalue().split())
        assert "Nothing else was asked" in out.getvalue()
        assert emulated.calls().get("ec2.DescribeRegions", 0) == before

    def test_the_role_is_an_administrator(self, account: Any) -> None:
        one = check(identity.CHECKS, "administrator")
        assert "roost-deployer is among" in said(run(one, account()), "right")

    def test_a_user_is_no_administrator(self, emulated: Emulated) -> None:
        plain = Account(stack({}), emulated.url, {"aws_access_key_id": "x", "aws_secret_access_key": "y"})
        assert "could not reach the cluster" in said(
            run(check(identity.CHECKS, "administrator"), plain), "wrong"
        )

    def test_service_roles(self, account: Any, emulated: Emulated) -> None:
        one = check(identity.CHECKS, "service roles")
        iam = emulated.client("iam", HOME)
        assert "eks.amazonaws.com" in said(run(one, account()), "note")
        spot = account(aws("cluster.appNodes.capacity", "spot"))
        assert "no spot node starts" in said(run(one, spot), "wrong")
        for service in (
            *identity.SERVICE_ROLES.values(),
            *identity.CACHE_ROLE.values(),
            "spot.amazonaws.com",
        ):
            iam.create_service_linked_role(AWSServiceName=service)
        names = {role["RoleName"] for role in iam.list_roles()["Roles"]}
        for name in (*identity.SERVICE_ROLES, *identity.CACHE_ROLE, *identity.SPOT_ROLE):
            if name not in names:  # the emulated account names some in its own way
                iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
        assert outcomes(run(one, spot)) == ["right"]


class TestMachines:
    def test_zones(self, account: Any) -> None:
        one = check(machines.CHECKS, "zones")
        assert outcomes(run(one, account())) == ["right"]
        text = said(run(one, account(aws("network.zones", ["a", "b", "f"]))), "wrong")
        assert "has no eu-central-1f" in text

    def test_types_are_offered_in_the_zones(self, account: Any) -> None:
        one = check(machines.CHECKS, "instance types")
        assert set(outcomes(run(one, account()))) <= {"right", "note"}
        nowhere = account(
            {
                "aws": {"cluster": {"gpuNodes": {"instanceTypes": ["p6-b300.48xlarge"]}}},
            }
        )
        text = said(run(one, nowhere), "wrong")
        assert "p6-b300.48xlarge (gpuNodes) is offered in none of the group's zones" in text
        assert "gpuNodes.instanceTypes" in text

    def test_quotas_of_a_new_account_are_too_small_until_they_are_raised(
        self, account: Any, emulated: Emulated
    ) -> None:
        one, asked = check(machines.CHECKS, "vCPU quotas"), account()
        found = run(one, asked)
        assert outcomes(found) == ["wrong", "wrong"]
        standard, gpu = found
        assert "L-1216C47A" in standard.text
        assert "systemNodes and appNodes can come to 52" in standard.text
        assert "L-DB2E81BA (Running On-Demand G and VT instances) is 0 vCPUs" in gpu.text
        assert "gpuNodes can come to 96" in gpu.text
        assert "--quota-code L-DB2E81BA --desired-value 96 --region eu-central-1" in gpu.remedy
        quotas = emulated.client("service-quotas", HOME)
        for code, value in (("L-1216C47A", 52), ("L-DB2E81BA", 95)):
            quotas.request_service_quota_increase(ServiceCode="ec2", QuotaCode=code, DesiredValue=value)
        assert outcomes(run(one, asked)) == ["right", "wrong"]
        quotas.request_service_quota_increase(ServiceCode="ec2", QuotaCode="L-DB2E81BA", DesiredValue=96)
        assert outcomes(run(one, asked)) == ["right", "right"]

    def test_p_instances_and_spot_have_quotas_of_their_own(self, account: Any) -> None:
        changes = {
            "aws": {
                "cluster": {
                    "appNodes": {"capacity": "spot"},
                    "gpuNodes": {"instanceTypes": ["p4d.24xlarge"]},
                }
            }
        }
        text = " ".join(
            finding.text for finding in run(check(machines.CHECKS, "vCPU quotas"), account(changes))
        )
        assert "L-417A185B (Running On-Demand P instances) is 0 vCPUs, and gpuNodes can come to 192" in text
        assert "L-34B43A08" in text

    def test_elastic_ips(self, account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        one = check(machines.CHECKS, "addresses")
        assert "L-0263D0A3 (EC2-VPC Elastic IPs) is 5, and the NAT gateways take 3" in said(
            run(one, account()), "right"
        )
        monkeypatch.setattr(machines, "ELASTIC_IPS", "L-DB2E81BA-none")
        assert outcomes(run(one, account())) == ["open"]

    def test_images_of_the_nodes(self, account: Any) -> None:
        one = check(machines.CHECKS, "node images")
        found = run(one, account())
        assert outcomes(found) == ["right", "right"]
        assert "AL2023_x86_64_NVIDIA" in found[1].text
        assert "ami-" in found[1].text

    def test_no_image(self, account: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(machines._IMAGES, "AL2023_x86_64_NVIDIA", "x86_64/quantum")  # pyright: ignore[reportPrivateUsage]
        text = said(
            [f for f in run(check(machines.CHECKS, "node images"), account()) if f.outcome == "wrong"],
            "wrong",
        )
        assert "there is no AL2023_x86_64_NVIDIA image" in text


class TestServices:
    def test_postgres(self, account: Any) -> None:
        found = run(check(services.CHECKS, "Postgres"), account())
        assert outcomes(found) == ["right", "right"]
        assert "Postgres 17.7, which carries pgvector" in found[0].text
        assert "db.r7g.large with Postgres 17.7 is offered in eu-central-1a" in found[1].text

    def test_a_version_that_rds_does_not_have(self, account: Any) -> None:
        text = said(
            run(check(services.CHECKS, "Postgres"), account(aws("database.engineVersion", "17.44"))), "wrong"
        )
        assert "no Postgres 17.44" in text
        assert "it has 17.0, 17.1" in text

    def test_only_versions_without_the_vector_type_that_searches_need(
        self, account: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(services.PGVECTOR_FLOOR, 17, 99)
        text = said(run(check(services.CHECKS, "Postgres"), account()), "wrong")
        assert "no Postgres 17 with pgvector 0.8 (17.99 or later)" in text

    def test_a_class_that_rds_does_not_sell(self, account: Any) -> None:
        found = run(check(services.CHECKS, "Postgres"), account(aws("database.instanceClass", "db.r3.large")))
        assert outcomes(found) == ["right", "wrong"]
        assert "offered in 0 of the stack's zones, and multiAz needs two" in found[1].text

    def test_kubernetes_and_its_addons(self, account: Any) -> None:
        one = check(services.CHECKS, "Kubernetes")
        assert outcomes(run(one, account())) == ["right", "right"]
        found = run(one, account(aws("cluster.addonVersions", {"coredns": "v9.9.9-eksbuild.1"})))
        assert outcomes(found) == ["right", "wrong"]
        assert "coredns has no build v9.9.9-eksbuild.1" in found[1].text
        assert "EKS lists v1." in found[1].remedy

    def test_kubernetes_out_of_support(self, account: Any, emulated: Emulated) -> None:
        emulated.fail(
            "eks", "DescribeClusterVersions", code="ResourceNotFoundException", message="none", times=1
        )
        found = run(check(services.CHECKS, "Kubernetes"), account())
        assert outcomes(found) == ["open"]
        assert "DescribeClusterVersions" in found[0].text


class TestReferences:
    def test_regions(self, account: Any) -> None:
        text = said(run(check(references.CHECKS, "regions"), account()), "right")
        assert "eu-central-1, eu-west-1" in text

    def test_domain(self, account: Any, emulated: Emulated) -> None:
        one, route53 = check(references.CHECKS, "domain"), emulated.client("route53", HOME)
        assert "no hosted zone" in said(run(one, account()), "wrong")

        def in_zone(name: str, **more: Any) -> list[Finding]:
            made = route53.create_hosted_zone(Name=name, CallerReference=name + str(more), **more)
            return run(one, account(aws("edge.zoneId", made["HostedZone"]["Id"].rpartition("/")[2])))

        assert "example.com, which roost.example.com is in" in said(in_zone("example.com"), "right")
        assert "is not in it" in said(in_zone("xample.com"), "wrong")
        private = in_zone(
            "roost.example.com",
            HostedZoneConfig={"PrivateZone": True},
            VPC={"VPCRegion": HOME, "VPCId": _vpc(emulated)},
        )
        assert "is private" in said(private, "wrong")
        managed = account({"aws": {"edge": {"dns": "managed", "zoneId": None}}})
        assert "has to delegate" in said(run(one, managed), "note")

    def test_a_certificate_of_ones_own(self, account: Any, emulated: Emulated) -> None:
        one = check(references.CHECKS, "domain")

        def with_certificate(arn: str) -> list[Finding]:
            return run(
                one, account({"aws": {"edge": {"dns": "none", "zoneId": None, "certificateArn": arn}}})
            )

        absent = f"arn:aws:acm:{HOME}:111122223333:certificate/00000000-0000-0000-0000-000000000000"
        assert "there is no certificate" in said(with_certificate(absent), "wrong")
        acm = emulated.client("acm", HOME)
        pending = acm.request_certificate(DomainName="roost.example.com", ValidationMethod="DNS")
        assert "pending validation" in said(with_certificate(pending["CertificateArn"]), "wrong")

    def test_secrets_that_the_settings_name(self, account: Any, emulated: Emulated) -> None:
        one, secrets = check(references.CHECKS, "references"), emulated.client("secretsmanager", HOME)
        arn = secrets.create_secret(Name="hub", SecretString="x")["ARN"]

        def with_token(reference: str) -> list[Finding]:
            return run(one, account({"inference": {"weights": {"hubTokenSecret": reference}}}))

        assert run(one, account()) == []
        assert "hubTokenSecret` is there" in said(with_token(arn), "right")
        assert "is not there" in said(with_token(arn.replace("hub", "gone")), "wrong")
        secrets.delete_secret(SecretId=arn)
        assert "about to be deleted" in said(with_token(arn), "wrong")


def _vpc(emulated: Emulated) -> str:
    return emulated.client("ec2", HOME).create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]


def test_what_may_not_be_asked_is_told_with_the_rights_that_it_takes(
    account: Any, emulated: Emulated
) -> None:
    emulated.fail("service-quotas", "GetServiceQuota", code="AccessDeniedException", message="no", times=1)
    text = said(run(check(machines.CHECKS, "vCPU quotas"), account()), "open")
    assert "may not ask (GetServiceQuota)" in text
    assert "Allow servicequotas:GetServiceQuota and ec2:DescribeInstanceTypes." in text


def test_without_credentials_nothing_is_asked(emulated: Emulated, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    out = io.StringIO()
    assert ask(Console(file=out, width=100), Account(stack({}), emulated.url)) == 1
    assert "no AWS credentials in the environment" in out.getvalue()
    assert "aws sso login" in out.getvalue()


def test_an_account_that_nobody_reaches(deployer: dict[str, str]) -> None:
    found = run(identity.CALLER, Account(stack({}), "http://127.0.0.1:9", deployer))
    assert "AWS was not reached" in said(found, "open")


def test_everything_is_asked_and_counted_and_nothing_is_made(account: Any, emulated: Emulated) -> None:
    before, calls = emulated.inventory(), emulated.calls()
    out = io.StringIO()
    code = ask(Console(file=out, width=100), account(aws("edge.zoneId", "Z0NOSUCHZONE")))
    text = out.getvalue()
    assert code == 1
    for one in CHECKS:
        assert one.actions
        if one.name != "references":
            assert one.name in text
    assert "1 in the way of `pulumi up`." in text or "in the way of `pulumi up`" in text
    assert "Not asked:" in text
    assert max(map(len, text.splitlines())) <= 100
    assert emulated.inventory() == before
    asked = {name for name, count in emulated.calls().items() if count > calls.get(name, 0)}
    assert all(name.partition(".")[2].startswith(("Get", "Describe")) for name in asked), asked


def test_the_document_names_the_rights_that_asking_takes() -> None:
    text = (paths.REPO / "docs" / "inference.md").read_text()
    (block,) = [part for part in text.split("```") if part.startswith("\nsts:GetCallerIdentity")]
    needed = {action for one in (identity.CALLER, *CHECKS) for action in one.actions}
    assert set(block.split()) == needed


def test_stacks_that_have_no_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    console = Console(file=io.StringIO())
    with pytest.raises(PhaseError, match="not 'qa'; there are dev, local, prod"):
        preflight(console, "qa")
    with pytest.raises(PhaseError, match="profile local, which has no AWS account"):
        preflight(console, "local")
    monkeypatch.setattr(paths, "REPO", tmp_path)
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {roost:model: {kind: external}}")
    with pytest.raises(PhaseError, match="refused before AWS is asked") as caught:
        preflight(console, "dev")
    assert "roost:aws" in caught.value.message


def test_secrets_in_a_stack_file_are_not_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    text = (paths.REPO / "Pulumi.dev.yaml").read_text()
    (tmp_path / "Pulumi.dev.yaml").write_text(
        text + "  roost:server:\n    image: {secure: v1:abc}\n" if "roost:server" not in text else text
    )
    monkeypatch.setattr(paths, "REPO", tmp_path)
    assert settings_of_stack("dev").profile == "dev"
