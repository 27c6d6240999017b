"""Building Go programs into the cache."""

from __future__ import annotations

import multiprocessing
import subprocess
import uuid
from pathlib import Path

import pytest

from local.progress import PhaseError, Quiet
from local.toolchain import gobuild, versions
from local.toolchain.versions import GoModule

_MODULE = GoModule(
    name="sample", packages=("./hello", "./other"), variables=(("roost.test/sample/words.Word", "set"),)
)
_MAIN = """package main

import "roost.test/sample/words"

func main() { print(words.Word) }
"""


class Recorder(Quiet):
    """Remembers what was reported."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.bars: list[tuple[int, int]] = []
        self.logs: list[Path] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

    def advance(self, done: int, total: int, text: str = "") -> None:
        self.bars.append((done, total))

    def log(self, path: Path) -> None:
        self.logs.append(path)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A module of two programs, in a checkout and a cache of its own."""
    monkeypatch.setenv("ROOST_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(versions, "REPO", tmp_path)
    root = tmp_path / "local" / "toolchain" / "go" / "sample"
    for name, text in {
        "go.mod": "module roost.test/sample\n\ngo 1.21\n",
        # Never seen before, so that there is something to compile.
        "words/words.go": f'package words\n\n// {uuid.uuid4()}\nvar Word = "unset"\n',
        "hello/main.go": _MAIN,
        "other/main.go": _MAIN,
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def _says(binary: Path) -> str:
    return subprocess.run([binary], capture_output=True, text=True, check=True, timeout=10).stderr


def test_a_module_is_built_once_with_its_variables(source: Path) -> None:
    progress = Recorder()
    built = gobuild.build(_MODULE, progress)
    assert _says(built / "hello") == "set"
    assert (built / "other").exists()
    assert progress.bars, "a bar shows while packages are compiled"
    assert all(0 < done <= total for done, total in progress.bars)
    again = Recorder()
    assert gobuild.build(_MODULE, again) == built
    assert not again.notes
    assert not again.bars


def test_another_source_or_another_flag_is_another_build(source: Path) -> None:
    built = gobuild.directory(_MODULE)
    other_flag = GoModule("sample", _MODULE.packages, (("roost.test/sample/words.Word", "else"),))
    assert gobuild.directory(other_flag) != built
    (source / "words" / "words.go").write_text("package words\n\nvar Word = 1\n")
    assert gobuild.directory(_MODULE) != built


def test_a_failed_build_leaves_nothing_and_says_what_to_do(source: Path) -> None:
    (source / "hello" / "main.go").write_text("package main\n\nfunc main() { undefined() }\n")
    progress = Recorder()
    with pytest.raises(PhaseError, match="`go build` of sample failed") as caught:
        gobuild.build(_MODULE, progress)
    assert "undefined: undefined" in progress.logs[0].read_text()
    assert str(progress.logs[0]) in caught.value.remedy
    assert not gobuild.directory(_MODULE).exists()
    (source / "hello" / "main.go").write_text(_MAIN)
    assert _says(gobuild.build(_MODULE, Quiet()) / "hello") == "set"


def test_what_an_interrupted_build_left_is_not_taken_for_one(source: Path) -> None:
    target = gobuild.directory(_MODULE)
    leftover = target.parent / f"building-{target.name}"
    leftover.mkdir(parents=True)
    (leftover / "hello").write_text("half a program")
    assert _says(gobuild.build(_MODULE, Quiet()) / "hello") == "set"
    assert not leftover.exists()


def _build_in_process(queue: multiprocessing.Queue[str]) -> None:
    progress = Recorder()
    gobuild.build(_MODULE, progress)
    queue.put("built" if progress.logs else "waited")


def test_two_builders_do_the_work_once(source: Path) -> None:
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    builders = [context.Process(target=_build_in_process, args=(queue,)) for _ in range(2)]
    for builder in builders:
        builder.start()
    assert sorted(queue.get(timeout=120) for _ in builders) == ["built", "waited"]
    for builder in builders:
        builder.join(10)


def test_a_machine_without_go_is_told_what_to_install(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PhaseError, match="Go is not on PATH") as caught:
        gobuild.build(_MODULE, Quiet())
    assert "Install Go" in caught.value.remedy


def test_a_go_that_is_too_old_is_refused(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "go"
    old.write_text("#!/bin/sh\necho go1.19.8\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(PhaseError, match=r"cannot build this \(go1\.19\.8\)"):
        gobuild.build(_MODULE, Quiet())


def test_the_modules_of_the_repository_name_what_they_hold() -> None:
    for module in versions.MODULES:
        text = (module.directory / "go.mod").read_text()
        for package in module.packages:
            here = package.startswith("./") and (module.directory / package / "main.go").exists()
            assert here or package in text, f"{package} is no tool of {module.name}/go.mod"
    assert (
        f"github.com/pulumi/pulumi/pkg/v3 v{versions.PULUMI_VERSION}"
        in (versions.PULUMI.directory / "go.mod").read_text()
    )
    assert (
        f"k8s.io/kubernetes v{versions.KUBERNETES_VERSION}"
        in (versions.KUBERNETES.directory / "go.mod").read_text()
    )
