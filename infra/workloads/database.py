"""How a pod of the server image is told about the database: environment, and password files."""

from __future__ import annotations

import pulumi

from infra.ports import Credentials, DatabaseEndpoint, MountedCredentials
from infra.workloads.pods import SECRETS_DIR

CA_FILE = "database-ca.pem"
PASSWORD_FILE = "database-password"  # noqa: S105 - a file name
EXTERNAL_SECRETS_DIR = "/run/secrets/external"


def login_environment(
    database: DatabaseEndpoint, login: Credentials | MountedCredentials, *, direct: bool
) -> dict[str, pulumi.Input[str]]:
    """The `LETTA_PG_*` variables of one login; `direct` goes past any pooler."""
    return {
        "LETTA_PG_HOST": database.direct_host if direct else database.host,
        "LETTA_PG_PORT": str(database.port),
        "LETTA_PG_DB": database.database,
        "LETTA_PG_USER": login.username,
        "LETTA_PG_PASSWORD_FILE": _password_path(login),
        "LETTA_PG_SSLMODE": database.ssl_mode,
        **({} if database.ca_bundle is None else {"LETTA_PG_CA_FILE": f"{SECRETS_DIR}/{CA_FILE}"}),
    }


def login_files(
    database: DatabaseEndpoint, login: Credentials | MountedCredentials
) -> dict[str, pulumi.Output[str]]:
    """Contents of the files that `login_environment` names, less what a CSI volume brings."""
    password = {} if isinstance(login, MountedCredentials) else {PASSWORD_FILE: login.password}
    bundle = {} if database.ca_bundle is None else {CA_FILE: database.ca_bundle}
    return {**password, **bundle}


def _password_path(login: Credentials | MountedCredentials) -> str:
    if isinstance(login, MountedCredentials):
        return f"{EXTERNAL_SECRETS_DIR}/{login.file}"
    return f"{SECRETS_DIR}/{PASSWORD_FILE}"
