"""Settings of AWS Backup, and of a stack that replaces one in a region that is gone."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from infra.settings.base import Section

_START = r"^([01]\d|2[0-3]):[0-5]\d$"
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


class VaultLockSettings(Section):
    """What keeps recovery points from being deleted before their time, in both regions."""

    mode: Literal["GOVERNANCE", "COMPLIANCE"] = Field(
        default="GOVERNANCE",
        description=(
            "GOVERNANCE: whoever may administer backups can take the lock off. COMPLIANCE: nobody can, once "
            "coolingOffDays are over, not even the account's root or AWS."
        ),
    )
    cooling_off_days: int = Field(
        default=14,
        ge=3,
        le=36500,
        description="In COMPLIANCE: days from the first `up` in which the lock can still be taken off.",
    )
    permanent: bool = Field(
        default=False, description="Says that COMPLIANCE is meant: without it the settings refuse it."
    )
    min_days: int = Field(
        default=35, ge=1, le=36500, description="No recovery point may be kept for less, or goes before."
    )
    max_days: int = Field(
        default=400, ge=1, le=36500, description="No recovery point may be kept, and paid for, for longer."
    )

    @model_validator(mode="after")
    def _compliance_is_meant(self) -> Self:
        if self.mode == "COMPLIANCE" and not self.permanent:
            raise ValueError(
                f"recovery.lock.mode is COMPLIANCE: {self.cooling_off_days} days after the first `up` nobody "
                "can take the lock off or change it, and every recovery point is paid for to its end. Set "
                "recovery.lock.permanent to true if that is meant, or mode to GOVERNANCE"
            )
        if self.mode == "GOVERNANCE" and self.permanent:
            raise ValueError(
                "recovery.lock.permanent is true and mode is GOVERNANCE, a lock that can be taken off: "
                "remove permanent, or set mode to COMPLIANCE"
            )
        return self

    @model_validator(mode="after")
    def _bounds_are_ordered(self) -> Self:
        if self.min_days > self.max_days:
            raise ValueError(
                f"recovery.lock.minDays ({self.min_days}) is more than maxDays ({self.max_days})"
            )
        return self


class RestoreTestSettings(Section):
    """Every week the newest recovery points are restored where nothing reaches them, and removed again."""

    weekday: Weekday = Field(default="sun", description="When.")
    start: str = Field(default="08:00", pattern=_START, description="UTC, at the earliest.")
    start_window_hours: int = Field(default=1, ge=1, le=168, description="And at the latest so much later.")
    instance_class: str = Field(
        default="db.t4g.large", pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$", description="Of the restored database."
    )
    keep_hours: int = Field(
        default=4, ge=1, le=168, description="What was restored is there for people to look at, then removed."
    )
    monthly_limit: float = Field(
        default=20, gt=0, description="USD at list prices that all tests of a month may come to."
    )


class RecoverySettings(Section):
    """AWS Backup: snapshots of the database and of volumes with data, copied to drRegion where there is one.

    They are the second line: to any second RDS itself restores (`database.backupRetentionDays`).
    """

    start: str = Field(
        default="05:00",
        pattern=_START,
        description="UTC; backups begin in the hour after it, which must be clear of the database's windows.",
    )
    keep_days: int = Field(default=35, ge=1, le=36500, description="Of daily recovery points and copies.")
    monthly_keep_days: int = Field(
        default=365, ge=1, le=36500, description="Of those of the first day of a month."
    )
    lock: VaultLockSettings = Field(default_factory=VaultLockSettings, description="Of both vaults.")
    restore_test: RestoreTestSettings | None = Field(
        default_factory=RestoreTestSettings, description="Weekly restores; `null` for none."
    )

    @model_validator(mode="after")
    def _the_lock_lets_them_in(self) -> Self:
        for name, days in (("keepDays", self.keep_days), ("monthlyKeepDays", self.monthly_keep_days)):
            if not self.lock.min_days <= days <= self.lock.max_days:
                raise ValueError(
                    f"recovery.{name} is {days}, and the vault's lock takes only {self.lock.min_days} to "
                    f"{self.lock.max_days} days: every backup job would fail. Change it, or lock.minDays and "
                    "lock.maxDays"
                )
        return self


class RegionRestoreSettings(Section):
    """What a stack takes over from one whose region is gone: the copies that that one left in this region.

    `pulumi stack output recovery` of the lost stack names them; the database's are `database.restore`. The
    section stays for as long as the stack lives: the server's secrets are read from where it says.
    """

    lost_region: str = Field(
        description="Region of the stack that is replaced; nothing is asked of it, or taken from it."
    )
    key_arn: str = Field(
        pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+$",
        description="Key of this region that the copies are encrypted with (`recovery.keyArn`).",
    )
    server_secret_arn: str = Field(
        pattern=r"^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+$",
        description="Copy of the server's password and encryption key (`recovery.serverSecretArn`).",
    )
    backup_bucket: str = Field(
        pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
        description="Bucket with copies of the backups that are files (`recovery.backupBucketArn`).",
    )
