"""The random plugin, through the real engine and on its own."""

from __future__ import annotations

import ctypes
import string
from collections.abc import Generator

import grpc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from local.plugins.base.values import UNKNOWN, Secret, Value, plain_map
from tests.engine.served import Served, serving
from tests.engine.workspace import Project

PASSWORD = "random:index/randomPassword:RandomPassword"
STRING = "random:index/randomString:RandomString"
BYTES = "random:index/randomBytes:RandomBytes"
ID = "random:index/randomId:RandomId"

_PROGRAM = """
import pulumi
import pulumi_random as random

password = random.RandomPassword("password", length={length}, special=False, keepers={{"turn": "{turn}"}})
data = random.RandomBytes("data", length=32)
name = random.RandomId("name", byte_length=4, prefix="roost-")
word = random.RandomString("word", length=6, special=False, upper=False)
pulumi.export("word", word.result)
pulumi.export("word_id", word.id)
pulumi.export("password", password.result)
pulumi.export("hash", password.bcrypt_hash)
pulumi.export("hex", data.hex)
pulumi.export("name", name.hex)
pulumi.export("numeric", password.numeric)
"""


@pytest.fixture(scope="module")
def plugin() -> Generator[Served]:
    with serving("local.plugins.random") as served:
        yield served


def test_values_are_made_once_kept_and_replaced_by_their_keepers(tiny: Project) -> None:
    tiny.program(_PROGRAM.format(length=20, turn=1))
    said = tiny.up()
    first = tiny.outputs()
    assert len(first["password"]) == 20
    assert set(first["password"]) <= set(string.ascii_letters + string.digits)
    assert len(bytes.fromhex(first["hex"])) == 32
    assert first["name"].startswith("roost-")
    assert first["numeric"] is True
    assert len(first["word"]) == 6
    assert first["word_id"] == first["word"], "a string that is no secret is its own id"
    assert _crypt(first["password"], first["hash"]) == first["hash"], "the hash belongs to the password"
    exported = tiny.exported()
    for name in ("password", "hash", "hex"):
        assert first[name] not in exported, f"{name} must be encrypted in the state"
        assert first[name] not in said

    assert "5 unchanged" in tiny.up()
    tiny.run("refresh", "--yes")
    assert tiny.outputs() == first

    tiny.program(_PROGRAM.format(length=20, turn=2))
    assert "1 replaced" in tiny.up()
    second = tiny.outputs()
    assert second["password"] != first["password"]
    assert second["hex"] == first["hex"]


def _crypt(password: str, setting: str) -> str:
    crypt = ctypes.CDLL("libcrypt.so.1").crypt
    crypt.restype = ctypes.c_char_p
    return crypt(password.encode(), setting.encode()).decode()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    length=st.integers(1, 60),
    minimums=st.lists(st.integers(0, 10), min_size=4, max_size=4),
    switches=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_a_password_has_what_was_asked_for(
    plugin: Served, length: int, minimums: list[int], switches: list[bool]
) -> None:
    classes = {
        "Lower": string.ascii_lowercase,
        "Upper": string.ascii_uppercase,
        "Numeric": string.digits,
        "Special": "!@#$%&*()-_=+[]{}<>:?",
    }
    inputs: dict[str, Value] = {"length": length}
    for name, minimum, switch in zip(classes, minimums, switches, strict=True):
        inputs[f"min{name}"] = minimum
        inputs[name.lower()] = switch
    problems = plugin.problems(PASSWORD, **inputs)
    assert bool(problems) == (sum(minimums) > length or not any(switches))
    if problems:
        return
    password = str(plain_map(plugin.create(PASSWORD, **inputs))["result"])
    assert len(password) == length
    for (_, characters), minimum, switch in zip(classes.items(), minimums, switches, strict=True):
        found = sum(character in characters for character in password)
        assert found >= minimum
        assert switch or found == minimum


def test_a_string_follows_the_rules_of_passwords_but_is_not_secret(plugin: Served) -> None:
    made = plugin.create(STRING, length=12, upper=False, special=False, minNumeric=10)
    result = made["result"]
    assert isinstance(result, str)
    assert len(result) == 12
    assert sum(character.isdigit() for character in result) >= 10
    assert set(result) <= set(string.ascii_lowercase + string.digits)
    assert "bcryptHash" not in made
    assert plugin.create(STRING, preview=True, length=8)["result"] is UNKNOWN
    assert plugin.problems(STRING, length=2, minUpper=3) == [
        "length is 2, but the minimum counts add up to 3; raise it"
    ]
    # As the stacks draw the database's name: anew for another database.
    before, after = {"length": 8, "keepers": {"database": "a"}}, {"length": 8, "keepers": {"database": "b"}}
    assert plugin.diff(STRING, before, after) == (["keepers"], ["keepers"])


def test_own_special_characters_replace_the_usual_ones(plugin: Served) -> None:
    made = plugin.create(PASSWORD, length=30, lower=False, upper=False, numeric=False, overrideSpecial="~^")
    assert set(str(plain_map(made)["result"])) <= {"~", "^"}


def test_number_is_the_old_name_of_numeric(plugin: Served) -> None:
    made = plain_map(plugin.create(PASSWORD, length=50, number=False))
    assert not any(character.isdigit() for character in str(made["result"]))
    assert made["numeric"] is False


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({}, "length is required"),
        ({"length": 0}, "length must be at least 1, not 0"),
        ({"length": "long"}, "length must be an integer, not a str"),
        ({"length": 8, "lenght": 8}, "lenght is not an input of this resource; did you mean length?"),
        ({"length": 4, "minUpper": 5}, "length is 4, but the minimum counts add up to 5; raise it"),
        ({"length": 8, "keepers": {"a": 1}}, "keepers[a] must be a string, not 1"),
    ],
)
def test_wrong_inputs_are_explained(plugin: Served, inputs: dict[str, Value], reason: str) -> None:
    assert plugin.problems(PASSWORD, **inputs) == [reason]


def test_a_first_preview_with_unknown_inputs_passes(plugin: Served) -> None:
    inputs: dict[str, Value] = {"length": UNKNOWN, "keepers": {"a": UNKNOWN}, "special": UNKNOWN}
    assert plugin.problems(PASSWORD, **inputs) == []
    made = plugin.create(PASSWORD, preview=True, **inputs)
    assert made["result"] == Secret(UNKNOWN)
    assert made["length"] is UNKNOWN


def test_a_default_that_is_written_out_is_no_change(plugin: Served) -> None:
    assert plugin.diff(PASSWORD, {"length": 8}, {"length": 8, "lower": True, "minLower": 0}) == ([], [])
    assert plugin.diff(PASSWORD, {"length": 8}, {"length": 9}) == (["length"], ["length"])


def test_what_the_fallback_does_not_have_is_said(plugin: Served) -> None:
    with pytest.raises(grpc.RpcError, match="does not have random:index/randomPet:RandomPet"):
        plugin.create("random:index/randomPet:RandomPet")


def test_bytes_and_ids_have_the_length_asked_for(plugin: Served) -> None:
    made = plain_map(plugin.create(BYTES, length=7))
    assert len(bytes.fromhex(str(made["hex"]))) == 7
    identifier = plugin.create(ID, byteLength=3)
    assert int(str(identifier["dec"])) == int(str(identifier["hex"]), 16) < 2**24
