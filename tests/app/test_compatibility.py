"""docs/api-compatibility.md is what the server does, and knows every route that the client calls."""

from __future__ import annotations

import re
from pathlib import Path

import letta_client

from local.compatibility import document
from tests.support.server import Server

CALL = re.compile(
    r"self\._(get|get_api_list|post|put|patch|delete)\(\s*(?:path_template\(\s*)?\"(/v1/[^\"]*)\""
)


def test_the_document_is_what_the_table_and_the_routes_say() -> None:
    assert document.faults() == []
    written = document.DOCUMENT.read_text(encoding="utf-8")
    assert written == document.render(), "run `make docs` and commit docs/api-compatibility.md"


def test_the_table_has_every_route_that_the_client_calls() -> None:
    table = {
        (route.method, document.shape(route.path)) for route in document.upstream() if route.caller == "C"
    }
    resources = Path(letta_client.__file__).parent / "resources"
    called = {
        ("GET" if method.startswith("get") else method.upper(), document.shape(path))
        for file in resources.rglob("*.py")
        for method, path in CALL.findall(file.read_text(encoding="utf-8"))
    }
    assert len(called) > 100
    assert called - table == set()


def test_what_the_document_calls_501_answers_501(roost_server: Server) -> None:
    ours = document.served()
    wrong: dict[str, int] = {}
    for route in document.upstream():
        if document.state(route, ours) != "501":
            continue
        path = re.sub(r"\{(\w+?)(?:_id)?\}", _sample, route.path)
        body = {} if route.method in {"POST", "PUT", "PATCH"} else None
        status, answer, headers = roost_server.request(route.method, path, body)
        if status != 501 or "does not serve yet" not in answer["detail"]:
            wrong[f"{route.method} {path}"] = status
        assert headers.get("x-should-retry") == "false"
    assert wrong == {}


def _sample(match: re.Match[str]) -> str:
    return f"{match[1]}-00000000-0000-4000-8000-00000000dead"
