"""`make rehearse`: one AWS stack through its whole life on an emulated account, and the report."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from local import emulator, paths, policing
from local.cli.phases import PhaseFailedError, Run
from local.emulator.child import ClusterEndpoint
from local.progress import PhaseError, Progress
from local.rehearsal import cluster
from local.rehearsal.account import Account
from local.rehearsal.login import Logins
from local.rehearsal.plans import first_kubernetes, plan, policy_bench, policy_plan
from local.rehearsal.report import Line, Report
from local.rehearsal.stage import Stage, Step
from local.rehearsal.workspace import Workspace
from local.toolchain import plugins, pulumi

STACKS = ("dev", "prod", "prod-dr")
REBUILT = "prod-dr"
"""Of profile prod, in its DR region; prod's own rehearsal ends with it."""
_LINE_LIMIT = 160


def judge(console: Console, profile: str) -> int:
    """`make policy STACK=<profile>`: the packs on the first preview, and on the state of the stack."""
    return rehearse(console, profile, policy_plan(profile), "policies")


def bench_policies(console: Console) -> int:
    """`make bench-policies`: what the packs cost on prod."""
    return rehearse(console, "prod", policy_bench(), "policy-bench")


def rehearse(
    console: Console, profile: str, steps: Sequence[Step] | None = None, name: str = "rehearsal"
) -> int:
    """`make rehearse STACK=<profile>`: 0 if every step showed what it was to show.

    Everything of it lies in `<state>/<name>/<profile>`, from which an earlier one is removed. `steps` are
    those of the profile's whole life unless given.

    Raises:
        PhaseError: there is no such stack to rehearse.
    """
    if profile not in STACKS:
        raise PhaseError(
            f"STACK must be one of {', '.join(STACKS)}, not {profile!r}.",
            "For example: make rehearse STACK=prod",
        )
    root = paths.private_state() / name / profile
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    run, report = Run(console), Report(profile)
    with contextlib.ExitStack() as stack:
        with run.phase("Prepare") as phase:
            stage = _set_up(root, profile, report, phase, stack)
            phase.result(f"account {stage.account.account}, {len(stage.clusters)} control planes")
        try:
            for step in steps or plan(profile):
                _perform(step, stage, run, report)
        except PhaseFailedError:
            return 1
        finally:
            _finish(stage, report, root)
            run.say()
            report.show(console)
            if "state" in stage.policies:
                shown = {judged: stage.policies[judged] for judged in ("preview", "state")}
                policing.show(console, shown, f"Policy packs on {profile}")
            run.say(f"Report and logs: {root}", "dim")
    return 0


def _perform(step: Step, stage: Stage, run: Run, report: Report) -> None:
    began, said = time.monotonic(), "failed"
    passed = False
    try:
        with run.phase(step.name) as phase:
            said = step.run(stage, phase)
            phase.result(said[:_LINE_LIMIT])
            passed = True
    finally:
        report.lines.append(Line(step.name, round(time.monotonic() - began, 1), passed, said))


def _set_up(
    root: Path, profile: str, report: Report, progress: Progress, stack: contextlib.ExitStack
) -> Stage:
    engine, _, _ = pulumi.engine(progress)
    found = plugins.provide(engine, pulumi.environment(), progress, plugins.needed(aws=True))
    report.plugins = {name: plugin.source for name, plugin in found.items()}
    logins = Logins(root / "login")
    logins.prepare()

    def workspace(name: str) -> Workspace:
        made = Workspace(root / name, name, engine, plugins.home(), (logins.bin,))
        made.prepare()
        return made

    main = workspace(profile)
    stacks = {str(main.setting("aws.region")): main}
    if dr_region := main.setting("aws.drRegion"):
        stacks[str(dr_region)] = workspace(REBUILT)
    (principal,) = dict(main.setting("aws.cluster.admins")).values()
    progress.note("starting the control planes")
    planes = {
        region: stack.enter_context(
            cluster.running(
                root / "k8s" / region, logins, name=one.cluster_name, region=region, principal=principal
            )
        )
        for region, one in stacks.items()
    }
    progress.note("starting the emulated account")
    endpoints = {region: ClusterEndpoint(plane.endpoint, plane.ca_file) for region, plane in planes.items()}
    account = stack.enter_context(emulator.running(clusters=endpoints, log=root / "emulator.log"))
    for region, plane in planes.items():
        plane.follow(Account(account, region, stacks[region].cluster_name))
    environment = "prod" if profile == REBUILT else profile
    stage = Stage(environment, account, planes, main, stacks.get(str(dr_region)))
    own = {"aws.edge.zoneId": _make_zone(stage), "aws.cluster.kubernetesVersion": first_kubernetes()}
    for one in stacks.values():
        one.configure(own)
    stage.facts["before"] = account.inventory()
    return stage


def _make_zone(stage: Stage) -> str:
    """The hosted zone that the stacks' file presumes: it is there before any stack. Its id."""
    domain = str(stage.workspace.setting("aws.edge.domain"))
    zone = stage.client("route53").create_hosted_zone(
        Name=domain.partition(".")[2], CallerReference="rehearsal"
    )
    return zone["HostedZone"]["Id"].rsplit("/", 1)[-1]


def _finish(stage: Stage, report: Report, root: Path) -> None:
    report.types = stage.facts.pop("types", {})
    report.calls = stage.account.calls()
    report.facts = stage.facts
    report.write(root)
