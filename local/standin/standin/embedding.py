"""`/v1/embeddings`: the request's check and the answer's shape."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from . import EMBEDDING_MODEL
from .bert import SentenceEncoder
from .errors import BadRequestError, UnknownModelError

MAX_INPUTS = 512


def embed(request: Mapping[str, Any], encoder: SentenceEncoder) -> dict[str, Any]:
    """The answer to a request body; takes milliseconds of CPU per text. Raises RequestError."""
    texts = _inputs(request, encoder.dimensions)
    encoding = request.get("encoding_format") or "float"
    if encoding not in ("float", "base64"):
        raise BadRequestError(
            f"`encoding_format` must be float or base64, not {encoding!r}.", "encoding_format"
        )
    vectors, tokens = encoder.encode(texts)
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": vector.tolist()
            if encoding == "float"
            else base64.b64encode(vector.astype("<f4").tobytes()).decode(),
        }
        for index, vector in enumerate(vectors)
    ]
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    return {"object": "list", "model": EMBEDDING_MODEL, "data": data, "usage": usage}


def _inputs(request: Mapping[str, Any], dimensions: int) -> list[str]:
    if request.get("model") != EMBEDDING_MODEL:
        raise UnknownModelError(
            f"There is no embedding model {request.get('model')!r} here, only {EMBEDDING_MODEL!r}.", "model"
        )
    if request.get("dimensions") not in (None, dimensions):
        raise BadRequestError(f"`dimensions` can only be {dimensions}, the model's own.", "dimensions")
    given = request.get("input")
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise BadRequestError(
            "`input` must be a string or a non-empty list of strings (token ids are not read).", "input"
        )
    if len(texts) > MAX_INPUTS:
        raise BadRequestError(
            f"`input` has {len(texts)} texts; send at most {MAX_INPUTS} at a time.", "input"
        )
    return texts
