"""How rules become policies of the Pulumi policy SDK, and a pack becomes a process."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyComplianceFramework,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from policies.lib.check import Check, Verdict
from policies.lib.ledger import Ledger
from policies.lib.remedy import Draft
from policies.lib.resources import Inputs, Resource, of_stack, of_validation
from policies.lib.rule import Rule
from policies.lib.server import About, Analyzer
from policies.lib.settings import CreateOnly, Settings, parse, schema
from policies.lib.types import canonical, is_patch, types
from policies.lib.values import Undetermined, Value

EXEMPTIONS = "exemptions"
"""The policy of every pack that reports which exemptions were used."""


class _Undecided(UnknownValueError):  # noqa: N818 - no error, but what the SDK has for it
    """Ends a policy so that the SDK makes one advisory diagnostic of it, whatever the policy's level."""

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)
        self.message = message


def today() -> dt.date:
    """The day by which exemptions are judged; everywhere the same one."""
    return dt.datetime.now(dt.UTC).date()


def analyzer(pack: str, title: str, rules: Sequence[Rule]) -> Analyzer:
    """The service of a pack with these rules, in their order; the levels are those of production.

    Raises:
        ValueError: two rules have the same id.
    """
    if len({rule.id for rule in rules}) < len(rules):
        raise ValueError(f"{pack} has two rules of the same id")
    ledger = Ledger(pack)
    inputs: Inputs = {}
    made: list[About] = []
    for rule in rules:
        runner = _Runner(rule, ledger, inputs)
        if rule.about_stack:
            made.append(
                About(StackValidationPolicy(validate=runner.judge_stack, **_described(rule)), rule.types)
            )
            if rule.remedy:
                made.append(About(_remedy_beside(rule, runner), rule.types))
        else:
            remedy = runner.remedy if rule.remedy else None
            policy = ResourceValidationPolicy(validate=runner.judge, remediate=remedy, **_described(rule))
            made.append(About(policy, rule.types))
    made.append(About(_exemptions(ledger), types()))
    return Analyzer(pack, title, made, inputs)


class _Runner:
    """One rule at work in one pack."""

    def __init__(self, rule: Rule, ledger: Ledger, inputs: Inputs) -> None:
        self._rule = rule
        self._ledger = ledger
        self._inputs = inputs
        self._given: Mapping[str, Any] | None = None
        self._settings = rule.settings()

    def judge(self, args: ResourceValidationArgs, report: ReportViolation) -> None:
        """Judge one resource, as the SDK asks."""
        assert self._rule.judge
        check = self._check(args.get_config())
        for resource in of_validation(args):
            with check.on(resource):
                self._rule.judge(resource, check)
        self._conclude(check, report)

    def judge_stack(self, args: StackValidationArgs, report: ReportViolation) -> None:
        """Judge the stack, as the SDK asks."""
        assert self._rule.judge_stack
        if not args.resources:
            return
        check = self._check(args.get_config())
        self._rule.judge_stack(of_stack(args, self._rule.types, self._inputs), check)
        self._conclude(check, report)

    def remedy(self, args: ResourceValidationArgs) -> Any:
        """Mend one resource's inputs, as the SDK asks; None where there is nothing to mend."""
        assert self._rule.remedy
        type_ = canonical(args.resource_type)
        settings = self._read(args.get_config())
        if isinstance(settings, CreateOnly) and (args.opts.protect or not settings.is_new(args.name)):
            return None  # it may exist, and would be replaced: the violation stands, for a person to decide
        if any(one.covers(type_, args.name, args.urn) for one in settings.exemptions):
            return None
        provider = Value(args.provider.props if args.provider else None)
        draft = Draft(args.props, type_, provider, patch=is_patch(args.resource_type))
        with contextlib.suppress(Undetermined):
            self._rule.remedy(draft, settings)
        return args.props if draft.changed else None

    def _check(self, given: Mapping[str, Any]) -> Check:
        return Check(self._read(given), today())

    def _read(self, given: Mapping[str, Any]) -> Settings:
        if given != self._given:
            self._settings = parse(self._rule.id, self._rule.settings, given)
            self._given = dict(given)
        return self._settings

    def _conclude(self, check: Check, report: ReportViolation) -> None:
        """Report every verdict; what is undecided last, since that ends the policy."""
        undecided: list[str] = []
        for verdict in check.verdicts.values():
            outcome = verdict.outcome(check.today)
            self._ledger.record(self._rule.id, verdict.resource.urn, outcome, verdict.exemption)
            if outcome == "violated":
                for message in self._messages(verdict, check):
                    report(message, verdict.resource.urn)
            elif outcome == "undetermined":
                undecided.append(f"{subject(verdict.resource)}: {verdict.undetermined[0]}")
                if self._settings.strict:
                    report(f"{undecided[-1]}, and the rule is strict. {self._rule.fix}", verdict.resource.urn)
        if undecided and not self._settings.strict:
            raise _Undecided(f"undetermined for {'; '.join(undecided)}")

    def _messages(self, verdict: Verdict, check: Check) -> Iterable[str]:
        about = subject(verdict.resource)
        yield from (f"{about}: {what}. {self._rule.fix}" for what in verdict.violations)
        exemption = verdict.exemption
        if exemption and exemption.expired(check.today):
            yield (
                f"{about}: its exemption expired on {exemption.expires} ({exemption.owner}: "
                f"{exemption.reason}). Keep the rule, or have the exemption renewed."
            )


def subject(resource: Resource) -> str:
    """How messages call a resource."""
    return f"{resource.type} {resource.name!r}"


def _described(rule: Rule) -> dict[str, Any]:
    framework = next(iter(rule.refs), None)
    return {
        "name": rule.id,
        "description": rule.title,
        "enforcement_level": EnforcementLevel(rule.levels.prod),
        "config_schema": schema(rule.settings),
        "display_name": rule.title,
        "severity": rule.severity,
        "framework": framework
        and PolicyComplianceFramework(
            framework.framework.name, framework.framework.version, framework.control, framework.url
        ),
        "tags": [str(ref) for ref in rule.refs],
        "remediation_steps": rule.fix,
        "url": rule.url,
    }


def _remedy_beside(rule: Rule, runner: _Runner) -> ResourceValidationPolicy:
    described = _described(rule)
    described["name"] = rule.remedy_id
    described["enforcement_level"] = EnforcementLevel.DISABLED
    described["display_name"] = f"{rule.title} (remedy)"
    return ResourceValidationPolicy(remediate=runner.remedy, **described)


def _exemptions(ledger: Ledger) -> StackValidationPolicy:
    def used(_: StackValidationArgs, report: ReportViolation) -> None:
        for (rule, urn), exemption in sorted(ledger.used.items()):
            report(
                f"{rule} is not applied here until {exemption.expires}: {exemption.reason} "
                f"({exemption.owner})",
                urn,
            )

    validate: Callable[[StackValidationArgs, ReportViolation], None] = used
    return StackValidationPolicy(
        name=EXEMPTIONS,
        description="Which exemptions were used",
        validate=validate,
        enforcement_level=EnforcementLevel.ADVISORY,
    )
