"""What a ClickHouse server reads: `config.xml` and the files beside it, as text.

It is the whole configuration, not an addition to the image's own: nothing listens, nobody signs in and no log
grows that is not written here. The engine itself reads these files in tests/clickhouse.
"""

from __future__ import annotations

from dataclasses import dataclass

from infra.settings.clickhouse import ClickHouseSettings
from infra.sizing.clickhouse import SERVER_SHARE, keep_free_bytes, share_of
from infra.sizing.quantities import memory_bytes
from infra.workloads.clickhouse_users import BACKUPS, users_file
from infra.workloads.clickhouse_xml import rendered

HTTPS_PORT = 8443
NATIVE_PORT = 9440
CONFIG_DIR = "/etc/clickhouse"
DATA_DIR = "/var/lib/clickhouse"
CERTIFICATE, KEY, AUTHORITY = "tls.crt", "tls.key", "ca.crt"

SYSTEM_LOG_DAYS = 3
NO_LOGS = (
    "asynchronous_insert_log",
    "asynchronous_metric_log",
    "background_schedule_pool_log",
    "blob_storage_log",
    "error_log",
    "latency_log",
    "metric_log",
    "opentelemetry_span_log",
    "processors_profile_log",
    "query_metric_log",
    "query_thread_log",
    "query_views_log",
    "session_log",
    "text_log",
    "trace_log",
    "zookeeper_log",
)
"""System tables that the server would fill for ever: what most often fills the disk of a ClickHouse
(runtime-anchors C.3). The pod's output has the server's own log."""


@dataclass(frozen=True, kw_only=True)
class BackupPlace:
    """Where backups go: a URL of S3's that ends in a slash. The pod's own identity opens it."""

    url: str


def config_files(settings: ClickHouseSettings, backups: BackupPlace | None) -> dict[str, str]:
    """The files by name; a name with a slash is in a folder beside `config.xml`."""
    return {
        "config.xml": _server(settings, backups),
        "config.d/closed.xml": _closed(),
        "users.xml": users_file(settings),
    }


def admin_file(user: str, password: str) -> str:
    """For `clickhouse client --config-file` in the pod itself: no password on any command line."""
    # Between a pod and itself is nobody, and the certificate is not for the name localhost.
    trust = {"verificationMode": "none", "invalidCertificateHandler": {"name": "AcceptCertificateHandler"}}
    return rendered(
        {
            "host": "localhost",
            "port": NATIVE_PORT,
            "secure": 1,
            "user": user,
            "password": password,
            "openSSL": {"client": trust},
        }
    )


def _server(settings: ClickHouseSettings, backups: BackupPlace | None) -> str:
    memory = memory_bytes(settings.resources.memory_limit)
    log = {
        "partition_by": "event_date",
        "ttl": f"event_date + INTERVAL {SYSTEM_LOG_DAYS} DAY DELETE",
        "flush_interval_milliseconds": 7500,
    }
    return rendered(
        {
            "logger": {"level": "information", "console": 1},
            "listen_host": "0.0.0.0",  # noqa: S104 - in a pod, behind a NetworkPolicy
            "https_port": HTTPS_PORT,
            "tcp_port_secure": NATIVE_PORT,
            "openSSL": _tls(),
            "path": f"{DATA_DIR}/",
            "tmp_path": f"{DATA_DIR}/tmp/",  # noqa: S108 - on the volume
            "user_files_path": f"{DATA_DIR}/user_files/",
            "format_schema_path": f"{DATA_DIR}/format_schemas/",
            "users_config": f"{CONFIG_DIR}/users.xml",
            "default_profile": "default",
            "default_database": "default",
            "timezone": "UTC",
            "max_server_memory_usage": share_of(memory, SERVER_SHARE),
            # Caches come out of the same memory; the defaults are for servers many times as large.
            "mark_cache_size": share_of(memory, 0.1),
            "uncompressed_cache_size": 0,
            "max_concurrent_queries": 100,
            "max_connections": 512,
            "keep_alive_timeout": 30,
            "shutdown_wait_unfinished": 60,
            "shutdown_wait_unfinished_queries": 1,
            # Nobody drops a table of more than 50 GiB by one slip.
            "max_table_size_to_drop": 50 * 2**30,
            "max_partition_size_to_drop": 50 * 2**30,
            "storage_configuration": {
                "disks": {"default": {"keep_free_space_bytes": keep_free_bytes(settings.storage_gib)}}
            },
            "merge_tree": {"parts_to_delay_insert": 300, "parts_to_throw_insert": 1000},
            "query_log": {"database": "system", "table": "query_log", **log},
            "part_log": {"database": "system", "table": "part_log", **log},
            **({"named_collections": {BACKUPS: _collection(backups)}} if backups else {}),
        }
    )


def _tls() -> dict[str, dict[str, str | int]]:
    return {
        "server": {
            "certificateFile": f"{CONFIG_DIR}/{CERTIFICATE}",
            "privateKeyFile": f"{CONFIG_DIR}/{KEY}",
            "caConfig": f"{CONFIG_DIR}/{AUTHORITY}",
            "verificationMode": "none",  # clients prove themselves by password
            "disableProtocols": "sslv2,sslv3,tlsv1,tlsv1_1",
            "preferServerCiphers": "true",
        }
    }


def _collection(backups: BackupPlace) -> dict[str, str]:
    return {"url": backups.url, "use_environment_credentials": "1"}


def _closed() -> str:
    """What is taken away again, were the image's own configuration ever read before this one."""
    gone = {"@remove": "1"}
    ports = ("http_port", "tcp_port", "mysql_port", "postgresql_port", "interserver_http_port")
    return rendered(dict.fromkeys((*ports, *NO_LOGS), gone))
