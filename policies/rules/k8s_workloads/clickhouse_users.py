"""ClickHouse users that have to prove who they are, from where they belong, and do what they are for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.net import any_world
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.values import Undetermined, Value
from policies.rules.k8s_workloads.clickhouse_files import FILES, Configuration, Configurations, is_removed

_DEFAULT = "default"
_WHOLE_FILES = frozenset({"users.xml", "users.yaml", "users.yml"})
_PROOFS = (
    "password_sha256_hex",
    "password_double_sha1_hex",
    "password_scram_sha256_hex",
    "k8s_secret_password",
    "k8s_secret_password_sha256_hex",
    "k8s_secret_password_double_sha1_hex",
    "ldap",
    "kerberos",
    "ssl_certificates",
    "ssh_keys",
    "http_authentication",
)
_FROM_ELSEWHERE = ("@from_env", "@from_zk", "valueFrom")
_ANY_HOST = frozenset({".*", "^.*$", ".+", "^.+$"})
_LIMITS = ("queries", "query_selects", "result_rows", "result_bytes", "read_rows", "execution_time")


class UserSettings(Settings):
    """Which users are which."""

    admins: tuple[str, ...] = Field(
        default=("admin",), description="Users that may manage access; applications are none of them."
    )
    readers: tuple[str, ...] = Field(
        default=("*reader*", "*readonly*", "grafana*"),
        description="Globs over names of users that only read.",
    )


@dataclass(frozen=True)
class _User:
    """What all documents say about one user."""

    name: str
    resource: Resource
    parts: tuple[Value, ...]

    def __getitem__(self, key: str) -> Value:
        return next((part[key] for part in self.parts if part[key].present), self.parts[0][key])


@stack_rule(
    "ch-users",
    FILES,
    title="ClickHouse users have hashed passwords, known addresses and only the rights that they need",
    why="The image comes with a user that needs no password and may do everything; one query can read or "
    "drop all telemetry.",
    fix="Remove the default user or give it password_sha256_hex and networks; give every user networks and "
    "a hash, readers a profile with readonly and a quota, and access_management to administrators alone.",
    severity=Severity.HIGH,
    refs="DOC ClickHouse users settings",
    url="https://clickhouse.com/docs/operations/settings/settings-users",
    dev="advisory",
    prod="mandatory",
    settings=UserSettings,
    departs="It looks at all documents of a namespace together: a Secret may hold the hash for a user that a "
    "ConfigMap describes.",
)
def users(stack: Stack, check: Check) -> None:
    for configuration in Configurations(stack, check).all():
        if not any(configuration.all("users")) and not _is_operated(configuration):
            continue
        with check.on(configuration.owner):
            found = _users(configuration)
            if _DEFAULT not in found and not _replaces_default(configuration) and configuration.lacking():
                check.violation("the default user is neither removed nor limited")
        for user in found.values():
            with check.on(user.resource):
                _judge(user, configuration, check)


def _is_operated(configuration: Configuration) -> bool:
    return any(not name for _, name, _ in configuration.parts)


def _replaces_default(configuration: Configuration) -> bool:
    """Whether a file takes the place of the image's own, instead of being merged with it."""
    return any(name in _WHOLE_FILES and value["users"].present for _, name, value in configuration.parts)


def _users(configuration: Configuration) -> dict[str, _User]:
    found: dict[str, _User] = {}
    for resource, _, document in configuration.parts:
        section = document["users"]
        for name, value in section.entries().items() if section.is_mapping else ():
            known = found.get(name, _User(name, resource, ()))
            found[name] = _User(name, known.resource, (*known.parts, *(value.items() or [value])))
    return found


def _judge(user: _User, configuration: Configuration, check: Check) -> None:
    settings = check.settings(UserSettings)
    if any(is_removed(part) for part in user.parts):
        return
    with check.part():
        _proves_itself(user, configuration, check)
    with check.part():
        _comes_from_somewhere(user, configuration, check)
    with check.part():
        manages = user["access_management"]
        if user.name not in settings.admins and manages.truth(default=False):
            check.violation("a user that is no administrator manages access", manages)
    if any(fnmatchcase(user.name, glob) for glob in settings.readers):
        with check.part():
            _only_reads(user, configuration, check)
        with check.part():
            _has_limits(user, configuration, check)


def _proves_itself(user: _User, configuration: Configuration, check: Check) -> None:
    password = user["password"]
    if password.present and not any(password[one].present for one in _FROM_ELSEWHERE):
        check.violation("a password stands in the clear", password)
    elif not password.present and not any(user[one].present for one in _PROOFS) and configuration.lacking():
        check.violation("a user needs no password", user["password"])


def _comes_from_somewhere(user: _User, configuration: Configuration, check: Check) -> None:
    networks = user["networks"]
    if networks["@incl"].present:
        raise Undetermined(networks.path, "stands in another file")
    sources = [value for key in ("ip", "host", "host_regexp") for value in networks[key].items()]
    if not sources and configuration.lacking():
        check.violation("a user may come from everywhere", networks)
    if any_world(networks["ip"].items()):
        check.violation("a user may come from everywhere", networks["ip"])
    for pattern in networks["host_regexp"].items():
        with check.part():
            if pattern.text().strip() in _ANY_HOST:
                check.violation("a user may come from every host", pattern)


def _only_reads(user: _User, configuration: Configuration, check: Check) -> None:
    profile = user["profile"].text(default=_DEFAULT)
    values = [one["readonly"] for one in configuration.all("profiles", profile) if one["readonly"].present]
    if not values and profile != "readonly" and configuration.lacking():
        check.violation("a reader's profile lets it write", user["profile"])
    for value in values:
        if value.number(default=0) not in (1, 2):
            check.violation("a reader's profile lets it write", value)


def _has_limits(user: _User, configuration: Configuration, check: Check) -> None:
    quota = user["quota"].text(default=_DEFAULT)
    limits = [
        interval[kind].number(default=0)
        for interval in _intervals(configuration, quota)
        for kind in _LIMITS
        if interval[kind].present
    ]
    if not any(limit > 0 for limit in limits) and configuration.lacking():
        check.violation("a reader's quota has no limit", user["quota"])


def _intervals(configuration: Configuration, quota: str) -> Iterator[Value]:
    for one in configuration.all("quotas", quota, "interval"):
        yield from one.items()
