"""Users' tools never have more memory together than the server's pod leaves them."""

from __future__ import annotations

import pytest

from infra.sizing.tools import TOOL_MIB, tools_at_once


@pytest.mark.parametrize(
    ("limit", "tools"), [("256Mi", 1), ("768Mi", 1), ("1Gi", 2), ("2Gi", 6), ("4Gi", 8), ("8Gi", 8)]
)
def test_tools_fit_beside_the_server(limit: str, tools: int) -> None:
    assert tools_at_once(limit) == tools


def test_a_tool_has_the_memory_that_the_server_gives_by_itself() -> None:
    from app.settings_tools import ToolSettings

    assert ToolSettings.model_fields["tool_memory_mib"].default == TOOL_MIB
