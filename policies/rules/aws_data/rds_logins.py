"""As whom a database lets people and programs in."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.rds import DATABASES, engine, is_replica, takes_over
from policies.lib.remedy import put
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings

_PASSWORDS = ("password", "passwordWo", "masterPassword", "masterPasswordWo")
_MASTERS = ("username", "masterUsername")
_WITHOUT_IAM = ("oracle", "sqlserver", "db2", "custom-")


@resource_rule(
    "rds-iam-auth",
    DATABASES,
    title="A database accepts IAM logins",
    why="A login by IAM is a token of fifteen minutes instead of a password that somebody keeps.",
    fix="Set iamDatabaseAuthenticationEnabled to true.",
    severity=Severity.MEDIUM,
    refs="FSBP RDS.10, FSBP RDS.12, CKV AWS_161",
    dev="advisory",
    prod="mandatory",
    remedy=put("iamDatabaseAuthenticationEnabled", True),
)
def iam_logins(db: Resource, check: Check) -> None:
    enabled = db["iamDatabaseAuthenticationEnabled"]
    if not enabled.truth(default=False) and not engine(db).startswith(_WITHOUT_IAM):
        check.violation("it does not accept IAM logins", enabled)


@resource_rule(
    "rds-managed-password",
    DATABASES,
    title="RDS makes the master password, and no program ever holds it",
    why="A password in a program is in its state, its history and its logs, and nobody rotates it.",
    fix="Set manageMasterUserPassword and masterUserSecretKmsKeyId, and leave every password out.",
    severity=Severity.HIGH,
    refs="FSBP SecretsManager.1",
    dev="mandatory",
    prod="mandatory",
)
def managed_password(db: Resource, check: Check) -> None:
    for prop in _PASSWORDS:
        if db[prop].present:
            check.violation("the program holds the master password", prop)
    managed, key = db["manageMasterUserPassword"], db["masterUserSecretKmsKeyId"]
    if takes_over(db, managed):
        return
    if not managed.truth(default=False):
        check.violation("RDS does not make the master password", managed)
    elif not key.present:
        check.violation("the master password is not under a key of the stack's own", key)


class MasterNames(Settings):
    """Names that guesses try first."""

    names: tuple[str, ...] = Field(
        default=("postgres", "admin", "administrator", "root", "rdsadmin", "user"),
        description="Master user names that are refused, in whatever case.",
    )


@resource_rule(
    "rds-admin-name",
    DATABASES,
    title="The master user has a name of its own",
    why="Whoever guesses passwords begins with the names that every installation has.",
    fix="Give the master user another name; this replaces the database, so restore its data into a new one.",
    severity=Severity.LOW,
    refs="FSBP RDS.25, FSBP RDS.24",
    dev="advisory",
    prod="mandatory",
    settings=MasterNames,
)
def master_name(db: Resource, check: Check) -> None:
    refused = {name.lower() for name in check.settings(MasterNames).names}
    names = [db[prop] for prop in _MASTERS if db[prop].present]
    for name in names:
        if name.text().strip().lower() in refused:
            check.violation("the master user has a name that guesses try first", name)
    if not names and not is_replica(db):
        takes_over(db, db[_MASTERS[0]])
