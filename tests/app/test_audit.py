"""The audit log: who did what to which object, when, and with which key."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from app.db.pool import Database
from app.security.audit import prune
from app.settings import DatabaseSettings
from tests.app.conftest import application
from tests.support import postgres, server
from tests.support.model import Model
from tests.support.server import Server
from tests.support.tenants import Tenant, tenant

SECONDS = 10.0


def records(who: Tenant | Server, query: str, count: int) -> list[dict[str, Any]]:
    """The log's records, when there are as many as that; they are written a moment after the answer."""
    deadline = time.monotonic() + SECONDS
    while True:
        status, found, _ = who.request("GET", f"/v1/admin/audit-log?{query}")
        assert status == 200, found
        if len(found) >= count or time.monotonic() > deadline:
            return found
        time.sleep(0.1)


def test_who_did_what_to_which_object(roost_server: Server, model: Model) -> None:
    admin = tenant(roost_server, "admin")
    member = tenant(roost_server, of=admin.organization)
    client = member.client()
    agent = client.agents.create(memory_blocks=[{"label": "human", "value": ""}])
    client.agents.messages.create(agent.id, input="my password is swordfish")
    client.agents.retrieve(agent.id)
    admin.client().agents.delete(agent.id)
    found = records(admin, f"object_id={agent.id}&order=asc", 3)
    assert [(one["action"], one["key_id"], one["user_id"], one["status"]) for one in found] == [
        ("POST /v1/agents", member.key_id, member.user, 200),
        ("POST /v1/agents/{id}/messages", member.key_id, member.user, 200),
        ("DELETE /v1/agents/{id}", admin.key_id, admin.user, 200),
    ]
    age = datetime.now(UTC) - datetime.fromisoformat(found[0]["created_at"])
    assert timedelta(0) <= age < timedelta(minutes=2)
    assert len(found[0]["request_id"]) == 32
    assert "swordfish" not in str(found)


def test_refusals_are_recorded_and_reads_are_not(roost_server: Server) -> None:
    admin = tenant(roost_server, "admin")
    reader = tenant(roost_server, "read_only", of=admin.organization)
    agent = admin.client().agents.create()
    reader.request("GET", f"/v1/agents/{agent.id}")
    reader.request("DELETE", f"/v1/agents/{agent.id}")
    reader.request("GET", "/v1/admin/users")
    found = records(admin, f"key_id={reader.key_id}&order=asc", 2)
    assert [(one["action"], one["object_ids"], one["status"]) for one in found] == [
        ("DELETE /v1/agents/{id}", [agent.id], 403),
        ("GET /v1/admin/users", [], 403),
    ]


def test_an_attempt_on_another_tenant_is_recorded(roost_server: Server) -> None:
    victim, thief = tenant(roost_server, "admin"), tenant(roost_server, "admin")
    agent = victim.client().agents.create()
    thief.request("DELETE", f"/v1/agents/{agent.id}")
    found = records(thief, f"object_id={agent.id}", 1)
    assert [(one["status"], one["key_id"]) for one in found] == [(404, thief.key_id)]
    assert {one["organization_id"] for one in records(victim, "", 1)} == {victim.organization}
    everybody = records(roost_server, f"object_id={agent.id}", 2)
    assert {one["organization_id"] for one in everybody} == {victim.organization, thief.organization}


def test_the_log_is_read_in_pages_and_by_date(roost_server: Server) -> None:
    admin = tenant(roost_server, "admin")
    blocks = [admin.client().blocks.create(label=f"l{n}", value="v").id for n in range(5)]
    everything = records(admin, "order=asc", 5)
    assert [one["object_ids"] for one in everything] == [[block] for block in blocks]
    found: list[str] = []
    path = "/v1/admin/audit-log?order=asc&limit=2"
    while page := admin.request("GET", f"{path}&after={found[-1]}" if found else path)[1]:
        found += [one["id"] for one in page]
    assert found == [one["id"] for one in everything]
    middle = quote(everything[2]["created_at"])
    assert [one["id"] for one in records(admin, f"order=asc&start_date={middle}", 3)] == found[2:]
    assert [one["id"] for one in records(admin, f"order=asc&end_date={middle}", 2)] == found[:2]


@pytest.mark.parametrize("query", ["object_id=%00", "start_date=yesterday", "key_id=x", "after=audit-1"])
def test_odd_questions_are_not_our_failure(roost_server: Server, query: str) -> None:
    assert roost_server.request("GET", f"/v1/admin/audit-log?{query}")[0] in {200, 422}


def test_what_was_done_before_the_end_is_in_the_log(
    cluster: postgres.Cluster, database: str, model: Model
) -> None:
    with server.running(server.environment(application(cluster, database), model)) as running:
        block = running.client().blocks.create(label="last", value="v")
        running.stop()
    assert cluster.sql("SELECT object_ids[1] FROM roost.audit_log", database) == block.id


def test_records_are_kept_as_long_as_the_setting_says(cluster: postgres.Cluster, database: str) -> None:
    cluster.sql(
        "INSERT INTO roost.audit_log SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), NULL,"
        " 'POST /v1/blocks', '{}', 200, 'r', now() - make_interval(days => n % 60)"
        " FROM generate_series(0, 11999) n",
        database,
    )

    async def run() -> None:
        target = DatabaseSettings(**application(cluster, database))  # pyright: ignore[reportArgumentType]
        db = await Database.open(target, size=1)
        await prune(db, 30)
        await db.close()

    asyncio.run(run())
    left = "SELECT count(*) FILTER (WHERE created_at > now() - interval '30 days') || ' ' || count(*)"
    assert cluster.sql(f"{left} FROM roost.audit_log", database) == "6000 6000"
