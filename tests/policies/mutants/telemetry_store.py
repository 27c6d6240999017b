"""What is noticed about the stack's own ClickHouse."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

from tests.policies.mutants.mutant import each, mutant
from tests.support.policies import Change, R, put

CLAIM = "kubernetes:core/v1:PersistentVolumeClaim::clickhouse-data"
CONFIG = "kubernetes:core/v1:ConfigMap::clickhouse"
SERVICE = "kubernetes:core/v1:Service::clickhouse"
_QUOTA = "<quota>reader</quota>"
_NATIVE = "<tcp_port_secure>9440</tcp_port_secure>"
_INTERSERVER = '<interserver_http_port remove="1" />'


def rewritten(file: str, old: str, new: str) -> Change:
    """Other text in one of its files."""

    def change(stack: Sequence[R]) -> list[R]:
        return [_edited(one) if f"{one.type}::{one.name}" == CONFIG else one for one in stack]

    def _edited(one: R) -> R:
        props = copy.deepcopy(dict(one.props))
        assert old in props["data"][file], f"{file} has no {old}"
        props["data"][file] = props["data"][file].replace(old, new, 1)
        return replace(one, props=props)

    return change


def users(old: str, new: str) -> Change:
    return rewritten("users.xml", old, new)


MUTANTS = (
    *each(
        "ClickHouse lets in whom it should not",
        [
            ("the default user", users("<users>", "<users><default><profile>default</profile></default>")),
            ("from everywhere", users("<ip>10.0.0.0/8</ip>", "<ip>::/0</ip>")),
            ("readers without a quota", users(_QUOTA, "<quota>maintenance</quota>")),
            ("readers that write", users("<readonly>1</readonly>", "<readonly>0</readonly>")),
        ],
        "ch-users",
    ),
    mutant(
        "ClickHouse has a password in its configuration",
        users(_QUOTA, f"{_QUOTA}<password>qwerty</password>"),
        "ch-users",
        "k8s-no-creds-in-config",
        "sec-no-literals",
    ),
    *each(
        "ClickHouse in the clear",
        [
            ("no TLS for clients", rewritten("config.xml", _NATIVE, "")),
            ("among servers", rewritten("config.d_closed.xml", _INTERSERVER, "")),
            ("by its Service", put(SERVICE, "spec.ports[0].targetPort", 8123)),
        ],
        "ch-tls-net",
    ),
    mutant(
        "its volume is of a class that nobody knows",
        put(CLAIM, "spec.storageClassName", "elsewhere"),
        "k8s-storage-encrypted",
        "bkp-plan-coverage",
    ),
)
