"""Messages by month, a search of their words, vector indexes on demand, leaders of background work."""

from __future__ import annotations

from alembic import op

revision = "0002_history"
down_revision: str | None = "0001_initial"
branch_labels = None
depends_on = None

# The old table becomes the first partition where it is: its rows are not copied. It ends with this month
# (or later, if a row says so); the months after it get partitions of their own. `seq` is unique per agent
# because it is handed out under the agent's row lock: no index across partitions could say so.
MESSAGES = """
ALTER TABLE messages RENAME TO messages_history;
ALTER TABLE messages_history DROP CONSTRAINT messages_pkey;
ALTER TABLE messages_history DROP CONSTRAINT uq_messages_agent_seq;
DROP INDEX uq_messages_agent_otid;
ALTER INDEX ix_messages_run RENAME TO ix_messages_history_run;
ALTER INDEX ix_messages_step RENAME TO ix_messages_history_step;
CREATE TABLE messages (
    LIKE messages_history INCLUDING DEFAULTS,
    PRIMARY KEY (id, created_at),
    FOREIGN KEY (org_id) REFERENCES organizations,
    FOREIGN KEY (agent_id) REFERENCES agents ON DELETE CASCADE,
    FOREIGN KEY (run_id) REFERENCES runs ON DELETE SET NULL,
    FOREIGN KEY (step_id) REFERENCES steps ON DELETE SET NULL
) PARTITION BY RANGE (created_at);
CREATE INDEX ix_messages_agent_seq ON messages (agent_id, seq);
CREATE INDEX ix_messages_run ON messages (run_id, seq);
CREATE INDEX ix_messages_step ON messages (step_id);
"""

# Words, and whose they are (no word begins with `=`): a search of one agent's or one organisation's
# messages reads no other's.
WORDS = """
CREATE INDEX ix_messages_words ON messages USING gin ((to_tsvector('english', left(text, 100000))
    || array_to_tsvector(ARRAY['=' || org_id::text, '=' || agent_id::text]))) WHERE seq > 1 AND text <> ''
"""

ATTACH = """
DO $$
DECLARE
    until timestamptz;
BEGIN
    SELECT date_trunc('month', greatest(now(), max(created_at)), 'UTC') + interval '1 month'
        INTO until FROM messages_history;
    IF EXISTS (SELECT FROM messages_history) THEN
        EXECUTE format('ALTER TABLE messages ATTACH PARTITION messages_history'
            ' FOR VALUES FROM (MINVALUE) TO (%L)', until);
    ELSE
        DROP TABLE messages_history;
    END IF;
END $$
"""

# Rows outside every month: what the retention job kept, and a net for the day that no job ran.
REST = "CREATE TABLE messages_rest PARTITION OF messages DEFAULT"

# A unique index of a partitioned table would need the time in it; so `otid` is unique here. The trigger
# does it for every statement that inserts messages, those of the previous version too.
OTIDS = """
CREATE TABLE message_otids (
    agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
    otid text NOT NULL,
    run_id uuid,
    created_at timestamptz NOT NULL,
    CONSTRAINT uq_messages_agent_otid PRIMARY KEY (agent_id, otid)
);
CREATE INDEX ix_message_otids_created ON message_otids (created_at);
INSERT INTO message_otids SELECT agent_id, otid, run_id, created_at FROM messages WHERE otid IS NOT NULL;
"""

NOTE_OTID = """
CREATE FUNCTION note_message_otid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO roost.message_otids VALUES (NEW.agent_id, NEW.otid, NEW.run_id, NEW.created_at);
    RETURN NULL;
END $$
"""

ON_INSERT = """
CREATE TRIGGER note_otid AFTER INSERT ON messages FOR EACH ROW WHEN (NEW.otid IS NOT NULL)
    EXECUTE FUNCTION note_message_otid()
"""

# Vectors of messages, made in the background where a setting asks for them; the mark of an agent is the
# newest message that was looked at.
VECTORS = """
CREATE TABLE message_vectors (
    message_id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES organizations,
    agent_id uuid NOT NULL REFERENCES agents ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    embedding vector NOT NULL,
    embedding_dim integer NOT NULL,
    embedding_model text NOT NULL
);
CREATE INDEX ix_message_vectors_agent ON message_vectors (agent_id);
CREATE INDEX ix_message_vectors_created ON message_vectors (created_at);
CREATE TABLE message_vector_marks (
    agent_id uuid PRIMARY KEY REFERENCES agents ON DELETE CASCADE,
    seq bigint NOT NULL
);
"""

LEADERS = """
CREATE TABLE job_leases (
    name text PRIMARY KEY,
    owner text NOT NULL,
    expires_at timestamptz NOT NULL,
    last_started_at timestamptz,
    last_finished_at timestamptz,
    last_error text
)
"""

# The server's login owns no table. These functions run as the owner, for a login that may delete messages.
MAY = """IF NOT has_table_privilege(session_user, 'roost.messages', 'DELETE') THEN
        RAISE insufficient_privilege USING MESSAGE = 'only who may delete messages may do this';
    END IF;"""

ADD_PARTITIONS = f"""
CREATE FUNCTION add_message_partitions(ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = roost, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    made integer := 0;
    since timestamptz;
    until timestamptz;
    name text;
BEGIN
    {MAY}
    PERFORM pg_advisory_xact_lock(hashtext('roost message partitions'));
    FOR n IN 0..ahead LOOP
        since := (date_trunc('month', now() AT TIME ZONE 'UTC') + n * interval '1 month') AT TIME ZONE 'UTC';
        until := (since AT TIME ZONE 'UTC' + interval '1 month') AT TIME ZONE 'UTC';
        name := 'messages_' || to_char(since AT TIME ZONE 'UTC', 'YYYY_MM');
        CONTINUE WHEN to_regclass('roost.' || name) IS NOT NULL;
        BEGIN
            EXECUTE format('CREATE TABLE %I (LIKE messages INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', name);
            EXECUTE format('WITH moved AS (DELETE FROM messages_rest'
                ' WHERE created_at >= %L AND created_at < %L RETURNING *)'
                ' INSERT INTO %I SELECT * FROM moved', since, until, name);
            EXECUTE format('ALTER TABLE messages ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                name, since, until);
            made := made + 1;
        EXCEPTION WHEN invalid_object_definition THEN
            NULL;  -- the month belongs to the partition of the old table
        END;
    END LOOP;
    RETURN made;
END $$
"""

# One old month. What agents still see outlives it: that moves to `messages_rest`.
DROP_PARTITION = f"""
CREATE FUNCTION drop_message_partition(before timestamptz) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = roost, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    kept text := 'm.seq = 1 OR m.seq >= a.context_start';
    old record;
BEGIN
    {MAY}
    PERFORM pg_advisory_xact_lock(hashtext('roost message partitions'));
    IF to_regclass('roost.conversations') IS NOT NULL THEN
        kept := kept || ' OR m.seq >= (SELECT c.context_start FROM conversations c'
            ' WHERE c.id = m.conversation_id)';
    END IF;
    FOR old IN
        SELECT c.relname AS name FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'roost.messages'::regclass AND c.relname <> 'messages_rest'
            AND substring(pg_get_expr(c.relpartbound, c.oid)
                FROM 'TO \\(''([^'']+)''\\)')::timestamptz <= before
        ORDER BY c.relname LIMIT 1
    LOOP
        EXECUTE format('ALTER TABLE messages DETACH PARTITION %I', old.name);
        EXECUTE format('DELETE FROM message_otids o USING %I m'
            ' WHERE o.agent_id = m.agent_id AND o.otid = m.otid', old.name);
        EXECUTE format('INSERT INTO messages SELECT m.* FROM %I m JOIN agents a ON a.id = m.agent_id'
            ' WHERE %s', old.name, kept);
        EXECUTE format('DROP TABLE %I', old.name);
        RETURN true;
    END LOOP;
    RETURN false;
END $$
"""

# One partial index per dimension in use. Building it keeps writers waiting, so a table that holds many
# vectors of the dimension already is left to its owner: then the answer is no.
ADD_VECTOR_INDEX = f"""
CREATE FUNCTION add_vector_index(target text, dimension integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = roost, public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    name text := 'ix_' || target || '_hnsw_' || dimension;
    kind text := CASE WHEN dimension <= 2000 THEN 'vector' ELSE 'halfvec' END;
    many boolean;
BEGIN
    {MAY}
    IF target NOT IN ('passages', 'message_vectors') THEN
        RAISE invalid_parameter_value USING MESSAGE = 'there are no vectors in ' || target;
    END IF;
    IF to_regclass('roost.' || name) IS NOT NULL OR dimension > 4000 THEN
        RETURN true;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE embedding_dim = %s OFFSET 10000)', target, dimension)
        INTO many;
    IF many THEN
        RETURN false;
    END IF;
    EXECUTE format('CREATE INDEX %I ON %I USING hnsw ((embedding::%s(%s)) %s_cosine_ops)'
        ' WHERE embedding_dim = %s', name, target, kind, dimension, kind, dimension);
    RETURN true;
END $$
"""

DOWN = """
DROP FUNCTION add_message_partitions(integer);
DROP FUNCTION drop_message_partition(timestamptz);
DROP FUNCTION add_vector_index(text, integer);
DROP TABLE job_leases;
DROP TABLE message_vectors;
DROP TABLE message_vector_marks;
ALTER TABLE messages RENAME TO messages_by_month;
ALTER INDEX messages_pkey RENAME TO messages_by_month_pkey;
ALTER INDEX ix_messages_run RENAME TO ix_messages_by_month_run;
ALTER INDEX ix_messages_step RENAME TO ix_messages_by_month_step;
CREATE TABLE messages (
    LIKE messages_by_month INCLUDING DEFAULTS,
    PRIMARY KEY (id),
    FOREIGN KEY (org_id) REFERENCES organizations,
    FOREIGN KEY (agent_id) REFERENCES agents ON DELETE CASCADE,
    FOREIGN KEY (run_id) REFERENCES runs ON DELETE SET NULL,
    FOREIGN KEY (step_id) REFERENCES steps ON DELETE SET NULL,
    CONSTRAINT uq_messages_agent_seq UNIQUE (agent_id, seq)
);
INSERT INTO messages SELECT * FROM messages_by_month;
CREATE UNIQUE INDEX uq_otid ON messages (agent_id, otid) WHERE otid IS NOT NULL;
CREATE INDEX ix_messages_run ON messages (run_id, seq);
CREATE INDEX ix_messages_step ON messages (step_id);
DROP TABLE messages_by_month;
DROP TABLE message_otids;
DROP FUNCTION note_message_otid();
ALTER INDEX uq_otid RENAME TO uq_messages_agent_otid;
"""

# The vector indexes of the first migration stay; those that were added since have another dimension.
DOWN_VECTORS = """
DO $$
DECLARE
    added record;
BEGIN
    FOR added IN SELECT indexname AS name FROM pg_indexes WHERE schemaname = 'roost'
        AND indexname LIKE 'ix_passages_hnsw_%'
        AND indexname <> ALL (ARRAY(SELECT 'ix_passages_hnsw_' || d
            FROM unnest(ARRAY[384, 768, 1024, 1536, 3072]) d))
    LOOP
        EXECUTE format('DROP INDEX %I', added.name);
    END LOOP;
END $$
"""


def upgrade() -> None:
    _run(MESSAGES)
    for statement in (WORDS, ATTACH, REST):
        op.execute(statement)
    _run(OTIDS)
    _run(VECTORS)
    for statement in (NOTE_OTID, ON_INSERT, LEADERS, ADD_PARTITIONS, DROP_PARTITION, ADD_VECTOR_INDEX):
        op.execute(statement)
    op.execute("SELECT add_message_partitions(2)")


def downgrade() -> None:
    _run(DOWN)
    op.execute(DOWN_VECTORS)


def _run(script: str) -> None:
    """Statement by statement; not for functions, whose bodies have semicolons of their own."""
    for statement in filter(str.strip, script.split(";\n")):
        op.execute(statement)
