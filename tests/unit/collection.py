"""Finds tests that pytest would never run, by reading the source: nothing is imported."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import PurePosixPath

NOT_ENTERED = (".*", "*.egg", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}")
"""Pytest's default `norecursedirs`."""

AGREED_REASONS = frozenset({"mounting needs root", "vLLM is not installed: make vllm-test does it"})
"""Reasons to skip, or to expect a failure, that were agreed on. A new one is a decision to be reviewed."""

_SKIPPING = {"skip", "skipif", "xfail", "importorskip", "skipIf", "skipUnless", "SkipTest", "expectedFailure"}
_HIDING = {"collect_ignore", "collect_ignore_glob", "pytest_ignore_collect", "__test__"}
_Function = ast.FunctionDef | ast.AsyncFunctionDef


def faults(path: PurePosixPath, source: str) -> list[str]:
    """Sentences about tests in this file that pytest would not run; `path` is relative to the repository."""
    tree = ast.parse(source)
    found = [*_misplaced(path, tree), *_hidden(tree), *_skipped(tree)]
    if path.name.startswith("test_"):
        found += [*_unreachable(tree), *_shadowed(tree)]
    return [f"{path}: {fault}" for fault in found]


def _misplaced(path: PurePosixPath, tree: ast.Module) -> Iterator[str]:
    tests = [node.name for node in tree.body if _is_test(node)]
    if not tests:
        return
    if path.parts[0] != "tests":
        yield f"holds {tests[0]}, and pytest only looks into tests/"
    elif not fnmatch(path.name, "test_*.py"):
        yield f"holds {tests[0]}, and pytest only looks into files that are called test_*.py"
    for part in path.parts[:-1]:
        if any(fnmatch(part, pattern) for pattern in NOT_ENTERED):
            yield f"is in a folder {part}, which pytest does not enter"


def _is_test(node: ast.stmt) -> bool:
    if isinstance(node, ast.ClassDef):
        return node.name.startswith("Test") and any(_is_test(inner) for inner in node.body)
    return isinstance(node, _Function) and node.name.startswith("test_")


def _unreachable(tree: ast.Module) -> Iterator[str]:
    """Functions called test_* where pytest does not look: inside functions, or in classes it passes over."""
    reachable = {id(node) for node in tree.body if _is_test(node)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            constructor = any(
                isinstance(inner, _Function) and inner.name == "__init__" for inner in node.body
            )
            if not constructor:
                reachable |= {id(inner) for inner in node.body}
    for node in ast.walk(tree):
        if isinstance(node, _Function) and node.name.startswith("test_") and id(node) not in reachable:
            yield f"line {node.lineno}: {node.name} is where pytest does not look for tests"


def _shadowed(tree: ast.Module) -> Iterator[str]:
    """A second definition of a name silently replaces the first."""
    bodies = [tree.body, *(node.body for node in ast.walk(tree) if isinstance(node, ast.ClassDef))]
    for body in bodies:
        seen: set[str] = set()
        for node in body:
            if _is_test(node) and isinstance(node, _Function | ast.ClassDef):
                if node.name in seen:
                    yield f"line {node.lineno}: {node.name} replaces an earlier test of the same name"
                seen.add(node.name)


def _hidden(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        name = node.id if isinstance(node, ast.Name) else node.name if isinstance(node, _Function) else None
        if name in _HIDING:
            yield f"line {getattr(node, 'lineno', 0)}: {name} hides tests from pytest"


def _skipped(tree: ast.Module) -> Iterator[str]:
    calls = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if not _skips(node):
            continue
        call = calls.get(id(node))
        if call is None or not _reasons(call) & AGREED_REASONS:
            name = ast.unparse(node)
            yield f"line {getattr(node, 'lineno', 0)}: {name} without an agreed reason (AGREED_REASONS)"


def _skips(node: ast.AST) -> bool:
    if not isinstance(node, ast.Attribute) or node.attr not in _SKIPPING:
        return False
    return ast.unparse(node.value) in {"pytest", "pytest.mark", "mark", "unittest"}


def _reasons(call: ast.Call) -> set[str]:
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    return {
        value.value for value in values if isinstance(value, ast.Constant) and isinstance(value.value, str)
    }
