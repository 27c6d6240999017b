"""KMS: a replica of a multi-region key has a description, a policy, tags and a state of its own.

moto's replica takes them from the primary, or has none, and afterwards calls the primary a replica too.
"""

from __future__ import annotations

import json
from copy import deepcopy

from moto.core.exceptions import JsonRESTError
from moto.kms.models import Key, kms_backends
from moto.kms.responses import KmsResponse


def install() -> None:
    """Replace moto's operation."""
    KmsResponse.replicate_key = _replicate_key


def _replicate_key(self: KmsResponse) -> str:
    asked = json.loads(self.body)
    backend, region = self.kms_backend, asked["ReplicaRegion"]
    primary = backend.keys[backend.get_key_id(asked["KeyId"])]
    there = kms_backends[self.current_account][region]
    _refuse(primary, region, primary.id in there.keys)
    replica = backend.replicate_key(primary.id, region)
    replica.multi_region_configuration = deepcopy(primary.multi_region_configuration)
    replica.multi_region_configuration["MultiRegionKeyType"] = "REPLICA"
    replica.description = asked.get("Description", "")
    replica.policy = asked.get("Policy") or replica.generate_default_policy()
    replica.enabled, replica.key_state = True, "Enabled"
    replica.aliases, replica.grants, replica.rotations = {}, {}, []
    there.tagger.tag_resource(replica.id, asked.get("Tags", []))
    return json.dumps(
        {
            "ReplicaKeyMetadata": replica.to_dict()["KeyMetadata"],
            "ReplicaPolicy": replica.policy,
            "ReplicaTags": asked.get("Tags", []),
        }
    )


def _refuse(primary: Key, region: str, taken: bool) -> None:
    if not primary.multi_region or primary.multi_region_configuration["PrimaryKey"]["Arn"] != primary.arn:
        raise JsonRESTError(
            "UnsupportedOperationException", f"{primary.arn} is not a multi-Region primary key."
        )
    if taken:
        raise JsonRESTError("AlreadyExistsException", f"{primary.id} is in {region} already.")
