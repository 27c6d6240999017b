"""What PgBouncer reads: its configuration and its list of logins, as text."""

from __future__ import annotations

from dataclasses import dataclass

from infra.workloads.pods import SECRETS_DIR

PORT = 6432
CONFIG_DIR = "/etc/pgbouncer"
CONFIG_FILE = "pgbouncer.ini"

SESSION = {
    "search_path": "roost, public",
    "idle_in_transaction_session_timeout": "60s",
    "hnsw.iterative_scan": "strict_order",
}
"""What the server asks of each of its sessions. In transaction mode a session is not the server's own, so
PgBouncer sets these on its connections and takes them from nobody; a test holds them to the server's."""

_PREPARED_STATEMENTS = 200
"""Twice what asyncpg keeps for a connection: it names its statements, and PgBouncer has to find each again on
whatever connection the next transaction gets."""

_CONNECTION_SECONDS = 300
"""Age at which a connection to Postgres is not used again. A prepared statement whose table a migration
changed fails until its connection goes; this is the longest that it can."""

_QUERY_WAIT_SECONDS = 10
"""The server gives up on a statement after as long: nobody should wait in a queue for a client that left."""


@dataclass(frozen=True, kw_only=True)
class PoolerConfig:
    """One database behind one PgBouncer."""

    host: str
    port: int
    database: str
    pool_size: int
    """Connections to Postgres."""
    max_clients: int
    """Connections of clients, those of a pod that stands in for another among them."""

    def render(self) -> str:
        """`pgbouncer.ini`. Clients come by TLS with a password, and Postgres has to prove who it is."""
        setup = "; ".join(f"SET {name} = {_value(value)}" for name, value in SESSION.items())
        settings = {
            "listen_addr": "0.0.0.0",  # noqa: S104 - in a pod, behind a NetworkPolicy
            "listen_port": PORT,
            "unix_socket_dir": "",
            "pool_mode": "transaction",
            "max_client_conn": self.max_clients,
            "default_pool_size": self.pool_size,
            "max_db_connections": self.pool_size,
            "max_prepared_statements": _PREPARED_STATEMENTS,
            "server_lifetime": _CONNECTION_SECONDS,
            "query_wait_timeout": _QUERY_WAIT_SECONDS,
            "ignore_startup_parameters": ",".join(SESSION),
            "auth_type": "scram-sha-256",
            "auth_file": f"{SECRETS_DIR}/userlist.txt",
            "client_tls_sslmode": "require",
            "client_tls_cert_file": f"{SECRETS_DIR}/tls.crt",
            "client_tls_key_file": f"{SECRETS_DIR}/tls.key",
            "server_tls_sslmode": "verify-full",
            "server_tls_ca_file": f"{SECRETS_DIR}/database-ca.pem",
            "log_connections": 0,
            "log_disconnections": 0,
        }
        lines = [
            "[databases]",
            f"{self.database} = host={self.host} port={self.port} connect_query={_quoted(setup)}",
            "[pgbouncer]",
            *(f"{name} = {value}".rstrip() for name, value in settings.items()),
        ]
        return "\n".join(lines) + "\n"


def userlist(username: str, password: str) -> str:
    """The only login that PgBouncer lets in, and signs in to Postgres with."""
    return f'"{username}" "{password}"\n'


def _value(value: str) -> str:
    """A list of schemas as it is; everything else as a string."""
    return value if "," in value else f"'{value}'"


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
