"""One stack of the unchanged program: its backend, its copy of the stack file, and the engine's commands."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import yaml

from infra.naming import stack_prefix
from local import paths
from local.policing import Run
from local.progress import PhaseError, Progress
from local.rehearsal.outcome import Outcome, read_events
from local.toolchain.events import Tail, Tally

COMMAND_SECONDS = 900
QUERY_SECONDS = 120
_POLL_SECONDS = 0.2
_TAIL = 4000
"""Characters of what a failed query printed."""
_CREDENTIALS = "rehearsal"
"""Of the emulated account; whatever the user has in the environment must not even be sent to it."""


@dataclass
class Workspace:
    """`root` holds everything; the checkout is only read."""

    root: Path
    stack: str
    engine: Path
    home: Path
    """PULUMI_HOME, where the plugins are."""
    path: tuple[Path, ...]
    """Directories in front of PATH."""

    @property
    def cluster_name(self) -> str:
        """The EKS cluster's name, which is fixed."""
        return stack_prefix(self.stack)

    @property
    def config_file(self) -> Path:
        return self.root / f"Pulumi.{self.stack}.yaml"

    @property
    def environment(self) -> dict[str, str]:
        """For any `pulumi` on this stack."""
        inherited = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("AWS_", "PULUMI_", "KUBE", "MOTO_"))
        }
        return {
            **inherited,
            "PATH": os.pathsep.join([*map(str, self.path), os.environ.get("PATH", os.defpath)]),
            "PULUMI_BACKEND_URL": f"file://{self.root / 'backend'}",
            "PULUMI_HOME": str(self.home),
            "PULUMI_CONFIG_PASSPHRASE_FILE": str(self.root / "passphrase"),
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            # The event log is a flag for tools that drive pulumi; it hides behind this switch.
            "PULUMI_DEBUG_COMMANDS": "true",
            "AWS_ACCESS_KEY_ID": _CREDENTIALS,
            "AWS_SECRET_ACCESS_KEY": _CREDENTIALS,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }

    def prepare(self) -> None:
        """An empty backend, and `Pulumi.<stack>.yaml` of the checkout as the configuration."""
        (self.root / "backend").mkdir(parents=True)
        descriptor = os.open(self.root / "passphrase", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as handle:
            handle.write(secrets.token_urlsafe(24))
        shutil.copy(paths.REPO / f"Pulumi.{self.stack}.yaml", self.config_file)
        # Beside a project file of its own, since `stack init` writes the salt of the passphrase there.
        shutil.copy(paths.REPO / "Pulumi.yaml", self.root)
        self._query("stack", "init", self.stack, "--no-select")

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Set values in the stack's file: `{"aws.database.instanceClass": "db.r7g.xlarge"}`; None removes."""
        document = cast("dict[str, Any]", yaml.safe_load(self.config_file.read_text()))
        config = document.setdefault("config", {})
        for path, value in changes.items():
            section, *rest = path.split(".")
            _set(config, [f"roost:{section}", *rest], value)
        self.config_file.write_text(yaml.safe_dump(document, sort_keys=False))

    def setting(self, path: str) -> Any:
        """What the stack's file says, as `aws.region`; None where it says nothing."""
        section, *rest = path.split(".")
        value: Any = yaml.safe_load(self.config_file.read_text())["config"]
        for key in (f"roost:{section}", *rest):
            value = value.get(key) if isinstance(value, dict) else None
        return value

    def preview(self, progress: Progress, *flags: str, policies: Run | None = None) -> Outcome:
        return self.run(progress, "preview", *flags, policies=policies)

    def up(self, progress: Progress, *flags: str, policies: Run | None = None) -> Outcome:
        return self.run(progress, "up", "--yes", "--skip-preview", *flags, policies=policies)

    def refresh(self, progress: Progress, *flags: str) -> Outcome:
        return self.run(progress, "refresh", "--yes", "--skip-preview", *flags)

    def destroy(self, progress: Progress, *flags: str) -> Outcome:
        return self.run(progress, "destroy", "--yes", "--skip-preview", *flags)

    def run(self, progress: Progress, command: str, *flags: str, policies: Run | None = None) -> Outcome:
        """One command that goes through the resources, to its end or its deadline."""
        began = time.monotonic()
        process, log, events = self.start(command, *flags, policies=policies)
        progress.log(log)
        _follow(process, events, progress)
        changes, unchanged, errors = read_events(Tail(events).read())
        return Outcome(
            " ".join([command, *(flag for flag in flags if flag not in ("--yes", "--skip-preview"))]),
            process.returncode,
            round(time.monotonic() - began, 1),
            changes,
            unchanged,
            errors,
            log.read_text(errors="replace"),
        )

    def start(
        self, command: str, *flags: str, policies: Run | None = None
    ) -> tuple[subprocess.Popen[bytes], Path, Path]:
        """Start a command without waiting; the process leads a group of its own. Also its log and events."""
        number = len(list(self.root.glob("*.log"))) + 1
        log = self.root / f"{number:02d}-{command}.log"
        events = log.with_suffix(".events.jsonl")
        argv = [str(self.engine), command, *self._stack_flags(), "--color=never", "--suppress-outputs"]
        argv += ["--event-log", str(events), *flags, *(policies.flags if policies else ())]
        variables = policies.variables if policies else {}
        with log.open("wb") as out:
            process = subprocess.Popen(
                argv,
                cwd=paths.REPO,
                env={**self.environment, **variables},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                process_group=0,
            )
        return process, log, events

    def adopt(self, resource: Mapping[str, Any], id_: str) -> None:
        """`pulumi import`: take what AWS has under `id_` for `resource`, which a pending operation names."""
        urn = str(resource["urn"])
        parent = str(resource["parent"])
        aws = next(r["urn"] for r in self.deployment()["resources"] if r["type"] == "pulumi:providers:aws")
        self._query(
            "import",
            str(resource["type"]),
            urn.rpartition("::")[2],
            id_,
            *("--parent", f"parent={parent}", "--provider", f"aws={aws}"),
            *("--protect=false", "--generate-code=false", "--yes", "--skip-preview"),
            *("--stack", self.stack, "--config-file", str(self.config_file)),
        )

    def analyze(self, policies: Run, file: Path | None = None) -> None:
        """`pulumi policy analyze` on the stack's state, or on an exported one.

        Raises:
            PhaseError: a mandatory rule is violated; with what pulumi says about it.
        """
        state = ("--file", str(file)) if file else ("--stack", self.stack)
        self._query(
            *("policy", "analyze", "--color=never", *state, *policies.flags), variables=policies.variables
        )

    def cancel(self) -> None:
        """`pulumi cancel`: release the lock of an engine that died."""
        self._query("cancel", "--yes", "--stack", self.stack)

    def outputs(self) -> dict[str, Any]:
        """The stack's outputs; secrets are `[secret]`."""
        return json.loads(self._query("stack", "output", "--json", "--stack", self.stack))

    def deployment(self) -> dict[str, Any]:
        """The state: `resources` and, after a crash, `pending_operations`. Secrets stay encrypted."""
        return self.export()["deployment"]

    def export(self) -> dict[str, Any]:
        """`pulumi stack export`."""
        return json.loads(self._query("stack", "export", "--stack", self.stack))

    def resources(self) -> list[dict[str, Any]]:
        """The managed resources in the state, without components and providers."""
        return [
            entry
            for entry in self.deployment().get("resources", [])
            if entry.get("custom") and not entry["type"].startswith("pulumi:providers:")
        ]

    def resource(self, type_: str, name: str) -> dict[str, Any]:
        """The one resource of that type token and logical name."""
        found = [r for r in self.resources() if r["type"] == type_ and r["urn"].endswith(f"::{name}")]
        if len(found) != 1:
            raise LookupError(f"the state has {len(found)} resources {type_} {name}")
        return found[0]

    def _stack_flags(self) -> list[str]:
        return ["--stack", self.stack, "--config-file", str(self.config_file), "--non-interactive"]

    def _query(self, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            [str(self.engine), *arguments, "--non-interactive"],
            cwd=self.root,
            env={**self.environment, **(variables or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=QUERY_SECONDS,
            check=False,
        )
        if done.returncode != 0:
            said = "\n".join(filter(None, (done.stdout.strip()[-_TAIL:], done.stderr.strip()[-_TAIL:])))
            raise PhaseError(f"`pulumi {' '.join(arguments[:2])}` failed: {said}", f"Look into {self.root}.")
        return done.stdout


def kill(process: subprocess.Popen[bytes]) -> None:
    """End the engine as a crash does: at once, with no time to write anything."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _follow(process: subprocess.Popen[bytes], events: Path, progress: Progress) -> None:
    tally, tail = Tally(), Tail(events)
    deadline = time.monotonic() + COMMAND_SECONDS
    progress.note("starting the engine")
    try:
        while process.poll() is None:
            for event in tail.read():
                tally.add(event)
            if tally.done or tally.running:
                progress.note(f"{tally.done} resources done  {tally.current()}".rstrip())
            if time.monotonic() > deadline:
                raise PhaseError(
                    f"pulumi did not end within {COMMAND_SECONDS} s; it was at: {tally.current()}",
                    "Its log says more.",
                )
            time.sleep(_POLL_SECONDS)
    finally:
        if process.poll() is None:
            kill(process)


def _set(tree: dict[str, Any], path: list[str], value: Any) -> None:
    for key in path[:-1]:
        tree = tree.setdefault(key, {})
    if value is None:
        tree.pop(path[-1], None)
    else:
        tree[path[-1]] = value
