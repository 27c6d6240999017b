"""Secrets at rest: what the database holds tells nothing, and keys can be changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from app.errors import BadRequest
from app.security.encryption import Cipher, UnreadableSecretError
from tests.app.conftest import application, migrator, roost
from tests.support import postgres

OLD, NEW = SecretStr("the key of last year"), SecretStr("the key of this year")


@given(st.text())
def test_what_is_encrypted_comes_back_and_differs_each_time(text: str) -> None:
    cipher = Cipher(NEW)
    first, second = cipher.encrypt(text), cipher.encrypt(text)
    assert first != second
    assert cipher.decrypt(first) == cipher.decrypt(second) == text
    assert len(text) < 8 or text not in first


def test_a_secret_says_which_key_it_needs() -> None:
    stored = Cipher(OLD).encrypt("hunter2")
    assert Cipher(NEW, OLD).decrypt(stored) == "hunter2"
    with pytest.raises(UnreadableSecretError, match="LETTA_ENCRYPTION_KEY_PREVIOUS"):
        Cipher(NEW).decrypt(stored)


@pytest.mark.parametrize("position", [0, 5, 20, -3])
def test_a_changed_secret_is_refused(position: int) -> None:
    cipher = Cipher(NEW)
    stored = list(cipher.encrypt("hunter2 hunter2"))
    stored[position] = "A" if stored[position] != "A" else "B"
    with pytest.raises(UnreadableSecretError):
        cipher.decrypt("".join(stored))


@pytest.mark.parametrize("stored", ["", "v1", "v1:", "hunter2", "v2:aa:bb", "v1:😀:x"])
def test_what_is_no_secret_is_refused(stored: str) -> None:
    with pytest.raises(UnreadableSecretError):
        Cipher(NEW).decrypt(stored)


def test_without_a_key_nothing_is_kept() -> None:
    with pytest.raises(BadRequest, match="LETTA_ENCRYPTION_KEY"):
        Cipher(None).encrypt("hunter2")


def test_rotation_leaves_nothing_under_the_old_key(cluster: postgres.Cluster, database: str) -> None:
    """1,200 rows are three batches; a value of the new key and an absent one stay as they are."""
    old, new = Cipher(OLD), Cipher(NEW)
    cluster.sql("CREATE TABLE roost.kept (id int PRIMARY KEY, note text, value_enc text)", database)
    cluster.sql("GRANT SELECT, UPDATE ON roost.kept TO roost_app", database)
    rows = [f"({n}, 'plain', '{old.encrypt(f'secret {n}')}')" for n in range(1200)]
    fresh = new.encrypt("already new")
    rows += [f"(2000, 'plain', '{fresh}')", "(2001, 'plain', NULL)"]
    cluster.sql(f"INSERT INTO roost.kept VALUES {', '.join(rows)}", database)
    keys = {
        "LETTA_ENCRYPTION_KEY": NEW.get_secret_value(),
        "LETTA_ENCRYPTION_KEY_PREVIOUS": OLD.get_secret_value(),
    }
    first, second = (roost(application(cluster, database) | keys, "secrets", "rotate") for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "kept.value_enc: 1200 re-encrypted." in first.stdout
    assert "kept.value_enc: 0 re-encrypted." in second.stdout
    values = cluster.sql("SELECT string_agg(value_enc, ' ' ORDER BY id) FROM roost.kept", database).split()
    assert [Cipher(NEW).decrypt(value) for value in values] == [
        *(f"secret {n}" for n in range(1200)), "already new",
    ]  # fmt: skip
    assert values[-1] == fresh


def test_a_key_that_is_missing_stops_rotation_with_a_sentence(
    cluster: postgres.Cluster, database: str
) -> None:
    cluster.sql("CREATE TABLE roost.kept (value_enc text)", database)
    cluster.sql("ALTER TABLE roost.kept OWNER TO roost_migrator", database)
    cluster.sql(f"INSERT INTO roost.kept VALUES ('{Cipher(OLD).encrypt('hunter2')}')", database)
    key = {"LETTA_ENCRYPTION_KEY": NEW.get_secret_value()}
    done = roost(migrator(cluster, database) | key, "secrets", "rotate")
    assert done.returncode == 1
    assert "LETTA_ENCRYPTION_KEY_PREVIOUS" in done.stderr
    assert "hunter2" not in done.stderr
    assert "Traceback" not in done.stderr
