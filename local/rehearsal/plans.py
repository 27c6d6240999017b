"""Which steps each stack goes through."""

from __future__ import annotations

from local.rehearsal.stage import Step
from local.rehearsal.steps import drift, farewell, faults, life, rebuild
from local.rehearsal.steps.changes import Change, step

PROD_CHANGES: tuple[Change, ...] = ()
DEV_CHANGES: tuple[Change, ...] = ()


def plan(profile: str) -> list[Step]:
    """The steps of `dev` or `prod`, in order.

    Prod shows that it comes up at once and loses nothing; dev, which may be destroyed, that it survives
    failures on its way up and leaves nothing behind.
    """
    if profile == "prod":
        return [
            Step("First preview", life.preview_from_nothing),
            Step("Up", life.first_up),
            Step("Up again", life.second_up),
            Step("Refresh", life.refresh_finds_no_drift),
            Step("Rule changed", drift.rule_changed_by_hand),
            Step("Rule removed", drift.rule_removed_by_hand),
            *map(step, PROD_CHANGES),
            Step("Protection", faults.protected_data_stays),
            Step("Rebuild", rebuild.second_region),
        ]
    return [
        Step("First preview", life.preview_from_nothing),
        Step("AWS refuses", faults.provider_errors),
        Step("Killed", faults.engine_killed),
        Step("Converges", faults.converges),
        Step("Up again", life.second_up),
        Step("Refresh", life.refresh_finds_no_drift),
        *map(step, DEV_CHANGES),
        Step("Destroy", farewell.destroy),
    ]
