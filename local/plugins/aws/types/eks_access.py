"""Who may do what: access entries, access policies, and the AWS roles of pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    pick,
    put,
)
from local.plugins.aws.types.eks_shared import ABSENT, client, found, own_tags, retag

_ENTRY = {
    "clusterName": "clusterName",
    "kubernetesGroups": "kubernetesGroups",
    "principalArn": "principalArn",
    "type": "type",
    "userName": "username",
}
_SCOPED = {
    "accessScope": "accessScope",
    "clusterName": "clusterName",
    "policyArn": "policyArn",
    "principalArn": "principalArn",
}
_IDENTITY = {
    "clusterName": "clusterName",
    "disableSessionTags": "disableSessionTags",
    "namespace": "namespace",
    "policy": "policy",
    "roleArn": "roleArn",
    "serviceAccount": "serviceAccount",
    "targetRoleArn": "targetRoleArn",
}
_CHANGED_IN_PLACE = frozenset({"disableSessionTags", "policy", "roleArn", "targetRoleArn"})


class AccessEntry(Resource):
    """The id is `<cluster>:<principal>`."""

    token: ClassVar[str] = "aws:eks/accessEntry:AccessEntry"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"clusterName", "principalArn", "type"})
    defaults: ClassVar[Mapping[str, Any]] = {"type": "STANDARD"}
    unordered: ClassVar[frozenset[str]] = frozenset({"kubernetesGroups"})
    renewed: ClassVar[frozenset[str]] = frozenset({"modifiedAt"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        request = put(inputs, _ENTRY)
        if inputs.get("tags"):
            request["tags"] = inputs["tags"]
        client(aws).create_access_entry(**request)
        return f"{inputs['clusterName']}:{inputs['principalArn']}"

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        entry = found(lambda: client(aws).describe_access_entry(**_principal(id)), "accessEntry")
        if entry is None:
            return None
        return {
            **pick(entry, {theirs: ours for ours, theirs in _ENTRY.items()}),
            "accessEntryArn": entry["accessEntryArn"],
            "createdAt": entry["createdAt"].isoformat(),
            "modifiedAt": entry["modifiedAt"].isoformat(),
            "tags": own_tags(entry),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        if changed & {"kubernetesGroups", "userName"}:
            wanted = {"kubernetesGroups": [], **new}
            request = put(wanted, {"kubernetesGroups": "kubernetesGroups", "userName": "username"})
            client(aws).update_access_entry(**_principal(id), **request)
        if "tags" in changed:
            entry = client(aws).describe_access_entry(**_principal(id))["accessEntry"]
            retag(aws, entry["accessEntryArn"], old, new)

    def renewed_by(self, changed: frozenset[str]) -> frozenset[str]:
        """Tags alone are no modification."""
        return self.renewed if changed & {"kubernetesGroups", "userName"} else frozenset()

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(ABSENT):
            client(aws).delete_access_entry(**_principal(id))


class AccessPolicyAssociation(Resource):
    """The id is `<cluster>#<principal>#<policy>`; every change makes a new one."""

    token: ClassVar[str] = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset(_SCOPED)
    unordered: ClassVar[frozenset[str]] = frozenset({"accessScope.namespaces"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        client(aws).associate_access_policy(**put(inputs, _SCOPED))
        return "#".join((inputs["clusterName"], inputs["principalArn"], inputs["policyArn"]))

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        cluster, principal, policy = id.split("#")
        pages = client(aws).get_paginator("list_associated_access_policies")
        with absent_is_fine(ABSENT):
            for page in pages.paginate(clusterName=cluster, principalArn=principal):
                for one in page["associatedAccessPolicies"]:
                    if one["policyArn"] == policy:
                        return {
                            "accessScope": one["accessScope"],
                            "associatedAt": one["associatedAt"].isoformat(),
                            "clusterName": cluster,
                            "modifiedAt": one["modifiedAt"].isoformat(),
                            "policyArn": policy,
                            "principalArn": principal,
                        }
        return None

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        cluster, principal, policy = id.split("#")
        with absent_is_fine(ABSENT):
            client(aws).disassociate_access_policy(
                clusterName=cluster, principalArn=principal, policyArn=policy
            )


class PodIdentityAssociation(Resource):
    """The id is the association's; an import says `<cluster>,<association>`."""

    token: ClassVar[str] = "aws:eks/podIdentityAssociation:PodIdentityAssociation"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"clusterName", "namespace", "serviceAccount"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        request = put(inputs, _IDENTITY)
        if inputs.get("tags"):
            request["tags"] = inputs["tags"]
        return client(aws).create_pod_identity_association(**request)["association"]["associationId"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        named = _association(id, state)
        association = found(lambda: client(aws).describe_pod_identity_association(**named), "association")
        if association is None:
            return None
        return {
            **pick(association, {theirs: ours for ours, theirs in _IDENTITY.items()}),
            **pick(association, {one: one for one in ("associationArn", "associationId", "externalId")}),
            "tags": own_tags(association),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        named = _association(id, new)
        if changed & _CHANGED_IN_PLACE:
            request = put(new, {name: name for name in changed & _CHANGED_IN_PLACE})
            client(aws).update_pod_identity_association(**named, **request)
        if "tags" in changed:
            association = client(aws).describe_pod_identity_association(**named)["association"]
            retag(aws, association["associationArn"], old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(ABSENT):
            client(aws).delete_pod_identity_association(**_association(id, state))


def _principal(identity: str) -> dict[str, str]:
    cluster, _, principal = identity.partition(":")
    return {"clusterName": cluster, "principalArn": principal}


def _association(identity: str, known: Properties) -> dict[str, str]:
    cluster, comma, association = identity.partition(",")
    if comma:
        return {"clusterName": cluster, "associationId": association}
    if not known.get("clusterName"):
        raise ResourceError(f"{identity} alone says nothing: import it as <cluster>,<association>")
    return {"clusterName": known["clusterName"], "associationId": identity}


RESOURCES: tuple[Resource, ...] = (AccessEntry(), AccessPolicyAssociation(), PodIdentityAssociation())
