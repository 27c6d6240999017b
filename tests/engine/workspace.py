"""Real Pulumi projects, run by the real engine with our fallback plugins."""

from __future__ import annotations

import json
import os
import subprocess
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from local.toolchain import plugins
from local.toolchain.launcher import plugin_script, write_script

COMMAND_SECONDS = 120
STACK = "test"


@dataclass(frozen=True)
class Workspace:
    """One engine, one file backend and one plugin cache, shared by many projects."""

    engine: Path
    root: Path

    @property
    def environment(self) -> dict[str, str]:
        """For any `pulumi` on this workspace."""
        return {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{self.root / 'backend'}",
            "PULUMI_HOME": str(self.root / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "a passphrase for tests",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # What a developer has on PATH must not be what is tested.
            "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        }

    def prepare(self) -> None:
        """Directories, and launchers that never give way to official plugins."""
        (self.root / "backend").mkdir(parents=True)
        for plugin in plugins.needed(aws=True):
            script = plugin_script(plugin.module, plugin.executable, self.root / "none" / plugin.folder / "x")
            write_script(self.root / "home" / "plugins" / plugin.folder / plugin.executable, script)


@dataclass
class Project:
    """A project directory with a stack."""

    workspace: Workspace
    root: Path
    name: str
    settings: str = "runtime: python\n"
    environment: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.write("Pulumi.yaml", f"name: {self.name}\n{self.settings}")
        self.run("stack", "init", STACK)

    def write(self, path: str, text: str) -> None:
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(textwrap.dedent(text))

    def program(self, text: str) -> None:
        self.write("__main__.py", text)

    def up(self, *arguments: str, fails: bool = False) -> str:
        return self.run("up", "--yes", "--skip-preview", *arguments, fails=fails)

    def run(self, *arguments: str, fails: bool = False) -> str:
        """What pulumi says; an assertion fails with it if the exit code is not as expected."""
        done = subprocess.run(
            self.argv(*arguments),
            cwd=self.root,
            env={**self.workspace.environment, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
        assert (done.returncode != 0) == fails, done.stdout
        return done.stdout

    def argv(self, *arguments: str) -> list[str]:
        return [str(self.workspace.engine), *arguments, "--non-interactive", "--color=never"]

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Run without waiting for the end."""
        return subprocess.Popen(
            self.argv(*arguments),
            cwd=self.root,
            env={**self.workspace.environment, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )

    def outputs(self) -> dict[str, Any]:
        return json.loads(self.run("stack", "output", "--json", "--show-secrets"))

    def exported(self) -> str:
        """The state as text, as it would be shown to somebody else."""
        return self.run("stack", "export")

    def resource(self, name: str) -> dict[str, Any]:
        """The stored resource of that logical name."""
        resources = json.loads(self.exported())["deployment"]["resources"]
        return next(entry for entry in resources if entry["urn"].endswith(f"::{name}"))
