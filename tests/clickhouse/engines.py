"""ClickHouse's engine on the configuration that the program renders, one process at a time."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.settings.clickhouse import ClickHouseSettings
from infra.workloads.clickhouse_config import CONFIG_DIR, DATA_DIR, BackupPlace, config_files
from infra.workloads.clickhouse_schema import schema_files
from infra.workloads.clickhouse_users import ADMIN, USERS, User, passwords_file
from infra.workloads.clickhouse_xml import rendered
from local.clickhouse import engine
from local.paths import REPO

_TIMEOUT_SECONDS = 120
PASSWORDS = {user.name: f"{user.name}-in-a-test" for user in USERS}


@dataclass(frozen=True)
class Engine:
    """A data directory and the rendered files beside it."""

    root: Path
    settings: ClickHouseSettings
    backups: str | None = None
    """URL of a bucket for them."""

    def render(self, who: str = ADMIN) -> Path:
        """Write the files as a pod has them; returns the main one.

        In the engine without a server every session is the user `default`, so it gets what `who` has.
        """
        place = BackupPlace(url=f"{self.backups}/clickhouse/") if self.backups else None
        files = {
            **config_files(self.settings, place),
            "users.d/passwords.xml": passwords_file(PASSWORDS),
            "users.d/session.xml": _session(next(user for user in USERS if user.name == who)),
        }
        for name, text in files.items():
            path = self.root / "config" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            here = text.replace(CONFIG_DIR, f"{self.root}/config").replace(DATA_DIR, f"{self.root}/data")
            # What the engine says of itself would go where its answers go.
            path.write_text(here.replace("<console>1</console>", "<console>0</console>"))
        return self.root / "config" / "config.xml"

    def ask(self, *statements: str, who: str = ADMIN) -> list[dict[str, str]]:
        """What it answers to each, as one of the users; fails if it does not take the configuration."""
        location = f"{self.root}/data?config-file={self.render(who)}"
        done = subprocess.run(
            [engine.python(), str(Path(__file__).with_name("ask.py")), location],
            input=json.dumps(statements),
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
            env=environment(),
        )
        assert done.returncode == 0, done.stderr
        return list(json.loads(done.stdout))

    def answers(self, *statements: str, who: str = ADMIN) -> list[str]:
        """As `ask`, of statements that must all be taken."""
        found = self.ask(*statements, who=who)
        refused = [one["error"] for one in found if "error" in one]
        assert not refused, refused
        return [one["answer"] for one in found]

    def schema(self) -> Path:
        """The rendered schema as a folder."""
        folder = self.root / "schema"
        folder.mkdir(exist_ok=True)
        for name, text in schema_files(self.settings).items():
            (folder / name).write_text(text)
        return folder


def environment() -> dict[str, str]:
    """Credentials as a pod's identity gives them; the emulated S3 takes any."""
    return {
        **os.environ,
        "AWS_ACCESS_KEY_ID": "emulated",
        "AWS_SECRET_ACCESS_KEY": "emulated",
        "AWS_REGION": "us-east-1",
    }


@contextmanager
def served(one: Engine, who: str, readers: Sequence[str] = ()) -> Generator[str]:
    """The local store's server on this engine, with every user's password; yields its URL."""
    logins = one.root / "logins"
    logins.mkdir(exist_ok=True)
    for name, password in PASSWORDS.items():
        (logins / name).write_text(password)
    process = subprocess.Popen(
        [engine.python(), "-m", "chserver"],
        stdout=subprocess.PIPE,
        text=True,
        env={
            **environment(),
            "PYTHONPATH": str(REPO / "local" / "clickhouse"),
            "STORE_DATA": f"{one.root}/data",
            "STORE_CONFIG": str(one.render(who)),
            "STORE_LOGINS": str(logins),
            "STORE_READERS": " ".join(readers),
            "HOST": "127.0.0.1",
            "PORT": "0",
        },
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on "), line
        yield f"http://{line.removeprefix('listening on ').strip()}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def _session(user: User) -> str:
    text = rendered(
        {
            "users": {
                "default": {
                    "password": None,
                    "networks": {"ip": "::/0"},
                    "profile": user.profile,
                    "quota": user.quota,
                    "grants": {"GRANT": None},
                }
            }
        }
    )
    return text.replace("<GRANT />", "".join(f"<query>{grant}</query>" for grant in user.grants))
