"""`roost heartbeat`: a sign of life for the alarms outside, and what only somebody inside can measure.

The sign is sent first and by itself: a database that does not answer must not look like a dead cluster.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self
from urllib.parse import urlencode

import asyncpg

from app.aws.credentials import CredentialsError, Identity
from app.aws.metrics import publish
from app.aws.requests import RequestError, Sender
from app.db import connect
from app.settings import DatabaseSettings, SettingsError

log = logging.getLogger("roost")

_LATEST = re.compile(rb"<LatestRestorableTime>([^<]+)</LatestRestorableTime>")
_FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
_OLDEST = """
SELECT coalesce(max(extract(epoch FROM clock_timestamp() - xact_start)), 0)::float8
FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""
_FAILURES = (OSError, TimeoutError, ValueError, RequestError, CredentialsError, asyncpg.PostgresError)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where the figures go, and whose restorable time is asked for."""

    namespace: str
    region: str
    instance: str

    @classmethod
    def from_environment(cls) -> Self:
        """Raises SettingsError for what is missing."""
        return cls(
            namespace=_given("ROOST_METRICS_NAMESPACE"),
            region=_given("AWS_REGION"),
            instance=_given("ROOST_RDS_INSTANCE"),
        )


def beat(target: DatabaseSettings, place: Place) -> int:
    """Publish everything; 1 when a measurement failed, which the log tells."""
    identity = Identity()
    failures = 0
    for name, measure in {
        "Heartbeat": lambda: 1.0,
        "OldestTransactionSeconds": lambda: asyncio.run(oldest_transaction(target)),
        "RestorableAgeSeconds": lambda: restorable_age(place, identity),
    }.items():
        try:
            value = measure()
            if value is not None:
                publish({name: value}, namespace=place.namespace, region=place.region, identity=identity)
                log.info("%s %.1f", name, value)
        except _FAILURES as error:
            failures += 1
            log.error("%s: %s", name, error or repr(error))  # noqa: TRY400 - the reason, not the way to it
    return 1 if failures else 0


async def oldest_transaction(target: DatabaseSettings) -> float:
    """Age of the oldest open transaction in seconds; 0 without any."""
    connection = await asyncpg.connect(**connect.arguments(target, application="roost-heartbeat"))
    try:
        return await connection.fetchval(_OLDEST)
    finally:
        await connection.close()


def restorable_age(place: Place, identity: Identity) -> float | None:
    """Seconds since the latest moment that RDS could restore; None while there is none yet."""
    body = urlencode(
        {
            "Action": "DescribeDBInstances",
            "Version": "2014-10-31",
            "DBInstanceIdentifier": place.instance,
        }
    ).encode()
    url = os.environ.get("AWS_ENDPOINT_URL_RDS") or f"https://rds.{place.region}.amazonaws.com"
    answer = Sender(identity, place.region, "rds").send("POST", f"{url}/", body=body, headers=_FORM)
    found = _LATEST.search(answer.body)
    if found is None:
        return None
    return (datetime.now(UTC) - datetime.fromisoformat(found[1].decode())).total_seconds()


def _given(name: str, environment: Mapping[str, str] = os.environ) -> str:
    value = environment.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set; `roost heartbeat` runs where the stack's CronJob starts it.")
    return value
