"""The targets of developers: checks, lock files, generated documents."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence

from rich.console import Console

from local import paths
from local.cli import tools, units, whereabouts
from local.cli.phases import Run
from local.progress import PhaseError
from local.vllm import environment

UNIT_FOLDERS = ("tests/unit", "tests/components")
END_TO_END = "tests/stack"
REAL_VLLM = "tests/vllm"
VLLM_SECONDS = 900
"""For a test that waits for a server, which a busy machine takes minutes to start."""
# Two processes, each with whole files: the tests of a file may share a server, or build on each other.
SUITE = (f"--ignore={END_TO_END}", f"--ignore={REAL_VLLM}", "-n", "2", "--dist", "loadfile", "--durations=40")
OVERRIDES = "--override=local/lock-overrides.txt"
LOCKS = (
    ("requirements.lock", ("pyproject.toml", "--group=app", "--group=standin", "--group=dev", OVERRIDES)),
    ("app/requirements.lock", ("--group=pyproject.toml:app", OVERRIDES)),
    ("local/standin/requirements.lock", ("--group=pyproject.toml:standin", OVERRIDES)),
    (
        "local/vllm/requirements.lock",
        ("--group=pyproject.toml:vllm", "--override=local/vllm/overrides.txt"),
    ),
    ("local/bench/peer/requirements.lock", ("--group=pyproject.toml:peer", "--exclude-newer=2026-07-01")),
    ("local/bench/plots.lock", ("--group=pyproject.toml:plots",)),
)
COMPILE = (
    "--quiet",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-header",
    "--no-config",
    "--python-version=3.11",
)


def lint() -> int:
    """ruff's rules and its format."""
    return _first_failure(
        [str(tools.venv_bin() / "ruff"), "check", "."],
        [str(tools.venv_bin() / "ruff"), "format", "--check", "--quiet", "."],
    )


def types() -> int:
    """basedpyright in strict mode, on what pyproject.toml includes."""
    return _first_failure([str(tools.venv_bin() / "basedpyright")])


def unit() -> int:
    """The tests that need nothing but Python."""
    return _first_failure(
        [*_pytest(), *(folder for folder in UNIT_FOLDERS if (paths.REPO / folder).is_dir())]
    )


def test(console: Console, arguments: Sequence[str]) -> int:
    """Lint, types and every test that does not need the running stack; all of it even if one fails."""
    if not arguments:
        _prepare(console)
    codes = [lint(), types(), _first_failure([*_pytest(), *(arguments or SUITE)])]
    return next((code for code in codes if code), 0)


def _prepare(console: Console) -> None:
    """Build what the tests start, before them and visibly: a test has a deadline, compiling takes longer."""
    tools.find_go()
    run = Run(console)
    with run.phase("Packages") as phase:
        tools.install_packages(phase)
    with run.phase("Tools") as phase:
        tools.compile_all(phase)


def e2e() -> int:
    """The end-to-end tests, which need the running stack, change it, destroy it and bring it back.

    Raises:
        PhaseError: the stack is in a cluster of the user's own, where its data would not survive that.
    """
    place = whereabouts.recorded()
    if place is not None and place.context is not None:
        raise PhaseError(
            f"The stack is in {place}; the end-to-end tests destroy it, and its data there with it.",
            "They run on the embedded cluster only: `make down`, then give them a stack of their own, "
            "`ROOST_STATE=<an empty directory> make e2e`.",
        )
    return _first_failure([*_pytest(), "-x", END_TO_END])


def vllm_test(console: Console, arguments: Sequence[str]) -> int:
    """The tests of the real vLLM, which is installed for them where it is missing."""
    run = Run(console)
    with run.phase("vLLM") as phase:
        phase.result(str(environment.provide(phase)))
    return _first_failure([*_pytest(), f"--timeout={VLLM_SECONDS}", *(arguments or (REAL_VLLM,))])


def contract() -> int:
    """The files that say which resources dev and prod register, and what they cost; review their diff."""
    os.environ["ROOST_WRITE_CONTRACT"] = "1"
    return _first_failure(
        [*_pytest(), "tests/components/aws/test_aws_contract.py", "tests/components/aws/test_aws_cost.py"]
    )


def docs() -> int:
    """What is generated: settings, the sizing's tables, what the rehearsal emulates, policies and levels."""
    return _first_failure(
        [sys.executable, "-m", "policies.configuration"],
        [sys.executable, "-m", "policies.document"],
        [sys.executable, "-m", "infra.settings.document"],
        [sys.executable, "-m", "infra.sizing.document"],
        [sys.executable, "-m", "infra.aws.alarm_document"],
        [sys.executable, "-m", "local.rehearsal.document"],
        [sys.executable, "-m", "local.server_settings"],
        [sys.executable, "-m", "local.metrics_document"],
        [sys.executable, "-m", "local.compatibility.document"],
    )


def compile_locks() -> int:
    """Resolve pyproject.toml into the lock files; pins that still fit stay."""
    base = [str(tools.venv_bin() / "uv"), "pip", "compile", *COMPILE]
    return _first_failure(*([*base, *sources, f"--output-file={target}"] for target, sources in LOCKS))


def images(console: Console) -> int:
    """Build the images, and print their references."""
    run = Run(console)
    with run.phase("Images") as phase:
        built = tools.build_images(phase)
    for name, image in built.items():
        run.say(f"{name:<10} {image.ref}  {units.size(image.archive.stat().st_size)}")
    return 0


def _pytest() -> list[str]:
    return [sys.executable, "-m", "pytest", "-q"]


def _first_failure(*commands: list[str]) -> int:
    """Run commands one after the other; the first exit code that is not 0."""
    variables = {
        **os.environ,
        "PATH": f"{tools.venv_bin()}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
    }
    for command in commands:
        code = subprocess.run(command, cwd=paths.REPO, env=variables, check=False).returncode
        if code:
            return code
    return 0
