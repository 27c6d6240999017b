"""The first step of every make target, run for real in a small repository of its own, without network."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from local import paths

CLI = 'import sys; sys.stdout.write(" ".join(["cli", *sys.argv[1:]]))'


class Checkout:
    """A repository with one locked package."""

    def __init__(self, root: Path) -> None:
        self.root = root
        wheel = self._wheel()
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        (root / "requirements.lock").write_text(f"roostprobe==1.0 \\\n    --hash=sha256:{digest}\n")
        for name in ("__init__.py", "paths.py", "bootstrap.py"):
            (root / "local").mkdir(exist_ok=True)
            shutil.copy(paths.REPO / "local" / name, root / "local")
        (root / "local" / "cli").mkdir()
        (root / "local" / "cli" / "__init__.py").touch()
        (root / "local" / "cli" / "__main__.py").write_text(CLI)

    def _wheel(self) -> Path:
        path = self.root / "wheels" / "roostprobe-1.0-py3-none-any.whl"
        path.parent.mkdir(parents=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("roostprobe.py", "value = 1\n")
            archive.writestr(
                "roostprobe-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: roostprobe\nVersion: 1.0\n"
            )
            wheel = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            archive.writestr("roostprobe-1.0.dist-info/WHEEL", wheel)
            archive.writestr("roostprobe-1.0.dist-info/RECORD", "")
        return path

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "ROOST_CACHE": str(self.root / "cache"),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.root / "wheels"),
        }
        environment.pop("PYTHONPATH", None)
        return subprocess.Popen(
            [sys.executable, "local/bootstrap.py", *arguments],
            cwd=self.root,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def markers(self) -> list[Path]:
        return list((self.root / "cache").glob("venv/*/.complete"))


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_the_first_call_makes_the_environment_and_later_ones_use_it(checkout: Checkout) -> None:
    code, out, err = checkout.run("status", "--long")
    assert (code, out) == (0, "cli status --long"), err
    assert "environment ready" in err
    (marker,) = checkout.markers()
    made = marker.stat().st_mtime_ns
    began = time.monotonic()
    code, out, err = checkout.run("env")
    assert (code, out, err) == (0, "cli env", ""), "a later call says nothing of its own"
    assert time.monotonic() - began < 2
    assert marker.stat().st_mtime_ns == made


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_build_is_done_again(checkout: Checkout, number: signal.Signals) -> None:
    process = checkout.start("status")
    deadline = time.monotonic() + 60
    while not list((checkout.root / "cache").glob("venv/*/bin/python")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.killpg(process.pid, number)
    _, err = process.communicate(timeout=30)
    assert process.returncode in (130, -signal.SIGKILL)
    assert "Traceback" not in err
    assert checkout.markers() == []
    code, out, err = checkout.run("status")
    assert (code, out) == (0, "cli status"), err
    assert len(checkout.markers()) == 1


def test_two_at_once_make_one_environment(checkout: Checkout) -> None:
    both = [checkout.start("one"), checkout.start("two")]
    results = [process.communicate(timeout=120) for process in both]
    assert sorted(out for out, _ in results) == ["cli one", "cli two"]
    said = "".join(err for _, err in results)
    assert said.count("environment ready") == 1
    assert "another make is creating the environment" in said


def test_a_package_that_is_not_the_locked_one_is_refused(checkout: Checkout) -> None:
    lock = checkout.root / "requirements.lock"
    lock.write_text(lock.read_text().replace("sha256:", "sha256:0")[:-2] + "\n")
    code, out, err = checkout.run("status")
    assert code == 1
    assert out == ""
    assert "pip could not install requirements.lock" in err
    assert checkout.markers() == []
