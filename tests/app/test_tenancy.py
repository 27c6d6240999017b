"""Another tenant's ids, on every route that there is: 404, and nothing has changed."""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest

import app
from app.db.pool import ServerStatement, Statement
from tests.app.conftest import application
from tests.support import openapi, postgres, server
from tests.support.model import Model
from tests.support.openapi import Operation, Place
from tests.support.server import Server
from tests.support.tenants import Tenant, tenant

SOURCE = (
    "def greet(name: str) -> str:\n    '''Greet.\n\n    Args:\n        name: whom\n    '''\n    return name\n"
)

EXAMPLES: dict[str, Any] = {
    "MessageRequest": {"input": "hello"},
    "ConversationMessageRequest": {"input": "hello", "streaming": False},
    "UpdateAgent": {"name": "taken over"},
    "UpdateBlock": {"value": "taken over"},
    "UpdateTool": {"description": "taken over"},
    "CreateTool": {"source_code": SOURCE},
    "RunTool": {"args": {}},
    "Approval": {"requires_approval": True},
}
"""Bodies for which the required fields alone would be refused, or would change nothing."""

NAMES = {"label": "human", "tool_name": "memory_insert"}
"""Path parameters that are no ids, as every tenant's agent has them."""

OPERATORS = {("POST", "/v1/admin/orgs"), ("DELETE", "/v1/admin/orgs")}
"""Refused to every key, whatever the ids."""

EMPTY = {"/v1/steps/{step_id}/trace"}
"""404 for the owner too, who asked for no trace."""

CHANGING = ("/stream", "/audit-log", "/health", "/ready", "/export")
"""Ends of routes that read and do not answer the same twice."""

VOLATILE = {"last_used_at"}


@pytest.fixture
def unlimited(cluster: postgres.Cluster, database: str, model: Model) -> Iterator[Server]:
    """A server on a database of its own, without rate limits."""
    variables = server.environment(application(cluster, database), model, ROOST_RATE_LIMIT_PER_MINUTE="0")
    with server.running(variables) as running:
        yield running


def belongings(who: Tenant) -> dict[str, str]:
    """One of everything, by the prefix of its id."""

    def ask(method: str, path: str, body: Any = None) -> Any:
        status, answer, _ = who.request(method, path, body)
        assert status == 200, (method, path, answer)
        return answer

    agent = ask("POST", "/v1/agents", {"memory_blocks": [{"label": "human", "value": who.user}]})
    path = f"/v1/agents/{agent['id']}"
    ask("POST", f"{path}/messages", {"input": f"I am {who.user}"})
    run = ask("GET", f"/v1/runs?agent_id={agent['id']}")[0]
    job = ask("POST", f"{path}/messages/async", {"input": "and more"})["id"]
    awaited(who, f"/v1/runs/{job}", lambda found: found["status"] == "completed")
    passage = ask("POST", f"{path}/archival-memory", {"text": who.user})[0]
    return {
        "agent": agent["id"],
        "block": agent["blocks"][0]["id"],
        "tool": ask("POST", "/v1/tools", {"source_code": SOURCE})["id"],
        "run": run["id"],
        "job": job.replace("run-", "job-"),
        "step": ask("GET", f"/v1/runs/{run['id']}/steps")[0]["id"],
        "message": ask("GET", f"{path}/messages")[0]["id"],
        "passage": passage["id"],
        "archive": ask("GET", f"/v1/archives?agent_id={agent['id']}")[0]["id"],
        "conv": ask("POST", f"/v1/conversations?agent_id={agent['id']}", {})["id"],
        "org": who.organization,
        "user": who.user,
        "key": who.key_id,
        "audit": awaited(who, "/v1/admin/audit-log", bool)[0]["id"],
    }


def awaited(who: Tenant, path: str, done: Callable[[Any], bool]) -> Any:
    """What a route answers once it is what we wait for."""
    deadline = time.monotonic() + 20
    while not done(found := who.request("GET", path)[1]):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def send(who: Tenant, operation: Operation, mine: dict[str, str], away: dict[Place, str]) -> tuple[int, Any]:
    """The operation with one's own ids, except where `away` has others."""
    places = operation.places()

    def value(place: Place) -> str:
        return away.get(place) or mine[place.kind]

    known = {place.name: value(place) for place in places if place.where == "path"}
    if any(place.name == "agent_id" and place.where != "path" for place in away):
        # Beside a conversation's own id the agent is not looked at; this is where it is.
        known |= {place.name: "default" for place in places if place.where == "path" and place.untyped}
    path = re.sub(r"\{(\w+)\}", lambda found: quote((NAMES | known)[found[1]]), operation.path)
    wanted = operation.required_query() | {place.name for place in away if place.where == "query"}
    pairs = dict.fromkeys(wanted, "text")
    pairs |= {p.name: value(p) for p in places if p.where == "query" and p.name in wanted}
    body = operation.body(EXAMPLES, mine)
    for place, identifier in away.items():
        if place.where == "body":
            body = body | {place.name: [identifier] if place.many else identifier}
    status, answer, _ = who.request(operation.method, f"{path}?{urlencode(pairs)}", body)
    return status, answer


def strip(value: Any) -> Any:
    """The value without what changes by itself."""
    if isinstance(value, dict):
        return {key: strip(inner) for key, inner in value.items() if key not in VOLATILE}
    return [strip(inner) for inner in value] if isinstance(value, list) else value


def world(who: Tenant, reads: list[Operation], mine: dict[str, str]) -> dict[str, Any]:
    """What somebody sees of their own: every route that reads, with the status."""
    seen = {operation.path: send(who, operation, mine, {}) for operation in reads}
    return {path: (status, strip(answer)) for path, (status, answer) in seen.items()}


def test_another_tenants_ids_are_404_on_every_route(unlimited: Server) -> None:
    victim, thief = tenant(unlimited, "admin"), tenant(unlimited, "admin")
    theirs, own = belongings(victim), belongings(thief)
    operations = openapi.operations(unlimited.request("GET", "/openapi.json")[1])
    reads = [
        one for one in operations
        if one.method == "GET" and not one.path.endswith(CHANGING)
    ]  # fmt: skip
    before = world(victim, reads, theirs)
    hidden = sorted(path for path, (status, _) in before.items() if status == 404 and path not in EMPTY)
    assert hidden == [], "the owner must see what is not to be seen by others, or this test shows nothing"
    wrong: list[str] = []
    for operation in operations:
        for place in operation.places():
            assert place.kind in theirs, f"{operation.path} takes a {place.kind}; make one in `belongings`"
            stolen = [theirs[place.kind]]
            if place.untyped:
                stolen.append(theirs["agent"])
            for identifier in stolen:
                status, answer = send(thief, operation, own, {place: identifier})
                if not refused(operation, place, status, answer, theirs):
                    wrong.append(
                        f"{operation.method} {operation.path} {place.where} {place.name}: {status} {answer}"[
                            :300
                        ]
                    )
    assert not wrong, "\n".join(wrong)
    assert world(victim, reads, theirs) == before


def refused(operation: Operation, place: Place, status: int, answer: Any, theirs: dict[str, str]) -> bool:
    """Whether an answer gives nothing away: 404, or of a filtered list nothing of theirs."""
    if status == 404 or (status == 403 and (operation.method, operation.path) in OPERATORS):
        return True
    listing = operation.method == "GET" or operation.path.endswith("/search")
    repeated = f"{{{place.name}}}" in operation.path  # the path says it already, and is what counts
    text = json.dumps(answer)
    return (
        status == 200 and (listing or repeated) and place.where != "path"
        and not any(identifier in text for identifier in theirs.values())
    )  # fmt: skip


SCOPED = re.compile(r"\borg_id\s*=\s*\$\d|INSERT INTO \w+\s*\([^)]*\borg_id")


def test_every_statement_names_the_organisation_or_is_the_servers_own() -> None:
    """What the routes above cannot reach: a statement that forgot whose rows it is about."""
    found: dict[str, Statement] = {}
    for module in pkgutil.walk_packages(app.__path__, "app."):
        if not module.name.endswith("__main__"):
            values = vars(importlib.import_module(module.name)).values()
            found |= {value.name: value for value in values if isinstance(value, Statement)}
    assert len(found) > 50
    tenants = [one for one in found.values() if not isinstance(one, ServerStatement)]
    assert [one.name for one in tenants if not SCOPED.search(one.sql)] == []
