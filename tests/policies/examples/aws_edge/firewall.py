"""What a web ACL must do, inline, as JSON and in resources of its own."""

import json
from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

ACL = "aws:wafv2/webAcl:WebAcl"
RULE = "aws:wafv2/webAclRule:WebAclRule"
ASSOCIATION = "aws:wafv2/webAclRuleGroupAssociation:WebAclRuleGroupAssociation"
LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
ARN = "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/edge/1"
SEEN = {"metricName": "m", "sampledRequestsEnabled": False, "cloudwatchMetricsEnabled": True}
COMMON, INPUTS = "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet"
ADDRESSES, SQL = "AWSManagedRulesAmazonIpReputationList", "AWSManagedRulesSQLiRuleSet"
WORDS = f"{COMMON} {INPUTS} {ADDRESSES} {SQL} authorization cookie"
COUNTED = {"name": "SizeRestrictions_BODY", "actionToUse": {"count": {}}}


def group(name: str, *overrides: dict[str, Any]) -> dict[str, Any]:
    statement = {"vendorName": "AWS", "name": name, "ruleActionOverrides": list(overrides)}
    return {
        "statement": {"managedRuleGroupStatement": statement},
        "overrideAction": {"none": {}},
        "visibilityConfig": dict(SEEN),
    }


def blocking(**statement: Any) -> dict[str, Any]:
    return {"statement": statement, "action": {"block": {}}, "visibilityConfig": dict(SEEN)}


FLOOD = blocking(rateBasedStatement={"limit": 2000, "aggregateKeyType": "IP", "evaluationWindowSec": 300})
LENGTH = {"singleHeader": {"name": "Content-Length"}}
BODY = blocking(regexMatchStatement={"regexString": "^[1-9][0-9]{7,}$", "fieldToMatch": LENGTH})
GROUPS = [group(COMMON, COUNTED), group(INPUTS), group(ADDRESSES), group(SQL)]
GOOD = R(ACL, {"arn": ARN, "rules": [*GROUPS, FLOOD, BODY], "visibilityConfig": dict(SEEN)}, name="edge")


def _pascal(value: Any) -> Any:
    if isinstance(value, dict):
        return {key[0].upper() + key[1:]: _pascal(item) for key, item in value.items()}
    return [_pascal(item) for item in value] if isinstance(value, list) else value


def as_json(*rules: dict[str, Any]) -> R:
    return R(
        ACL,
        {"arn": ARN, "ruleJson": json.dumps(_pascal(list(rules))), "visibilityConfig": dict(SEEN)},
        "edge",
    )


BARE = R(ACL, {"arn": ARN, "visibilityConfig": dict(SEEN)}, name="edge")
APART = (
    BARE,
    *(
        R(
            ASSOCIATION,
            {
                "webAclArn": ARN,
                "ruleName": f"r{number}",
                "overrideAction": "none",
                "visibilityConfig": dict(SEEN),
                "managedRuleGroup": one["statement"]["managedRuleGroupStatement"],
            },
            name=f"group-{number}",
            depends={"webAclArn": ["edge"]},
        )
        for number, one in enumerate(GROUPS)
    ),
    *(
        R(RULE, {"webAclArn": ARN, **one}, name=f"rule-{number}", depends={"webAclArn": ["edge"]})
        for number, one in enumerate((FLOOD, BODY))
    ),
)
NESTED = blocking(
    orStatement={
        "statements": [
            {"geoMatchStatement": {"countryCodes": ["AQ"]}},
            {
                "sizeConstraintStatement": {
                    "comparisonOperator": "GT",
                    "size": 8192,
                    "fieldToMatch": {"body": {"oversizeHandling": "MATCH"}},
                }
            },
        ]
    }
)
COUNTING = {"name": "SQLi_COOKIE", "actionToUse": {"count": {}}}

EXAMPLES = (
    Example(
        "waf-managed-groups",
        good=(GOOD,),
        bad={
            "a group is missing": put("edge", "rules", [*GROUPS[:3], FLOOD, BODY]),
            "there are no rules": Bad(drop("edge", "rules"), 4),
            "a group as a whole counts": put("edge", "rules[1].overrideAction", {"count": {}}),
            "the group of that name is another vendor's": put(
                "edge", "rules[2].statement.managedRuleGroupStatement.vendorName", "Somebody"
            ),
            "a rule counts that should block": put(
                "edge", "rules[3].statement.managedRuleGroupStatement.ruleActionOverrides", [COUNTING]
            ),
            "a rule lets pass what it finds": put(
                "edge",
                "rules[0].statement.managedRuleGroupStatement.ruleActionOverrides[0].actionToUse",
                {"allow": {}},
            ),
            "the ACL has no metrics": put("edge", "visibilityConfig.cloudwatchMetricsEnabled", False),
            "a rule has no metrics": drop("edge", "rules[4].visibilityConfig"),
        },
        fine={
            "a group is there twice, and blocks once": put(
                "edge", "rules[6]", {**group(SQL), "overrideAction": {"count": {}}}
            ),
            "a rule is stricter than the group": put(
                "edge",
                "rules[3].statement.managedRuleGroupStatement.ruleActionOverrides",
                [{"name": "SQLi_COOKIE", "actionToUse": {"captcha": {}}}],
            ),
            "another group counts": put(
                "edge", "rules[6]", {**group("Other"), "overrideAction": {"count": {}}}
            ),
        },
        open={"no rule is known": put("edge", "rules", UNKNOWN)},
        vocabulary=WORDS,
    ),
    Example(
        "waf-managed-groups",
        good=(as_json(*GROUPS, FLOOD, BODY),),
        bad={
            "a group is missing": lambda _: [as_json(*GROUPS[1:])],
            "a group counts": lambda _: [
                as_json({**GROUPS[0], "overrideAction": {"count": {}}}, *GROUPS[1:])
            ],
            "a rule is excluded, as programs did of old": lambda _: [
                as_json(
                    *GROUPS[:3],
                    {
                        **GROUPS[3],
                        "statement": {
                            "managedRuleGroupStatement": {
                                "vendorName": "AWS",
                                "name": SQL,
                                "excludedRules": [{"name": "SQLi_COOKIE"}],
                            }
                        },
                    },
                )
            ],
        },
        open={"it is not JSON": put("edge", "ruleJson", "[{")},
        vocabulary=WORDS,
    ),
    Example(
        "waf-managed-groups",
        good=APART,
        bad={
            "a group is missing": without("group-2"),
            "a group counts": put("group-2", "overrideAction", "count"),
            "a group is another ACL's": both(
                put("group-1", "webAclArn", f"{ARN}2"), options("group-1", depends={})
            ),
        },
        fine={"they are linked by ARN alone": options("group-1", depends={})},
        companions_hide=True,
        vocabulary=WORDS,
    ),
    Example(
        "waf-rate-limit",
        good=(GOOD,),
        bad={
            "no rule is about the rate": put("edge", "rules", [*GROUPS, BODY]),
            "the rate is only counted": put("edge", "rules[4].action", {"count": {}}),
            "the limit is no limit": put("edge", "rules[4].statement.rateBasedStatement.limit", 2_000_000),
            "the limit is for a shorter time": put(
                "edge",
                "rules[4].statement.rateBasedStatement",
                {"limit": 9000, "evaluationWindowSec": 60},
            ),
            "no rule is about bodies": put("edge", "rules", [*GROUPS, FLOOD]),
            "a rule is about another header": put(
                "edge",
                "rules[5].statement.regexMatchStatement.fieldToMatch.singleHeader.name",
                "content-type",
            ),
            "small bodies are refused": put(
                "edge",
                "rules[5].statement",
                {
                    "sizeConstraintStatement": {
                        "comparisonOperator": "LT",
                        "size": 8192,
                        "fieldToMatch": {"body": {}},
                    }
                },
            ),
            "prompts of more than 8 KB are refused": put("edge", "rules[0]", group(COMMON)),
            "there are no rules": Bad(drop("edge", "rules"), 2),
        },
        fine={
            "the window is the default": drop(
                "edge", "rules[4].statement.rateBasedStatement.evaluationWindowSec"
            ),
            "the size is a part of a larger statement": put("edge", "rules[5]", NESTED),
            "all groups count": both(
                *(put("edge", f"rules[{at}].overrideAction", {"count": {}}) for at in range(4))
            ),
        },
        open={"no rule is known": put("edge", "rules", UNKNOWN)},
    ),
    Example(
        "waf-rate-limit",
        good=APART,
        bad={"the rate rule is gone": without("rule-0"), "the body rule is gone": without("rule-1")},
        companions_hide=True,
    ),
    Example(
        "waf-rate-limit",
        good=(as_json(*GROUPS, FLOOD, BODY),),
        bad={"no rule is about the rate": lambda _: [as_json(*GROUPS, BODY)]},
    ),
    Example(
        "waf-logging",
        good=(
            GOOD,
            R(
                LOGGING,
                {
                    "resourceArn": ARN,
                    "logDestinationConfigs": ["arn:aws:logs:::log-group:aws-waf-logs-edge"],
                    "redactedFields": [
                        {"singleHeader": {"name": "Authorization"}},
                        {"singleHeader": {"name": "cookie"}},
                        {"queryString": {}},
                    ],
                },
                name="log",
                depends={"resourceArn": ["edge"]},
            ),
        ),
        bad={
            "there is none": without("log"),
            "it is another ACL's": both(put("log", "resourceArn", f"{ARN}2"), options("log", depends={})),
            "nothing is left out": Bad(drop("log", "redactedFields"), 2),
            "cookies are in it": put("log", "redactedFields", [{"singleHeader": {"name": "authorization"}}]),
            "it goes nowhere": put("log", "logDestinationConfigs", []),
            "a second ACL has none": add(R(ACL, {"arn": f"{ARN}3"}, name="second")),
        },
        fine={"they are linked by ARN alone": options("log", depends={})},
        open={
            "nobody knows whose it is": both(put("log", "resourceArn", UNKNOWN), options("log", depends={})),
            "a header is not known": put("log", "redactedFields[1].singleHeader.name", UNKNOWN),
        },
        companions_hide=True,
        vocabulary=WORDS,
    ),
)
