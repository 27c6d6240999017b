"""`make e2e` destroys the stack, so it must not start where the data would go with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from local import paths
from local.cli import develop, whereabouts
from local.cli.whereabouts import Place
from local.progress import PhaseError


@pytest.fixture
def destroyed(roots: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the end-to-end test of a repository of the test's own leaves."""
    suite = roots / "repo" / develop.END_TO_END
    suite.mkdir(parents=True)
    mark = roots / "destroyed"
    (suite / "test_destroy.py").write_text(f"def test_destroy():\n    open({str(mark)!r}, 'w').close()\n")
    monkeypatch.setattr(paths, "REPO", roots / "repo")
    return mark


def test_the_embedded_stack_is_tested(destroyed: Path) -> None:
    whereabouts.record(Place(None, "uid"))
    assert develop.e2e() == 0
    assert destroyed.exists()


def test_a_stack_in_a_cluster_of_ones_own_is_left_alone(destroyed: Path) -> None:
    whereabouts.record(Place("kind-kind", "uid"))
    with pytest.raises(PhaseError, match="in the cluster of 'kind-kind'; the end-to-end tests destroy it"):
        develop.e2e()
    assert not destroyed.exists()
