"""What reaches the emulated account: checked requests, made-up credentials, nothing that is not loopback."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.emulator.child import Emulated
from local.plugins.aws import errors
from local.plugins.aws.clients import Clients, Scope
from local.plugins.aws.request_check import InvalidRequestError
from local.plugins.aws.resource import ResourceError
from local.plugins.aws.settings import Settings, SettingsError
from tests.engine.aws.harness import REGION, World

NOBODY = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    ("service", "operation", "request_", "says"),
    [
        (
            "ec2",
            "create_vpc",
            {"InstanceTenancy": "cheap"},
            "InstanceTenancy is 'cheap', allowed are default",
        ),
        ("iam", "get_role", {"RoleName": "r" * 65}, "RoleName has 65 characters, allowed are 1 to 64"),
        ("iam", "get_role", {"RoleName": "a/b"}, "which does not match"),
        ("logs", "create_log_group", {"logGroupName": "bad name"}, "logGroupName is 'bad name'"),
        ("elbv2", "describe_target_groups", {"PageSize": 401}, "PageSize has 401, allowed are 1 to 400"),
        (
            "eks",
            "create_addon",
            {"clusterName": "c", "addonName": "a", "resolveConflicts": "WIN"},
            "resolveConflicts is 'WIN', allowed are OVERWRITE, NONE, PRESERVE",
        ),
        (
            "kms",
            "tag_resource",
            {"KeyId": "k", "Tags": [{"TagKey": "k" * 129, "TagValue": "v"}]},
            "Tags[0].TagKey has 129 characters",
        ),
        (
            "s3",
            "put_bucket_versioning",
            {"Bucket": "b", "VersioningConfiguration": {"Status": "On"}},
            "VersioningConfiguration.Status is 'On'",
        ),
    ],
)
def test_a_request_that_aws_would_refuse_is_never_sent(
    service: str, operation: str, request_: dict[str, Any], says: str
) -> None:
    client = World(NOBODY).client(service)
    with pytest.raises(InvalidRequestError) as caught:
        getattr(client, operation)(**request_)
    assert says in str(caught.value)


def test_a_refused_value_that_is_sensitive_is_not_shown() -> None:
    kms = World(NOBODY).client("iam")
    with pytest.raises(InvalidRequestError, match="NewPassword is a secret, which does not match") as caught:
        kms.change_password(OldPassword="old", NewPassword="gehéim\u2028")
    assert "gehéim" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["", "http://10.0.0.1:1", "https://ec2.amazonaws.com", "http://[::2]:1", "file:///"]
)
def test_no_client_is_made_for_an_endpoint_that_is_not_loopback(url: str) -> None:
    clients = Clients(Settings(region=REGION, endpoints={"ec2": url} if url else {}))
    with pytest.raises(SettingsError, match="loopback"):
        clients.get("ec2", REGION)


def test_the_environments_credentials_profile_and_proxy_are_left_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_PROFILE", "a-profile-that-is-nowhere")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://elsewhere.example")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example")
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example")
    client = World(NOBODY).client("ec2")
    seen: list[Any] = []
    client.meta.events.register("before-send", lambda request, **_: seen.append(request) or _answer())
    client.describe_vpcs()
    assert seen[0].url.startswith(NOBODY)
    assert b"AKIAREAL" not in seen[0].headers["Authorization"]
    assert client._endpoint.http_session._proxy_config._proxies == {}


def _answer() -> Any:
    from botocore.awsrequest import AWSResponse

    class Raw:
        def stream(self) -> list[bytes]:
            return [b"<DescribeVpcsResponse><vpcSet/></DescribeVpcsResponse>"]

    return AWSResponse(NOBODY, 200, {}, Raw())


def test_the_account_is_checked_once_against_those_allowed(emulated: Emulated) -> None:
    before = emulated.calls().get("sts.GetCallerIdentity", 0)
    world = World(emulated.url)
    for _ in range(3):
        Scope(world.clients, REGION, 1, threading.Event())
    assert emulated.calls()["sts.GetCallerIdentity"] == before + 1

    wrong = Clients(
        Settings(region=REGION, endpoints={"sts": emulated.url}, allowed_account_ids=("222222222222",))
    )
    with pytest.raises(SettingsError, match=r"serves account 111122223333.*allows only 222222222222"):
        Scope(wrong, REGION, 1, threading.Event())


def test_a_wait_ends_at_its_deadline_and_when_the_user_interrupts(world: World) -> None:
    scope = Scope(world.clients, REGION, 0.1, world.cancelled)
    with pytest.raises(ResourceError, match="in vain for the moon"):
        scope.wait("the moon", lambda: False)
    asked: list[int] = []
    Scope(world.clients, REGION, 60, world.cancelled).wait("it", lambda: asked.append(1) or len(asked) == 3)
    assert len(asked) == 3
    world.cancelled.set()
    with pytest.raises(ResourceError, match="interrupted while waiting for the moon"):
        Scope(world.clients, REGION, 60, world.cancelled).wait("the moon", lambda: False)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("ThrottlingException", "throttled it, and it stayed so"),
        ("RequestLimitExceeded", "throttled it, and it stayed so"),
        ("AccessDeniedException", "no right to it"),
        ("UnauthorizedOperation", "no right to it"),
        ("VpcLimitExceeded", "quota"),
        ("NoSuchEntity", "pulumi refresh"),
        ("DBInstanceAlreadyExists", "Import it"),
        ("DependencyViolation", "still uses it"),
    ],
)
def test_a_refusal_says_the_operation_the_code_and_what_helps(code: str, advice: str) -> None:
    refused = ClientError({"Error": {"Code": code, "Message": "Because."}}, "MakeIt")
    with pytest.raises(ResourceError) as caught, errors.told("aws:ec2/vpc:Vpc main"):
        raise refused
    said = str(caught.value)
    assert said.startswith(f"aws:ec2/vpc:Vpc main: MakeIt was refused by AWS ({code}): Because.")
    assert advice in said


def test_throttling_is_retried_and_then_told(emulated: Emulated, world: World) -> None:
    emulated.fail("ec2", "CreateVpc", code="RequestLimitExceeded", message="Slow down", http_status=503)
    made = world.create("aws:ec2/vpc:Vpc", "throttled", {"cidrBlock": "10.0.0.0/16"})
    world.gone(made)
