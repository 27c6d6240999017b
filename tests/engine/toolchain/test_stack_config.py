"""The committed Pulumi.local.yaml stays as it is, whatever pulumi does on one machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from local.paths import REPO
from local.toolchain import gobuild, plugins, stack_config
from local.toolchain.versions import PULUMI

_PROVIDE = """
import json
from local.progress import Quiet
from local.toolchain import pulumi

found = pulumi.provide(Quiet())
print(json.dumps({"command": str(found.command), "environment": pulumi.environment()}))
"""
_SECONDS = 120


@dataclass
class Checkout:
    """A clone with a small program, on a machine of its own (state and home)."""

    root: Path
    command: str
    environment: dict[str, str]

    def pulumi(self, *arguments: str, **variables: str) -> str:
        done = subprocess.run(
            [self.command, *arguments, "--non-interactive", "--color=never"],
            cwd=self.root,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments]
        return subprocess.run(
            command, cwd=self.root, capture_output=True, text=True, check=True, timeout=_SECONDS
        ).stdout

    def is_clean(self) -> bool:
        return self.git("status", "--porcelain") == ""


@pytest.fixture
def checkout(engine: Path, tmp_path: Path) -> Checkout:
    root = tmp_path / "clone"
    ignored = shutil.ignore_patterns("__pycache__", "machine", "images", "standin", "cli")
    shutil.copytree(REPO / "local", root / "local", ignore=ignored)
    for name in ("Pulumi.yaml", "Pulumi.local.yaml", ".gitignore"):
        shutil.copy(REPO / name, root)
    (root / "__main__.py").write_text(
        "import pulumi\nconfig = pulumi.Config('roost')\n"
        "pulumi.export('word', config.get_secret('word'))\n"
        "pulumi.export('flag', config.get('flag'))\n"
    )
    cache = tmp_path / "cache"
    (cache / "plugin-downloads").mkdir(parents=True)
    (cache / "tools").symlink_to(engine.parent.parent.parent)
    for plugin in plugins.needed():  # whether downloads work is not the question here
        (cache / "plugin-downloads" / f"{plugin.folder}.failed").touch()
    environment = {
        **os.environ,
        "ROOST_CACHE": str(cache),
        "ROOST_STATE": str(tmp_path / "state"),
        "PULUMI_CONFIG_PASSPHRASE": "of some other project",
    }
    environment.pop("PULUMI_HOME", None)
    made = Checkout(root, "", environment)
    made.git("init", "-q")
    made.git("add", "-A")
    made.git("commit", "-q", "-m", "all")
    said = subprocess.run(
        [sys.executable, "-c", _PROVIDE],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=True,
    ).stdout
    answer = json.loads(said)
    assert gobuild.directory(PULUMI) == engine.parent
    return Checkout(root, answer["command"], answer["environment"])


def test_the_whole_life_of_a_stack_leaves_the_checkout_clean(checkout: Checkout, tmp_path: Path) -> None:
    assert checkout.is_clean(), "creating the stack"
    for arguments in (
        ["preview"],
        ["up", "--yes", "--stack", "local"],
        ["refresh", "--yes"],
        ["config"],
        ["destroy", "--yes", "-s", "local"],
        ["stack", "rm", "--yes", "--stack=local"],
        ["stack", "init", "local"],
    ):
        checkout.pulumi(*arguments)
        assert checkout.is_clean(), f"pulumi {' '.join(arguments)}"
    passphrase = tmp_path / "state" / "passphrase"
    assert passphrase.stat().st_mode & 0o777 == 0o600
    assert len(passphrase.read_text()) >= 32


def test_settings_that_are_changed_on_purpose_are_kept_without_the_salt(checkout: Checkout) -> None:
    file = checkout.root / "Pulumi.local.yaml"
    before = file.read_text()
    checkout.pulumi("config", "set", "--secret", "roost:word", "hidden")
    after = file.read_text()
    assert "encryptionsalt" not in after
    assert "hidden" not in after
    assert [line for line in before.splitlines() if line.startswith("#")] == [
        line for line in after.splitlines() if line.startswith("#")
    ], "comments stay"
    checkout.pulumi("up", "--yes", "--config", "roost:flag=given")
    assert yaml.safe_load(file.read_text())["config"]["roost:flag"] == "given"
    # The passphrase of some other project in the environment changes nothing.
    shown = checkout.pulumi(
        "stack", "output", "--json", "--show-secrets", PULUMI_CONFIG_PASSPHRASE="of some other project"
    )
    assert json.loads(shown) == {"word": "hidden", "flag": "given"}


def test_other_stacks_are_pulumis_own_business(checkout: Checkout) -> None:
    (checkout.root / "Pulumi.dev.yaml").write_text("config: {}\n")
    checkout.pulumi("stack", "init", "dev", "--no-select", PULUMI_CONFIG_PASSPHRASE="of dev")
    assert "encryptionsalt" in (checkout.root / "Pulumi.dev.yaml").read_text()
    assert (checkout.root / "Pulumi.local.yaml").read_bytes() == (REPO / "Pulumi.local.yaml").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "variable", "expected"),
    [
        (["up", "-s", "local"], "", True),
        (["up", "--stack=organization/roost/local"], "dev", True),
        (["up", "-slocal"], "", True),
        (["-C", ".", "up"], "local", True),
        (["up"], "", False),
        (["up", "--stack", "dev"], "local", False),
        (["stack", "init", "local"], "", True),
        (["stack", "init", "dev"], "local", False),
        (["-C", "/", "up", "-s", "local"], "", False),
    ],
)
def test_which_commands_concern_the_local_stack(
    arguments: list[str], variable: str, expected: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(REPO)
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.setenv("PULUMI_STACK", variable)
    assert stack_config.is_local_stack(arguments) is expected
