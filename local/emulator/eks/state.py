"""What EKS knows of its clusters, and the checks that its operations share."""

from __future__ import annotations

import re
import uuid
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from moto.core.responses import BaseResponse
from moto.iam.models import iam_backends
from moto.kms.models import kms_backends

from local.emulator.errors import Refusal
from local.emulator.settling import Record

Document = dict[str, Any]


def invalid(message: str) -> Refusal:
    """A parameter that EKS refuses."""
    return Refusal("InvalidParameterException", message)


def missing(message: str) -> Refusal:
    """Something that is not there."""
    return Refusal("ResourceNotFoundException", message)


def in_use(message: str) -> Refusal:
    """Something that is there already, or busy."""
    return Refusal("ResourceInUseException", message)


@dataclass
class Cluster:
    """One cluster and all that belongs to it."""

    record: Record
    nodegroups: dict[str, Record] = field(default_factory=dict[str, Record])
    addons: dict[str, Record] = field(default_factory=dict[str, Record])
    entries: dict[str, Document] = field(default_factory=dict[str, Document])
    """Access entries by principal."""
    policies: dict[str, dict[str, Document]] = field(
        default_factory=lambda: defaultdict[str, dict[str, Document]](dict)
    )
    """Associated access policies by principal and policy."""
    identities: dict[str, Document] = field(default_factory=dict[str, Document])
    """Pod-identity associations by id."""
    updates: dict[str, tuple[Document, Record]] = field(default_factory=dict[str, tuple[Document, Record]])
    """With the record that each one changes."""


@dataclass(frozen=True)
class Endpoint:
    """Where a region's clusters are said to be."""

    url: str
    authority: str
    """PEM."""

    @classmethod
    def of(cls, url: str, ca_file: Path) -> Endpoint:
        """Read the authority's certificate."""
        return cls(url, ca_file.read_text())


CLUSTERS: defaultdict[str, dict[str, Cluster]] = defaultdict(dict)
"""By region and name."""
ENDPOINTS: dict[str, Endpoint] = {}
"""By region."""


class EksBase(BaseResponse):
    """The request, and where it leads."""

    def __init__(self) -> None:
        super().__init__(service_name="eks")
        self.automated_parameter_parsing = True

    @property
    def asked(self) -> Document:
        """The request's parameters, named as botocore names them."""
        return self.params

    @property
    def clusters(self) -> dict[str, Cluster]:
        """The region's clusters."""
        return CLUSTERS[self.region]

    def cluster(self, *, ready: bool = False) -> Cluster:
        """The cluster that the request names; `ready` for what needs its control plane."""
        name = self.asked.get("clusterName") or self.asked["name"]
        cluster = self.clusters.get(name)
        if cluster is None:
            raise missing(f"No cluster found for name: {name}.")
        if ready and cluster.record.answer["status"] not in ("ACTIVE", "UPDATING"):
            raise Refusal("InvalidRequestException", f"Cluster '{name}' is not in ACTIVE status")
        return cluster

    def arn(self, resource: str) -> str:
        """Of a resource of this service."""
        return f"arn:{self.partition}:eks:{self.region}:{self.current_account}:{resource}"

    def require_role(self, arn: str) -> None:
        """EKS assumes the roles that it is given, so they have to exist."""
        roles = iam_backends[self.current_account][self.partition].roles.values()
        if arn not in {role.arn for role in roles}:
            raise invalid(
                f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity "
                "is not correct"
            )

    def require_key(self, arn: str) -> None:
        """Secrets are encrypted with a key that exists in the cluster's region."""
        key = arn.rpartition("/")[2]
        if f":{self.region}:" not in arn or key not in kms_backends[self.current_account][self.region].keys:
            raise invalid(f"The keyArn in encryptionConfig provider {arn} is invalid")

    def begin_update(
        self, cluster: Cluster, record: Record, kind: str, change: Document, **more: object
    ) -> Document:
        """Merge `change` into the record's answer once somebody has seen that the update is under way."""
        if record.answer["status"] != "ACTIVE" or not record.settled:
            raise in_use(f"{record.answer['status']}: the resource already has an update in progress")
        update: Document = {
            "id": str(uuid.uuid4()),
            "status": "InProgress",
            "type": kind,
            "params": [],
            "errors": [],
            **more,
        }

        def finish() -> None:
            record.answer |= change
            record.answer["status"] = "ACTIVE"
            update["status"] = "Successful"

        record.begin("UPDATING", finish)
        cluster.updates[update["id"]] = (update, record)
        return dict(update)


def minor(version: str) -> tuple[int, int]:
    """`1.35` as numbers."""
    found = re.fullmatch(r"(\d+)\.(\d+)", version)
    if not found:
        raise invalid(f"unsupported Kubernetes version {version}")
    return int(found[1]), int(found[2])
