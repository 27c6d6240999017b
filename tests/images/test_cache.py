"""The cache's image as the local stack runs it: TLS, a login that may not do everything, and a real PING."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from infra.local.cache import FILES, UID, server_arguments, users
from infra.workloads.cache import LOGIN
from tests.images.conftest import Built
from tests.images.containers import Container, image_config

PASSWORD = "of-one-test-and-no-other"
MEMORY = 32 * 2**20


@pytest.fixture
def cache(start: Callable[..., Container], tmp_path: Path) -> Container:
    """Running, with a certificate for `localhost` that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pkcs8 = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files = {
        "tls.crt": certificate.public_bytes(serialization.Encoding.PEM),
        "tls.key": key.private_bytes(serialization.Encoding.PEM, *pkcs8),
        "users.acl": users(PASSWORD).encode(),
    }
    folder = tmp_path / "files"
    folder.mkdir()
    for file, content in files.items():
        (folder / file).write_bytes(content)
        os.chown(folder / file, 0, UID)
        (folder / file).chmod(0o440)  # as a Secret's volume with fsGroup shows it
    running = start(
        "cache", arguments=server_arguments(memory=MEMORY, eviction="allkeys-lru"), mounts={FILES: folder}
    )
    running.wait_until(lambda: ask(running, "PING").stdout == "PONG\n", seconds=20)
    return running


def ask(cache: Container, *command: str, user: str = LOGIN, tls: bool = True) -> CompletedProcess[str]:
    """One command over TCP, with the certificate verified."""
    options = ["--tls", "--cacert", f"{FILES}/tls.crt", "-h", "127.0.0.1"] if tls else []
    login = ["--user", user] if user else []
    environment = {"REDISCLI_AUTH": PASSWORD} if user else {}
    return cache.execute("redis-cli", *options, *login, *command, environment=environment)


def test_it_answers_who_has_the_password_over_tls(cache: Container) -> None:
    assert ask(cache, "PING").stdout == "PONG\n"
    assert ask(cache, "SET", "agent", "1").stdout == "OK\n"
    assert ask(cache, "XADD", "sse:run:1", "*", "chunk", "x").returncode == 0
    assert ask(cache, "INFO", "server").stdout.startswith("# Server")


def test_without_tls_nothing_is_said(cache: Container) -> None:
    assert "PONG" not in ask(cache, "PING", tls=False).stdout


def test_without_the_password_nothing_is_done(cache: Container) -> None:
    assert "NOAUTH" in ask(cache, "PING", user="").stdout
    wrong = cache.execute(
        "redis-cli", "--tls", "--insecure", "--user", LOGIN, "PING", environment={"REDISCLI_AUTH": "guess"}
    )
    assert "WRONGPASS" in wrong.stdout + wrong.stderr
    assert "PONG" not in wrong.stdout


@pytest.mark.parametrize("command", [("FLUSHALL",), ("CONFIG", "GET", "*"), ("SHUTDOWN",), ("KEYS", "*")])
def test_the_login_cannot_stop_empty_or_configure_it(cache: Container, command: tuple[str, ...]) -> None:
    assert "NOPERM" in ask(cache, *command).stdout
    assert ask(cache, "PING").stdout == "PONG\n"


def test_what_it_holds_has_an_end(cache: Container) -> None:
    told = dict(
        line.split(":", 1) for line in ask(cache, "INFO", "memory").stdout.splitlines() if ":" in line
    )
    assert int(told["maxmemory"]) == MEMORY
    assert told["maxmemory_policy"] == "allkeys-lru"


def test_its_health_check_wants_an_answer_over_tls(cache: Container, built: Built) -> None:
    kind, *command = image_config(built("cache"))["config"]["Healthcheck"]["Test"]
    assert kind == "CMD"
    assert cache.execute(*command).returncode == 0
    assert cache.execute(*command[:1], "-p", "1", *command[1:]).returncode != 0


def test_it_stops_when_told_and_leaves_nothing_behind(cache: Container) -> None:
    cache.signal("TERM")
    assert cache.wait(20) == 0
    assert "Saving" not in cache.output.read_text()
    assert PASSWORD not in cache.output.read_text()
