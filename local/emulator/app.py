"""The WSGI application: our own paths under `/_roost/`, planned faults, everything else to moto."""

from __future__ import annotations

import io
import json
import logging
import threading
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from local.emulator import chatbot, extensions
from local.emulator.child import ClusterEndpoint
from local.emulator.faults import Calls
from local.emulator.inventory import inventory
from local.emulator.operations import Environ, Operation, asked_for
from local.emulator.rds.windows import open_maintenance_window
from local.emulator.regions import Regions

OWN = "/_roost/"


class Account:
    """The whole account; one request at a time, since moto's backends are not made for threads."""

    def __init__(self, clusters: Mapping[str, ClusterEndpoint]) -> None:
        extensions.install(clusters)
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._calls = Calls()
        self._regions = Regions()
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        body = _body(environ)
        environ["wsgi.input"] = io.BytesIO(body)
        path = environ.get("PATH_INFO", "")
        if path.startswith(OWN):
            try:
                return self._own(environ["REQUEST_METHOD"], path.removeprefix(OWN), body, start_response)
            except Exception as error:  # the caller shall see what it was
                logging.exception("%s failed", path)
                return _json(HTTPStatus.INTERNAL_SERVER_ERROR, {"message": repr(error)}, start_response)
        operation = asked_for(environ, body)
        if self._regions.swallows(environ, _title(operation, environ)):
            return _answer(HTTPStatus.SERVICE_UNAVAILABLE, {}, b"", start_response)  # nobody reads it
        if operation:
            fault = self._calls.count(operation.service, operation.name)
            if fault:
                return _refuse(operation, fault.http_status, fault.code, fault.message, start_response)
        if operation and operation.service == "chatbot":
            with self._lock:
                found = chatbot.answer(path, body)
            if found:
                return _json(*found, start_response)
        with self._lock:
            try:
                return list(self._moto(environ, start_response))
            except Exception as error:  # what moto cannot do shall read like a service's error
                logging.exception("%s failed", _title(operation, environ))
                if operation is None:
                    raise
                missing = isinstance(error, NotImplementedError)
                status = HTTPStatus.NOT_IMPLEMENTED if missing else HTTPStatus.INTERNAL_SERVER_ERROR
                code = "NotImplemented" if missing else "InternalFailure"
                message = f"the emulated account failed at {_title(operation, environ)}: {error!r}"
                return _refuse(operation, status, code, message, start_response)

    def _own(self, method: str, what: str, body: bytes, start_response: Any) -> Iterable[bytes]:
        match method, what:
            case "GET", "calls":
                return _json(HTTPStatus.OK, self._calls.counts(), start_response)
            case "GET", "inventory":
                with self._lock:
                    return _json(HTTPStatus.OK, inventory(), start_response)
            case "POST", "maintenance":
                with self._lock:
                    open_maintenance_window()
                return _json(HTTPStatus.OK, {}, start_response)
            case "GET", "lost-regions":
                return _json(HTTPStatus.OK, self._regions.asked(), start_response)
            case "POST", "lost-regions":
                self._regions.shut_off(json.loads(body)["region"])
                return _json(HTTPStatus.OK, {}, start_response)
            case "POST", "faults":
                try:
                    self._calls.plan(json.loads(body))
                except ValueError as error:
                    return _json(HTTPStatus.BAD_REQUEST, {"message": str(error)}, start_response)
                return _json(HTTPStatus.OK, {}, start_response)
            case _:
                return _json(HTTPStatus.NOT_FOUND, {"message": f"no {method} {OWN}{what}"}, start_response)


def _body(environ: Environ) -> bytes:
    """Read before the lock is taken: a slow sender shall not hold up the others."""
    if environ.get("wsgi.input_terminated"):
        return environ["wsgi.input"].read()
    return environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))


def _title(operation: Operation | None, environ: Environ) -> str:
    if operation:
        return f"{operation.service}.{operation.name}"
    return f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO')}"


def _refuse(operation: Operation, status: int, code: str, message: str, start_response: Any) -> list[bytes]:
    headers, body = operation.error(code, message)
    return _answer(status, headers, body, start_response)


def _json(status: HTTPStatus, answer: object, start_response: Any) -> list[bytes]:
    return _answer(status, {"Content-Type": "application/json"}, json.dumps(answer).encode(), start_response)


def _answer(status: int, headers: Mapping[str, str], body: bytes, start_response: Any) -> list[bytes]:
    lines = [(name, value) for name, value in headers.items() if name.lower() != "content-length"]
    start_response(f"{status} {HTTPStatus(status).phrase}", [*lines, ("Content-Length", str(len(body)))])
    return [body]
