"""Databases of a version that AWS mends, changed when it is agreed."""

from __future__ import annotations

from itertools import chain

from pulumi_policy import Severity
from pydantic import Field, field_validator

from policies.lib.check import Check
from policies.lib.rds import DATABASES, INSTANCE, MEMBER, SERVERS, engine, is_replica, takes_over
from policies.lib.remedy import Draft
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Value
from policies.lib.versions import parse, version_of

_GUIDE = "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide"
_WITHOUT_EXTENDED_SUPPORT = "open-source-rds-extended-support-disabled"


class Upgrades(Settings):
    """Which changes may come at any time."""

    only_when_planned: bool = Field(
        default=True,
        description="Whether major upgrades, and changes outside the maintenance window, are refused too.",
    )


def _upgrade_when_planned(draft: Draft, settings: Settings) -> None:
    assert isinstance(settings, Upgrades)
    wanted = {"autoMinorVersionUpgrade": True}
    if settings.only_when_planned:
        wanted |= {"allowMajorVersionUpgrade": False, "applyImmediately": False}
    for path, value in wanted.items():
        if draft.get(path) is not None:  # what is absent is so by default
            draft.put(path, value)


@resource_rule(
    "rds-minor-upgrades",
    SERVERS,
    title="A database gets minor upgrades by itself, and nothing else unplanned",
    why="Minor versions close holes. A major one, or a restart outside the window, is an outage.",
    fix="Leave autoMinorVersionUpgrade on, and allowMajorVersionUpgrade and applyImmediately off.",
    severity=Severity.MEDIUM,
    refs="FSBP RDS.13, FSBP RDS.35, CIS 2.2.2, CKV AWS_226",
    dev="advisory",
    prod="mandatory",
    settings=Upgrades,
    remedy=_upgrade_when_planned,
)
def upgrades(db: Resource, check: Check) -> None:
    with check.part():
        minor = db["autoMinorVersionUpgrade"]
        if not minor.truth(default=True):
            check.violation("it does not get minor upgrades by itself", minor)
    if not check.settings(Upgrades).only_when_planned:
        return
    with check.part():
        major = db["allowMajorVersionUpgrade"]
        if major.truth(default=False):
            check.violation("it may be upgraded to another major version", major)
    with check.part():
        at_once = db["applyImmediately"]
        if at_once.truth(default=False):
            check.violation("its changes do not wait for the maintenance window", at_once)


class Authorities(Settings):
    """Who may sign a server's certificate."""

    authorities: tuple[str, ...] = Field(
        default=("rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1"),
        description="RDS's certificate authorities that are current; the first one is the remedy's.",
        min_length=1,
    )


def _current_authority(draft: Draft, settings: Settings) -> None:
    assert isinstance(settings, Authorities)
    given = Value(draft.get("caCertIdentifier"))
    if given.known and given.present and draft.get("caCertIdentifier") not in settings.authorities:
        draft.put("caCertIdentifier", settings.authorities[0])


@resource_rule(
    "rds-ca",
    types(INSTANCE, MEMBER),
    title="A database's certificate is from a current authority",
    why="Clients that check certificates stop connecting when the authority behind them expires.",
    fix="Set caCertIdentifier to one of RDS's g1 authorities, or leave it out.",
    severity=Severity.MEDIUM,
    refs="CKV AWS_211",
    url=f"{_GUIDE}/UsingWithRDS.SSL.html",
    dev="advisory",
    prod="mandatory",
    departs="Does not judge the port (FSBP RDS.23): who can reach it counts, another number is no help.",
    settings=Authorities,
    remedy=_current_authority,
)
def authority(db: Resource, check: Check) -> None:
    given = db["caCertIdentifier"]
    if given.present and given.text() not in check.settings(Authorities).authorities:
        check.violation("its certificate is not from a current authority", given)


class Engines(Settings):
    """Engines that can run the server: Postgres with pgvector 0.8.0, whose iterative scans it needs."""

    versions: dict[str, tuple[str, ...]] = Field(
        default={
            "postgres": ("15.9", "16.5", "17.1", "18.1"),
            "aurora-postgresql": ("15.12", "16.8", "17.4"),
        },
        description="By engine the oldest minor version of each major one.",
    )

    @field_validator("versions")
    @classmethod
    def _can_be_ordered(cls, versions: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        for one in chain.from_iterable(versions.values()):
            parse(one)
        return versions


@resource_rule(
    "rds-engine-supported",
    DATABASES,
    title="A database's engine is supported, and carries pgvector",
    why="A version out of support gets no fixes and costs extra; one without pgvector cannot hold archives.",
    fix="Set engine and engineVersion to one of the list, and engineLifecycleSupport to "
    f"{_WITHOUT_EXTENDED_SUPPORT}.",
    severity=Severity.HIGH,
    refs="CKV AWS_250, CKV AWS_388",
    url=f"{_GUIDE}/PostgreSQL.Concepts.General.DBVersions.html",
    dev="mandatory",
    prod="mandatory",
    settings=Engines,
)
def supported(db: Resource, check: Check) -> None:
    with check.part():
        _judge_version(db, check)
    with check.part():
        support = db["engineLifecycleSupport"]
        if not (is_replica(db) and not support.present) and support.text() != _WITHOUT_EXTENDED_SUPPORT:
            check.violation("it stays on its version when support has ended, for a price", support)


def _judge_version(db: Resource, check: Check) -> None:
    named, given = db["engine"], db["engineVersion"]
    if takes_over(db, named):
        return
    firsts = check.settings(Engines).versions.get(engine(db))
    if firsts is None:
        check.violation("its engine is not of the list", named)
    elif takes_over(db, given):
        return
    elif not given.present:
        check.violation("its version is left to AWS", given)
    else:
        version = version_of(given)
        first = next((one for one in map(parse, firsts) if one.major == version.major), None)
        if first is None:
            check.violation("its major version is not of the list", given)
        elif len(version.numbers) > 1 and version < first:  # a major version alone is the newest of its line
            check.violation(f"its version is older than {first}", given)
