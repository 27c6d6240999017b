"""Start PostgreSQL: initialise an empty volume, apply the password, then become the server.

Environment: `POSTGRES_PASSWORD_FILE` (required), `POSTGRES_DB` (default `postgres`), `PGDATA`. Arguments go
to the server (`-c name=value`). The password is never in an argument, in a statement or in a log: the server
gets only its SCRAM verifier.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from scram import scram_verifier

MAJOR = "16"
DEFAULT_DATA = "/var/lib/postgresql/data/pgdata"
ACCESS = """\
# Written at every start. Inside the container only the operating-system user postgres gets in without a
# password; everybody else comes over TCP with one.
local all postgres peer
host all all 0.0.0.0/0 scram-sha-256
host all all ::/0 scram-sha-256
"""


def main(arguments: list[str]) -> NoReturn:
    """Prepare the data directory and replace this process by the server."""
    data = Path(os.environ.get("PGDATA", DEFAULT_DATA))
    verifier = scram_verifier(read_password())
    if not is_initialised(data):
        initialise(data)
    data.chmod(0o700)  # Kubernetes' fsGroup opens it to the group at every mount, which the server refuses
    (data / "pg_hba.conf").write_text(ACCESS)
    apply_settings(data, verifier, os.environ.get("POSTGRES_DB", "postgres"))
    command = ["postgres", "-D", str(data), "-c", "listen_addresses=*", "-c", "unix_socket_directories=/tmp"]
    os.execvp("postgres", [*command, *arguments])  # noqa: S606 - becoming the server is the point


def read_password() -> str:
    """The superuser's password from the file that `POSTGRES_PASSWORD_FILE` names."""
    path = os.environ.get("POSTGRES_PASSWORD_FILE")
    if not path:
        raise SystemExit(
            "POSTGRES_PASSWORD_FILE is not set: name the file that holds the superuser's password."
        )
    try:
        return Path(path).read_text().rstrip("\n")
    except OSError as error:
        raise SystemExit(
            f"The password file {path} cannot be read ({error.strerror}): mount it, readable by UID 999."
        ) from error


def is_initialised(data: Path) -> bool:
    """Whether `data` is a complete data directory. Exits when it is one that this server cannot open."""
    marker = data / "PG_VERSION"
    if marker.exists():
        version = marker.read_text().strip()
        if version != MAJOR:
            raise SystemExit(
                f"{data} belongs to PostgreSQL {version}; this image is PostgreSQL {MAJOR}: "
                "dump it with the old image and restore it into an empty volume."
            )
        return True
    if data.exists() and any(data.iterdir()):
        raise SystemExit(f"{data} holds files but no PostgreSQL database: give the server an empty volume.")
    return False


def initialise(data: Path) -> None:
    """Make a new cluster beside `data` and move it there in one step: an interruption leaves nothing."""
    partial = data.with_name(data.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    command = [
        "initdb",
        "--pgdata",
        str(partial),
        "--username=postgres",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
    ]
    command += ["--data-checksums", "--auth-local=peer", "--auth-host=reject"]
    print(f"initialising a new database cluster in {data}", file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(
            f"initdb failed; the volume must be writable for UID 999:\n{done.stdout}{done.stderr}"
        )
    partial.rename(data)
    directory = os.open(data.parent, os.O_RDONLY)
    os.fsync(directory)
    os.close(directory)


def apply_settings(data: Path, verifier: str, database: str) -> None:
    """Set the superuser's password and create `database`, before anyone can connect."""
    listing = run_statements(
        data, [f"ALTER ROLE postgres WITH LOGIN PASSWORD '{verifier}'", "SELECT datname FROM pg_database"]
    )
    if f'datname = "{database}"' not in listing:
        quoted = database.replace('"', '""')
        run_statements(data, [f'CREATE DATABASE "{quoted}"'])


def run_statements(data: Path, statements: list[str]) -> str:
    """Run statements in single-user mode (no sockets), one a line; returns what they print."""
    # A failing statement would otherwise be logged in full, and the mode would go on with the next.
    command = [
        "postgres",
        "--single",
        "-D",
        str(data),
        "-c",
        "exit_on_error=on",
        "-c",
        "log_min_error_statement=panic",
    ]
    command += [
        "-c",
        "log_statement=none",
        "-c",
        "log_min_duration_statement=-1",
        "-c",
        "log_checkpoints=off",
        "postgres",
    ]
    done = subprocess.run(
        command, input="\n".join(statements) + "\n", stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise SystemExit("PostgreSQL could not be prepared in single-user mode; its messages are above.")
    return done.stdout


if __name__ == "__main__":
    # For process 1 the default action of a signal is nothing: a stop would wait for its deadline.
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))
    try:
        main(sys.argv[1:])
    except ValueError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
