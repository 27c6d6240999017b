"""Secrets Manager: a copy in another region keeps the key that it was asked for, which moto forgets."""

from __future__ import annotations

from typing import Any

from moto.secretsmanager.models import FakeSecret, ReplicaSecret


def install() -> None:
    """Once for the process."""
    make = FakeSecret.create_replicas

    def create_replicas(
        self: FakeSecret, replica_regions: list[dict[str, Any]], force_overwrite: bool
    ) -> list[ReplicaSecret]:
        made = make(self, replica_regions, force_overwrite)
        keys = {one["Region"]: one.get("KmsKeyId") for one in replica_regions or []}
        for replica in made:
            replica.config["KmsKeyId"] = keys[replica.region] or replica.config["KmsKeyId"]
        return made

    FakeSecret.create_replicas = create_replicas
