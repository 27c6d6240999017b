"""AWS Backup's plans: how long recovery points stay, where copies go, and whether anybody tries them."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.logic import any_holds
from policies.lib.regions import are_apart, region_of, region_of_arn
from policies.lib.resources import Resource, Stack
from policies.lib.rule import resource_rule, stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

PLAN = "aws:backup/plan:Plan"
TESTS = "aws:backup/restoreTestingPlan:RestoreTestingPlan"
VAULTS = ("aws:backup/vault:Vault", "aws:backup/logicallyAirGappedVault:LogicallyAirGappedVault")


class BackupRetention(Settings):
    """How long recovery points stay."""

    days: int = Field(default=35, ge=1, description="The least number of days, of copies, too.")


@stack_rule(
    "bkp-copy-region",
    types(PLAN, VAULTS),
    title="A backup plan copies to a vault in another region",
    why="What takes a region away takes its backups, too.",
    fix="Give a rule of the plan a copyActions entry whose destinationVaultArn is in another region.",
    severity=Severity.HIGH,
    refs="",
    url="https://docs.aws.amazon.com/aws-backup/latest/devguide/cross-region-backup.html",
    dev="disabled",
    prod="mandatory",
)
def copy_region(stack: Stack, check: Check) -> None:
    for plan in stack.of(PLAN):
        with check.on(plan):
            if not _copies_elsewhere(plan, stack):
                check.violation("no rule copies to another region", plan["rules"])


def _copies_elsewhere(plan: Resource, stack: Stack) -> bool:
    copies = [copy for rule in plan["rules"].items() for copy in rule["copyActions"].items()]
    return any_holds(*(lambda copy=copy: _leaves_the_region(copy, plan, stack) for copy in copies))


def _leaves_the_region(copy: Value, plan: Resource, stack: Stack) -> bool:
    arn = copy["destinationVaultArn"]
    if arn.known:
        return are_apart(region_of(plan), region_of_arn(arn))
    # The plan's own vaults are in its region, so that one elsewhere is where copies go.
    made_from = (stack.get(urn) for urn in plan.dependencies.get("rules", ()))
    if any(one and are_apart(region_of(plan), region_of(one)) for one in made_from):
        return True
    raise Undetermined(arn.path, "is not known before the update")


@resource_rule(
    "bkp-retention",
    types(PLAN),
    title="Recovery points and their copies stay long enough",
    why="Damage that is noticed late needs a recovery point from before.",
    fix="Let lifecycle.deleteAfter of each rule and copy be as many days as the rule's setting asks for.",
    severity=Severity.MEDIUM,
    refs="",
    url="https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html",
    dev="advisory",
    prod="mandatory",
    settings=BackupRetention,
    departs="That restores are tested is a rule of its own, bkp-restore-testing, which only advises.",
)
def retention(plan: Resource, check: Check) -> None:
    for rule in plan["rules"].items():
        with check.part():
            _judge(rule.at("lifecycle.deleteAfter"), check)
        with check.part():
            for copy in rule["copyActions"].items():
                with check.part():
                    _judge(copy.at("lifecycle.deleteAfter"), check)


def _judge(delete_after: Value, check: Check) -> None:
    days = check.settings(BackupRetention).days
    if 0 < delete_after.number(default=0) < days:  # nothing and -1 mean never
        check.violation(f"recovery points go before {days} days", delete_after)


@stack_rule(
    "bkp-restore-testing",
    types(PLAN, TESTS),
    title="Where there are backup plans, restores are tested",
    why="A backup that nobody has restored is a hope.",
    fix="Add a RestoreTestingPlan with selections of what the plans back up.",
    severity=Severity.LOW,
    refs="",
    url="https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html",
    dev="advisory",
    prod="advisory",
)
def restore_testing(stack: Stack, check: Check) -> None:
    if stack.of(PLAN):
        with check.on(stack.root):
            if not stack.of(TESTS):
                check.violation("there are backup plans, and nothing tests a restore")
