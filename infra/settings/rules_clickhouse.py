"""Rules on the telemetry store that need more than its own settings."""

from __future__ import annotations

import re
from collections.abc import Iterator

from infra.settings.settings import Settings

_DIGEST = re.compile(r".+@sha256:[0-9a-f]{64}")


def store_fits_the_platform(settings: Settings) -> Iterator[str]:
    """Locally it has its image, and is not asked for what only AWS has."""
    store = settings.clickhouse
    if store.kind == "in-cluster" and settings.local is not None:
        if store.restore is not None:
            yield (
                "`roost:clickhouse.restore` means nothing in profile local, which has no bucket for backups: "
                "remove it."
            )
        elif settings.local.platform.images.clickhouse is None:
            yield (
                "`roost:clickhouse.kind` is `in-cluster`, and the local platform has no image of one yet: "
                "run `make up`, which builds it and gives it to the cluster."
            )


def store_image_is_pinned(settings: Settings) -> Iterator[str]:
    """Prod runs exactly the bytes that were tested, and nodes without a way out can pull them."""
    store, aws = settings.clickhouse, settings.aws
    if store.kind != "in-cluster" or aws is None:
        return
    if settings.profile == "prod" and not _DIGEST.fullmatch(store.image):
        yield (
            f"`roost:clickhouse.image` is {store.image}, which could be another one tomorrow: copy it to a "
            "repository of the account's own registry, and name it by digest, as `repository@sha256:…`."
        )
    elif aws.network.nat == "none" and ".dkr.ecr." not in store.image:
        yield (
            f"`roost:clickhouse.image`: without a NAT gateway nodes cannot pull {store.image}: copy it to a "
            "repository of the account's own registry and name that."
        )


def store_backups_fit_the_bucket(settings: Settings) -> Iterator[str]:
    """Nothing in the bucket ends before the store's backups may."""
    aws, store = settings.aws, settings.clickhouse
    if aws is None or store.kind != "in-cluster":
        return
    expire = aws.storage.backup.expire_days
    if store.backup.retention_days > expire:
        yield (
            f"`roost:clickhouse.backup.retentionDays` ({store.backup.retention_days}) is longer than "
            f"anything stays in the backup bucket (`roost:aws.storage.backup.expireDays`, {expire}): raise "
            "that, or keep backups for less."
        )
