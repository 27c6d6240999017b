"""ClickHouse's users: who they are, what they may do, and how far their queries may go."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement

from infra.settings.clickhouse import ClickHouseSettings, ReaderSettings
from infra.sizing.clickhouse import QUERY_SHARE, share_of
from infra.sizing.quantities import memory_bytes
from infra.workloads.clickhouse_xml import document, fill

DATABASE = "otel"
BACKUPS = "roost_backups"
"""The named collection with the bucket's URL; a test holds `roost store` to it."""

WRITER, READER, BACKUP, OWNER, ADMIN = "otel_writer", "otel_reader", "otel_backup", "otel_owner", "admin"

HERE = ("127.0.0.1", "::1")
PRIVATE = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")
"""Where pods have their addresses. Which pods connect is the network policy's part."""


@dataclass(frozen=True, kw_only=True)
class User:
    """One user; passwords are hashes in a file of their own."""

    name: str
    profile: str
    quota: str
    grants: tuple[str, ...]
    networks: tuple[str, ...] = PRIVATE


USERS = (
    User(
        name=WRITER,
        profile="writer",
        quota="writer",
        # The exporter also asks for a table's columns, which whoever may insert into them is told.
        grants=(f"GRANT INSERT ON {DATABASE}.*",),
    ),
    User(name=READER, profile="reader", quota="reader", grants=(f"GRANT SELECT ON {DATABASE}.*",)),
    User(
        name=BACKUP,
        profile="maintenance",
        quota="maintenance",
        grants=(
            f"GRANT BACKUP, SHOW ON {DATABASE}.*",
            f"GRANT NAMED COLLECTION ON {BACKUPS}",
            "GRANT READ, WRITE ON S3",
            "GRANT CREATE TEMPORARY TABLE ON *.*",
            "GRANT SELECT ON system.backups",
        ),
    ),
    User(
        name=OWNER,
        profile="maintenance",
        quota="maintenance",
        grants=(
            # A restore may go beside what is there, into a database of another name.
            "GRANT SELECT, INSERT, ALTER, CREATE, DROP, SHOW ON *.*",
            f"GRANT NAMED COLLECTION ON {BACKUPS}",
            "GRANT READ ON S3",
            f"GRANT SET DEFINER ON {OWNER}",
            "GRANT TABLE ENGINE ON *",
        ),
    ),
    User(
        name=ADMIN,
        profile="maintenance",
        quota="maintenance",
        grants=("GRANT ALL ON *.* WITH GRANT OPTION",),
        networks=HERE,
    ),
)


def users_file(settings: ClickHouseSettings) -> str:
    """`users.xml`: everything about users but their passwords. It takes the place of the image's own."""
    root = Element("clickhouse")
    _profiles(SubElement(root, "profiles"), settings)
    _quotas(SubElement(root, "quotas"), settings)
    users = SubElement(root, "users")
    for user in USERS:
        element = SubElement(users, user.name)
        networks = SubElement(element, "networks")
        for network in user.networks:
            fill(networks, {"ip": network})
        fill(element, {"profile": user.profile, "quota": user.quota})
        grants = SubElement(element, "grants")
        for grant in user.grants:
            fill(grants, {"query": grant})
    return document(root)


def passwords_file(passwords: dict[str, str]) -> str:
    """`users.d/passwords.xml`: the hash of each user's password, by the user's name.

    The passwords are random and long, so that a hash without salt gives nothing away.
    """
    root = Element("clickhouse")
    users = SubElement(root, "users")
    for name, password in passwords.items():
        fill(users, {name: {"password_sha256_hex": hashlib.sha256(password.encode()).hexdigest()}})
    return document(root)


def _profiles(parent: Element, settings: ClickHouseSettings) -> None:
    memory = memory_bytes(settings.resources.memory_limit)
    # Sampling profilers write into system tables all the time; nobody here reads them.
    quiet = {"query_profiler_real_time_period_ns": 0, "query_profiler_cpu_time_period_ns": 0}
    bounded = {**quiet, "max_memory_usage": share_of(memory, QUERY_SHARE)}
    fill(
        parent,
        {
            "default": bounded,
            "writer": {"profile": "default", "async_insert": 1, "wait_for_async_insert": 1},
            "reader": {"profile": "default", **_reader_limits(settings.reader, memory)},
            # A backup or a restore takes as long as it takes; its Job has a deadline.
            "maintenance": {"profile": "default"},
        },
    )


def _reader_limits(reader: ReaderSettings, memory: int) -> dict[str, int]:
    return {
        "readonly": 1,
        "max_execution_time": reader.query_seconds,
        "max_rows_to_read": reader.rows_per_query,
        "max_concurrent_queries_for_user": reader.concurrent_queries,
        "max_memory_usage_for_user": share_of(memory, QUERY_SHARE),
    }


def _quotas(parent: Element, settings: ClickHouseSettings) -> None:
    hour = {"duration": 3600}
    reader = settings.reader
    fill(
        parent,
        {
            "reader": {
                "interval": {
                    **hour,
                    "queries": reader.queries_per_hour,
                    "execution_time": reader.seconds_per_hour,
                }
            },
            "writer": {"interval": {**hour, "query_inserts": settings.writer_inserts_per_hour}},
            "maintenance": {"interval": {**hour, "queries": 0}},
        },
    )
