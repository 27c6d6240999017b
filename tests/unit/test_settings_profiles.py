"""The three stacks of the repository, as their files and profiles describe them."""

from __future__ import annotations

import pytest
import yaml
from pydantic import ValidationError

from tests.unit.stacks import REPO, STACKS, settings_of


@pytest.mark.parametrize("stack", STACKS)
def test_the_stack_in_the_repository_has_valid_settings(stack: str) -> None:
    settings = settings_of(stack)
    assert settings.profile == stack
    assert (settings.local is None) != (settings.aws is None), "a stack has exactly one platform"


@pytest.mark.parametrize("stack", STACKS)
def test_nothing_of_this_machine_is_in_the_stack_file(stack: str) -> None:
    content = yaml.safe_load((REPO / f"Pulumi.{stack}.yaml").read_text())
    assert set(content) == {"config"}, "an encryptionsalt or a secrets provider belongs to one machine"


def test_the_project_names_its_engine_and_needs_no_virtual_environment_in_the_tree() -> None:
    project = yaml.safe_load((REPO / "Pulumi.yaml").read_text())
    assert project["name"] == "roost"
    assert project["runtime"] == {"name": "python", "options": {"toolchain": "pip"}}
    assert project["requiredPulumiVersion"].startswith(">=3.259.0")


def test_overriding_one_key_keeps_the_defaults_beside_it() -> None:
    settings = settings_of("local", {"server": {"replicas": {"max": 2}}})
    assert settings.server.replicas.max == 2
    assert settings.server.replicas.min == settings_of("local").server.replicas.min


def test_a_list_replaces_the_default_list() -> None:
    settings = settings_of("prod", {"aws": {"network": {"zones": ["b", "c"]}}})
    assert settings.aws is not None
    assert settings.aws.network.zones == ("b", "c")


def test_settings_cannot_be_changed_once_checked() -> None:
    settings = settings_of("local")
    with pytest.raises(ValidationError, match="frozen"):
        settings.server.pool_size = 500  # pyright: ignore[reportAttributeAccessIssue]


def test_prod_is_built_to_lose_a_zone_and_dev_to_be_cheap() -> None:
    prod, dev = settings_of("prod").aws, settings_of("dev").aws
    assert prod is not None
    assert dev is not None
    assert (len(prod.network.zones), prod.network.nat, prod.database.multi_az) == (3, "per-az", True)
    assert prod.dr_region is not None
    assert (len(dev.network.zones), dev.network.nat, dev.database.multi_az) == (2, "single", False)


def test_the_local_stack_runs_the_labelled_stand_in_and_the_others_do_not() -> None:
    local = settings_of("local").model
    assert (local.kind, local.handle) == ("scripted", "scripted/scripted-stand-in")
    assert (local.embedding.handle, local.embedding.dimensions) == ("local/all-minilm-l6-v2", 384)
    assert local.needs_stand_in
    for stack in ("dev", "prod"):
        model = settings_of(stack).model
        assert model.kind == "vllm"
        assert not model.needs_stand_in
