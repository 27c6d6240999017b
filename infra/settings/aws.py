"""Settings that exist only on AWS."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from infra.settings.aws_alarms import AlarmSettings
from infra.settings.aws_budget import BudgetSettings
from infra.settings.aws_cache import ElastiCacheSettings
from infra.settings.aws_cluster import ClusterSettings
from infra.settings.aws_database import RdsSettings
from infra.settings.aws_edge import AwsEdgeSettings
from infra.settings.aws_gpu import GpuSupportSettings
from infra.settings.aws_images import ImagesSettings
from infra.settings.aws_network import NetworkSettings
from infra.settings.aws_recovery import RecoverySettings, RegionRestoreSettings
from infra.settings.aws_storage import StorageSettings
from infra.settings.aws_versions import RDS_CA_REGIONS
from infra.settings.base import Section

_BEDROCK_MODEL = re.compile(r"[a-z0-9-]+\.[a-zA-Z0-9][a-zA-Z0-9.:-]*")


class AwsSettings(Section):
    """Account, region and the parts of the AWS platform."""

    account: str = Field(pattern=r"^\d{12}$", description="The only account this stack may touch.")
    region: str = Field(description="Where everything runs.")
    dr_region: str | None = Field(default=None, description="Where encrypted copies of the data go.")
    owner: str = Field(min_length=1, description="Team that answers for the stack; a tag on every resource.")
    cost_center: str = Field(min_length=1, description="Who pays; a tag on every resource.")
    key_deletion_days: int = Field(
        default=7, ge=7, le=30, description="Time to change your mind about a key."
    )
    bedrock_models: tuple[str, ...] = Field(
        default=(),
        description="Ids of Bedrock models in the region that the server's pods may call by their own role.",
    )
    emulator: str | None = Field(
        default=None,
        description="URL of an emulated account on this machine; only `make rehearse` sets it.",
    )
    network: NetworkSettings = Field(default_factory=NetworkSettings, description="VPC.")
    database: RdsSettings = Field(default_factory=RdsSettings, description="Postgres on RDS.")
    cache: ElastiCacheSettings = Field(
        default_factory=ElastiCacheSettings, description="The cache on ElastiCache, if `roost:cache` has one."
    )
    cluster: ClusterSettings = Field(description="EKS.")
    gpu: GpuSupportSettings = Field(
        default_factory=GpuSupportSettings, description="What makes GPUs usable, where there are any."
    )
    storage: StorageSettings = Field(default_factory=StorageSettings, description="Buckets.")
    images: ImagesSettings = Field(default_factory=ImagesSettings, description="Image registry.")
    edge: AwsEdgeSettings = Field(description="Public edge.")
    alarms: AlarmSettings | None = Field(
        default=None, description="Who is told when something breaks; absent: nobody is."
    )
    budget: BudgetSettings | None = Field(
        default=None, description="What the stack may cost a month; absent: nothing is refused or told."
    )
    recovery: RecoverySettings | None = Field(
        default=None, description="Snapshots by AWS Backup, and weekly tests of them; absent: none."
    )
    restore: RegionRestoreSettings | None = Field(
        default=None, description="Replaces a stack whose region is gone; absent: a stack of its own."
    )

    @field_validator("bedrock_models")
    @classmethod
    def _models_are_named_one_by_one(cls, models: tuple[str, ...]) -> tuple[str, ...]:
        for model in models:
            if not _BEDROCK_MODEL.fullmatch(model):
                raise ValueError(
                    f"bedrockModels lists ids of foundation models, as amazon.nova-lite-v1:0, not {model!r}: "
                    "a pattern would grant models that nobody chose"
                )
        return models

    @field_validator("emulator")
    @classmethod
    def _emulator_is_on_this_machine(cls, url: str | None) -> str | None:
        if url is not None and not _is_loopback(url):
            raise ValueError(
                f"emulator must be an http URL of this machine, as http://127.0.0.1:4566, not {url!r}: every "
                "request for AWS goes there; a real account needs no endpoint, so remove the setting"
            )
        return url

    @model_validator(mode="after")
    def _regions_are_usable(self) -> Self:
        for region in filter(None, (self.region, self.dr_region)):
            if region not in RDS_CA_REGIONS:
                raise ValueError(f"region {region!r} is not one of {', '.join(sorted(RDS_CA_REGIONS))}")
        if self.dr_region == self.region:
            raise ValueError(
                f"drRegion is the region itself ({self.region}): copies must outlive it, choose another"
            )
        return self

    @model_validator(mode="after")
    def _copies_have_a_place(self) -> Self:
        if self.images.replicate and self.dr_region is None:
            raise ValueError(
                "images.replicate is true and there is no drRegion to copy to: set drRegion, or replicate to "
                "false"
            )
        return self

    @model_validator(mode="after")
    def _somebody_hears_of_costs(self) -> Self:
        if self.budget is not None and not self.budget.emails and self.alarms is None:
            raise ValueError(
                "budget has nobody to tell: list addresses in budget.emails, or give alarms its recipients"
            )
        return self

    @model_validator(mode="after")
    def _the_heartbeat_is_heard(self) -> Self:
        missing = {"monitoring", "rds"} - set(self.network.interface_endpoints)
        if self.alarms and self.network.nat == "none" and self.network.existing is None and missing:
            raise ValueError(
                "without a NAT gateway the heartbeat of alarms reaches nobody: add "
                f"{', '.join(sorted(missing))} to network.interfaceEndpoints, or set network.nat to single"
            )
        return self

    @model_validator(mode="after")
    def _images_can_be_pulled(self) -> Self:
        image = self.edge.controller_image
        if self.network.nat == "none" and image.startswith("public.ecr.aws/"):
            raise ValueError(
                f"without a NAT gateway nodes cannot pull {image}: copy it to a repository of the account's "
                "own registry and name that in edge.controllerImage"
            )
        return self


def _is_loopback(url: str) -> bool:
    parts = urlsplit(url)
    try:
        return (
            parts.scheme == "http" and parts.port is not None and ip_address(parts.hostname or "").is_loopback
        )
    except ValueError:
        return False
