"""Which jobs there are, how often they run and how long they may take."""

from __future__ import annotations

from functools import partial

from app.db.pool import Database
from app.models.service import Models
from app.security import audit
from app.settings import Settings
from app.upkeep import embedding, history
from app.upkeep.scheduler import Job

HOUR, DAY = 3600.0, 86_400.0


def of(settings: Settings, db: Database, models: Models) -> list[Job]:
    """The jobs that the settings ask for."""
    jobs = [
        Job("message partitions", 6 * HOUR, 30, partial(history.add_partitions, db)),
        Job("message otids", HOUR, 60, partial(history.forget_otids, db)),
        Job("audit retention", HOUR, 300, partial(audit.prune, db, settings.audit_retention_days)),
    ]
    if settings.message_retention_days is not None:
        work = partial(history.retain, db, settings.message_retention_days)
        jobs.append(Job("message retention", DAY / 4, 600, work))
    if models.embedding is not None:
        jobs.append(Job("vector index", HOUR, 60, partial(embedding.add_index, db, models.embedding)))
    if models.message_embedding is not None:
        work = partial(embedding.embed_messages, db, models, models.message_embedding)
        jobs.append(Job("message vectors", 15, 300, work))
    return jobs
