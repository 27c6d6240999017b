"""The public edge, property by property: domain and certificate, encryption, firewall, logs, and timing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from infra.sizing.timing import STOP_MARGIN
from tests.components.aws.conftest import Variant
from tests.support.monitor import UNKNOWN, Recording, Registration
from tests.support.workloads import workload

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
LISTENER = "aws:lb/listener:Listener"
TARGETS = "aws:lb/targetGroup:TargetGroup"
RECORD = "aws:route53/record:Record"
ZONE = "aws:route53/zone:Zone"
CERTIFICATE = "aws:acm/certificate:Certificate"
VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
DOOR = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
GIVEN = "arn:aws:acm:eu-central-1:111122223333:certificate/given"


@pytest.fixture(params=["dev", "prod"])
def stack(request: pytest.FixtureRequest) -> Recording:
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="module")
def managed(variant: Variant) -> Recording:
    return variant("prod", {"aws": {"edge": {"dns": "managed", "zoneId": None}}})


@pytest.fixture(scope="module")
def delegated(variant: Variant) -> Recording:
    edge = {"dns": "managed", "zoneId": None, "waitForCertificate": True}
    return variant("prod", {"aws": {"edge": edge}})


@pytest.fixture(scope="module")
def elsewhere(variant: Variant) -> Recording:
    return variant("dev", {"aws": {"edge": {"dns": "none", "zoneId": None, "certificateArn": GIVEN}}})


def listeners(recording: Recording) -> dict[int, Registration]:
    return {listener.inputs["port"]: listener for listener in recording.of_type(LISTENER)}


# The domain


def test_in_an_existing_zone_the_stack_makes_only_records(stack: Recording) -> None:
    assert stack.of_type(ZONE) == []
    records = {r.name: r.inputs for r in stack.of_type(RECORD)}
    assert set(records) == {"edge", "edge-certificate-proof"}
    assert {r["zoneId"] for r in records.values()} == {"Z0123456789EXAMPLE"}
    (alias,) = records["edge"]["aliases"]
    assert ".elb.amazonaws.com" in alias["name"]
    assert alias["evaluateTargetHealth"] is False
    assert "nameServers" not in stack.exports()


def test_a_managed_zone_is_for_the_domain_itself_and_tells_its_name_servers(managed: Recording) -> None:
    zone = managed.one(ZONE)
    assert zone.inputs["name"] == "roost.example.com"
    assert zone.protect, "another zone would have other name servers"
    servers = managed.exports()["nameServers"]
    assert len(servers) == 4
    assert all(".awsdns-" in server for server in servers)
    for record in managed.of_type(RECORD):
        assert zone.urn in record.dependencies


def test_before_the_delegation_there_is_no_https_and_the_next_step_is_said(managed: Recording) -> None:
    assert managed.of_type(VALIDATION) == [], "it would wait for what nobody has done yet"
    assert managed.one(CERTIFICATE).inputs["validationMethod"] == "DNS"
    assert managed.one(RECORD, "edge-certificate-proof")
    assert set(listeners(managed)) == {80}
    (warning,) = managed.warnings
    assert "roost.example.com: its parent must delegate it to ns-1.awsdns-01.com, " in warning
    assert "set edge.waitForCertificate to true and run `pulumi up` again" in warning


def test_nothing_is_served_without_encryption_meanwhile(managed: Recording) -> None:
    (action,) = listeners(managed)[80].inputs["defaultActions"]
    assert action["type"] == "redirect"


def test_after_the_delegation_it_waits_for_the_certificate_and_serves(delegated: Recording) -> None:
    validation = delegated.one(VALIDATION)
    assert validation.timeouts["create"] == "45m"
    assert delegated.waits_for(validation, delegated.one(ZONE))
    assert delegated.waits_for(listeners(delegated)[443], validation)
    assert delegated.warnings == []


def test_the_second_step_only_adds(managed: Recording, delegated: Recording) -> None:
    before = {r.urn for r in managed.registrations}
    added = {r.urn for r in delegated.registrations} - before
    assert before <= {r.urn for r in delegated.registrations}
    assert {urn.rpartition("::")[2] for urn in added} == {"edge-https", "edge-certificate"}


def test_a_managed_zone_takes_a_certificate_from_elsewhere_at_once(variant: Variant) -> None:
    edge = {"dns": "managed", "zoneId": None, "certificateArn": GIVEN}
    recording = variant("dev", {"aws": {"edge": edge}})
    assert listeners(recording)[443].inputs["certificateArn"] == GIVEN
    assert recording.of_type(CERTIFICATE) == []
    assert not recording.one(ZONE).protect, "dev protects nothing"


def test_the_first_preview_of_a_managed_zone_knows_no_name_server(variant: Variant) -> None:
    edge = {"dns": "managed", "zoneId": None, "waitForCertificate": True}
    preview = variant("prod", {"aws": {"edge": edge}}, preview=True)
    assert preview.exports()["nameServers"] == UNKNOWN
    assert preview.warnings == []


def test_with_dns_elsewhere_the_stack_touches_no_zone_and_uses_the_given_certificate(
    elsewhere: Recording,
) -> None:
    for type_ in (ZONE, RECORD, CERTIFICATE, VALIDATION):
        assert elsewhere.of_type(type_) == [], type_
    assert listeners(elsewhere)[443].inputs["certificateArn"] == GIVEN
    assert elsewhere.exports()["url"] == "https://roost-dev.example.com"


def test_the_certificate_is_proven_by_dns_and_publicly_logged(stack: Recording) -> None:
    certificate = stack.one(CERTIFICATE).inputs
    assert certificate["validationMethod"] == "DNS"
    assert certificate["keyAlgorithm"] == "EC_prime256v1"
    assert certificate["options"] == {"certificateTransparencyLoggingPreference": "ENABLED"}


# Encryption and access


def test_browsers_are_told_to_stay_with_https(stack: Recording) -> None:
    header = "routingHttpResponseStrictTransportSecurityHeaderValue"
    assert listeners(stack)[443].inputs[header] == "max-age=31536000"


@pytest.mark.parametrize(("name", "expected"), [("dev", False), ("prod", True)])
def test_nobody_deletes_prods_load_balancer_by_mistake(
    name: str, expected: bool, request: pytest.FixtureRequest
) -> None:
    balancer = request.getfixturevalue(name).one(BALANCER).inputs
    assert balancer["enableDeletionProtection"] is expected


def test_the_load_balancer_spans_every_zone(dev: Recording, prod: Recording) -> None:
    assert len(dev.one(BALANCER).inputs["subnets"]) == 2
    assert len(prod.one(BALANCER).inputs["subnets"]) == 3


def test_who_may_connect_is_a_setting(variant: Variant) -> None:
    office = {"allowedCidrs": ["198.51.100.0/24", "203.0.113.7/32"]}
    doors = {
        r.name: r.inputs
        for r in variant("dev", {"aws": {"edge": office}}).of_type(DOOR)
        if r.name.startswith("edge-")
    }
    assert {(d["cidrIpv4"], d["fromPort"]) for d in doors.values()} == {
        (cidr, port) for cidr in office["allowedCidrs"] for port in (80, 443)
    }
    assert "edge-https-from-203-0-113-7-32" in doors


def test_ranges_of_ipv6_have_names_of_their_own(variant: Variant) -> None:
    ranges = ["0.0.0.0/0", "2001:db8:a::/48", "2001:db8::a:0:0/96"]
    edge = {"dualStack": True, "allowedCidrs": ranges}
    recording = variant("dev", {"aws": {"network": {"ipv6": True}, "edge": edge}})
    doors = [r for r in recording.of_type(DOOR) if r.name.startswith("edge-https")]
    assert {d.inputs.get("cidrIpv6") or d.inputs["cidrIpv4"] for d in doors} == set(ranges)


# Logs


def test_access_logs_go_to_the_log_bucket_once_it_admits_them(stack: Recording) -> None:
    balancer = stack.one(BALANCER)
    logs = balancer.inputs["accessLogs"]
    assert logs["enabled"] is True
    assert "-logs-" in logs["bucket"]
    policy = stack.one("aws:s3/bucketPolicy:BucketPolicy", "storage-logs")
    assert stack.waits_for(balancer, policy), "AWS tries to write before it accepts the setting"
    allowed = {s["Sid"]: s for s in json.loads(policy.inputs["policy"])["Statement"]}["LoadBalancerLogs"]
    (resource,) = allowed["Resource"]
    assert resource.endswith(f"/{logs['prefix']}/AWSLogs/111122223333/*")


# The firewall


def rules(recording: Recording) -> dict[str, dict[str, Any]]:
    return {rule["name"]: rule for rule in recording.one("aws:wafv2/webAcl:WebAcl").inputs["rules"]}


def test_one_address_may_ask_only_so_often(stack: Recording) -> None:
    flood = rules(stack)["flood"]["statement"]["rateBasedStatement"]
    assert flood == {"aggregateKeyType": "IP", "limit": 2000, "evaluationWindowSec": 300}


def test_limits_of_the_firewall_are_settings(variant: Variant) -> None:
    waf = {"requestsPer5Minutes": 500, "maxBodyMegabytes": 1, "logRetentionDays": 90}
    recording = variant("dev", {"aws": {"edge": {"waf": waf}}})
    assert rules(recording)["flood"]["statement"]["rateBasedStatement"]["limit"] == 500
    assert rules(recording)["body"]["statement"]["regexMatchStatement"]["regexString"] == "^[1-9][0-9]{6,}$"
    group = recording.one("aws:cloudwatch/logGroup:LogGroup", "edge-firewall").inputs
    assert group["retentionInDays"] == 90
    assert group["name"].startswith("aws-waf-logs-"), "WAF writes to no other group"
    assert group["kmsKeyId"].startswith("arn:aws:kms:")


def test_the_firewall_judges_bodies_by_their_announced_length_alone(stack: Recording) -> None:
    body = rules(stack)["body"]["statement"]["regexMatchStatement"]
    assert body["fieldToMatch"] == {"singleHeader": {"name": "content-length"}}
    assert body["regexString"] == "^[1-9][0-9]{7,}$", "ten megabytes: what people paste fits"


def test_every_header_that_carries_a_password_is_redacted(stack: Recording) -> None:
    log = stack.one("aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration").inputs
    redacted = {f["singleHeader"]["name"] for f in log["redactedFields"]}
    assert redacted == {"authorization", "cookie", "x-bare-password"}
    assert ":log-group:aws-waf-logs-" in log["logDestinationConfigs"][0]


def test_a_request_passes_unless_a_rule_says_otherwise(stack: Recording) -> None:
    acl = stack.one("aws:wafv2/webAcl:WebAcl").inputs
    assert acl["defaultAction"] == {"allow": {}}
    assert acl["scope"] == "REGIONAL"
    assert acl["visibilityConfig"]["cloudwatchMetricsEnabled"] is True


# Timing: infra/sizing/timing.py computes it, tests/unit/test_sizing_timing.py judges that. Here
# every figure arrives where it takes effect.


def timings(recording: Recording) -> dict[str, int]:
    pod = workload(recording, "server").pod
    (container,) = pod["containers"]
    env = {e["name"]: e.get("value") for e in container["env"]}
    return {
        "idle": recording.one(BALANCER).inputs["idleTimeout"],
        "deregistration": recording.one(TARGETS).inputs["deregistrationDelay"],
        "keep-alive": int(env["LETTA_UVICORN_TIMEOUT_KEEP_ALIVE"]),
        "drain": int(env["ROOST_DRAIN_SECONDS"]),
        "pre-stop": container["lifecycle"]["preStop"]["sleep"]["seconds"],
        "grace": pod["terminationGracePeriodSeconds"],
    }


def test_the_load_balancer_closes_an_idle_connection_before_the_server_does(stack: Recording) -> None:
    times = timings(stack)
    assert times["keep-alive"] > times["idle"], "the other way round clients see 502"


def test_a_pod_is_taken_out_while_it_still_answers(stack: Recording) -> None:
    assert timings(stack)["pre-stop"] >= 15, "deregistration is not immediate behind an ALB"


def test_the_load_balancer_lets_streams_finish_and_no_longer(stack: Recording) -> None:
    times = timings(stack)
    assert times["deregistration"] == times["pre-stop"] + times["drain"] <= 3600


def test_kubernetes_waits_for_all_of_it(stack: Recording) -> None:
    times = timings(stack)
    assert times["grace"] == times["pre-stop"] + times["drain"] + STOP_MARGIN


def test_timing_follows_its_settings(variant: Variant) -> None:
    times = timings(
        variant(
            "dev",
            {
                "edge": {"idleTimeoutSeconds": 120},
                "server": {"preStopSeconds": 20, "drainSeconds": 900, "longestStreamSeconds": 900},
            },
        )
    )
    assert times == {
        "idle": 120,
        "keep-alive": 135,
        "pre-stop": 20,
        "drain": 900,
        "deregistration": 920,
        "grace": 930,
    }


def test_the_health_check_asks_the_servers_own_question(stack: Recording) -> None:
    check = stack.one(TARGETS).inputs["healthCheck"]
    assert check["path"] == "/v1/health/"
    assert check["matcher"] == "200"
    assert check["timeout"] < check["interval"], "AWS refuses anything else"
    assert (check["healthyThreshold"], check["unhealthyThreshold"]) == (2, 3)
