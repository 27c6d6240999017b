"""docs/rehearsal.md says which types are emulated, and by whom."""

from __future__ import annotations

from local.rehearsal.document import TARGET, render


def test_the_table_of_types_is_current() -> None:
    text = TARGET.read_text()
    assert render(text) == text, "run `make docs`"
