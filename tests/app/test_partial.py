"""Text fields of a JSON object that arrives in pieces."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from app.turns.partial import Texts

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
OTHER = st.recursive(
    st.none() | st.booleans() | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2),
    max_leaves=5,
)


@given(
    st.dictionaries(TEXT, TEXT | OTHER, max_size=5), st.lists(st.integers(1, 7), min_size=1), st.booleans()
)
@example({"a": '\U0001f600 "quoted" \\ \n', "b": [1, {"c": 2}], "d": "x"}, [1], True)
def test_the_pieces_of_a_text_add_up_to_it(value: dict[str, Any], sizes: list[int], ascii_only: bool) -> None:
    document = json.dumps(value, ensure_ascii=ascii_only)
    texts, found, position, turn = Texts(), dict[str, str](), 0, 0
    while position < len(document):
        size = sizes[turn % len(sizes)]
        for name, piece in texts.feed(document[position : position + size]):
            found[name] = found.get(name, "") + piece
        position, turn = position + size, turn + 1
    assert found == {name: text for name, text in value.items() if isinstance(text, str) and text}
