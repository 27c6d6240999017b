"""Who may know whom: the layers of the design, read from the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

import pytest

from tests.unit.sources import python_sources

FORBIDDEN = {
    "infra": ("local", "app", "policies", "tests"),
    "app": ("infra", "local", "policies", "tests"),
    "migrations": ("infra", "local", "policies", "tests"),
    "policies": ("infra", "local", "app", "migrations", "tests"),
    "policies/lib": ("policies.rules", "policies.catalogue"),
    "local": ("tests",),
    "infra/settings": ("infra.aws", "infra.local", "infra.workloads", "infra.ports"),
    "infra/sizing": ("pulumi", "pulumi_aws", "pulumi_kubernetes", "infra.settings"),
    "infra/workloads": ("infra.aws", "infra.local", "pulumi_aws"),
    "infra/local": ("infra.aws", "pulumi_aws"),
    "infra/aws": ("infra.local",),
}
"""Folder to packages that nothing in it may import."""


def imports(source: str, package: str) -> Iterator[str]:
    """Full names of the modules that a source in `package` imports, also by name at run time."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) + 1 - node.level] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {
            "importlib.import_module",
            "__import__",
        }:
            yield from (str(argument.value) for argument in node.args if isinstance(argument, ast.Constant))


def trespasses(path: PurePosixPath, source: str) -> list[str]:
    """Imports of `source` that its place does not allow."""
    package = ".".join(path.parts[:-1])
    known = set(imports(source, package))
    return sorted(
        f"{path} imports {module}"
        for folder, forbidden in FORBIDDEN.items()
        if path.is_relative_to(folder)
        for module in known
        if any(module == name or module.startswith(f"{name}.") for name in forbidden)
    )


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("infra/local/postgres.py", "import local.paths"),
        ("infra/workloads/server.py", "from app.settings import Settings"),
        ("infra/workloads/server.py", "from infra import aws"),
        ("infra/workloads/server.py", "def f():\n    from ..local import platform"),
        ("app/main.py", "import importlib\nimportlib.import_module('infra.naming')"),
        ("infra/sizing/cidr.py", "import pulumi"),
    ],
)
def test_a_trespass_is_seen(path: str, source: str) -> None:
    assert trespasses(PurePosixPath(path), source)


def test_a_package_may_share_its_name_with_a_part_of_infra() -> None:
    assert (
        trespasses(PurePosixPath("infra/platforms.py"), "from infra.local.platform import LocalPlatform")
        == []
    )


def test_every_layer_keeps_to_itself() -> None:
    found = [line for path, source in python_sources() for line in trespasses(path, source)]
    assert found == []
