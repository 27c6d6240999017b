"""What goes wrong: AWS refuses in the middle, the engine is killed, somebody deletes what is protected."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

import botocore.exceptions

from local.progress import Progress
from local.rehearsal.stage import Stage, refuted, succeeded, unchanged
from local.rehearsal.workspace import kill

_KILL_SECONDS = 300
_WATCH_SECONDS = 0.02
_SLOW_ANSWERS = 3


def provider_errors(stage: Stage, progress: Progress) -> str:
    """An up into an account that throttles now and then, and has no database instance to give."""
    # Throttling that passes is the plugin's to wait out; a lack of capacity is told to the user.
    stage.account.fail(
        "ec2", "CreateSubnet", times=2, code="RequestLimitExceeded", message="Slow down.", http_status=503
    )
    stage.account.fail(
        "rds",
        "CreateDBInstance",
        code="InsufficientDBInstanceCapacity",
        message="None of that class is left.",
    )
    outcome = stage.workspace.up(progress)
    if not outcome.failed:
        raise refuted("the up was to fail for lack of a database instance")
    if not any("InsufficientDBInstanceCapacity" in error for error in outcome.errors):
        raise refuted("the up failed, but does not say for lack of what", outcome)
    made = len(outcome.of("create"))
    return f"throttling waited out; after {made} resources: {_first_line(outcome.errors)}"


def engine_killed(stage: Stage, progress: Progress) -> str:
    """`kill -9` while the database is being made; then the documented way back."""
    # AWS answers slowly while the database is being made, so that there is time to kill whatever the load.
    slow = ("rds", "DescribeDBInstances")
    stage.account.fail(*slow, code="Throttling", message="Slow down.", times=_SLOW_ANSWERS)
    _kill_during(stage, progress, "rds.CreateDBInstance")
    for _ in range(_SLOW_ANSWERS):
        with contextlib.suppress(botocore.exceptions.ClientError):
            stage.client("rds").describe_db_instances()
    stage.workspace.cancel()
    pending = stage.workspace.deployment().get("pending_operations") or []
    made = next((o["resource"] for o in pending if o["resource"]["urn"].endswith("::database")), None)
    if made is None:
        raise refuted("the state does not say that the database was being made")
    succeeded(stage.workspace.refresh(progress, "--clear-pending-creates"))
    if stage.workspace.deployment().get("pending_operations"):
        raise refuted("operations are still pending after the refresh")
    found = stage.client("rds").describe_db_instances(DBInstanceIdentifier=made["inputs"]["identifier"])
    identity = found["DBInstances"][0]["DbiResourceId"]
    progress.note(f"importing {identity}")
    stage.workspace.adopt(made, identity)
    return f"killed during CreateDBInstance; {len(pending)} pending; {identity} was in AWS: imported"


def converges(stage: Stage, progress: Progress) -> str:
    """The next up finishes what was begun, and nothing is there twice."""
    outcome = succeeded(stage.workspace.up(progress))
    unchanged(stage.workspace.preview(progress, "--expect-no-changes"))
    return f"{len(outcome.changes)} changed, then no change"


def protected_data_stays(stage: Stage, progress: Progress) -> str:
    """`pulumi destroy` on prod, and deletes by hand: refused, and nothing was touched."""
    before = stage.account.inventory()
    outcome = stage.workspace.run(progress, "destroy", "--yes")
    if not outcome.failed or not any("protected" in error for error in outcome.errors):
        raise refuted("`pulumi destroy` was to be refused because of protected resources", outcome)
    refusals = {
        name: _refusal(attempt)
        for name, attempt in {
            "database": lambda: stage.client("rds").delete_db_instance(
                DBInstanceIdentifier=stage.workspace.resource("aws:rds/instance:Instance", "database")[
                    "outputs"
                ]["identifier"],
                SkipFinalSnapshot=True,
            ),
            "cluster": lambda: stage.client("eks").delete_cluster(
                name=stage.workspace.resource("aws:eks/cluster:Cluster", "cluster")["outputs"]["name"]
            ),
            "load balancer": lambda: stage.client("elbv2").delete_load_balancer(
                LoadBalancerArn=stage.workspace.resource("aws:lb/loadBalancer:LoadBalancer", "edge")[
                    "outputs"
                ]["arn"]
            ),
        }.items()
    }
    allowed = [name for name, code in refusals.items() if code is None]
    if allowed:
        raise refuted(f"AWS itself did not refuse to delete: {', '.join(allowed)}")
    if stage.account.inventory() != before:
        raise refuted("something is gone from the account")
    unchanged(stage.workspace.preview(progress, "--expect-no-changes"))
    return f"refused by the engine, and by AWS for {', '.join(refusals)}"


def _kill_during(stage: Stage, progress: Progress, call: str) -> None:
    """Kill the engine when AWS was asked and nobody has noted the answer yet: the worst moment."""
    before = stage.account.calls().get(call, 0)
    # One operation at a time, so that what is pending is the same at every rehearsal.
    process, log, _ = stage.workspace.start("up", "--yes", "--skip-preview", "--parallel=1")
    progress.log(log)
    progress.note(f"waiting for {call}")
    deadline = time.monotonic() + _KILL_SECONDS
    try:
        while time.monotonic() < deadline and process.poll() is None:
            if stage.account.calls().get(call, 0) > before:
                return
            time.sleep(_WATCH_SECONDS)
    finally:
        if process.poll() is None:
            kill(process)
    raise refuted(f"the up never came to {call}")


def _refusal(attempt: Callable[[], Any]) -> str | None:
    try:
        attempt()
    except botocore.exceptions.ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


def _first_line(errors: tuple[str, ...]) -> str:
    return errors[0].splitlines()[0][:120]
