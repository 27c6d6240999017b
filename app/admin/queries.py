"""SQL on organisations, users, keys and the audit log.

`$1` is the organisation that the caller may administer; NULL is the operator's, who may do all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from app.db.keyset import Listing
from app.db.pool import ServerStatement, Statement


def _json(columns: str) -> str:
    return f"(SELECT row_to_json(j)::text FROM (SELECT {columns}) j)"


def _organization(o: str) -> str:
    return _json(
        f"'org-' || {o}.id AS id, {o}.name, {o}.created_at, {o}.updated_at, false AS privileged_tools"
    )


def _user(u: str, deleted: str = "false") -> str:
    return _json(
        f"'user-' || {u}.id AS id, 'org-' || {u}.org_id AS organization_id, {u}.name,"
        f" {u}.created_at, {u}.updated_at, {deleted} AS is_deleted"
    )


def _key(k: str) -> str:
    return _json(
        f"'key-' || {k}.id AS id, {k}.name, 'user-' || {k}.user_id AS user_id,"
        f" 'org-' || {k}.org_id AS organization_id, {k}.role, {k}.hint, {k}.created_at, {k}.last_used_at"
    )


def _record(r: str) -> str:
    return _json(
        f"'audit-' || {r}.id AS id, 'org-' || {r}.org_id AS organization_id,"
        f" 'user-' || {r}.user_id AS user_id, 'key-' || {r}.key_id AS key_id,"
        f" {r}.action, {r}.object_ids, {r}.status, {r}.request_id, {r}.created_at"
    )


@dataclass(frozen=True)
class Lists:
    """The same list for an organisation and for the operator; two, so that each can use an index."""

    mine: Listing
    all: Listing


def _lists(kind: str, table: str, shown: str, column: str = "org_id") -> Lists:
    def listing(scope: str) -> Listing:
        select = f"SELECT {shown} FROM {table} t"
        return Listing(f"list_{table}", table, select, scope, ("{0}.created_at", "{0}.id"), kind)

    return Lists(listing(f"{{0}}.{column} = $1"), listing("$1::uuid IS NULL"))


ORGANIZATIONS = _lists("org", "organizations", _organization("t"), "id")
USERS = _lists("user", "users", _user("t"))
KEYS = _lists("key", "user_keys", _key("t"))
RECORDS = _lists("audit", "audit_log", _record("t"))

CREATE_ORGANIZATION = ServerStatement(
    "create_organization",
    f"""WITH o AS (INSERT INTO organizations (id, name) VALUES ($1, $2) RETURNING *)
    SELECT {_organization("o")} FROM o""",
)

UPDATE_ORGANIZATION = ServerStatement(
    "update_organization",
    f"""WITH o AS (UPDATE organizations SET name = coalesce($3, name), updated_at = now()
        WHERE id = $2 AND ($1::uuid IS NULL OR id = $1) RETURNING *)
    SELECT {_organization("o")} FROM o""",
)

# The base tools came with the organisation and go with it; anything else in it refuses the deletion.
DELETE_BASE_TOOLS = Statement(
    "delete_base_tools", "DELETE FROM tools WHERE org_id = $1 AND tool_type LIKE 'letta\\_%'"
)
DELETE_USERS = Statement("delete_users", "DELETE FROM users WHERE org_id = $1")
DELETE_ORGANIZATION = ServerStatement(
    "delete_organization",
    f"""WITH o AS (DELETE FROM organizations WHERE id = $1 RETURNING *) SELECT {_organization("o")} FROM o""",
)

CREATE_USER = Statement(
    "create_user",
    f"""WITH u AS (INSERT INTO users (id, org_id, name)
        SELECT $2, o.id, $4 FROM organizations o WHERE o.id = $3 AND ($1::uuid IS NULL OR o.id = $1)
        RETURNING *)
    SELECT {_user("u")} FROM u""",
)

UPDATE_USER = Statement(
    "update_user",
    f"""WITH u AS (UPDATE users u SET name = coalesce($3, u.name), org_id = o.id, updated_at = now()
        FROM organizations o
        WHERE u.id = $2 AND ($1::uuid IS NULL OR u.org_id = $1)
            AND o.id = coalesce($4::uuid, u.org_id) AND ($1::uuid IS NULL OR o.id = $1)
        RETURNING u.*)
    SELECT {_user("u")} FROM u""",
)

DELETE_USER = Statement(
    "delete_user",
    f"""WITH u AS (DELETE FROM users WHERE id = $2 AND ($1::uuid IS NULL OR org_id = $1) RETURNING *)
    SELECT {_user("u", "true")} FROM u""",
)

CREATE_KEY = Statement(
    "create_key",
    f"""WITH k AS (INSERT INTO user_keys (id, org_id, user_id, name, role, digest, hint)
        SELECT $2, u.org_id, u.id, $4, $5, $6, $7 FROM users u
        WHERE u.id = $3 AND ($1::uuid IS NULL OR u.org_id = $1) RETURNING *)
    SELECT {_key("k")} FROM k""",
)

DELETE_KEY = Statement(
    "delete_key",
    f"""WITH k AS (DELETE FROM user_keys WHERE id = $2 AND ($1::uuid IS NULL OR org_id = $1) RETURNING *)
    SELECT {_key("k")} FROM k""",
)

FILTERS = {
    "organization_id": "t.org_id = {}",
    "user_id": "t.user_id = {}",
    "key_id": "t.key_id = {}",
    "object_id": "t.object_ids @> ARRAY[{}::text]",
    "start_date": "t.created_at >= {}::timestamptz",
    "end_date": "t.created_at < {}::timestamptz",
}
"""Query parameters of the listings as SQL; all values are parameters."""
