from __future__ import annotations

import copy
from collections.abc import Generator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.emulator.child import ACCOUNT, Emulated
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import REGION, Made, World

ACL = "aws:wafv2/webAcl:WebAcl"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/edge/a1cb100f57e971ca"
LOGS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:aws-waf-logs-roost-prod"


def visible(rule: str) -> dict[str, Any]:
    return {
        "metricName": f"roost-prod-{rule}",
        "cloudwatchMetricsEnabled": True,
        "sampledRequestsEnabled": False,
    }


def flood(limit: int = 2000, **action: object) -> dict[str, Any]:
    rate = {"aggregateKeyType": "IP", "limit": limit, "evaluationWindowSec": 300}
    return {
        "name": "flood",
        "priority": 0,
        "action": action or {"block": {}},
        "statement": {"rateBasedStatement": rate},
        "visibilityConfig": visible("flood"),
    }


def body() -> dict[str, Any]:
    match = {
        "regexString": "^[1-9][0-9]{7,}$",
        "fieldToMatch": {"singleHeader": {"name": "content-length"}},
        "textTransformations": [{"priority": 0, "type": "NONE"}],
    }
    return {
        "name": "body",
        "priority": 1,
        "action": {"block": {}},
        "statement": {"regexMatchStatement": match},
        "visibilityConfig": visible("body"),
    }


def managed(*counted: str) -> dict[str, Any]:
    group: dict[str, Any] = {"vendorName": "AWS", "name": "AWSManagedRulesCommonRuleSet"}
    if counted:
        group["ruleActionOverrides"] = [{"name": name, "actionToUse": {"count": {}}} for name in counted]
    return {
        "name": "AWSManagedRulesCommonRuleSet",
        "priority": 12,
        "overrideAction": {"none": {}},
        "statement": {"managedRuleGroupStatement": group},
        "visibilityConfig": visible("AWSManagedRulesCommonRuleSet"),
    }


def acl(*rules: dict[str, Any], **more: object) -> dict[str, Any]:
    """As the stacks ask for it."""
    return {
        "scope": "REGIONAL",
        "defaultAction": {"allow": {}},
        "rules": list(rules) or [flood(), body(), managed("SizeRestrictions_BODY", "NoUserAgent_HEADER")],
        "visibilityConfig": visible("all"),
        "tags": {"Name": "roost-prod"},
        **more,
    }


def redacted(*headers: str) -> list[dict[str, Any]]:
    return [{"singleHeader": {"name": header}} for header in headers]


@pytest.fixture
def firewall(world: World) -> Generator[Made]:
    made = world.create(ACL, "firewall", acl())
    yield made
    world.delete(made)


def in_aws(world: World, made: Made) -> dict[str, Any]:
    where = {"Name": made.outputs["name"], "Scope": "REGIONAL", "Id": made.id}
    return world.client("wafv2").get_web_acl(**where)["WebACL"]


def test_an_acls_nested_rules_reach_aws_in_its_own_names(world: World) -> None:
    made = world.roundtrip(ACL, acl(), "edge-firewall")
    assert made.outputs["arn"].endswith(f":regional/webacl/{made.outputs['name']}/{made.id}")
    assert made.outputs["lockToken"]
    assert made.outputs["capacity"] > 0
    rules = {rule["Name"]: rule for rule in in_aws(world, made)["Rules"]}
    assert rules["flood"]["Statement"] == {
        "RateBasedStatement": {"AggregateKeyType": "IP", "Limit": 2000, "EvaluationWindowSec": 300}
    }
    assert rules["flood"]["Action"] == {"Block": {}}
    assert rules["body"]["Statement"]["RegexMatchStatement"]["FieldToMatch"] == {
        "SingleHeader": {"Name": "content-length"}
    }
    common = rules["AWSManagedRulesCommonRuleSet"]
    assert common["OverrideAction"] == {"None": {}}
    assert common["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"] == [
        {"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}},
        {"Name": "NoUserAgent_HEADER", "ActionToUse": {"Count": {}}},
    ]
    assert common["VisibilityConfig"]["CloudWatchMetricsEnabled"] is True
    world.gone(made)


def test_deep_statements_and_texts_come_back_as_they_went(world: World) -> None:
    nested = {
        "name": "nested",
        "priority": 30,
        "action": {"block": {"customResponse": {"responseCode": 418, "customResponseBodyKey": "tea"}}},
        "visibilityConfig": visible("nested"),
        "statement": {"andStatement": {"statements": [
            {"geoMatchStatement": {"countryCodes": ["DE"], "forwardedIpConfig": {
                "headerName": "X-Forwarded-For", "fallbackBehavior": "MATCH"}}},
            {"notStatement": {"statement": {"byteMatchStatement": {
                "searchString": "roost", "positionalConstraint": "CONTAINS", "fieldToMatch": {"uriPath": {}},
                "textTransformations": [{"priority": 0, "type": "LOWERCASE"}]}}}},
            {"sizeConstraintStatement": {
                "comparisonOperator": "GT", "size": 8192,
                "fieldToMatch": {"body": {"oversizeHandling": "CONTINUE"}},
                "textTransformations": [{"priority": 0, "type": "NONE"}]}},
            {"ipSetReferenceStatement": {
                "arn": f"arn:aws:wafv2:{REGION}:{ACCOUNT}:regional/ipset/known/1"}},
        ]}},
    }  # fmt: skip
    bodies = [{"key": "tea", "content": "short and stout", "contentType": "TEXT_PLAIN"}]
    made = world.roundtrip(ACL, acl(nested, customResponseBodies=bodies))
    parts = in_aws(world, made)["Rules"][0]["Statement"]["AndStatement"]["Statements"]
    assert parts[0]["GeoMatchStatement"]["ForwardedIPConfig"]["HeaderName"] == "X-Forwarded-For"
    assert parts[1]["NotStatement"]["Statement"]["ByteMatchStatement"]["SearchString"] == b"roost"
    assert "ARN" in parts[3]["IPSetReferenceStatement"]
    world.gone(made)


@pytest.mark.parametrize(
    "after",
    [
        acl(flood(1000), body(), managed("SizeRestrictions_BODY")),
        acl(flood(), body()),
        acl(rules=[]),
        acl(flood(count={}), body(), managed("SizeRestrictions_BODY", "NoUserAgent_HEADER")),
        acl(defaultAction={"block": {}}),
        acl(description="what the edge lets in"),
        acl(visibilityConfig={**visible("all"), "sampledRequestsEnabled": True}),
        acl(tokenDomains=["example.com"]),
        acl(tags={"owner": "platform"}),
    ],
    ids=[
        "limit",
        "fewer rules",
        "no rules",
        "count only",
        "default",
        "description",
        "samples",
        "domains",
        "tags",
    ],
)
def test_everything_but_name_and_scope_of_an_acl_changes_in_place(
    world: World, firewall: Made, after: dict[str, Any]
) -> None:
    assert world.diff(firewall, after).changed, "the change is not seen"
    before = in_aws(world, firewall)
    changed = world.update(firewall, after)
    world.settled(changed, after)
    assert in_aws(world, firewall) != before or "owner" in after["tags"], "the change did not reach AWS"
    back = world.update(changed, acl())
    if "tokenDomains" not in after:  # moto keeps domains that an update leaves out
        world.settled(back, acl())


def test_the_lock_token_is_of_the_last_change(world: World, firewall: Made) -> None:
    changed = world.update(firewall, acl(flood(1000)))
    assert changed.outputs["lockToken"] != firewall.outputs["lockToken"]
    assert world.diff(changed, acl(flood(1000), name="other")).replaces == {"name"}
    assert "scope" in world.diff(changed, acl(flood(1000), scope="CLOUDFRONT")).replaces


def test_rules_in_another_order_are_no_change(world: World, firewall: Made) -> None:
    turned = acl()
    turned["rules"].reverse()
    assert world.diff(firewall, turned).changed == {}


def test_a_rule_that_only_counts_is_seen_and_so_is_a_deleted_acl(world: World, firewall: Made) -> None:
    client = world.client("wafv2")
    where = {"Name": firewall.outputs["name"], "Scope": "REGIONAL", "Id": firewall.id}
    found = client.get_web_acl(**where)
    rules = copy.deepcopy(found["WebACL"]["Rules"])
    rules[0]["Action"] = {"Count": {}}
    client.update_web_acl(
        **where,
        LockToken=found["LockToken"],
        Rules=rules,
        DefaultAction={"Allow": {}},
        VisibilityConfig=found["WebACL"]["VisibilityConfig"],
    )
    seen = world.refresh(firewall)
    assert seen is not None
    assert world.diff(seen, acl()).changed == {"rules": "update"}
    client.delete_web_acl(**where, LockToken=client.get_web_acl(**where)["LockToken"])
    assert world.refresh(firewall) is None


def test_a_change_of_somebody_else_in_between_is_no_failure(
    world: World, emulated: Emulated, firewall: Made
) -> None:
    emulated.fail("wafv2", "UpdateWebACL", code="WAFOptimisticLockException", message="too late", times=2)
    changed = world.update(firewall, acl(flood(1000)))
    world.settled(changed, acl(flood(1000)))


def test_a_load_balancers_new_acl_takes_the_place_of_the_old_one(world: World, firewall: Made) -> None:
    other = world.create(ACL, "other", acl())
    old = {"webAclArn": firewall.outputs["arn"], "resourceArn": BALANCER}
    first = world.create(ASSOCIATION, "first", old)
    second = world.roundtrip(ASSOCIATION, {**old, "webAclArn": other.outputs["arn"]})
    assert world.refresh(first) is None
    world.gone(second)
    world.gone(other)


def test_an_acl_waits_until_nothing_uses_it_before_it_goes(world: World, emulated: Emulated) -> None:
    made = world.create(ACL, "used", acl())
    emulated.fail("wafv2", "DeleteWebACL", code="WAFAssociatedItemException", message="in use", times=2)
    world.gone(made)


def test_another_error_is_told_at_once(world: World, emulated: Emulated, firewall: Made) -> None:
    emulated.fail("wafv2", "UpdateWebACL", code="WAFLimitsExceededException", message="too many")
    with pytest.raises((ResourceError, ClientError), match="too many"):
        world.update(firewall, acl(flood(1000)))


def test_a_property_without_a_counterpart_is_refused_by_its_path(world: World) -> None:
    rule = flood()
    headers = [{"matchScope": "ALL", "oversizeHandling": "MATCH", "matchPattern": {"all": {}}}]
    rule["statement"] = {"regexMatchStatement": {**body()["statement"]["regexMatchStatement"]}}
    rule["statement"]["regexMatchStatement"]["fieldToMatch"] = {"headerOrders": headers[:0] or [{
        "oversizeHandling": "MATCH"}]}  # fmt: skip
    with pytest.raises(ResourceError, match=r"regexMatchStatement\.fieldToMatch\.headerOrders is not served"):
        world.create(ACL, "odd", acl(rule))


def test_an_association_is_one_acl_and_one_load_balancer(world: World, firewall: Made) -> None:
    wanted = {"webAclArn": firewall.outputs["arn"], "resourceArn": BALANCER}
    made = world.roundtrip(ASSOCIATION, wanted)
    assert made.id == f"{firewall.outputs['arn']},{BALANCER}"
    assert world.diff(made, {**wanted, "webAclArn": "other"}).replaces == {"webAclArn"}
    assert world.diff(made, {**wanted, "resourceArn": "other"}).replaces == {"resourceArn"}
    world.client("wafv2").disassociate_web_acl(ResourceArn=BALANCER)
    assert world.refresh(made) is None
    world.gone(world.create(ASSOCIATION, "again", wanted))


def test_logs_hide_other_headers_in_place_but_go_elsewhere_only_anew(world: World, firewall: Made) -> None:
    wanted = {
        "resourceArn": firewall.outputs["arn"],
        "logDestinationConfigs": [LOGS],
        "redactedFields": redacted("authorization", "cookie", "x-bare-password"),
    }
    made = world.roundtrip(LOGGING, wanted)
    assert made.id == firewall.outputs["arn"]
    client = world.client("wafv2")
    found = client.get_logging_configuration(ResourceArn=made.id)["LoggingConfiguration"]
    assert {"SingleHeader": {"Name": "x-bare-password"}} in found["RedactedFields"]
    drop = {
        "behavior": "DROP",
        "requirement": "MEETS_ANY",
        "conditions": [{"actionCondition": {"action": "ALLOW"}}],
    }
    after = {
        **wanted,
        "redactedFields": [*redacted("authorization"), {"queryString": {}}],
        "loggingFilter": {"defaultBehavior": "KEEP", "filters": [drop]},
    }
    changed = world.update(made, after)
    world.settled(changed, after)
    elsewhere = {**after, "logDestinationConfigs": [LOGS.replace("prod", "other")]}
    assert world.diff(changed, elsewhere).replaces == {"logDestinationConfigs"}

    weaker = {"ResourceArn": made.id, "LogDestinationConfigs": [LOGS]}
    client.put_logging_configuration(LoggingConfiguration=weaker)
    seen = world.refresh(changed)
    assert seen is not None
    assert "redactedFields" in world.diff(seen, after).changed
    world.gone(changed)
