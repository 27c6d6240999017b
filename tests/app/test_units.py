"""Pure parts: prompt, wire form, event streams, vectors, ids, settings."""

from __future__ import annotations

import asyncio
import itertools
import os
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import cli
from app.agents import prompt
from app.db import bootstrap, revisions, vectors
from app.db.pool import to_json
from app.http import ids
from app.llm import sse
from app.llm.client import endpoint
from app.tools.base import BASE_TOOLS, DEFAULTS
from app.turns.tools import RUNNERS

BLOCK = prompt.BlockView("human", "Ada", 100, "Who", read_only=False)
FACTS = prompt.MemoryFacts(3, 2, ("people",))


def test_the_prompt_puts_memory_where_the_placeholder_is() -> None:
    text = prompt.compile_prompt("agent-1", "Before {CORE_MEMORY} after", [BLOCK], FACTS, "now")
    assert text.startswith("Before <memory_blocks>")
    assert text.endswith("</memory_metadata> after")
    for part in (
        "<human>\n<description>\nWho\n</description>",
        "- chars_current=3\n- chars_limit=100\n",
        "<value>\nAda\n</value>\n</human>",
        "- AGENT_ID: agent-1",
        "3 previous messages",
        "2 memories",
        "tags: people",
    ):
        assert part in text
    assert "read_only" not in text


def test_without_a_placeholder_memory_comes_last() -> None:
    read_only = prompt.BlockView("law", "fixed", 10, None, read_only=True)
    text = prompt.compile_prompt("agent-1", "You are.", [read_only], prompt.MemoryFacts(0, 0, ()), "now")
    assert text.startswith("You are.\n\n<memory_blocks>")
    assert "- read_only=true\n" in text
    assert "archival memory" not in text


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_prompt_keys_differ_when_blocks_do(left: list[str], right: list[str]) -> None:
    def key(values: list[str]) -> str:
        views = [prompt.BlockView(str(n), v, 9, None, read_only=False) for n, v in enumerate(values)]
        return prompt.key("s", views, 0, ())

    assert (key(left) == key(right)) == (left == right)


def test_the_clock_is_in_the_agents_time_zone() -> None:
    moment = datetime(2026, 1, 31, 22, 5, 7, tzinfo=UTC)
    assert prompt.clock(moment, "UTC") == "2026-01-31 10:05:07 PM UTC+0000"
    assert prompt.clock(moment, "Asia/Kolkata") == "2026-02-01 03:35:07 AM IST+0530"


@given(st.lists(st.binary(max_size=30).filter(lambda b: b"\n" not in b and b"\r" not in b)), st.data())
def test_events_survive_any_chunking(payloads: list[bytes], data: st.DataObject) -> None:
    wire = b"".join(b": ping\n\ndata: " + payload + b"\r\n\n" for payload in payloads)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    edges = [0, *cuts, len(wire)]

    async def chunks() -> AsyncIterator[bytes]:
        for start, end in itertools.pairwise(edges):
            yield wire[start:end]

    async def collect() -> list[bytes]:
        return [event async for event in sse.events(chunks())]

    assert asyncio.run(collect()) == [payload.strip() for payload in payloads]


def test_an_endless_event_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT", 100)

    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 64

    async def collect() -> None:
        async for _ in sse.events(chunks()):
            pass

    with pytest.raises(ValueError, match="longer than 100"):
        asyncio.run(collect())


def test_a_search_casts_to_the_type_of_the_migrations_index() -> None:
    text = (revisions.DIRECTORY / "versions" / "0001_initial.py").read_text(encoding="utf-8")
    found = {int(dim): kind for dim, kind in re.findall(r'\((\d+), "(vector|halfvec)"\)', text)}
    assert len(found) == 5
    for dimension, kind in found.items():
        assert vectors.typed("x", dimension) == f"x::{kind}({dimension})"


@given(st.uuids(version=4))
def test_ids_round_trip(value: UUID) -> None:
    assert ids.parse("agent", f"agent-{value}") == value


@given(st.text())
def test_anything_else_is_no_id(text: str) -> None:
    with pytest.raises(ValueError, match="agent-<uuid4>"):
        ids.parse("agent", text)


@pytest.mark.parametrize(
    "value",
    [uuid4(), None, 7, f"agent-{uuid4()}x", f"AGENT-{uuid4()}"],
    ids=["no prefix", "none", "a number", "too long", "upper case"],
)
def test_near_misses_are_no_ids(value: object) -> None:
    with pytest.raises(ValueError, match="agent-<uuid4>"):
        ids.parse("agent", value)


def test_nul_is_dropped_from_json_but_its_spelling_is_kept() -> None:
    assert to_json({"a\x00": ["b\x00", "\\u0000"]}) == r'{"a":["b","\\u0000"]}'


@pytest.mark.parametrize("url", ["http://m:8000", "http://m:8000/", "http://m:8000/v1", "http://m:8000/v1/"])
def test_endpoints_are_normalised(url: str) -> None:
    assert endpoint(url, None).base_url == "http://m:8000/v1"


def test_every_base_tool_can_run_and_every_default_exists() -> None:
    names = {tool.name for tool in BASE_TOOLS}
    assert names == set(RUNNERS)
    assert all(set(defaults) <= names for defaults in DEFAULTS.values())
    for tool in BASE_TOOLS:
        assert set(tool.required) <= set(tool.properties)


def test_a_database_of_the_future_is_not_too_old() -> None:
    known = revisions.Revisions(frozenset({"0001", "0002"}), "0002")
    assert [known.too_old(r) for r in (None, "0001", "0002", "0003")] == [True, True, False, False]


def test_two_heads_are_refused(tmp_path: Path) -> None:
    (tmp_path / "versions").mkdir()
    for name in ("a", "b"):
        text = f"revision = '{name}'\ndown_revision: str | None = None\n"
        (tmp_path / "versions" / f"{name}.py").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="2 heads"):
        revisions.read(tmp_path)


def test_scram_verifiers_are_salted() -> None:
    one, two = bootstrap.scram_verifier("same"), bootstrap.scram_verifier("same")
    assert one != two
    assert re.fullmatch(r"SCRAM-SHA-256\$4096:[\w+/=]{24}\$[\w+/=]{44}:[\w+/=]{44}", one)


GOOD = {
    "LETTA_SERVER_PASSWORD": "long enough",
    "VLLM_API_BASE": "http://127.0.0.1:9/v1",
    "LETTA_DEFAULT_LLM_HANDLE": "test/model",
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"LETTA_SERVER_PASSWORD": None}, "is not set; set it (or LETTA_SERVER_PASSWORD_FILE)"),
        ({"LETTA_SERVER_PASSWORD": "short"}, "LETTA_SERVER_PASSWORD is not usable"),
        ({"LETTA_PG_HOTS": "db"}, "not a setting of this server. Did you mean LETTA_PG_HOST?"),
        ({"LETTA_PG_URI": "postgresql://db/x", "LETTA_PG_HOST": "db"}, "both set; keep the URI or its parts"),
        ({"VLLM_API_KEY": "a", "VLLM_API_KEY_FILE": "/x"}, "VLLM_API_KEY_FILE are both set"),
        ({"VLLM_API_KEY_FILE": "/nowhere"}, "VLLM_API_KEY_FILE is '/nowhere', which cannot be read"),
        ({"LETTA_EMBEDDING_DIM": "384"}, "belong together"),
        ({"LETTA_DEFAULT_LLM_HANDLE": "no-slash"}, "It was 'no-slash'"),
        ({"PORT": "70000"}, "PORT is not usable"),
        ({"LETTA_PG_CA_FILE": "/nowhere"}, "LETTA_PG_CA_FILE is '/nowhere', which is not a file"),
        ({"ROOST_DRAIN_SECONDS": "soon"}, "It was 'soon'"),
    ],
)  # fmt: skip
def test_wrong_settings_stop_the_start_with_a_sentence(
    changes: dict[str, str | None],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in [name for name in os.environ if name.startswith("LETTA_")]:
        monkeypatch.delenv(name)
    for name, value in (GOOD | changes).items():
        if value is not None:
            monkeypatch.setenv(name, value)
    assert cli.main(["serve"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert words in shown.err
    assert "short" not in shown.err
