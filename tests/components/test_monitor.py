"""The mock engine itself: it sees options and secrets, and refuses what it does not know."""

from __future__ import annotations

import pulumi
import pulumi_random as random
import pytest

from tests.support.monitor import UNKNOWN, leaves, record


def test_it_sees_every_option_that_keeps_data_safe() -> None:
    def program() -> None:
        first = random.RandomPassword("first", length=8)
        options = pulumi.ResourceOptions(
            protect=True,
            retain_on_delete=True,
            delete_before_replace=True,
            depends_on=[first],
            aliases=[pulumi.Alias(name="old")],
            custom_timeouts=pulumi.CustomTimeouts(create="5m"),
            replace_on_changes=["length"],
            ignore_changes=["special"],
        )
        random.RandomPassword("second", length=8, opts=options)

    recording = record(program)
    second = recording.one("random:index/randomPassword:RandomPassword", "second")
    assert (second.protect, second.retain_on_delete, second.delete_before_replace) == (True, True, True)
    assert second.timeouts == {"create": "5m"}
    assert second.replace_on_changes == ("length",)
    assert second.ignore_changes == ("special",)
    assert second.aliases == ("old",)
    assert recording.waits_for(second, recording.one(second.type, "first"))
    assert not recording.waits_for(recording.one(second.type, "first"), second)


def test_it_sees_secrets_and_outputs_turned_into_text() -> None:
    def program() -> None:
        password = random.RandomPassword("p", length=8)
        pulumi.export("secret", password.result)
        pulumi.export("text", f"{password.result}")

    recording = record(program)
    assert recording.export_secrets() == {"secret"}
    assert any("on an Output" in str(value) for _, value in leaves(recording.exports()))


def test_a_first_preview_knows_nothing_that_is_computed() -> None:
    recording = record(lambda: pulumi.export("p", random.RandomPassword("p", length=8).result), preview=True)
    assert recording.exports() == {"p": UNKNOWN}


def test_an_unknown_resource_type_fails_the_test() -> None:
    with pytest.raises(AssertionError, match="say what it outputs"):
        record(lambda: random.RandomPet("pet"))


def test_an_unknown_invoke_fails_the_test() -> None:
    with pytest.raises(Exception, match="say what it answers"):
        record(lambda: pulumi.runtime.invoke("some:module:function", {"a": 1}).value)


def test_one_program_leaves_nothing_for_the_next() -> None:
    record(lambda: random.RandomPassword("one", length=8))
    recording = record(lambda: random.RandomPassword("two", length=8))
    assert [r.name for r in recording.custom()] == ["two"]
