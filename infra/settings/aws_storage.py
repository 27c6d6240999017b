"""Settings of the buckets and of the encryption keys' end of life."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from infra.settings.base import Section


class BackupBucketSettings(Section):
    """The bucket of portable dumps: versioned, locked against deletion, encrypted."""

    lock_mode: Literal["GOVERNANCE", "COMPLIANCE"] = Field(
        default="GOVERNANCE", description="In COMPLIANCE nobody, not even the account's root, deletes early."
    )
    lock_days: int = Field(
        default=7, ge=1, le=3650, description="How long every object version cannot be deleted."
    )
    infrequent_access_days: int = Field(default=30, ge=30, le=3650, description="Then cheaper storage.")
    glacier_days: int = Field(
        default=90, ge=60, le=3650, description="Then archive storage with instant reads."
    )
    expire_days: int = Field(default=365, ge=30, le=3650, description="Then deleted.")

    @model_validator(mode="after")
    def _life_is_in_order(self) -> Self:
        if not self.infrequent_access_days + 30 <= self.glacier_days < self.expire_days:
            raise ValueError(
                f"a backup moves at infrequentAccessDays ({self.infrequent_access_days}), at least 30 days "
                f"later at glacierDays ({self.glacier_days}), and ends after that at expireDays "
                f"({self.expire_days})"
            )
        if self.expire_days < self.lock_days:
            raise ValueError(f"expireDays ({self.expire_days}) is shorter than lockDays ({self.lock_days})")
        return self


class StorageSettings(Section):
    """Buckets."""

    backup: BackupBucketSettings = Field(default_factory=BackupBucketSettings, description="Portable dumps.")
    weights: bool | None = Field(
        default=None,
        description=(
            "A bucket for model weights, which GPU nodes read through the VPC's S3 endpoint. Absent: made "
            "where cluster.gpuNodes is set, because nothing else reads it."
        ),
    )
    log_expire_days: int = Field(
        default=90, ge=1, le=3650, description="Access logs of load balancer and buckets."
    )
