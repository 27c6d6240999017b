"""What a user reads when a setting is wrong."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest

from infra.settings import SettingsError, build
from tests.support.program import PLATFORM
from tests.unit.stacks import nested, problems_of

SECRET = "sk-Pq7fSECRETvalue"


@pytest.mark.parametrize(
    ("path", "meant"),
    [
        ("server.poolSzie", "poolSize"),
        ("server.pool_size", "poolSize"),
        ("server.resources.memory", "memoryLimit"),
        ("edge.idleTimeout", "idleTimeoutSeconds"),
        ("model.embedding.dimension", "dimensions"),
        ("local.edge.host", "hostname"),
        ("namespace.quota.cpuRequest", "cpuRequests"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_name(path: str, meant: str) -> None:
    (problem,) = problems_of("local", nested(path, 1))
    assert problem == f"`roost:{path}` is not a setting: did you mean `{meant}`?"


def test_an_unknown_key_that_resembles_nothing_comes_with_what_there_is() -> None:
    (problem,) = problems_of("local", nested("edge.xyz", 1))
    assert problem == "`roost:edge.xyz` is not a setting: known here are `idleTimeoutSeconds`."


@pytest.mark.parametrize(
    ("stack", "path", "value", "says"),
    [
        ("local", "server.poolSize", 0, "must be at least 1, not 0"),
        ("local", "server.poolSize", 201, "must be at most 200, not 201"),
        ("local", "server.poolSize", "many", "must be a whole number, not 'many'"),
        ("local", "server.poolSize", 2.5, "must be a whole number, not 2.5"),
        ("local", "server.poolSize", True, "must be a whole number, not true"),
        ("local", "server.poolSize", {"a": 1}, "must be a whole number, not a mapping"),
        ("local", "server.replicas", 3, "must be a mapping of settings, not 3"),
        ("local", "server.logLevel", "DEBUGG", "not 'DEBUGG' (did you mean DEBUG?)"),
        ("local", "server.resources.cpuRequest", "lots", "CPU is written as `250m`"),
        ("local", "server.resources.memoryLimit", "1GB", "memory is written as `512Mi`"),
        ("local", "server.resources.memoryRequest", "9Gi", "above memoryLimit (768Mi)"),
        (
            "local",
            "database.name",
            "DROP TABLE",
            "has the wrong form, not 'DROP TABLE' (Name of the database)",
        ),
        ("local", "model.embedding.dimensions", 4096, "4,096 dimensions cannot be indexed"),
        ("local", "model.baseUrl", "llm.example.com", "reads `https://host/v1`"),
        ("dev", "aws.cluster.kubernetesVersion", 1.35, 'in quotes, as in `kubernetesVersion: "…"`'),
        ("dev", "aws.account", 111122223333, 'in quotes, as in `account: "…"`'),
        ("dev", "aws.network.zones", "a", "must be a list, not 'a'"),
        ("dev", "aws.database.multiAz", "perhaps", "must be true or false, not 'perhaps'"),
        ("dev", "aws.region", None, "must be text, not null"),
    ],
)
def test_a_wrong_value_is_refused_with_what_was_given_and_what_would_do(
    stack: str, path: str, value: Any, says: str
) -> None:
    (problem,) = problems_of(stack, nested(path, value))
    assert problem.startswith(f"`roost:{'.'.join(path.split('.')[:2])}")
    assert says in problem


def test_a_missing_setting_is_named_with_its_meaning_and_the_command_that_sets_it() -> None:
    with pytest.raises(SettingsError) as caught:
        build("dev", {})
    account = next(problem for problem in caught.value.problems if "aws.account" in problem)
    assert "is missing (The only account this stack may touch)" in account
    assert "pulumi config set --path 'roost:aws.account'" in account


def test_all_problems_come_at_once_numbered_and_without_a_traceback() -> None:
    with pytest.raises(SettingsError) as caught:
        build("local", {"server": {"poolSize": 0, "oops": 1}, "edge": {"idleTimeoutSeconds": "x"}}, PLATFORM)
    lines = str(caught.value).splitlines()
    assert lines[0] == "There are 3 problems with the settings; nothing was changed."
    assert [line.split()[0] for line in lines[1:-1]] == ["1.", "2.", "3."]
    assert "docs/settings.md" in lines[-1]
    assert isinstance(caught.value, pulumi.RunError), "Pulumi shows the text of a RunError and no traceback"


@pytest.mark.parametrize(
    "changes",
    [
        nested("model.apiKey", [SECRET]),
        nested("model.apiKey", {"value": SECRET}),
        nested("model.apikey", SECRET),
        nested("model.embedding.apiKey", [SECRET]),
        nested("model.baseUrl", f"https://user:{SECRET}@host/v1"),
        nested("model.baseUrl", f"https://host/v1?key={SECRET}"),
    ],
)  # fmt: skip
def test_a_secret_is_never_shown(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError) as caught:
        build("local", changes, PLATFORM)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("path", ["model.embedding", "model.kind", "model.contextWindow", "model.handle"])
def test_a_secret_in_the_wrong_place_is_not_shown(path: str) -> None:
    with pytest.raises(SettingsError) as caught:
        build("local", nested(path, SECRET), PLATFORM, secret_sections=frozenset({"model"}))
    assert SECRET not in str(caught.value)


def test_values_beside_a_secret_are_not_shown_either() -> None:
    with pytest.raises(SettingsError) as caught:
        build("local", nested("model.kind", SECRET), PLATFORM, secret_sections=frozenset({"model"}))
    assert caught.value.problems == ("`roost:model.kind` must be scripted, external or vllm.",)


def test_a_key_is_masked_wherever_settings_are_printed() -> None:
    changes = nested("model", {"kind": "external", "baseUrl": "https://h/v1", "name": "m", "apiKey": SECRET})
    settings = build("local", changes, PLATFORM)
    assert settings.model.api_key is not None
    assert settings.model.api_key.get_secret_value() == SECRET
    for text in (repr(settings), str(settings), settings.model_dump_json()):
        assert SECRET not in text
