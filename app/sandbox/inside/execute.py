"""Loads a tool's source and calls its function with the arguments as values: nothing is pasted into code."""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import inspect
import json
import linecache
import math
import socket
import sys
import threading
import traceback
import types
import typing
from typing import Any

from . import agent_state, frames
from .output import Output

FILE = "<tool>"
MAX_TEXT = 1_000_000
NO_NETWORK = " (Tools have no network in this sandbox.)"


def serve(channel: socket.socket, request: dict[str, Any], *, network: bool) -> None:
    """Run the request's tool and send what came of it."""
    lock = threading.Lock()
    out, err = Output(channel, frames.STDOUT, lock), Output(channel, frames.STDERR, lock)
    sys.stdout, sys.stderr = out, err
    try:
        value = _call(request)
        answer = _result(value)
    except BaseException as error:  # noqa: BLE001 (also SystemExit: whatever a tool raises is its answer)
        _trim(error)
        if isinstance(error, MemoryError):
            traceback.clear_frames(
                error.__traceback__
            )  # what filled the memory, so that there is some to answer
        traceback.print_exception(error, file=err)
        hint = "" if network or not _wanted_network(error) else NO_NETWORK
        told = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        answer = {
            "ok": False,
            "text": f"{request['name']} failed with {told[:MAX_TEXT]}{hint}",
            "value": None,
        }
    out.flush()
    err.flush()
    with lock:
        channel.sendall(frames.pack(frames.RESULT, json.dumps(answer).encode()))


def _call(request: dict[str, Any]) -> Any:
    source, name = request["source"], request["name"]
    linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
    module = types.ModuleType("tool")
    sys.modules["tool"] = module
    exec(compile(source, FILE, "exec"), module.__dict__)  # noqa: S102 (this process exists for it)
    function = getattr(module, name, None)
    if not callable(function):
        raise TypeError(f"the source defines no function {name!r}")
    arguments = _typed(function, request["arguments"])
    if request.get("agent_state") is not None:
        arguments["agent_state"] = agent_state.view(request["agent_state"])
    value = function(**arguments)
    return asyncio.run(_awaited(value)) if inspect.isawaitable(value) else value


async def _awaited(value: Any) -> Any:
    return await value


def _typed(function: Any, arguments: dict[str, Any]) -> dict[str, Any]:
    """JSON objects as the models, dataclasses and enumerations that the function's annotations ask for."""
    try:
        hints = typing.get_type_hints(function)
    except Exception:  # noqa: BLE001 (annotations that cannot be read are no reason not to call)
        return dict(arguments)
    return {name: _as(hints.get(name), value) for name, value in arguments.items()}


def _as(kind: Any, value: Any) -> Any:
    if value is None:
        return None
    inner = typing.get_args(kind)
    if typing.get_origin(kind) is list and isinstance(value, list) and inner:
        return [_as(inner[0], item) for item in value]
    if typing.get_origin(kind) in (typing.Union, types.UnionType):
        return _as(next((one for one in inner if one is not type(None)), None), value)
    if not isinstance(kind, type):
        return value
    if issubclass(kind, enum.Enum):
        return kind(value)
    if isinstance(value, dict):
        if dataclasses.is_dataclass(kind):
            hints = typing.get_type_hints(kind)
            return kind(**{name: _as(hints.get(name), one) for name, one in value.items()})
        if hasattr(kind, "model_validate"):
            return kind.model_validate(value)
    return value


def _result(value: Any) -> dict[str, Any]:
    plain = _plain(value)
    if isinstance(value, str):
        text = value
    elif value is None:
        text = "None"
    else:
        text = json.dumps(plain, ensure_ascii=False)
    short = len(text) <= MAX_TEXT
    return {"ok": True, "text": text if short else text[:MAX_TEXT], "value": plain if short else None}


def _plain(value: Any, depth: int = 0) -> Any:
    """Anything as JSON values; what JSON has no shape for becomes text."""
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if depth > 50:
        return "…"
    if isinstance(value, enum.Enum):
        return _plain(value.value, depth + 1)
    if isinstance(value, dict):
        return {str(key): _plain(one, depth + 1) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one, depth + 1) for one in value]
    if isinstance(value, agent_state.View):
        return repr(value)
    return _plain_object(value, depth)


def _plain_object(value: Any, depth: int) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value), depth + 1)
    for method in ("model_dump", "isoformat"):  # pydantic's models; dates and times
        if callable(convert := getattr(value, method, None)):
            return _plain(convert(), depth + 1)
    return str(value)


def _trim(error: BaseException) -> None:
    """Leave our own frames out of the traceback."""
    place = error.__traceback__
    while place is not None and place.tb_frame.f_code.co_filename != FILE:
        place = place.tb_next
    error.__traceback__ = place


def _wanted_network(error: BaseException | None) -> bool:
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, socket.gaierror | ConnectionError):
            return True
        frames_of = traceback.walk_tb(error.__traceback__)
        if isinstance(error, PermissionError) and any(
            frame.f_globals.get("__name__") == "socket" for frame, _ in frames_of
        ):
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False
