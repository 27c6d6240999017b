"""What is taken for a credential, and what is not."""

from __future__ import annotations

import base64
import time

import pytest

from policies.lib.credentials import (
    decoded,
    has_credential,
    has_format,
    is_credential_name,
    is_generated,
    is_literal,
)
from tests.policies.examples.ops_dr_cost.literals import (
    ACCESS_KEY,
    CERTIFICATE,
    DIGEST,
    GITHUB,
    PASSWORD,
    PRIVATE_KEY,
    RANDOM,
    SIGNED,
)


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PRIVATE_KEY, True),
        (PRIVATE_KEY.replace("RSA ", ""), True),
        (_base64(PRIVATE_KEY), True),
        (_base64(PRIVATE_KEY.replace("RSA", "EC")), True),
        (f"key {ACCESS_KEY}.", True),
        (f"Authorization: bearer {RANDOM}", True),
        (SIGNED, True),
        (GITHUB, True),
        (f"redis://:{PASSWORD}@cache:6379", True),
        (CERTIFICATE, False),
        (_base64(CERTIFICATE), False),
        ("Basic responsibilities-of-everybody", False),
        ("https://example.com:8443/path@1", False),
        ("arn:aws:iam::111122223333:role/a@b", False),
        ("postgresql://app:${PASSWORD}@db", False),
        (f"x{ACCESS_KEY}x", False),
        (DIGEST, False),
        ("", False),
    ],
)
def test_formats(text: str, expected: bool) -> None:
    assert has_format(text) is expected


@pytest.mark.parametrize(
    "name",
    ["PGPASSWORD", "db.password", "apiKey", "--api-key", "AWS_SECRET_ACCESS_KEY", "Token", "/app/token"],
)
def test_names_of_credentials(name: str) -> None:
    assert is_credential_name(name)


@pytest.mark.parametrize(
    "name", ["PASSWORD_FILE", "MAX_TOKENS", "tokenizer", "PULL_SECRET_NAME", "KEY", "PWD", ""]
)
def test_names_of_other_things(name: str) -> None:
    assert not is_credential_name(name)


@pytest.mark.parametrize(
    "value", ["/run/token", "$(TOKEN)", "file:token", "{{ .Values.token }}", "https://a.b", "true", ""]
)
def test_references_are_no_literals(value: str) -> None:
    assert not is_literal(value)
    assert is_literal(PASSWORD)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(RANDOM, True), (RANDOM[:20], False), (RANDOM.lower(), False), (DIGEST, False), ("aA1" * 20, False)],
)
def test_what_looks_generated(text: str, expected: bool) -> None:
    assert is_generated(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"password: {PASSWORD}", True),
        (f"a: 1\n  - token = '{PASSWORD}'  # it\n", True),
        (f'{{\n  "apiKey": "{PASSWORD}",\n}}', True),
        (f"<password>{PASSWORD}</password>", True),
        (f"--api-key={PASSWORD}", True),
        ("password: settings.password", False),
        ("token = os.environ['TOKEN']", False),
        ("token: ${env:TOKEN}", False),
        ("password = get_password()", False),
        (f"# password: {PASSWORD}", False),
        ("max_tokens: 100000000", False),
        (f"note: {PASSWORD}", False),
    ],
)
def test_what_is_assigned(text: str, expected: bool) -> None:
    assert has_credential(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f'token = "{PASSWORD}"', True),
        (f"    api_key: str = '{PASSWORD}'\n", True),
        (f"login(password='{PASSWORD}')", True),
        ("token: str | None = None", False),
        ("def login(password: str, token: str = field(repr=False)) -> None:", False),
        ('headers = f"Credential={credentials.access_key}/{scope}"', False),
        ('token = os.environ["TOKEN"]', False),
        (f'password = ""  # not "{PASSWORD}"', False),
    ],
)
def test_what_is_assigned_in_python(text: str, expected: bool) -> None:
    assert has_credential(text, "app.login.py") is expected
    assert not is_credential_name("app.credentials.py")


def test_what_is_no_base64_stays_as_it_is() -> None:
    assert decoded("#!/bin/sh") == "#!/bin/sh"
    assert decoded(base64.b64encode(b"\xff\xfe").decode()) == base64.b64encode(b"\xff\xfe").decode()
    assert decoded(_base64("text")) == "text"


@pytest.mark.parametrize(
    "text", ["a-" * 100_000, "\n " * 100_000, "a: " * 70_000, "eyJ" * 70_000, "a://" * 50_000, "<a>" * 70_000]
)
def test_long_texts_take_no_longer_than_they_are(text: str) -> None:
    begun = time.process_time()
    has_credential(text)
    is_generated(text)
    assert time.process_time() - begun < 10
