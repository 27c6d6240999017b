"""docs/inference.md says what the sizing knows."""

from __future__ import annotations

import pytest

from infra.sizing.document import TARGET, render
from infra.sizing.gpu_instances import GPU_INSTANCES
from infra.sizing.model_shapes import EMBEDDING_DIMENSIONS, MODEL_SHAPES


def test_the_document_is_current() -> None:
    text = TARGET.read_text()
    assert text == render(text), "run `make docs`"


def test_everything_known_has_a_row() -> None:
    text = render(TARGET.read_text())
    for name in (*MODEL_SHAPES, *EMBEDDING_DIMENSIONS, *GPU_INSTANCES):
        assert text.count(f"| `{name}` |") == 1, name


def test_a_document_without_its_marks_is_an_error() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        render("# Something else")
