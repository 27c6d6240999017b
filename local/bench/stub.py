"""A model that costs nothing: fixed answers on OpenAI's wire, so that a benchmark measures the server.

Run as `python -m local.bench.stub PORT`.
"""

from __future__ import annotations

import base64
import random
import struct
import sys
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
import uvicorn

CHAT_MODEL = "gpt-4o-mini"
EMBEDDING_MODEL = "text-embedding-3-small"
"""Names that the peer knows; the answers are ours."""
DIMENSION = 1536
DISTINCT = 64
"""Different vectors; a text has the one of its checksum."""

PIECES = ("Hello", ", how", " can I", " help?")
USAGE = {"prompt_tokens": 500, "completion_tokens": 6, "total_tokens": 506}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def _chunk(delta: dict[str, Any], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _event({"choices": [choice], "usage": None})


def _event(more: dict[str, Any]) -> bytes:
    head = {"id": "chatcmpl-0", "object": "chat.completion.chunk", "created": 0, "model": CHAT_MODEL}
    return b"data: " + orjson.dumps(head | more) + b"\n\n"


STREAM = b"".join(
    (
        _chunk({"role": "assistant", "content": ""}),
        *(_chunk({"content": piece}) for piece in PIECES),
        _chunk({}, "stop"),
        _event({"choices": [], "usage": USAGE}),
        b"data: [DONE]\n\n",
    )
)
WHOLE = orjson.dumps(
    {
        "id": "chatcmpl-0", "object": "chat.completion", "created": 0, "model": CHAT_MODEL, "usage": USAGE,
        "choices": [{
            "index": 0, "finish_reason": "stop",
            "message": {"role": "assistant", "content": "".join(PIECES)},
        }],
    }
)  # fmt: skip
MODELS = orjson.dumps(
    {
        "object": "list",
        "data": [
            {"id": name, "object": "model", "created": 0, "owned_by": "stub", "max_model_len": 128_000}
            for name in (CHAT_MODEL, EMBEDDING_MODEL)
        ],
    }
)


def _vectors() -> list[tuple[bytes, bytes]]:
    """Each as JSON and as base64, as a client may ask for either."""
    source = random.Random(1)  # noqa: S311 - the same numbers in every run
    made: list[tuple[bytes, bytes]] = []
    for _ in range(DISTINCT):
        values = [round(source.gauss(0, 1), 4) for _ in range(DIMENSION)]
        packed = base64.b64encode(struct.pack(f"<{DIMENSION}f", *values))
        made.append((orjson.dumps(values), b'"' + packed + b'"'))
    return made


VECTORS = _vectors()


def _embeddings(body: dict[str, Any]) -> bytes:
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    packed = body.get("encoding_format") == "base64"
    items = [
        b'{"object":"embedding","index":%d,"embedding":%s}'
        % (index, VECTORS[zlib.crc32(orjson.dumps(text)) % DISTINCT][packed])
        for index, text in enumerate(texts)
    ]
    return b'{"object":"list","model":"%s","usage":{"prompt_tokens":8,"total_tokens":8},"data":[%s]}' % (
        EMBEDDING_MODEL.encode(),
        b",".join(items),
    )


async def app(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
    """ASGI, without a framework."""
    received = b""
    while True:
        message = await receive()
        received += message.get("body", b"")
        if not message.get("more_body"):
            break
    path = scope["path"]
    kind, body = b"application/json", MODELS
    if path.endswith("/embeddings"):
        body = _embeddings(orjson.loads(received))
    elif path.endswith("/chat/completions"):
        streamed = orjson.loads(received).get("stream")
        kind, body = (b"text/event-stream", STREAM) if streamed else (b"application/json", WHOLE)
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


if __name__ == "__main__":
    uvicorn.run(
        app, host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop", http="httptools",
        lifespan="off", log_config=None, access_log=False,
    )  # fmt: skip
