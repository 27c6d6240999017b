"""Nothing of one machine, and no secret, is in the repository."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.unit.sources import texts

IN_CONTAINERS = {"/root" + "/.cache/pip"}
"""Paths that exist in a container of ours on every machine."""

_REGISTRY_VARIABLES = re.compile(
    r"(PIP|UV|NPM_CONFIG|GO|CARGO|MAVEN)\w*(INDEX|PROXY|REGISTRY|REPO)\w*|https?_proxy", re.IGNORECASE
)

PATHS = re.compile(r"(?<![\w.$})])/(?:home|Users)/[a-z][\w.-]*|(?<![\w.$})])/(?:work|root)/[\w.][\w./-]*")
SECRETS = {
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\n[A-Za-z0-9+/=]{20}",
    "a GitHub token": r"\bgh[pousr]_[A-Za-z0-9]{30}|\bgithub_pat_\w{30}",
    "a Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{10}",
    "an API key": r"\bsk-[A-Za-z0-9_-]{20}",
    "a signed token": r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.",
    "a Pulumi token": r"\bpul-[0-9a-f]{40}\b",
    "a password in a URL": r"\b\w+://[^\s/:@\"'`{}<>$]+:[^\s/:@\"'`{}<>$]{8,}@",
    "a machine's encryption salt": r"^encryptionsalt:",
}


def paths_in(text: str) -> set[str]:
    """Absolute paths that only exist on somebody's machine."""
    return {match[0] for match in PATHS.finditer(text)} - IN_CONTAINERS


def secrets_in(text: str) -> list[str]:
    """Kinds of secrets that the text seems to hold."""
    return [kind for kind, pattern in SECRETS.items() if re.search(pattern, text, re.MULTILINE)]


def registry_hosts() -> set[str]:
    """Hosts of the package registries and proxies that this machine is set up with."""
    values = [value for name, value in os.environ.items() if _REGISTRY_VARIABLES.fullmatch(name)]
    for file in (
        "/etc/pip.conf",
        "~/.config/pip/pip.conf",
        "~/.pip/pip.conf",
        "~/.npmrc",
        "~/.config/uv/uv.toml",
    ):
        path = Path(file).expanduser()
        values += path.read_text().split() if path.is_file() else []
    for path in Path("/etc/apt").glob("sources.list*/*"):
        values += path.read_text().split()
    urls = [url for value in values for url in re.findall(r"https?://[^\s,|\"']+", value)]
    return {host for url in urls if (host := urlsplit(url).hostname) and host != "localhost"}


@pytest.mark.parametrize(
    "text", ["x = '/home/" + "ann/roost'", "cd /work/" + "main", "HOME=/root/" + ".config/x"]
)
def test_the_guard_sees_a_path_of_a_machine(text: str) -> None:
    assert paths_in(text)


@pytest.mark.parametrize(
    "text", ["{base}/home/ann", "a/root/x", "https://example.com/work/", "/run/secrets", "$HOME/work/x"]
)
def test_the_guard_lets_other_paths_pass(text: str) -> None:
    assert paths_in(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "key = AKIA" + "ABCDEFGHIJKLMNOP",
        "-----BEGIN RSA PRIVATE" + " KEY-----\nMIIEowIBAAKCAQEAxyzabc",
        "token: ghp_" + "a" * 36,
        "sk-" + "a" * 40,
        "postgres://roost:" + "correcthorse@db/roost",
        "a: 1\nencryption" + "salt: v1:xyz",
    ],
)
def test_the_guard_sees_a_secret(text: str) -> None:
    assert len(secrets_in(text)) == 1


def test_no_path_of_a_machine_is_in_the_repository() -> None:
    assert {name: found for name, text in texts() if (found := paths_in(text))} == {}


def test_no_secret_is_in_the_repository() -> None:
    assert {name: found for name, text in texts() if (found := secrets_in(text))} == {}


def test_no_private_registry_is_in_the_repository() -> None:
    hosts = registry_hosts()
    assert {name: host for name, text in texts() for host in hosts if host in text} == {}


def test_lock_files_name_no_registry() -> None:
    locks = {name: text for name, text in texts() if name.name == "requirements.lock"}
    assert locks, "the lock files are gone"
    for name, text in locks.items():
        assert not re.search(r"^\s*--(?:extra-)?index-url|^\s*--find-links|https?://", text, re.MULTILINE), (
            name
        )


def test_this_machines_name_is_not_in_the_repository() -> None:
    name = socket.gethostname()
    if len(name) < 6 or name == "localhost":
        return  # too short to tell from a word
    assert [file for file, text in texts() if re.search(rf"\b{re.escape(name)}\b", text)] == []
