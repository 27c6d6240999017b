"""SQL on jobs, which are runs in the background. `$1` is the organisation."""

from __future__ import annotations

from app.db.keyset import Listing
from app.db.pool import Statement
from app.runs.queries import job

LIST = Listing(
    name="list_jobs",
    table="runs",
    select=f"SELECT {job('t')} FROM runs t",
    scope="{0}.org_id = $1 AND {0}.background",
    order=("{0}.created_at", "{0}.id"),
    kind="job",
)

GET = Statement(
    "get_job", f"SELECT {job('r')} FROM runs r WHERE r.org_id = $1 AND r.id = $2 AND r.background"
)
