"""Settings of the telemetry store that are refused, and by which words."""

from __future__ import annotations

from typing import Any

from infra.settings.aws_network import NEEDED_WITHOUT_NAT
from tests.unit.refusals import Refusal, elsewhere

_DIGEST = f"111122223333.dkr.ecr.eu-central-1.amazonaws.com/x/clickhouse@sha256:{'0' * 64}"
_LOGIN = {"username": "somebody", "password": "not-a-real-one"}
_EXTERNAL = {"host": "ch.example.com", "writer": _LOGIN, "reader": _LOGIN, "schemaOwner": _LOGIN}


def _store(**values: Any) -> dict[str, Any]:
    return {"clickhouse": {"kind": "in-cluster", "image": _DIGEST, **values}}


CLICKHOUSE = {
    "an external store that is nowhere": Refusal(
        "dev", {"clickhouse": {"kind": "external"}}, ("`external` must say where",)
    ),
    "an external store that is ignored": Refusal(
        "dev", _store(external=_EXTERNAL), ("would be ignored", "`in-cluster`")
    ),
    "an external store by its URL": Refusal(
        "dev",
        {"clickhouse": {"kind": "external", "external": {**_EXTERNAL, "host": "https://ch.example.com"}}},
        ("host is a name", "'https://ch.example.com'"),
    ),
    "a restore of somebody else's store": Refusal(
        "dev",
        {
            "clickhouse": {
                "kind": "external",
                "external": _EXTERNAL,
                "restore": {"backup": "full-20270117T020000Z"},
            }
        },
        ("`restore` would be ignored",),
    ),
    "a restore of no backup": Refusal(
        "dev", _store(restore={"backup": "yesterday"}), ("'yesterday'", "roost store list")
    ),
    "a restore locally": Refusal(
        "local",
        {"clickhouse": {"kind": "in-cluster", "restore": {"backup": "full-20270117T020000Z"}}},
        ("means nothing in profile local",),
    ),
    "telemetry without an end": Refusal(
        "dev", _store(retention={"logs": {"days": 0, "gibPerDay": 1}}), ("clickhouse.retention.logs.days",)
    ),
    "a disk that fills up": Refusal(
        "dev",
        _store(storageGib=50, retention={"logs": {"days": 30, "gibPerDay": 20}}),
        ("storageGib (50) is too small", "or more, or keep less"),
    ),
    "too little memory": Refusal(
        "dev",
        _store(resources={"cpuRequest": "1", "memoryRequest": "1Gi", "memoryLimit": "2Gi"}),
        ("memoryLimit (2Gi) is below 4Gi",),
    ),
    "prod with a tag of the store": Refusal(
        "prod", _store(image="docker.io/clickhouse/clickhouse-server:26.8"), ("by digest", "26.8")
    ),
    "an image that nodes cannot pull": Refusal(
        "dev",
        {
            **_store(image="docker.io/clickhouse/clickhouse-server:26.8"),
            **elsewhere(),
            "aws": {
                "network": {
                    "nat": "none",
                    "interfaceEndpoints": sorted({*NEEDED_WITHOUT_NAT, "monitoring", "rds"}),
                },
                "edge": {"controllerImage": _DIGEST},
                "budget": None,
            },
        },
        ("nodes cannot pull docker.io/clickhouse",),
    ),
    "backups that end too early": Refusal(
        "dev", _store(backup={"retentionDays": 400}), ("retentionDays` (400)", "expireDays`, 365")
    ),
    "a quota without room for the store": Refusal(
        "dev", {**_store(storageGib=300), "namespace": {"quota": {"storage": "200Gi"}}}, ("1 clickhouse",)
    ),
}
