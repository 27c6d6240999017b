"""Reading the configuration of the running stack, and the facts of the local platform."""

from __future__ import annotations

import contextvars
import json
from pathlib import Path
from typing import Any

import pulumi
import pytest
from pulumi import runtime

from infra.settings import Settings, SettingsError
from infra.settings.load import load_settings, platform_facts
from local import paths
from tests.support.program import PLATFORM, stack_config
from tests.unit.stacks import STACKS


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("ROOST_STATE", str(tmp_path))
    monkeypatch.delenv("PULUMI_CONFIG", raising=False)
    (tmp_path / "platform.json").write_text(json.dumps(PLATFORM))
    return tmp_path


def load(stack: str, config: dict[str, str], secret_keys: list[str] | None = None) -> Settings:
    """`load_settings()` as in a stack of this name and configuration."""

    def run() -> Settings:
        runtime.configure(runtime.Settings(project="roost", stack=stack))
        runtime.set_all_config(config, secret_keys or [])
        return load_settings()

    return contextvars.copy_context().run(run)


def problems(stack: str, config: dict[str, str], secret_keys: list[str] | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load(stack, config, secret_keys)
    return str(caught.value)


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_called_like_a_profile_has_it(stack: str, state: Path) -> None:
    assert load(stack, stack_config(stack)).profile == stack


def test_another_stack_names_its_profile(state: Path) -> None:
    config = {**stack_config("dev"), "roost:profile": "dev"}
    assert load("alice", config).profile == "dev"


def test_a_stack_without_a_profile_is_told_how_to_name_one(state: Path) -> None:
    text = problems("alice", {})
    assert "stack alice" in text
    assert "pulumi config set roost:profile dev" in text


def test_an_unknown_profile_is_refused(state: Path) -> None:
    assert "one of local, dev, prod, not 'staging'" in problems("alice", {"roost:profile": "staging"})


def test_an_unknown_section_is_told_together_with_all_else(state: Path) -> None:
    text = problems("local", {"roost:servre": "{}", "roost:edge": "5", "roost:server": '{"poolSize": 0}'})
    assert "`roost:servre` is not a setting: did you mean `server`?" in text
    assert "`roost:edge` must be a mapping" in text
    assert "`roost:server.poolSize` must be at least 1" in text
    assert "There are 3 problems with the settings of stack local" in text


def test_keys_of_other_packages_are_none_of_our_business(state: Path) -> None:
    assert load("local", {"aws:region": "eu-west-1", "pulumi:autonaming": "{}"}).profile == "local"


def test_values_of_a_section_with_an_encrypted_part_are_not_shown(state: Path) -> None:
    config = {"roost:model": json.dumps({"kind": "sk-oops", "apiKey": "sk-real"})}
    text = problems("local", config, ["roost:model"])
    assert "sk-" not in text


@pytest.mark.parametrize(("stack", "other"), [("local", "aws"), ("prod", "local")])
def test_settings_of_the_other_platform_are_refused(stack: str, other: str, state: Path) -> None:
    config = {**stack_config(stack), f"roost:{other}": "{}"}
    assert f"`roost:{other}` means nothing in profile {stack}" in problems(stack, config)


def test_a_stack_file_cannot_state_facts(state: Path) -> None:
    config = {"roost:local": json.dumps({"platform": PLATFORM})}
    assert "is written by `make up` and cannot be set" in problems("local", config)


def test_without_a_local_platform_the_remedy_is_make_up(state: Path) -> None:
    (state / "platform.json").unlink()
    assert "run `make up`" in problems("local", {})


@pytest.mark.parametrize("content", ["{", "[]", json.dumps({**PLATFORM, "novelty": 1}), "{}"])
def test_facts_that_cannot_be_read_are_written_anew_by_make_up(content: str, state: Path) -> None:
    (state / "platform.json").write_text(content)
    text = problems("local", {})
    assert "run `make up`" in text
    assert "config set" not in text


def test_other_stacks_need_no_local_platform(state: Path) -> None:
    (state / "platform.json").unlink()
    assert load("prod", stack_config("prod")).local is None


def test_the_facts_are_where_make_up_writes_them(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert platform_facts() == paths.platform_facts()
    monkeypatch.delenv("ROOST_STATE")
    assert platform_facts() == paths.platform_facts()


def test_the_local_server_runs_the_image_that_make_up_built_unless_told_otherwise(state: Path) -> None:
    assert load("local", {}).server.image == PLATFORM["images"]["server"]
    other = load("local", {"roost:server": '{"image": "example.com/roost:2"}'})
    assert other.server.image == "example.com/roost:2"


@pytest.mark.parametrize(
    ("given", "seen"),
    [
        ("http://localhost:11434/v1", "http://10.201.0.1:11434/v1"),
        ("http://127.0.0.1:8000/v1/", "http://10.201.0.1:8000/v1"),
        ("https://[::1]/v1", "https://10.201.0.1/v1"),
        ("https://llm.example.com/v1", "https://llm.example.com/v1"),
    ],
)
def test_a_model_on_this_machine_is_reached_at_the_address_that_pods_see(
    given: str, seen: str, state: Path
) -> None:
    model: dict[str, Any] = {
        "kind": "external",
        "name": "m",
        "baseUrl": given,
        "embedding": {"baseUrl": given, "name": "e"},
    }
    settings = load("local", {"roost:model": json.dumps(model)})
    assert settings.model.base_url == seen
    assert settings.model.embedding.base_url == seen


def test_the_error_is_one_that_pulumi_shows_without_a_traceback() -> None:
    assert issubclass(SettingsError, pulumi.RunError)
