"""`roost model check`: one token and one vector from the models themselves.

A health endpoint stays green while a GPU is broken; only an answer shows that there can be answers.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

from app.aws.credentials import CredentialsError
from app.aws.metrics import announce
from app.aws.requests import RequestError
from app.llm.client import Client
from app.llm.types import Endpoint, ModelError, Request
from app.settings import SettingsError

SECONDS = 60
METRIC = "ModelAnswers"
"""What the alarm `model-canary` waits for: 1 or 0."""


def run() -> int:
    """0 where both models answer, else 1 and why; told to alarms if there are any. Raises SettingsError."""
    key = _key()
    model = Endpoint(_need("VLLM_API_BASE"), key, timeout=SECONDS, idle_timeout=SECONDS)
    embedding = Endpoint(_need("EMBEDDING_API_BASE"), key, timeout=SECONDS, idle_timeout=SECONDS)
    names = (_need("ROOST_MODEL"), _need("ROOST_EMBEDDING_MODEL"))
    wrong = asyncio.run(_check(model, embedding, *names))
    try:
        announce(METRIC, 0 if wrong else 1)
    except (RequestError, CredentialsError) as error:
        print(f"the alarms could not be told: {error}", file=sys.stderr)
        return 1
    return wrong


async def _check(model: Endpoint, embedding: Endpoint, model_name: str, embedding_name: str) -> int:
    client = Client()
    wrong = 0
    try:
        started = time.monotonic()
        try:
            request = Request(model_name, [{"role": "user", "content": "Hi"}], [], {"max_tokens": 1})
            await client.complete(model, request)
            print(f"{model_name} answered within {time.monotonic() - started:.1f} s.")
        except ModelError as error:
            wrong = _say(model_name, error)
        try:
            (vector,) = await client.embed(embedding, embedding_name, ["Hi"])
            print(f"{embedding_name} gave {len(vector)} dimensions.")
        except ModelError as error:
            wrong = _say(embedding_name, error)
    finally:
        await client.aclose()
    return wrong


def _say(name: str, error: ModelError) -> int:
    print(f"{name} does not answer: {error}", file=sys.stderr)
    return 1


def _key() -> str:
    path = _need("VLLM_API_KEY_FILE")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(
            f"VLLM_API_KEY_FILE is {path!r}, which cannot be read: {error.strerror}."
        ) from None


def _need(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise SettingsError(f"{name} is not set; the stack sets it for `roost model check`.")
    return value
