"""EKS add-ons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Aws,
    Properties,
    Resource,
    absent_is_fine,
    finishing,
    pick,
    put,
)
from local.plugins.aws.types.eks_shared import (
    ABSENT,
    client,
    found,
    own_tags,
    retag,
    wait_active,
    wait_gone,
    wait_updated,
)

_PLAIN = {
    "addonName": "addonName",
    "addonVersion": "addonVersion",
    "clusterName": "clusterName",
    "configurationValues": "configurationValues",
    "namespaceConfig": "namespaceConfig",
    "serviceAccountRoleArn": "serviceAccountRoleArn",
}
_UPDATED = {
    name: name
    for name in ("addonVersion", "configurationValues", "podIdentityAssociations", "serviceAccountRoleArn")
}


class Addon(Resource):
    """The id is `<cluster>:<add-on>`."""

    token: ClassVar[str] = "aws:eks/addon:Addon"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"addonName", "clusterName", "namespaceConfig"})
    json: ClassVar[frozenset[str]] = frozenset({"configurationValues"})
    unordered: ClassVar[frozenset[str]] = frozenset({"podIdentityAssociations"})
    # Instructions for calls, which AWS does not keep.
    unreadable: ClassVar[frozenset[str]] = frozenset(
        {"preserve", "resolveConflictsOnCreate", "resolveConflictsOnUpdate"}
    )
    renewed: ClassVar[frozenset[str]] = frozenset({"modifiedAt"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        request = put(
            inputs,
            _PLAIN
            | {
                "podIdentityAssociations": "podIdentityAssociations",
                "resolveConflictsOnCreate": "resolveConflicts",
            },
        )
        if inputs.get("tags"):
            request["tags"] = inputs["tags"]
        client(aws).create_addon(**request)
        identity = f"{inputs['clusterName']}:{inputs['addonName']}"
        with finishing(identity):
            wait_active(aws, f"add-on {identity}", lambda: _describe(aws, identity))
        return identity

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        addon = _describe(aws, id)
        if addon is None:
            return None
        return {
            **pick(addon, _PLAIN),
            "arn": addon["addonArn"],
            "createdAt": addon["createdAt"].isoformat(),
            "modifiedAt": addon["modifiedAt"].isoformat(),
            "podIdentityAssociations": _associations(aws, addon),
            "tags": own_tags(addon),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        cluster, _, name = id.partition(":")
        if changed & _UPDATED.keys():
            # No associations at all is a wish, too: none stay.
            wanted = {"podIdentityAssociations": [], "configurationValues": "", **new}
            answer = client(aws).update_addon(
                clusterName=cluster,
                addonName=name,
                **put(wanted, {key: key for key in changed & _UPDATED.keys()}),
                **put(new, {"resolveConflictsOnUpdate": "resolveConflicts"}),
            )
            wait_updated(aws, cluster, answer, addonName=name)
        if "tags" in changed:
            retag(
                aws,
                client(aws).describe_addon(clusterName=cluster, addonName=name)["addon"]["addonArn"],
                old,
                new,
            )

    def renewed_by(self, changed: frozenset[str]) -> frozenset[str]:
        """Tags alone are no modification."""
        return self.renewed if changed & _UPDATED.keys() else frozenset()

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        cluster, _, name = id.partition(":")
        with absent_is_fine(ABSENT):
            client(aws).delete_addon(
                clusterName=cluster, addonName=name, **put(state, {"preserve": "preserve"})
            )
        wait_gone(aws, f"add-on {id}", lambda: _describe(aws, id))


def _describe(aws: Aws, identity: str) -> Properties | None:
    cluster, _, name = identity.partition(":")
    return found(lambda: client(aws).describe_addon(clusterName=cluster, addonName=name), "addon")


def _associations(aws: Aws, addon: Mapping[str, Any]) -> list[dict[str, str]]:
    """The add-on knows the ARNs only; the id is their last part."""
    ids = [arn.rpartition("/")[2] for arn in addon.get("podIdentityAssociations", [])]
    described = [
        client(aws).describe_pod_identity_association(clusterName=addon["clusterName"], associationId=one)
        for one in ids
    ]
    return [{key: one["association"][key] for key in ("roleArn", "serviceAccount")} for one in described]


RESOURCES: tuple[Resource, ...] = (Addon(),)
