"""What is protected, what outlives the stack, and how long steps may take."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pulumi
import pytest

from infra.options import Options, waits
from infra.settings.settings import ProfileName

PARENT = cast("pulumi.Resource", object())
PURPOSES: dict[str, Callable[[Options], pulumi.ResourceOptions]] = {
    "child": lambda options: options.child(PARENT),
    "data": lambda options: options.data(PARENT),
    "key": lambda options: options.key(PARENT),
    "final copy": lambda options: options.final_copy(PARENT),
    "shared": lambda options: options.shared(PARENT),
    "database": lambda options: options.database(PARENT),
    "replica": lambda options: options.replica(PARENT),
    "cluster": lambda options: options.cluster(PARENT),
    "node group": lambda options: options.node_group(PARENT),
    "certificate": lambda options: options.certificate(PARENT),
}


def purposes_where(profile: ProfileName, holds: Callable[[pulumi.ResourceOptions], Any]) -> set[str]:
    return {name for name, make in PURPOSES.items() if holds(make(Options(profile)))}


def test_prod_protects_whatever_holds_data_or_state_and_nothing_else() -> None:
    assert purposes_where("prod", lambda o: o.protect) == {
        "data",
        "key",
        "final copy",
        "database",
        "cluster",
    }


@pytest.mark.parametrize("profile", ["local", "dev"])
def test_other_stacks_can_be_destroyed_in_one_go(profile: ProfileName) -> None:
    assert purposes_where(profile, lambda o: o.protect) == set()


@pytest.mark.parametrize(
    ("profile", "kept"),
    [
        ("local", set[str]()),
        ("dev", {"key", "final copy", "shared"}),
        ("prod", {"key", "final copy", "shared"}),
    ],
)
def test_keys_final_copies_and_what_is_shared_outlive_a_stack_on_aws(
    profile: ProfileName, kept: set[str]
) -> None:
    assert purposes_where(profile, lambda o: o.retain_on_delete) == kept


def test_what_takes_long_has_the_time() -> None:
    assert purposes_where("prod", lambda o: o.custom_timeouts) == {
        "database",
        "replica",
        "cluster",
        "node group",
        "certificate",
    }
    timeouts = Options("prod").database(PARENT).custom_timeouts
    assert timeouts is not None
    assert (timeouts.create, timeouts.update, timeouts.delete) == ("120m", "180m", "90m")


@pytest.mark.parametrize("name", PURPOSES)
def test_everything_has_its_parent_and_never_undoes_what_that_protects(name: str) -> None:
    options = PURPOSES[name](Options("local"))
    assert options.parent is PARENT
    assert options.protect is not False


def test_only_prod_says_that_it_holds_data() -> None:
    assert [profile for profile in ("local", "dev", "prod") if Options(profile).protects_data] == ["prod"]


def test_the_engine_waits_a_little_longer_than_the_step_itself() -> None:
    assert waits(300).create == "360s"
