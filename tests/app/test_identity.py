"""Organisations, users and their keys: who may do what, and for how long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import letta_client
import pytest

from tests.app.conftest import application
from tests.support import postgres, server
from tests.support.model import Model
from tests.support.server import PASSWORD, Server
from tests.support.tenants import Tenant, created, organization, tenant

NOBODY = "00000000-0000-4000-8000-00000000dead"
DEFAULT = "00000000-0000-4000-8000-000000000000"
SECONDS = 10.0
"""The longest that a revoked key may still work; on a slow machine, and much less than a minute."""


def gone(someone: Tenant) -> bool:
    """Whether the key stops working in time."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if someone.request("GET", "/v1/agents/count")[0] == 401:
            return True
        time.sleep(0.1)
    return False


def test_the_seeds_load_test_runs_unchanged(roost_server: Server, model: Model) -> None:
    """Seed 003: a user without organisation, a key, an agent without a model, messages; no redirects."""
    for slash in ("", "/"):
        user = created(roost_server, f"/v1/admin/users{slash}", {"name": "User-abcdefgh"})
        token = created(roost_server, f"/v1/admin/users/keys{slash}", {"user_id": user["id"]})["key"]
        bearer = {"authorization": f"Bearer {token}"}
        tools = ["send_message", "conversation_search", "archival_memory_insert", "archival_memory_search"]
        body: dict[str, Any] = {
            "name": "Agent-abcdefgh", "tools": tools, "llm_config": None, "embedding_config": None,
            "memory_blocks": [{"label": "human", "value": ""}, {"label": "persona", "value": ""}],
        }  # fmt: skip
        status, agent, _ = roost_server.request("POST", f"/v1/agents{slash}", body, bearer)
        assert status == 200, agent
        said = {"messages": [{"role": "user", "content": "hello"}]}
        path = f"/v1/agents/{agent['id']}/messages{slash}"
        status, answer, _ = roost_server.request("POST", path, said, bearer)
        assert status == 200, answer
        assert [message["message_type"] for message in answer["messages"]] == ["assistant_message"]


def test_a_key_belongs_to_its_users_organisation(roost_server: Server) -> None:
    ada, eve = tenant(roost_server), tenant(roost_server)
    agent = ada.client().agents.create(name="Ada's")
    assert [found.id for found in ada.client().agents.list()] == [agent.id]
    assert list(eve.client().agents.list()) == []
    with pytest.raises(letta_client.NotFoundError):
        eve.client().agents.retrieve(agent.id)
    colleague = tenant(roost_server, of=ada.organization)
    assert colleague.client().agents.retrieve(agent.id).name == "Ada's"


def test_a_new_organisation_has_the_base_tools(roost_server: Server) -> None:
    names = {tool.name for tool in tenant(roost_server).client().tools.list()}
    assert {"memory_insert", "conversation_search", "archival_memory_search"} <= names


def test_a_key_is_shown_once_and_stored_nowhere(cluster: postgres.Cluster, roost_server: Server) -> None:
    someone = tenant(roost_server)
    assert someone.key.startswith("sk-")
    someone.request("GET", "/v1/agents/count")
    _, listed, _ = roost_server.request("GET", f"/v1/admin/users/keys?user_id={someone.user}")
    assert [key["id"] for key in listed] == [someone.key_id]
    assert listed[0]["hint"] == someone.key[:7]
    for place in (str(listed), cluster.log(), roost_server.logs()):
        assert someone.key not in place


def test_a_used_key_says_so(roost_server: Server) -> None:
    someone = tenant(roost_server)
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        someone.request("GET", "/v1/agents/count")
        _, (key,), _ = roost_server.request("GET", f"/v1/admin/users/keys?user_id={someone.user}")
        if key["last_used_at"]:
            return
        time.sleep(0.2)
    pytest.fail("The key was used and `last_used_at` stayed empty.")


@pytest.fixture
def replicas(cluster: postgres.Cluster, database: str, model: Model) -> Iterator[list[Server]]:
    """Two servers on one database."""
    variables = server.environment(application(cluster, database), model)
    with server.running(variables) as one, server.running(variables) as two:
        yield [one, two]


def test_a_revoked_key_stops_on_every_replica(replicas: list[Server]) -> None:
    here = tenant(replicas[0])
    there = Tenant(replicas[1], here.organization, here.user, here.key_id, here.key)
    kept = tenant(replicas[0], of=here.organization)
    for one in (here, there, kept):
        assert one.request("GET", "/v1/agents/count")[0] == 200
    status, key, _ = replicas[0].request("DELETE", f"/v1/admin/users/keys?key_id={here.key_id}")
    assert (status, key["id"]) == (200, here.key_id)
    assert gone(there)
    assert gone(here)
    assert kept.request("GET", "/v1/agents/count")[0] == 200


def test_a_deleted_users_keys_stop(roost_server: Server) -> None:
    someone = tenant(roost_server)
    assert someone.request("GET", "/v1/agents/count")[0] == 200
    status, user, _ = roost_server.request("DELETE", f"/v1/admin/users/?user_id={someone.user}")
    assert (status, user["id"], user["is_deleted"]) == (200, someone.user, True)
    assert gone(someone)


def test_a_key_follows_its_user_to_another_organisation(roost_server: Server) -> None:
    someone = tenant(roost_server)
    someone.client().agents.create()
    elsewhere = organization(roost_server)
    move = {"id": someone.user, "organization_id": elsewhere}
    status, user, _ = roost_server.request("PUT", "/v1/admin/users/", move)
    assert (status, user["organization_id"]) == (200, elsewhere)
    deadline = time.monotonic() + SECONDS
    while someone.request("GET", "/v1/agents/count")[1] != 0:
        assert time.monotonic() < deadline, "The key still acts in the old organisation."
        time.sleep(0.1)


@pytest.mark.parametrize(
    "key", ["sk-", "sk-x", f"sk-{'A' * 43}", f"sk-{'A' * 44}", f"sk-{'%' * 43}", PASSWORD[:-1], "sk-ü"]
)
def test_a_made_up_key_is_refused(roost_server: Server, key: str) -> None:
    headers = {"authorization": f"Bearer {key}".encode().decode("latin-1")}
    status, answer, _ = roost_server.request("GET", "/v1/agents/count", headers=headers)
    assert (status, answer) == (401, {"detail": "Unauthorized"})


def test_the_bare_header_takes_keys_too(roost_server: Server) -> None:
    someone = tenant(roost_server)
    headers = {"authorization": "", "x-bare-password": f"password {someone.key}"}
    assert roost_server.request("GET", "/v1/agents/count", headers=headers)[0] == 200


def test_the_operator_acts_for_the_user_whom_the_header_names(roost_server: Server) -> None:
    someone = tenant(roost_server)
    agent = someone.client().agents.create()
    status, found, _ = roost_server.request("GET", "/v1/agents/", headers={"user_id": someone.user})
    assert (status, [one["id"] for one in found]) == (200, [agent.id])
    for wrong in ("somebody", f"user-{NOBODY}", f"org-{NOBODY}"):
        status, answer, _ = roost_server.request("GET", "/v1/agents/", headers={"user_id": wrong})
        assert status == 400
        assert "`user_id`" in answer["detail"]


def test_a_key_does_not_act_for_somebody_else(roost_server: Server) -> None:
    ada, eve = tenant(roost_server), tenant(roost_server)
    assert ada.request("GET", "/v1/agents/", headers={"user_id": ada.user})[0] == 200
    status, answer, _ = eve.request("GET", "/v1/agents/", headers={"user_id": ada.user})
    assert status == 403
    assert "leave it out" in answer["detail"]


def test_users_are_listed_in_pages_until_an_empty_one(roost_server: Server) -> None:
    home = organization(roost_server)
    users = [tenant(roost_server, of=home).user for _ in range(5)]
    found: list[str] = []
    path = f"/v1/admin/users/?limit=2&organization_id={home}"
    while page := roost_server.request("GET", f"{path}&after={found[-1]}" if found else path)[1]:
        found += [user["id"] for user in page]
    assert found == users
    _, back, _ = roost_server.request("GET", f"{path}&order=desc&after={users[2]}")
    assert [user["id"] for user in back] == [users[1], users[0]]


def test_users_and_organisations_are_renamed(roost_server: Server) -> None:
    someone = tenant(roost_server)
    status, user, _ = roost_server.request("PUT", "/v1/admin/users", {"id": someone.user, "name": "Grace"})
    assert (status, user["name"], user["organization_id"]) == (200, "Grace", someone.organization)
    status, home, _ = roost_server.request(
        "PATCH", f"/v1/admin/orgs/?org_id={someone.organization}", {"name": "Navy"}
    )
    assert (status, home["name"]) == (200, "Navy")
    _, homes, _ = roost_server.request("GET", "/v1/admin/orgs/?limit=1000")
    assert {(one["id"], one["name"]) for one in homes} >= {
        (someone.organization, "Navy"), (f"org-{DEFAULT}", "default_org"),
    }  # fmt: skip


def test_an_organisation_goes_when_nothing_is_in_it(roost_server: Server) -> None:
    someone = tenant(roost_server)
    agent = someone.client().agents.create()
    path = f"/v1/admin/orgs/?org_id={someone.organization}"
    status, answer, _ = roost_server.request("DELETE", path)
    assert status == 409
    assert "delete those first" in answer["detail"]
    assert someone.request("GET", "/v1/agents/count")[1] == 1, "a refused deletion deletes nothing"
    someone.client().agents.delete(agent.id)
    assert roost_server.request("DELETE", path)[0] == 200
    assert gone(someone)
    assert roost_server.request("DELETE", path)[0] == 404


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "/v1/admin/users", {"name": "x", "organization_id": f"org-{NOBODY}"}, 404),
        ("POST", "/v1/admin/users", {"name": "x", "organization_id": "org-1"}, 422),
        ("POST", "/v1/admin/users", {"name": "x", "password": "y"}, 422),
        ("POST", "/v1/admin/users", {"name": ""}, 422),
        ("POST", "/v1/admin/users", {}, 422),
        ("PUT", "/v1/admin/users", {"id": f"user-{NOBODY}", "name": "x"}, 404),
        ("PUT", "/v1/admin/users", {"id": f"user-{DEFAULT}", "organization_id": f"org-{NOBODY}"}, 409),
        ("DELETE", f"/v1/admin/users?user_id=user-{NOBODY}", None, 404),
        ("DELETE", f"/v1/admin/users?user_id=user-{DEFAULT}", None, 409),
        ("DELETE", "/v1/admin/users", None, 422),
        ("POST", "/v1/admin/users/keys", {"user_id": f"user-{NOBODY}"}, 404),
        ("POST", "/v1/admin/users/keys", {"user_id": f"user-{DEFAULT}", "role": "owner"}, 422),
        ("DELETE", f"/v1/admin/users/keys?key_id=key-{NOBODY}", None, 404),
        ("POST", "/v1/admin/orgs", {"name": "x", "privileged_tools": True}, 501),
        ("PATCH", f"/v1/admin/orgs?org_id=org-{NOBODY}", {"name": "x"}, 404),
        ("DELETE", f"/v1/admin/orgs?org_id=org-{DEFAULT}", None, 409),
        ("GET", f"/v1/admin/users?after=user-{NOBODY}", None, 404),
        ("GET", "/v1/admin/users?after=agent-1", None, 422),
    ],
)
def test_what_admins_cannot_do_is_said(
    roost_server: Server, method: str, path: str, body: Any, expected: int
) -> None:
    status, answer, _ = roost_server.request(method, path, body)
    assert status == expected, answer
    assert isinstance(answer["detail"], str)


def test_an_admins_key_administers_its_own_organisation_only(roost_server: Server) -> None:
    admin, stranger = tenant(roost_server, "admin"), tenant(roost_server)
    status, user, _ = admin.request("POST", "/v1/admin/users", {"name": "new"})
    assert (status, user["organization_id"]) == (200, admin.organization)
    status, key, _ = admin.request("POST", "/v1/admin/users/keys", {"user_id": user["id"]})
    assert status == 200
    for path, ids in (("orgs", [admin.organization]), ("users", [admin.user, user["id"]])):
        assert [one["id"] for one in admin.request("GET", f"/v1/admin/{path}")[1]] == ids
    assert {one["id"] for one in admin.request("GET", "/v1/admin/users/keys")[1]} == {
        admin.key_id, key["id"],
    }  # fmt: skip
    refused = [
        admin.request("POST", "/v1/admin/orgs", {"name": "mine"}),
        admin.request("DELETE", f"/v1/admin/orgs?org_id={admin.organization}"),
    ]
    assert [status for status, _, _ in refused] == [403, 403]
    assert "Only the server's password" in refused[0][1]["detail"]
    away = [
        admin.request("PUT", "/v1/admin/users", {"id": stranger.user, "name": "x"}),
        admin.request("PUT", "/v1/admin/users", {"id": user["id"], "organization_id": stranger.organization}),
        admin.request("POST", "/v1/admin/users", {"name": "x", "organization_id": stranger.organization}),
        admin.request("POST", "/v1/admin/users/keys", {"user_id": stranger.user}),
        admin.request("PATCH", f"/v1/admin/orgs?org_id={stranger.organization}", {"name": "x"}),
        admin.request("DELETE", f"/v1/admin/users?user_id={stranger.user}"),
        admin.request("DELETE", f"/v1/admin/users/keys?key_id={stranger.key_id}"),
        admin.request("GET", f"/v1/admin/users?after={stranger.user}"),
    ]
    assert [status for status, _, _ in away] == [404] * len(away)
    assert stranger.request("GET", "/v1/agents/count")[0] == 200
    assert admin.request("GET", f"/v1/admin/users?organization_id={stranger.organization}")[1] == []


CHANGES_NOTHING = {
    "/v1/agents/messages/search", "/v1/messages/search", "/v1/passages/search", "/v1/tools/search",
    "/v1/runs/{run_id}/stream", "/v1/conversations/{conversation_id}/stream",
}  # fmt: skip
"""Routes with POST that read."""


def test_roles_hold_on_every_route(roost_server: Server) -> None:
    """Read-only keys are refused wherever something changes and nowhere else; admin routes need an admin."""
    home = organization(roost_server)
    reader, member = tenant(roost_server, "read_only", of=home), tenant(roost_server, of=home)
    _, document, _ = roost_server.request("GET", "/openapi.json")
    for path, operations in document["paths"].items():
        concrete = path.replace("{", "").replace("}", "")  # malformed ids: 422 where the role allows it
        for method in operations:
            verb = method.upper()
            changes = verb != "GET" and path not in CHANGES_NOTHING
            admin = path.startswith("/v1/admin")
            body = None if verb in {"GET", "DELETE"} else {}
            if changes or admin:
                status, answer, _ = reader.request(verb, concrete, body)
                assert status == 403, (verb, path)
                assert isinstance(answer["detail"], str)
            elif "{" in path:
                assert reader.request(verb, concrete, body)[0] != 403, (verb, path)
            if admin:
                assert member.request(verb, concrete, body)[0] == 403, (verb, path)
    assert reader.request("GET", "/v1/agents")[0] == 200
    assert member.request("POST", "/v1/blocks", {"label": "l", "value": "v"})[0] == 200
