"""What the stand-in says and calls, request by request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from app.agents.prompt import BlockView, MemoryFacts, compile_prompt
from local.standin.standin.completion import Completion, complete, whole_body
from local.standin.standin.conversation import read_conversation
from local.standin.standin.rules import MAX_COUNT, MAX_SECONDS, Say, decide
from tests.standin.requests import (
    ARCHIVAL_INSERT,
    ARCHIVAL_SEARCH,
    CONVERSATION_SEARCH,
    CORE_APPEND,
    MEMORY,
    MEMORY_INSERT,
    SEND_MESSAGE,
    after_call,
    chat,
    wrapped,
)

FACT = "my favourite bird is the kingfisher"


def called(completion: Completion) -> tuple[str, dict[str, Any]]:
    assert completion.call is not None, "".join(completion.pieces)
    assert completion.finish_reason == "tool_calls"
    function = completion.call["function"]
    return function["name"], json.loads(function["arguments"])


def said(completion: Completion) -> str:
    assert completion.call is None
    return "".join(completion.pieces)


@pytest.mark.parametrize(
    "words",
    [
        f"Remember that {FACT}",
        f"please remember: {FACT}",
        f"Note that {FACT}",
        f"Hello! By the way, {FACT}",
        wrapped(f"remember {FACT}"),
    ],
)
def test_what_is_told_goes_into_the_human_block(words: str) -> None:
    completion = complete(chat(words, system=MEMORY, tools=(CONVERSATION_SEARCH, MEMORY_INSERT)))
    assert called(completion) == ("memory_insert", {"label": "human", "new_string": FACT, "insert_line": -1})


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        ((ARCHIVAL_INSERT, CORE_APPEND), ("core_memory_append", {"label": "human", "content": FACT})),
        ((ARCHIVAL_INSERT,), ("archival_memory_insert", {"content": FACT})),
    ],
)
def test_the_next_best_memory_tool_is_taken(tools: Any, expected: Any) -> None:
    assert called(complete(chat(f"remember {FACT}", system=MEMORY, tools=tools))) == expected


def test_read_only_blocks_are_left_alone() -> None:
    system = MEMORY.replace(
        "<metadata>\n- chars_current=30", "<metadata>\n- read_only=true\n- chars_current=30"
    )
    name, _ = called(
        complete(chat(f"remember {FACT}", system=system, tools=(MEMORY_INSERT, ARCHIVAL_INSERT)))
    )
    assert name == "archival_memory_insert"


async def test_a_stored_fact_is_confirmed_and_a_failure_is_not() -> None:
    body = chat(f"remember {FACT}", system=MEMORY, tools=(MEMORY_INSERT,))
    answer = await whole_body(complete(body))
    fine = complete(after_call(body, answer, json.dumps({"status": "OK", "message": "None", "time": "now"})))
    assert said(fine) == f"I will remember: {FACT}"
    broken = complete(after_call(body, answer, json.dumps({"status": "Failed", "message": "no such block"})))
    assert said(broken) == "The tool memory_insert failed with: no such block"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What do you know about my favourite bird?", "my favourite bird is the kingfisher."),
        ("what is my favourite bird", "my favourite bird is the kingfisher."),
        ("What's my name?", "Name: Ada"),
        ("Who am I?", "Name: Ada my favourite bird is the kingfisher. I am a kind helper."),
    ],
)
def test_memory_blocks_answer_questions(question: str, expected: str) -> None:
    assert said(complete(chat(wrapped(question), system=MEMORY))) == f"From my memory: {expected}"


async def test_what_no_block_holds_is_searched_for_and_then_admitted() -> None:
    body = chat(
        "What do you know about my favourite colours?",
        system=MEMORY,
        tools=(CONVERSATION_SEARCH, ARCHIVAL_SEARCH),
    )
    first = complete(body)
    assert called(first) == ("archival_memory_search", {"query": "my favourite colours"})
    body = after_call(body, await whole_body(first), json.dumps({"status": "OK", "message": "[]"}))
    second = complete(body)
    assert called(second)[0] == "conversation_search"
    history = json.dumps(
        [
            {"role": "user", "content": "What is my favourite colour?"},
            {"role": "user", "content": "My favourite colour is teal."},
        ]
    )
    found = complete(
        after_call(body, await whole_body(second), json.dumps({"status": "OK", "message": history}))
    )
    assert said(found) == "I searched with conversation_search and found: My favourite colour is teal."
    nothing = complete(after_call(body, await whole_body(second), "No results found."))
    assert said(nothing) == "I know nothing about my favourite colours: it is in none of my memory blocks."


def test_the_servers_own_prompt_is_understood() -> None:
    blocks = [
        BlockView("persona", "I am kind.", 5000, None, read_only=True),
        BlockView(
            "team/rules (old)",
            "No meetings on Friday.\nLunch is at noon.",
            5000,
            "House rules",
            read_only=False,
        ),
    ]
    prompt = compile_prompt(
        "agent-1", "Mind the <memory_blocks> below.", blocks, MemoryFacts(3, 0, []), "now"
    )
    seen = read_conversation([{"role": "system", "content": prompt}], []).blocks
    assert [(b.label, b.value, b.read_only) for b in seen] == [
        (b.label, b.value, b.read_only) for b in blocks
    ]


def test_a_named_tool_is_called_with_exactly_these_arguments() -> None:
    body = chat('call memory_insert {"label": "x", "odd": [1, null]}', tools=(MEMORY_INSERT,))
    assert called(complete(body)) == ("memory_insert", {"label": "x", "odd": [1, None]})
    assert "cannot call nothing_such" in said(complete(chat("call nothing_such {}", tools=(MEMORY_INSERT,))))
    assert "not JSON" in said(complete(chat("call memory_insert {oops}", tools=(MEMORY_INSERT,))))


def test_where_a_tool_is_required_text_goes_through_send_message() -> None:
    body = chat("say hello there", tools=(MEMORY_INSERT, SEND_MESSAGE), tool_choice="required")
    name, arguments = called(complete(body))
    assert (name, arguments["message"], arguments["request_heartbeat"]) == (
        "send_message",
        "hello there",
        True,
    )


def test_a_forced_tool_is_called_and_none_means_none() -> None:
    forced = {"type": "function", "function": {"name": "archival_memory_search"}}
    body = chat(f"remember {FACT}", tools=(MEMORY_INSERT, ARCHIVAL_SEARCH), tool_choice=forced)
    assert called(complete(body))[0] == "archival_memory_search"
    assert "was offered no tool" in said(
        complete(chat(f"remember {FACT}", tools=(MEMORY_INSERT,), tool_choice="none"))
    )


def test_anything_else_gets_the_label() -> None:
    assert said(complete(chat("Write me a poem."))).startswith(
        "I am a scripted stand-in, not a language model."
    )


def test_counting_is_bounded() -> None:
    decision = decide(read_conversation([{"role": "user", "content": "count to 999999 every 999999 ms"}], []))
    assert isinstance(decision, Say)
    assert decision.text.split()[-1] == str(MAX_COUNT)
    assert decision.delay * MAX_COUNT <= MAX_SECONDS


def test_notices_are_not_the_users_words() -> None:
    body = chat(wrapped("say hello"))
    body["messages"].append(
        {"role": "user", "content": json.dumps({"type": "heartbeat", "reason": "go on", "time": ""})}
    )
    assert said(complete(body)) == "hello"


def test_the_same_request_gets_the_same_answer() -> None:
    one, two = (complete(chat("say the same", system=MEMORY)) for _ in range(2))
    assert (one.id, one.pieces, one.usage) == (two.id, two.pieces, two.usage)


def test_max_tokens_cuts_the_answer() -> None:
    completion = complete(chat("count to 10", max_tokens=3))
    assert (said(completion).split(), completion.finish_reason) == (["1", "2", "3"], "length")
    assert completion.usage["completion_tokens"] == 3
