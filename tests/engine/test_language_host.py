"""The language host, driven by the real engine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.workspace import Project

NewProject = Callable[..., Project]


def test_a_program_is_previewed_deployed_refreshed_and_destroyed(tiny: Project) -> None:
    tiny.program("""
        import sys
        import pulumi

        print("to stdout", pulumi.runtime.is_dry_run(), pulumi.get_project(), pulumi.get_stack())
        print("to stderr", file=sys.stderr)
        pulumi.log.warn("a warning")
        pulumi.ComponentResource("test:index:Part", "part").register_outputs({})
        pulumi.export("answer", 42)
    """)
    preview = tiny.run("preview")
    assert f"to stdout True {tiny.name} test" in preview
    assert "2 to create" in preview
    deployed = tiny.up()
    assert f"to stdout False {tiny.name} test" in deployed
    assert "to stderr" in deployed
    assert "warning: a warning" in deployed
    assert tiny.outputs() == {"answer": 42}
    assert "2 unchanged" in tiny.up()
    tiny.run("refresh", "--yes")
    assert "2 deleted" in tiny.run("destroy", "--yes")


def test_it_says_that_it_is_the_fallback_once_in_a_run(tiny: Project) -> None:
    tiny.program("")
    said = tiny.run("up", "--yes")  # with a preview: the host starts twice
    preview, update = said.split("Updating (")
    notice = "Roost's fallback plugin is in use, since pulumi-language-python"
    assert preview.split("Diagnostics:")[1].count(notice) == 1
    assert notice not in update


def test_an_exception_is_shown_from_the_programs_first_frame_on(tiny: Project) -> None:
    tiny.write("helper.py", "def fail():\n    raise ValueError('too bad')\n")
    tiny.program("import helper\nhelper.fail()\n")
    said = tiny.up(fails=True)
    assert "ValueError: too bad" in said
    assert "helper.fail()" in said
    assert "runner.py" not in said
    assert "exit code" not in said


def test_a_run_error_is_shown_without_a_traceback(tiny: Project) -> None:
    tiny.program("import pulumi\nraise pulumi.RunError('set roost:server to something')\n")
    said = tiny.up(fails=True)
    assert "error: set roost:server to something" in said
    assert "Traceback" not in said


def test_a_failure_inside_apply_fails_the_update(tiny: Project) -> None:
    tiny.program("""
        import pulumi

        def fail(_):
            raise KeyError("nothing here")

        pulumi.export("x", pulumi.Output.from_input(1).apply(fail))
    """)
    assert "KeyError: 'nothing here'" in tiny.up(fails=True)


def test_an_exit_code_is_reported(tiny: Project) -> None:
    tiny.program("raise SystemExit(3)\n")
    assert "non-zero exit code: 3" in tiny.up(fails=True)


def test_a_project_without_a_program_says_where_it_looked(tiny: Project) -> None:
    said = tiny.up(fails=True)
    assert "There is no __main__.py in" in said
    assert str(tiny.root) in said


def test_main_may_be_a_file_that_imports_its_neighbour(new_project: NewProject) -> None:
    project = new_project(settings="runtime: python\nmain: src/start.py\n")
    project.write("src/neighbour.py", "WHO = 'neighbour'\n")
    project.write("src/start.py", "import neighbour, pulumi\npulumi.export('who', neighbour.WHO)\n")
    project.up()
    assert project.outputs() == {"who": "neighbour"}


def test_configuration_reaches_the_program_and_secrets_stay_secret(tiny: Project) -> None:
    tiny.run("config", "set", "plain", "visible")
    tiny.run("config", "set", "--secret", "password", "hunter2-in-config")
    tiny.program("""
        import pulumi

        config = pulumi.Config()
        pulumi.export("plain", config.require("plain"))
        pulumi.export("length", config.require_secret("password").apply(len))
        pulumi.export("password", config.require_secret("password"))
    """)
    said = tiny.up()
    assert "hunter2" not in said
    assert tiny.outputs() == {"plain": "visible", "length": 17, "password": "hunter2-in-config"}
    assert "hunter2" not in tiny.exported()


def test_the_named_virtual_environment_runs_the_program(new_project: NewProject) -> None:
    project = new_project(settings="runtime:\n  name: python\n  options:\n    virtualenv: env\n")
    project.program("""
        import os, sys
        import pulumi

        pulumi.export("prefix", sys.prefix)
        pulumi.export("variable", os.environ.get("VIRTUAL_ENV"))
        pulumi.export("first", os.environ["PATH"].split(":")[0])
    """)
    project.up()
    assert project.outputs()["prefix"] == sys.prefix, "one that does not exist must not be used"

    environment = project.root / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True, timeout=60)
    packages = next(environment.glob("lib/python*/site-packages"))
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib"))
    project.up()
    assert project.outputs() == {
        "prefix": str(environment),
        "variable": str(environment),
        "first": str(environment / "bin"),
    }


def test_an_environment_without_the_sdk_is_explained(new_project: NewProject) -> None:
    project = new_project(settings="runtime:\n  name: python\n  options:\n    virtualenv: env\n")
    project.program("")
    environment = project.root / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True, timeout=60)
    said = project.up(fails=True)
    assert f"The Pulumi SDK cannot be imported by {environment / 'bin' / 'python'}" in said


def test_a_mandatory_policy_violation_fails_the_update(tiny: Project, tmp_path: Path) -> None:
    tiny.program("""
        import pulumi

        pulumi.ComponentResource("test:index:Part", "allowed").register_outputs({})
        pulumi.ComponentResource("test:index:Part", "forbidden").register_outputs({})
    """)
    pack = tmp_path / "pack"
    pack.mkdir()
    (pack / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (pack / "rules.py").write_text("FORBIDDEN = 'forbidden'\n")
    (pack / "__main__.py").write_text("""
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy
from rules import FORBIDDEN

def validate(args, report):
    if args.name == FORBIDDEN:
        report("this name is forbidden")

PolicyPack("tests", policies=[ResourceValidationPolicy(
    name="names", description="Checks names.",
    enforcement_level=EnforcementLevel.MANDATORY, validate=validate,
)])
""")
    said = tiny.up("--policy-pack", str(pack), fails=True)
    assert "this name is forbidden" in said
    assert "mandatory" in said
    tiny.program(
        "import pulumi\npulumi.ComponentResource('test:index:Part', 'allowed').register_outputs({})\n"
    )
    tiny.up("--policy-pack", str(pack))


def test_a_component_plugin_in_python_runs(new_project: NewProject) -> None:
    project = new_project(
        settings="runtime: python\nplugins:\n  providers:\n    - name: parts\n      path: ./parts\n"
    )
    project.write("parts/PulumiPlugin.yaml", "runtime: python\n")
    project.write(
        "parts/__main__.py",
        """
        from typing import Optional, TypedDict

        import pulumi
        from pulumi.provider.experimental import component_provider_host


        class PartArgs(TypedDict):
            size: pulumi.Input[float]


        class Part(pulumi.ComponentResource):
            doubled: pulumi.Output[float]

            def __init__(self, name: str, args: PartArgs, opts: Optional[pulumi.ResourceOptions] = None):
                super().__init__("parts:index:Part", name, {}, opts)
                self.doubled = pulumi.Output.from_input(args["size"]).apply(lambda size: size * 2)
                self.register_outputs({"doubled": self.doubled})


        component_provider_host(name="parts", components=[Part])
        """,
    )
    project.program("""
        import pulumi

        class Part(pulumi.ComponentResource):
            doubled: pulumi.Output[float]

            def __init__(self, name, size):
                super().__init__("parts:index:Part", name, {"size": size, "doubled": None}, None, True)

        pulumi.export("doubled", Part("one", 21).doubled)
    """)
    project.up()
    assert project.outputs() == {"doubled": 42}


def test_about_and_install_answer(tiny: Project) -> None:
    tiny.program("")
    about = tiny.run("about", "--json")
    assert sys.executable in about
    assert '"pulumi"' in about, "the program's packages are listed"
    assert f"Programs run with {sys.executable}" in tiny.run("install")


_SLEEPING = """
import os, pathlib, subprocess, time

child = subprocess.Popen(["sleep", "300"])
pathlib.Path(os.environ["PIDS"]).write_text(f"{os.getpid()} {child.pid}")
time.sleep(300)
"""


@pytest.mark.parametrize(
    ("victim", "number"),
    [("engine", signal.SIGINT), ("engine", signal.SIGKILL), ("host", signal.SIGKILL)],
)
def test_no_process_is_left_over(tiny: Project, tmp_path: Path, victim: str, number: signal.Signals) -> None:
    tiny.program(_SLEEPING)
    pids = tmp_path / "pids"
    tiny.environment["PIDS"] = str(pids)
    engine = tiny.start("preview")
    try:
        _wait(lambda: pids.exists() and len(pids.read_text().split()) == 2)
        started = [int(pid) for pid in pids.read_text().split()]
        host = int(_stat(started[0])[1])
        os.kill(engine.pid if victim == "engine" else host, number)
        if number == signal.SIGINT:
            time.sleep(0.5)
            engine.send_signal(number)  # the second one does not wait for the program
        _wait(lambda: engine.poll() is not None)
        _wait(lambda: not any(_lives(pid) for pid in [*started, host]))
    finally:
        engine.kill()
        engine.wait()


def _wait(condition: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def _stat(pid: int) -> list[str]:
    """State, parent and the rest of what /proc says."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _lives(pid: int) -> bool:
    try:
        return _stat(pid)[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
