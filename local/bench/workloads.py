"""The workloads of the performance document, as lanes of calls; the same for both servers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from local.bench import load
from local.bench.load import Call
from local.bench.subjects import OURS, Subject

USERS = 7
BLOCKS = 10
TOGETHER = 10
"""Connections of the workloads that are not about many at once."""
INSERTERS = 30
PAGE = 100
AGENTS_PAGE = 20
MORE_OF_OURS = 5
"""A run of ours has this many times as many requests: it would be over before the clock had ticked."""

Lanes = list[list[Call]]


@dataclass(frozen=True)
class Stock:
    """What a server was given before anything is measured."""

    subject: Subject
    blocks: list[str]
    agents: list[str]
    tools: list[str]


@dataclass(frozen=True)
class Workload:
    """`count` requests of the peer; `lanes` makes about as many calls as it is told."""

    name: str
    count: int
    lanes: Callable[[Stock, int], Lanes]
    target: int
    """Times the peer's throughput that ours must reach."""
    streams: bool = False


def stock(subject: Subject) -> Stock:
    """Make users' blocks and the agents that are updated, written to and searched."""
    shared = {"model": subject.model, "embedding": subject.embedding}
    blocks = load.ask(subject, [_block(n) for n in range(USERS * BLOCKS)], _id)
    agents = [
        Call("POST", "/v1/agents/", shared | {"memory_blocks": _memory(), "name": f"stock-{number}"})
        for number in range(INSERTERS)
    ]
    made = load.ask(subject, agents, _id)
    tools = load.ask(subject, [Call("GET", "/v1/tools/?limit=50")], orjson.loads)[0]
    passages = [_insert(made[number % TOGETHER], number) for number in range(TOGETHER * 10)]
    load.ask(subject, passages, len)
    return Stock(subject, blocks, made, [tool["id"] for tool in tools][:6])


def measured_calls(workload: Workload, subject: Subject, scale: float) -> int:
    """How many requests of a workload to send."""
    more = MORE_OF_OURS if subject.name == OURS else 1
    return max(TOGETHER, round(workload.count * scale)) * more


def _create(stock: Stock, count: int) -> Lanes:
    subject = stock.subject
    lanes: Lanes = []
    for user in range(USERS):
        mine = stock.blocks[user * BLOCKS : (user + 1) * BLOCKS]
        body = {"model": subject.model, "embedding": subject.embedding, "block_ids": mine}
        lanes.append([Call("POST", "/v1/agents/", body)] * (count // USERS + 1))
    return lanes


def _update_agents(stock: Stock, count: int) -> Lanes:
    """Of an agent the tools and the blocks, in turn; one connection an agent."""

    def change(number: int) -> dict[str, Any]:
        if number % 2:
            return {"tool_ids": [stock.tools[number // 2 % len(stock.tools)], stock.tools[0]]}
        first = number // 2 % (USERS * BLOCKS - BLOCKS)
        return {"block_ids": stock.blocks[first : first + 1]}

    return [
        [Call("PATCH", f"/v1/agents/{agent}", change(number)) for number in range(count // TOGETHER)]
        for agent in stock.agents[TOGETHER : 2 * TOGETHER]
    ]


def _update_blocks(stock: Stock, count: int) -> Lanes:
    return [
        [
            Call("PATCH", f"/v1/agents/{agent}/core-memory/blocks/human", {"value": f"Fact {number}."})
            for number in range(count // TOGETHER)
        ]
        for agent in stock.agents[:TOGETHER]
    ]


def _insert_many(stock: Stock, count: int) -> Lanes:
    each = max(1, count // INSERTERS)
    return [[_insert(agent, number) for number in range(each)] for agent in stock.agents]


def _search(stock: Stock, count: int) -> Lanes:
    return _each(stock, count, "GET", "archival-memory/search?query=note+number+7&top_k=10")


def _turn(stock: Stock, count: int) -> Lanes:
    return _each(stock, count, "POST", "messages", _message())


def _stream(stock: Stock, count: int) -> Lanes:
    body = _message() | {"stream_tokens": True}
    return _each(stock, count, "POST", "messages/stream", body, b"assistant_message")


def _list_messages(stock: Stock, count: int) -> Lanes:
    return _each(stock, count, "GET", f"messages?limit={PAGE}")


def _list_agents(_: Stock, count: int) -> Lanes:
    return [[Call("GET", f"/v1/agents/?limit={AGENTS_PAGE}")] * (count // TOGETHER)] * TOGETHER


def _retrieve(stock: Stock, count: int) -> Lanes:
    return [[Call("GET", f"/v1/agents/{agent}")] * (count // TOGETHER) for agent in stock.agents[:TOGETHER]]


WORKLOADS = (
    Workload("create agents", 350, _create, 10),
    Workload("update agents", 100, _update_agents, 10),
    Workload("update blocks", 100, _update_blocks, 10),
    Workload("archival insert", 90, _insert_many, 25),
    Workload("archival search", 60, _search, 25),
    Workload("message turn", 60, _turn, 25),
    Workload("message stream", 50, _stream, 25, streams=True),
    Workload("list messages", 150, _list_messages, 10),
    Workload("list agents", 150, _list_agents, 10),
    Workload("retrieve agent", 200, _retrieve, 10),
)


def _each(stock: Stock, count: int, method: str, path: str, body: object = None, token: bytes = b"") -> Lanes:
    """The same call on an agent of each connection's own."""
    return [
        [Call(method, f"/v1/agents/{agent}/{path}", body, token)] * (count // TOGETHER)
        for agent in stock.agents[:TOGETHER]
    ]


def _block(number: int) -> Call:
    return Call("POST", "/v1/blocks/", {"label": f"topic_{number % BLOCKS}", "value": f"About {number}."})


def _memory() -> list[dict[str, str]]:
    return [{"label": "human", "value": "Name: Una."}, {"label": "persona", "value": "Helpful."}]


def _insert(agent: str, number: int) -> Call:
    return Call("POST", f"/v1/agents/{agent}/archival-memory", {"text": f"This is note number {number}."})


def _message() -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "How are you?"}]}


def _id(body: bytes) -> str:
    return orjson.loads(body)["id"]
