"""A scripted model over a real socket: OpenAI's wire protocol, answers decided by the test."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

DIMENSION = 384
MODEL = "scripted"
EMBEDDING_MODEL = "words"


@dataclass
class Say:
    """Answer in text."""

    text: str
    finish: str = "stop"


@dataclass
class Call:
    """Call tools: `(name, arguments)`, arguments as a dict or as raw text."""

    calls: list[tuple[str, dict[str, Any] | str]]
    text: str = ""


@dataclass
class Fail:
    """Answer with an HTTP status and its words, or cut the connection (status 0)."""

    status: int
    words: str = "scripted failure"


Answer = Say | Call | Fail
Script = Callable[[dict[str, Any]], Answer]


@dataclass
class Model:
    """The running server. Set `script` to decide what it answers; `requests` is what it was asked."""

    url: str = ""
    script: Script = lambda _: Say("Hello.")
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    embeddings: int = 0
    delay: float = 0.0
    """Seconds before each chat answer."""
    gate: threading.Event | None = None
    """When set, answers wait until the test opens it."""


STATE = web.AppKey("model", Model)


def remembering(request: dict[str, Any]) -> Answer:
    """Follows the rules of the local stand-in: remember, recall, otherwise echo."""
    offered = {tool["function"]["name"] for tool in request.get("tools", ())}
    last = request["messages"][-1]
    if last["role"] == "tool":
        packed = json.loads(last["content"])
        return Say(f"Done: {packed['message']}")
    said = said_by_user(request)
    if match := re.search(r"remember (?:that )?(.*)", said, re.IGNORECASE):
        if "archive" in said and "archival_memory_insert" in offered:
            return Call([("archival_memory_insert", {"content": match[1]})])
        return Call([("memory_insert", {"label": "human", "new_string": match[1]})])
    if "what do you know" in said.lower():
        block = re.search(r"<human>.*?<value>\n(.*?)\n</value>", request["messages"][0]["content"], re.DOTALL)
        return Say(f"I know: {block[1] if block else 'nothing'}")
    return Say(f"You said: {said}")


def said_by_user(request: dict[str, Any]) -> str:
    """The last user message, unpacked."""
    content = next(m["content"] for m in reversed(request["messages"]) if m["role"] == "user")
    text = content if isinstance(content, str) else content[0]["text"]
    return json.loads(text)["message"]


@contextlib.contextmanager
def serving() -> Iterator[Model]:
    """Run the model on a loopback port in a thread of its own."""
    model = Model()
    started = threading.Event()
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()

    async def run() -> None:
        app = web.Application(client_max_size=64 * 1024 * 1024)
        app[STATE] = model
        app.router.add_post("/v1/chat/completions", _chat)
        app.router.add_post("/v1/embeddings", _embed)
        app.router.add_get("/v1/models", _models)
        runner = web.AppRunner(app, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]  # the port that the kernel chose
        model.url = f"http://127.0.0.1:{port}/v1"
        started.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield model
    finally:
        if model.gate:
            model.gate.set()
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)


async def _models(_: web.Request) -> web.Response:
    return web.json_response(
        {"object": "list", "data": [{"id": MODEL, "object": "model", "max_model_len": 32768}]}
    )


async def _embed(request: web.Request) -> web.Response:
    model, body = request.app[STATE], await request.json()
    model.embeddings += 1
    data = [{"index": n, "embedding": embedding(text)} for n, text in enumerate(body["input"])]
    return web.json_response({"object": "list", "data": data, "model": body["model"]})


def embedding(text: str) -> list[float]:
    """Words hashed into buckets: texts that share words are near each other."""
    vector = [0.0] * DIMENSION
    for word in re.findall(r"\w+", text.lower()):
        vector[int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big") % DIMENSION] += 1.0
    norm = sum(value * value for value in vector) ** 0.5
    return [value / norm for value in vector] if norm else [1.0, *vector[1:]]


async def _chat(request: web.Request) -> web.StreamResponse:
    model, body = request.app[STATE], await request.json()
    model.requests.append(body)
    model.headers.append(dict(request.headers))
    if model.gate is not None:
        await asyncio.get_running_loop().run_in_executor(None, model.gate.wait, 30)
    await asyncio.sleep(model.delay)
    answer = model.script(body)
    if isinstance(answer, Fail):
        if answer.status == 0:
            assert request.transport is not None
            request.transport.abort()
        return web.json_response({"error": {"message": answer.words}}, status=answer.status or 500)
    return await _streamed(request, answer) if body.get("stream") else web.json_response(_whole(answer))


def _calls(answer: Answer) -> list[dict[str, Any]]:
    if not isinstance(answer, Call):
        return []
    return [
        {
            "id": f"call_{n}_{name}",
            "type": "function",
            "function": {"name": name, "arguments": args if isinstance(args, str) else json.dumps(args)},
        }
        for n, (name, args) in enumerate(answer.calls)
    ]


USAGE = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}


def _whole(answer: Say | Call) -> dict[str, Any]:
    calls = _calls(answer)
    message: dict[str, Any] = {"role": "assistant", "content": answer.text or None}
    if calls:
        message["tool_calls"] = calls
    finish = "tool_calls" if calls else getattr(answer, "finish", "stop")
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return {"id": "chatcmpl-1", "object": "chat.completion", "choices": [choice], "usage": USAGE}


async def _streamed(request: web.Request, answer: Say | Call) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)

    async def send(delta: dict[str, Any], finish: str | None = None) -> None:
        chunk = {"id": "chatcmpl-1", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        await response.write(f"data: {json.dumps(chunk)}\n\n".encode())

    await send({"role": "assistant"})
    for word in re.findall(r"\S+\s*", answer.text):
        await send({"content": word})
        await asyncio.sleep(0.05)
    for index, call in enumerate(_calls(answer)):
        function = call["function"]
        await send({"tool_calls": [{"index": index, "id": call["id"], "type": "function",
                                    "function": {"name": function["name"], "arguments": ""}}]})  # fmt: skip
        half = len(function["arguments"]) // 2
        for piece in (function["arguments"][:half], function["arguments"][half:]):
            await send({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    await send({}, "tool_calls" if isinstance(answer, Call) else answer.finish)
    await response.write(f"data: {json.dumps({'choices': [], 'usage': USAGE})}\n\n".encode())
    await response.write(b"data: [DONE]\n\n")
    return response
