"""How a pod of the server is told about the cache, and what its login may do there, wherever it runs."""

from __future__ import annotations

import pulumi

from infra.ports import CacheEndpoint
from infra.workloads.pods import SECRETS_DIR

LOGIN = "roost-server"
MAY_DO = "on ~* &* +@all -@dangerous +info"
"""Access string (ACL SETUSER): every key and channel, and no command that stops, empties or configures the
cache; health checks of clients ask INFO."""

CA_FILE = "cache-ca.pem"
PASSWORD_FILE = "cache-password"  # noqa: S105 - a file name


def cache_environment(cache: CacheEndpoint) -> dict[str, pulumi.Input[str]]:
    """The `LETTA_REDIS_*` variables."""
    return {
        "LETTA_REDIS_HOST": cache.host,
        "LETTA_REDIS_PORT": str(cache.port),
        "LETTA_REDIS_USERNAME": cache.login.username,
        "LETTA_REDIS_PASSWORD_FILE": f"{SECRETS_DIR}/{PASSWORD_FILE}",
        "LETTA_REDIS_TLS": "true",
        **({} if cache.ca_bundle is None else {"LETTA_REDIS_CA_FILE": f"{SECRETS_DIR}/{CA_FILE}"}),
    }


def cache_files(cache: CacheEndpoint) -> dict[str, pulumi.Output[str]]:
    """Contents of the files that `cache_environment` names."""
    bundle = {} if cache.ca_bundle is None else {CA_FILE: cache.ca_bundle}
    return {PASSWORD_FILE: cache.login.password, **bundle}
