"""What every image promises: who it runs as, what is not in it, how it is labelled and checked."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from local.images.build import build_all
from local.images.specs import IMAGES
from local.progress import Quiet
from tests.images.conftest import Built, Root
from tests.images.containers import image_config

ALL = sorted(IMAGES)
USERS = {
    "cache": "10001:10001",
    "clickhouse": "10001:10001",
    "edge": "10001:10001",
    "postgres": "999:999",
    "server": "10001:10001",
    "standin": "10001:10001",
}
BIN_DIRECTORIES = ("bin", "sbin", "usr/bin", "usr/sbin", "usr/local/bin", "usr/local/sbin", "opt/venv/bin")
SHELLS = {"sh", "bash", "dash", "ash", "zsh", "busybox"}
INSTALLERS = {"apt", "apt-get", "dpkg", "pip", "pip3"}


def programs(root: Path) -> set[str]:
    return {entry.name for place in BIN_DIRECTORIES for entry in (root / place).glob("*")}


@pytest.mark.parametrize("name", ALL)
def test_it_runs_as_its_fixed_user_and_not_as_root(built: Built, name: str) -> None:
    assert image_config(built(name))["config"]["User"] == USERS[name]


@pytest.mark.parametrize("name", ["cache", "clickhouse", "edge", "server", "standin"])
def test_there_is_no_shell_and_no_installer(root: Root, name: str) -> None:
    assert programs(root(name)) & (SHELLS | INSTALLERS) == set()


def test_postgres_has_the_one_shell_that_initdb_calls(root: Root) -> None:
    found = programs(root("postgres"))
    assert found & SHELLS == {"sh", "dash"}
    assert found & INSTALLERS == set()


@pytest.mark.parametrize("name", ALL)
def test_it_is_labelled_and_has_a_health_check(built: Built, name: str) -> None:
    build = built(name)
    config = image_config(build)["config"]
    labels = config["Labels"]
    assert labels["org.opencontainers.image.version"] == build.ref.rpartition(":")[2]
    assert labels["org.opencontainers.image.title"].startswith("Roost")
    assert config["Healthcheck"]["Test"][0] in ("CMD", "CMD-SHELL")
    assert re.fullmatch(rf"docker\.io/roost/{name}:[0-9a-f]{{12}}", build.ref)


def test_the_stand_in_says_what_it_is(built: Built) -> None:
    assert (
        "Scripted"
        in image_config(built("standin"))["config"]["Labels"]["org.opencontainers.image.description"]
    )


@pytest.mark.parametrize("name", ALL)
def test_nothing_is_writable_for_the_user_but_what_is_meant_to_be(root: Root, name: str) -> None:
    base = root(name)
    writable = {
        str(path.relative_to(base))
        for path in base.rglob("*")
        if not path.is_symlink() and path.stat().st_mode & 0o002
    }
    assert writable <= {"tmp", "var/tmp"}


@pytest.mark.parametrize("name", ALL)
def test_no_program_gains_privileges(root: Root, name: str) -> None:
    base = root(name)
    assert [
        p for p in base.rglob("*") if p.is_file() and not p.is_symlink() and p.stat().st_mode & 0o6000
    ] == []


class Idle(Quiet):
    """Of a build that has nothing to do; one that does names its log."""

    def log(self, path: Path) -> None:
        pytest.fail(f"a build that writes {path}")


def test_building_again_does_nothing(built: Built) -> None:
    first = {name: built(name) for name in [*ALL, "pause"]}
    times = {name: build.archive.stat().st_mtime_ns for name, build in first.items()}
    assert build_all(Idle()) == first
    assert {name: build.archive.stat().st_mtime_ns for name, build in first.items()} == times
