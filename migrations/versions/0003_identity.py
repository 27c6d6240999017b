"""Users, keys, audit log, rate limits."""

from __future__ import annotations

from alembic import op

revision = "0003_identity"
down_revision: str | None = "0002_history"
branch_labels = None
depends_on = None

DEFAULT = "00000000-0000-4000-8000-000000000000"

USERS = f"""
CREATE INDEX ix_organizations_created ON organizations (created_at, id);
CREATE TABLE users (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_users_id_org UNIQUE (id, org_id)
);
CREATE INDEX ix_users_org_created ON users (org_id, created_at, id);
CREATE INDEX ix_users_created ON users (created_at, id);
INSERT INTO users (id, org_id, name) VALUES ('{DEFAULT}', '{DEFAULT}', 'default_user');
"""

# A key follows its user into another organisation: the composite key sees to it.
KEYS = """
CREATE TABLE user_keys (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    user_id uuid NOT NULL,
    name text,
    role text NOT NULL,
    digest bytea NOT NULL,
    hint text NOT NULL,
    last_used_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT fk_user_keys_user FOREIGN KEY (user_id, org_id) REFERENCES users (id, org_id)
        ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT uq_user_keys_digest UNIQUE (digest),
    CONSTRAINT ck_user_keys_role CHECK (role in ('admin', 'member', 'read_only'))
) WITH (fillfactor = 80);
CREATE INDEX ix_user_keys_user ON user_keys (user_id, org_id);
CREATE INDEX ix_user_keys_org_created ON user_keys (org_id, created_at, id);
CREATE INDEX ix_user_keys_created ON user_keys (created_at, id);
"""

# Unlogged: a bucket that a crash empties is full again, and its many small writes cost no WAL.
BUCKETS = """
CREATE UNLOGGED TABLE rate_buckets (
    key_id uuid PRIMARY KEY REFERENCES user_keys ON DELETE CASCADE,
    tokens double precision NOT NULL,
    granted double precision NOT NULL,
    filled_at timestamptz NOT NULL
) WITH (fillfactor = 50);
"""

# No foreign keys: the record outlives what it is about.
AUDIT = """
CREATE TABLE audit_log (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    user_id uuid NOT NULL,
    key_id uuid,
    action text NOT NULL,
    object_ids text[] NOT NULL,
    status integer NOT NULL,
    request_id text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ix_audit_log_org_created ON audit_log (org_id, created_at, id);
CREATE INDEX ix_audit_log_created ON audit_log (created_at, id);
CREATE INDEX ix_audit_log_objects ON audit_log USING gin (object_ids);
"""


def upgrade() -> None:
    for script in (USERS, KEYS, BUCKETS, AUDIT):
        for statement in filter(str.strip, script.split(";\n")):
            op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE audit_log, rate_buckets, user_keys, users")
    op.execute("DROP INDEX ix_organizations_created")
