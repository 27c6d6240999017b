"""Rules on the server: how many, which image, how it streams, stops and migrates."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.settings.settings import Settings
from infra.sizing.connections import SUPERUSER_RESERVED, SURGE_PODS
from infra.sizing.timing import KEEP_ALIVE_MARGIN, PINGS_PER_IDLE

_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")
_TAG = re.compile(r".*:([\w][\w.-]{0,127})")


def replicas_are_ordered(settings: Settings) -> Iterator[str]:
    """min <= max."""
    replicas = settings.server.replicas
    if replicas.min > replicas.max:
        yield (
            f"`roost:server.replicas.min` ({replicas.min}) is above `roost:server.replicas.max` "
            f"({replicas.max}): raise max or lower min."
        )


def image_is_pinned(settings: Settings) -> Iterator[str]:
    """Prod runs exactly the bytes that were tested; nobody runs `latest`."""
    image = settings.server.image
    if image is None and settings.profile == "prod":
        yield (
            "`roost:server.image` is missing: prod names the image that was tested and pushed to the stack's "
            "repository, by digest. Only dev builds one by itself."
        )
    elif image is not None and settings.profile == "prod" and not _DIGEST.fullmatch(image):
        yield (
            "`roost:server.image` must be pinned by digest in prod, as `registry/name@sha256:…`: "
            f"{image!r} could be another one tomorrow. `docker push` and `buildah push` print the digest."
        )
    elif image is not None and not _DIGEST.fullmatch(image) and _tag(image) in {None, "latest"}:
        yield (
            f"`roost:server.image` {image!r} names no fixed version: give a tag other than `latest`, or a "
            "digest."
        )


def _tag(image: str) -> str | None:
    match = _TAG.fullmatch(image.rpartition("/")[2])
    return match[1] if match else None


def pools_fit_the_database(settings: Settings) -> Iterator[str]:
    """All pools at the worst moment of a rollout, and what else connects, below max_connections."""
    budget = settings.connection_budget
    if budget.fits:
        return
    where = "roost:local" if settings.local is not None else "roost:aws"
    pool, count = "roost:server.poolSize", "roost:server.replicas.max"
    if settings.pooler is not None:
        pool, count = "roost:aws.database.pooler.poolSize", "roost:aws.database.pooler.replicas"
    replicas, size = budget.holders.max_replicas, str(budget.holders.pool_size)
    if budget.holders.besides:
        size = f"({size} + {budget.holders.besides} besides)"
    remedy = f"raise `{where}.database.maxConnections` to {budget.sufficient_max_connections}"
    if budget.largest_pool >= 1:
        remedy += f", or lower `{pool}` to {budget.largest_pool}"
    yield (
        f"the connection pools do not fit the database: {replicas} running + {SURGE_PODS} new + "
        f"{replicas} draining pods x poolSize {size} + {budget.reserved} reserved = "
        f"{budget.needed} connections, and `{where}.database.maxConnections` {budget.max_connections} "
        f"leaves {budget.available} (Postgres keeps {SUPERUSER_RESERVED}): {remedy}, or lower `{count}`."
    )


def streams_outlive_the_edge(settings: Settings) -> Iterator[str]:
    """The edge hears from a silent stream in time, and closes idle connections before the server does."""
    timing = settings.timing
    if timing.edge_idle < PINGS_PER_IDLE * timing.ping:
        yield (
            f"the edge would cut a silent stream: `roost:edge.idleTimeoutSeconds` is {timing.edge_idle} "
            f"and the server pings every {timing.ping} s (`roost:server.pingSeconds`). Leave room for a "
            f"late ping: an idle timeout of at least {PINGS_PER_IDLE * timing.ping}."
        )
    if timing.keep_alive <= timing.edge_idle:
        yield (
            "the server would close connections that the edge still uses, which shows as 502: "
            f"`roost:server.keepAliveSeconds` is {timing.keep_alive}, not above "
            f"`roost:edge.idleTimeoutSeconds` ({timing.edge_idle}). Remove keepAliveSeconds, which then is "
            f"{timing.edge_idle + KEEP_ALIVE_MARGIN}."
        )


def stops_are_graceful(settings: Settings) -> Iterator[str]:
    """A stopping pod has the time to finish what it streams."""
    timing = settings.timing
    if timing.drain < timing.longest_stream:
        yield (
            f"a rollout would cut streams: `roost:server.drainSeconds` is {timing.drain} and a stream may "
            f"take `roost:server.longestStreamSeconds` {timing.longest_stream}. Raise drainSeconds to "
            "that; a pod without streams stops at once all the same."
        )
    if timing.termination_grace < timing.pre_stop + timing.drain:
        yield (
            "Kubernetes would kill a pod that still drains: `roost:server.terminationGraceSeconds` is "
            f"{timing.termination_grace}, and preStopSeconds {timing.pre_stop} + drainSeconds "
            f"{timing.drain} take {timing.pre_stop + timing.drain}. Remove terminationGraceSeconds, which "
            "is then computed."
        )


def migration_can_finish(settings: Settings) -> Iterator[str]:
    """The Job lives long enough for its last attempt."""
    migration = settings.migration
    waiting = migration.attempts * migration.lock_timeout_seconds
    if waiting >= migration.deadline_seconds:
        yield (
            f"the migration Job would be stopped before its last attempt: {migration.attempts} attempts x "
            f"lockTimeoutSeconds {migration.lock_timeout_seconds} = {waiting} s, and "
            f"`roost:migration.deadlineSeconds` is {migration.deadline_seconds}. Raise it well above "
            f"{waiting}."
        )
