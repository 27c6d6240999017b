"""A web application firewall that refuses known attacks and floods, and keeps a record without secrets."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined, Value
from policies.rules.aws_edge.web_acls import (
    ALLOW,
    COUNT,
    GROUP_ASSOCIATION,
    WEB_ACL,
    WEB_ACL_RULE,
    Firewall,
    FirewallRule,
    firewall,
    is_there,
)

LOGGING = "aws:wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration"
_WITH_RULES = types(WEB_ACL, WEB_ACL_RULE, GROUP_ASSOCIATION)
_COMMON = "AWSManagedRulesCommonRuleSet"
_SMALL_BODIES = "SizeRestrictions_BODY"
_WINDOW = 300
_DEEPEST = 8


class GroupSettings(Settings):
    """Which managed groups must be at work, and which of their rules need not block."""

    groups: tuple[str, ...] = Field(
        default=(
            _COMMON,
            "AWSManagedRulesKnownBadInputsRuleSet",
            "AWSManagedRulesAmazonIpReputationList",
            "AWSManagedRulesSQLiRuleSet",
        ),
        description="Names of AWS' managed rule groups.",
    )
    counted: tuple[str, ...] = Field(
        default=(
            _SMALL_BODIES,
            "CrossSiteScripting_BODY",
            "GenericLFI_BODY",
            "GenericRFI_BODY",
            "EC2MetaDataSSRF_BODY",
            "SQLi_BODY",
            "NoUserAgent_HEADER",
        ),
        description="Rules of these groups that may count instead of block.",
    )


@stack_rule(
    "waf-managed-groups",
    _WITH_RULES,
    title="A web ACL blocks what AWS knows to be attacks",
    why="Known exploits, injections and addresses of attackers reach the application on its first day.",
    fix="Add the managed groups with overrideAction none, override single rules only where it is agreed, and "
    "turn CloudWatch metrics on.",
    severity=Severity.HIGH,
    refs="FSBP WAF.10, FSBP WAF.12, CKV AWS_175, CKV AWS_192, CKV AWS_342, CKV 2_AWS_76",
    dev="advisory",
    prod="mandatory",
    settings=GroupSettings,
    departs="Single rules that look for attacks in request bodies may count: people send agents HTML, SQL "
    "and paths. `counted` names them; a whole group never counts.",
)
def managed_groups(stack: Stack, check: Check) -> None:
    settings = check.settings(GroupSettings)
    for acl in stack.of(WEB_ACL):
        with check.on(acl):
            found = firewall(stack, acl)
            for group in settings.groups:
                with check.part():
                    _at_work(group, found, check)
            for rule in found.rules:
                with check.part():
                    _overrides(rule, settings, check)
            for config in (acl["visibilityConfig"], *(rule.at["visibilityConfig"] for rule in found.rules)):
                with check.part():
                    metrics = config["cloudwatchMetricsEnabled"]
                    if not metrics.truth(default=False):
                        check.violation("nothing counts what it does", metrics)


def _at_work(group: str, found: Firewall, check: Check) -> None:
    if found.some(lambda rule: rule.applies(group) and not rule.only_counts()):
        return
    if found.some(lambda rule: rule.applies(group)):
        check.violation(f"{group} only counts")
    else:
        check.violation(f"{group} is not applied")


def _overrides(rule: FirewallRule, settings: GroupSettings, check: Check) -> None:
    if not any(rule.applies(group) for group in settings.groups):
        return
    for name, how in rule.overrides():
        with check.part():
            kind = how()
            if kind == ALLOW:
                check.violation("a rule of a managed group lets pass what it finds", name)
            elif kind == COUNT and name.text() not in settings.counted:
                check.violation("a rule of a managed group only counts", name)


class RateSettings(Settings):
    """How much one client may ask for."""

    most_requests: int = Field(
        default=10_000, ge=10, description="Highest limit of a rate rule, in requests per five minutes."
    )


@stack_rule(
    "waf-rate-limit",
    _WITH_RULES,
    title="A web ACL refuses floods and endless bodies, and not long prompts",
    why="One client can take all capacity, and pay-by-token models make that a bill; a limit of 8 KB on "
    "bodies refuses ordinary conversations.",
    fix="Add a rate-based rule and a rule about the size of bodies that block, and override "
    "SizeRestrictions_BODY to count.",
    severity=Severity.MEDIUM,
    refs="DOC AWS WAF rate-based rule statements",
    url="https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html",
    dev="advisory",
    prod="mandatory",
    settings=RateSettings,
)
def rate_limit(stack: Stack, check: Check) -> None:
    most = check.settings(RateSettings).most_requests
    for acl in stack.of(WEB_ACL):
        with check.on(acl):
            found = firewall(stack, acl)
            with check.part():
                if not found.some(lambda rule: _limits_rate(rule, most)):
                    check.violation(f"no rule blocks a client after {most} requests in five minutes or fewer")
            with check.part():
                if not found.some(lambda rule: rule.blocks() and _limits_body(rule.statement)):
                    check.violation("no rule of its own says how long a body may be")
            for rule in found.rules:
                with check.part():
                    if rule.applies(_COMMON) and not rule.only_counts() and not _lets_prompts_pass(rule):
                        check.violation("bodies of more than 8 KB are refused", rule.group)


def _limits_rate(rule: FirewallRule, most: int) -> bool:
    rate = rule.statement["rateBasedStatement"]
    if not is_there(rate) or not rule.blocks():
        return False
    window = rate["evaluationWindowSec"].number(default=_WINDOW)
    if window <= 0:
        raise Undetermined(rate["evaluationWindowSec"].path, "is no time")
    return rate["limit"].number(default=float("inf")) * _WINDOW / window <= most


def _limits_body(statement: Value, depth: int = 0) -> bool:
    """Whether it matches long bodies: by their length, or by what Content-Length announces."""
    if depth > _DEEPEST:
        raise Undetermined(statement.path, "goes too deep")
    size = statement["sizeConstraintStatement"]
    if is_there(size):
        field = size["fieldToMatch"]
        about_body = is_there(field["body"]) or is_there(field["jsonBody"]) or _is_length(field)
        return about_body and size["comparisonOperator"].text() in ("GT", "GE")
    for kind in ("regexMatchStatement", "byteMatchStatement", "regexPatternSetReferenceStatement"):
        if is_there(statement[kind]):
            return _is_length(statement[kind]["fieldToMatch"])
    parts = [
        part for kind in ("andStatement", "orStatement") for part in statement[kind]["statements"].items()
    ]
    return any(_limits_body(part, depth + 1) for part in parts)


def _is_length(field: Value) -> bool:
    return field["singleHeader"]["name"].text().lower() == "content-length"


def _lets_prompts_pass(rule: FirewallRule) -> bool:
    return any(name.text() == _SMALL_BODIES and how() in (COUNT, ALLOW) for name, how in rule.overrides())


class LoggingSettings(Settings):
    """What a firewall's log must not hold."""

    redacted_headers: tuple[str, ...] = Field(
        default=("authorization", "cookie"),
        description="Headers that are left out of the log, in lower case.",
    )


@stack_rule(
    "waf-logging",
    types(WEB_ACL, LOGGING),
    title="A web ACL keeps a log, without credentials",
    why="Without a log nobody can tell an attack from a false alarm; with headers in it, whoever reads the "
    "log can act as any user.",
    fix="Make a WebAclLoggingConfiguration whose redactedFields name the headers authorization and cookie.",
    severity=Severity.MEDIUM,
    refs="FSBP WAF.11, CKV 2_AWS_31",
    dev="advisory",
    prod="mandatory",
    settings=LoggingSettings,
)
def logging(stack: Stack, check: Check) -> None:
    for acl in stack.of(WEB_ACL):
        with check.on(acl):
            configurations = stack.companions(acl, LOGGING, "resourceArn")
            if not configurations:
                check.violation("nothing records what it does")
            for configuration in configurations:
                with check.on(configuration):
                    _keeps_secrets_out(configuration, check)


def _keeps_secrets_out(configuration: Resource, check: Check) -> None:
    with check.part():
        if not configuration["logDestinationConfigs"].items():
            check.violation("the log goes nowhere", "logDestinationConfigs")
    redacted, open_ = set[str](), None
    fields = configuration["redactedFields"]
    for field in fields.items():
        try:
            redacted.add(field["singleHeader"]["name"].text().lower())
        except Undetermined as reason:
            open_ = open_ or reason
    for header in check.settings(LoggingSettings).redacted_headers:
        if header not in redacted:
            if open_:
                raise open_
            check.violation(f"the log holds the header {header}", fields)
