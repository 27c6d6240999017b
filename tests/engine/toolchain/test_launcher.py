"""Launchers of fallback plugins, which must never stand before an official plugin."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local.progress import Quiet
from local.toolchain import plugins
from local.toolchain.launcher import is_launcher, plugin_script, write_script

_EXECUTABLE = "pulumi-resource-random"


@pytest.fixture
def launcher(tmp_path: Path) -> Path:
    path = tmp_path / "ours" / _EXECUTABLE
    official = tmp_path / "plugins" / "resource-random-v4.21.4" / _EXECUTABLE
    # `platform` prints one line: as good as a plugin here, and quicker.
    write_script(path, plugin_script("platform", _EXECUTABLE, official))
    return path


def _official(root: Path, version: str, text: str = "official") -> None:
    path = root / "plugins" / f"resource-random-v{version}" / _EXECUTABLE
    write_script(path, f'#!/bin/sh\necho {text} {version} "$@"\n')


def _run(path: Path) -> str:
    return subprocess.run([path, "address"], capture_output=True, text=True, check=True, timeout=20).stdout


def test_without_an_official_plugin_the_fallback_runs(launcher: Path) -> None:
    assert sys.platform in _run(launcher).lower()
    assert is_launcher(launcher)


@pytest.mark.parametrize(
    ("installed", "wins"),
    [
        (["4.21.4"], "official 4.21.4 address\n"),
        (["4.21.4", "4.100.0"], "official 4.100.0 address\n"),
        (["4.9.0"], None),
        (["5.0.0"], None),
    ],
    ids=["same version", "newest", "older does not count", "next major does not count"],
)
def test_an_official_plugin_that_appears_later_takes_over(
    launcher: Path, tmp_path: Path, installed: list[str], wins: str | None
) -> None:
    for version in installed:
        _official(tmp_path, version)
    said = _run(launcher)
    assert said == wins if wins else "official" not in said


def test_a_launcher_that_is_right_is_not_written_again(launcher: Path) -> None:
    before = launcher.stat().st_mtime_ns
    write_script(launcher, launcher.read_text())
    assert launcher.stat().st_mtime_ns == before


class _Engine:
    """Stands where `pulumi` would be: installs plugins, or fails, and counts how often it was asked."""

    def __init__(self, root: Path, *, works: bool) -> None:
        self.path = root / "engine" / "pulumi"
        self.calls = root / "calls"
        install = 'd="$PULUMI_HOME/plugins/$3-$4-v$5"; mkdir -p "$d"; echo binary > "$d/pulumi-$3-$4"'
        write_script(self.path, f'#!/bin/sh\necho "$@" >> {self.calls}\n{install if works else "exit 1"}\n')

    def asked(self) -> int:
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ROOST_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("ROOST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    return tmp_path


def test_a_failed_download_is_not_tried_again_the_same_day(machine: Path) -> None:
    engine = _Engine(machine, works=False)
    found = plugins.provide(engine.path, {"PATH": "/usr/bin:/bin"}, Quiet())
    assert {plugin.source for plugin in found.values()} == {"fallback"}
    assert engine.asked() == 3
    plugins.provide(engine.path, {"PATH": "/usr/bin:/bin"}, Quiet())
    assert engine.asked() == 3


def test_a_download_replaces_the_fallback(machine: Path) -> None:
    plugins.provide(_Engine(machine, works=False).path, {"PATH": "/usr/bin:/bin"}, Quiet())
    for failure in (machine / "cache" / "plugin-downloads").iterdir():
        failure.unlink()
    engine = _Engine(machine, works=True)
    found = plugins.provide(engine.path, {"PATH": "/usr/bin:/bin"}, Quiet())
    assert found["tls"].source == "official"
    assert found["python"].source == "fallback", "the language host comes with the engine or not at all"
    binary = plugins.home() / "plugins" / found["tls"].folder / "pulumi-resource-tls"
    assert binary.read_text() == "binary\n"
    asked = engine.asked()
    plugins.provide(engine.path, {"PATH": "/usr/bin:/bin"}, Quiet())
    assert engine.asked() == asked


def test_a_plugin_on_path_or_in_the_users_cache_wins(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path = machine / "bin" / "pulumi-resource-kubernetes"
    write_script(on_path, "#!/bin/sh\n")
    monkeypatch.setenv("PATH", f"{on_path.parent}:/usr/bin:/bin")
    tls = next(plugin for plugin in plugins.needed() if plugin.name == "tls")
    write_script(machine / "user" / "plugins" / tls.folder / tls.executable, "#!/bin/sh\necho official\n")
    found = plugins.provide(_Engine(machine, works=False).path, {"PATH": "/usr/bin:/bin"}, Quiet())
    assert found["kubernetes"].source == "official"
    assert not (plugins.home() / "plugins" / found["kubernetes"].folder).exists()
    assert found["tls"].source == "official"
    assert _run(plugins.home() / "plugins" / tls.folder / tls.executable) == "official\n"
    assert found["random"].source == "fallback"


def test_the_language_host_that_came_with_the_engine_wins(machine: Path) -> None:
    engine = _Engine(machine, works=False)
    write_script(engine.path.parent / "pulumi-language-python", "#!/bin/sh\n")
    assert plugins.provide(engine.path, {"PATH": "/usr/bin:/bin"}, Quiet())["python"].source == "official"
