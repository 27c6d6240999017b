"""What is taken for a secret, and what is not."""

from __future__ import annotations

import base64
import time

import pytest

from policies.lib.secret_texts import assigns_secret, decoded, form_of, is_given, is_random, is_secret_name
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


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (PRIVATE_KEY, "a private key"),
        (PRIVATE_KEY.replace("RSA ", ""), "a private key"),
        (base64.b64encode(PRIVATE_KEY.encode()).decode(), "a private key"),
        (base64.b64encode(PRIVATE_KEY.replace("RSA", "EC").encode()).decode(), "a private key"),
        (f"key {ACCESS_KEY}.", "an AWS access key"),
        (f"Authorization: bearer {RANDOM}", "a bearer token"),
        (SIGNED, "a signed token"),
        (GITHUB, "an access token"),
        (f"redis://:{PASSWORD}@cache:6379", "a password in a URL"),
        (CERTIFICATE, None),
        (base64.b64encode(CERTIFICATE.encode()).decode(), None),
        ("https://example.com:8443/path@1", None),
        ("arn:aws:iam::111122223333:role/a@b", None),
        ("postgresql://app:${PASSWORD}@db", None),
        (f"x{ACCESS_KEY}x", None),
        (DIGEST, None),
        ("", None),
    ],
)
def test_forms(text: str, form: str | None) -> None:
    assert form_of(text) == form


@pytest.mark.parametrize(
    "name", ["PGPASSWORD", "db.password", "apiKey", "--api-key", "AWS_SECRET_ACCESS_KEY", "Token"]
)
def test_names_of_secrets(name: str) -> None:
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["PASSWORD_FILE", "MAX_TOKENS", "tokenizer", "IMAGE_PULL_SECRET", "KEY", ""])
def test_names_of_other_things(name: str) -> None:
    assert not is_secret_name(name)


@pytest.mark.parametrize(
    "value", ["/run/token", "$(TOKEN)", "file:token", "{{ .Values.token }}", "short", "https://a.b"]
)
def test_references_are_no_secrets(value: str) -> None:
    assert not is_given(value)
    assert is_given(PASSWORD)


@pytest.mark.parametrize(
    ("text", "expected"),
    [(RANDOM, True), (RANDOM[:20], False), (RANDOM.lower(), False), (DIGEST, False), ("aA1" * 20, False)],
)
def test_randomness(text: str, expected: bool) -> None:
    assert is_random(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"password: {PASSWORD}", True),
        (f"a: 1\n  - token = '{PASSWORD}'  # it\n", True),
        (f'{{\n  "apiKey": "{PASSWORD}",\n}}', True),
        ("password: settings.password", False),
        ("token: ${env:TOKEN}", False),
        ("password = get_password()", False),
        ("max_token: 100000000", False),
        (f"note: {PASSWORD}", False),
    ],
)
def test_lines_that_assign(text: str, expected: bool) -> None:
    assert assigns_secret(text) is expected


def test_what_is_no_base64_stays_as_it_is() -> None:
    assert decoded("#!/bin/sh") == "#!/bin/sh"
    assert decoded(base64.b64encode(b"\xff\xfe").decode()) == base64.b64encode(b"\xff\xfe").decode()
    assert decoded(base64.b64encode(b"text").decode()) == "text"


@pytest.mark.parametrize(
    "text", ["a-" * 100_000, "\n " * 100_000, "a: " * 70_000, "eyJ" * 70_000, "a://" * 50_000]
)
def test_long_texts_take_no_longer_than_they_are(text: str) -> None:
    begun = time.process_time()
    form_of(text)
    assigns_secret(text)
    assert time.process_time() - begun < 5
