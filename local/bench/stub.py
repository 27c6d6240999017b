"""A model that costs nothing: fixed answers on OpenAI's wire, so that a benchmark measures the server.

Run as `python -m local.bench.stub PORT DIMENSION`.
"""

from __future__ import annotations

import base64
import sys
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
import uvicorn

from local.bench import vectors

CHAT_MODEL = "gpt-4o-mini"
EMBEDDING_MODEL = "text-embedding-3-small"
"""Names that the peer knows; the answers are ours."""
DIMENSION = 1536
"""Of what the peer expects of that model."""

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


class Embedder:
    """Gives a text one of few vectors, by its checksum."""

    def __init__(self, dimension: int) -> None:
        rows = vectors.queries(dimension).astype("<f4")
        # As JSON and as base64: a client may ask for either.
        self._rows = [
            (orjson.dumps(row.tolist()), b'"' + base64.b64encode(row.tobytes()) + b'"') for row in rows
        ]

    def answer(self, body: dict[str, Any]) -> bytes:
        """The body of an answer to a request for embeddings."""
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        packed = body.get("encoding_format") == "base64"
        items = [
            b'{"object":"embedding","index":%d,"embedding":%s}' % (index, self._rows[number(text)][packed])
            for index, text in enumerate(texts)
        ]
        return b'{"object":"list","model":"%s","usage":{"prompt_tokens":8,"total_tokens":8},"data":[%s]}' % (
            EMBEDDING_MODEL.encode(),
            b",".join(items),
        )


def number(text: object) -> int:
    """Which vector a text has."""
    return zlib.crc32(orjson.dumps(text)) % vectors.QUERIES


def app(embedder: Embedder) -> Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]:
    """ASGI, without a framework."""

    async def answer(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        received = b""
        while True:
            message = await receive()
            received += message.get("body", b"")
            if not message.get("more_body"):
                break
        path = scope["path"]
        kind, body = b"application/json", MODELS
        if path.endswith("/embeddings"):
            body = embedder.answer(orjson.loads(received))
        elif path.endswith("/chat/completions"):
            streamed = orjson.loads(received).get("stream")
            kind, body = (b"text/event-stream", STREAM) if streamed else (b"application/json", WHOLE)
        headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return answer


if __name__ == "__main__":
    uvicorn.run(
        app(Embedder(int(sys.argv[2]))), host="127.0.0.1", port=int(sys.argv[1]), loop="uvloop",
        http="httptools", lifespan="off", log_config=None, access_log=False,
    )  # fmt: skip
