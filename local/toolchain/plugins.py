"""The plugins that the program needs: the official ones where they can be had, else our fallbacks.

In this order: one on PATH (the engine prefers it itself); one that came with the engine; one in the plugin
cache of this machine's state or of the user's own Pulumi; a download; our fallback. Fallbacks lie in the
plugin cache under the version that the SDK asks for, so that the engine finds them as it finds any other.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from local.paths import cache, state, tool_dir
from local.progress import Progress
from local.toolchain.launcher import is_launcher, plugin_script, write_script

Source = Literal["official", "fallback"]

_DOWNLOAD_SECONDS = 180
_RETRY_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Plugin:
    """One plugin, at the version of the SDK that is installed."""

    kind: Literal["resource", "language"]
    name: str
    version: str
    module: str
    """The Python module of our fallback."""
    source: Source = "official"

    @property
    def executable(self) -> str:
        """File name, as the engine looks for it."""
        return f"pulumi-{self.kind}-{self.name}"

    @property
    def folder(self) -> str:
        """Its directory in a plugin cache."""
        return f"{self.kind}-{self.name}-v{self.version}"


def needed(*, aws: bool = False) -> list[Plugin]:
    """What the program uses on a machine of its own; with `aws`, what its stacks on AWS use."""
    resources = ("kubernetes", "random", "tls", *(("aws", "docker-build") if aws else ()))
    return [
        Plugin("language", "python", _installed("pulumi"), "local.plugins.language_python"),
        *(
            Plugin("resource", name, _installed(f"pulumi-{name}"), f"local.plugins.{name.replace('-', '_')}")
            for name in resources
        ),
    ]


def home() -> Path:
    """PULUMI_HOME of this machine's state: plugin cache, selected stacks."""
    return state() / "pulumi-home"


def foreign_path() -> str:
    """PATH without our own directory: what the user has."""
    parts = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(part for part in parts if part not in {"", str(tool_dir())})


def provide(
    engine: Path, variables: Mapping[str, str], progress: Progress, wanted: Sequence[Plugin] | None = None
) -> dict[str, Plugin]:
    """Make the wanted plugins (else those needed locally) available to `engine`; by name, with the source."""
    _keep_no_log()
    plugins = needed() if wanted is None else wanted
    return {plugin.name: _provide(plugin, engine, variables, progress) for plugin in plugins}


def _keep_no_log() -> None:
    """Turn off the log of its inner life that the engine keeps, encrypted, of every command.

    For a preview of prod it was 13 MB and a sixth of all CPU time. There is no option; the engine goes on
    without it where it cannot make the folder.
    """
    place = home() / "logs"
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()


def _provide(plugin: Plugin, engine: Path, variables: Mapping[str, str], progress: Progress) -> Plugin:
    if _is_present(plugin, engine) or _downloaded(plugin, engine, variables, progress):
        return plugin
    official = _user_home() / "plugins" / plugin.folder / plugin.executable
    script = plugin_script(plugin.module, plugin.executable, official)
    write_script(home() / "plugins" / plugin.folder / plugin.executable, script)
    # The launcher itself prefers one in the user's plugin cache, now or later.
    source: Source = "official" if official.exists() else "fallback"
    return Plugin(plugin.kind, plugin.name, plugin.version, plugin.module, source)


def _is_present(plugin: Plugin, engine: Path) -> bool:
    if shutil.which(plugin.executable, path=foreign_path()):
        return True
    if plugin.kind == "language" and (engine.resolve().parent / plugin.executable).exists():
        return True
    cached = home() / "plugins" / plugin.folder / plugin.executable
    return cached.exists() and not is_launcher(cached)


def _downloaded(plugin: Plugin, engine: Path, variables: Mapping[str, str], progress: Progress) -> bool:
    """Try to install the official plugin; False if that fails now or failed within a day."""
    if plugin.kind == "language":
        return False  # it comes with the engine only; `pulumi plugin install` refuses it
    failure = cache() / "plugin-downloads" / f"{plugin.folder}.failed"
    if failure.exists() and time.time() - failure.stat().st_mtime < _RETRY_SECONDS:
        return False
    progress.note(f"downloading {plugin.executable} {plugin.version}")
    target = home() / "plugins"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=home()) as scratch:
        arrived = Path(scratch) / "plugins" / plugin.folder
        reason = _install(plugin, engine, {**variables, "PULUMI_HOME": scratch})
        if reason is None and (arrived / plugin.executable).exists():
            shutil.rmtree(target / plugin.folder, ignore_errors=True)
            arrived.rename(target / plugin.folder)
            failure.unlink(missing_ok=True)
            return True
    failure.parent.mkdir(parents=True, exist_ok=True)
    failure.write_text(f"{reason or 'nothing was installed'}\n")
    return False


def _install(plugin: Plugin, engine: Path, variables: Mapping[str, str]) -> str | None:
    """None, or why it did not work."""
    try:
        result = subprocess.run(
            [str(engine), "plugin", "install", plugin.kind, plugin.name, plugin.version],
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_DOWNLOAD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no end after {_DOWNLOAD_SECONDS} s"
    return None if result.returncode == 0 else result.stderr.strip() or "unknown reason"


def _user_home() -> Path:
    given = os.environ.get("PULUMI_HOME")
    return Path(given) if given and Path(given) != home() else Path.home() / ".pulumi"


def _installed(distribution: str) -> str:
    return importlib.metadata.version(distribution)
