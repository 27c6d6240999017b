"""EKS managed node groups."""

from __future__ import annotations

from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    ResourceError,
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
    "amiType": "amiType",
    "capacityType": "capacityType",
    "clusterName": "clusterName",
    "diskSize": "diskSize",
    "instanceTypes": "instanceTypes",
    "labels": "labels",
    "nodeGroupName": "nodegroupName",
    "nodeRepairConfig": "nodeRepairConfig",
    "nodeRoleArn": "nodeRole",
    "releaseVersion": "releaseVersion",
    "scalingConfig": "scalingConfig",
    "subnetIds": "subnets",
    "taints": "taints",
    "updateConfig": "updateConfig",
    "version": "version",
}
_SHOWN = {theirs: ours for ours, theirs in _PLAIN.items()}
_NEW_NODES = frozenset({"launchTemplate", "releaseVersion", "version"})
_IN_PLACE = frozenset({"labels", "nodeRepairConfig", "scalingConfig", "taints", "updateConfig"})


class NodeGroup(Resource):
    """The id is `<cluster>:<node group>`."""

    token: ClassVar[str] = "aws:eks/nodeGroup:NodeGroup"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset(
        {
            "amiType",
            "capacityType",
            "clusterName",
            "diskSize",
            "instanceTypes",
            "launchTemplate.id",
            "launchTemplate.name",
            "nodeGroupName",
            "nodeGroupNamePrefix",
            "nodeRoleArn",
            "remoteAccess",
            "subnetIds",
        }
    )
    autoname: ClassVar[Autoname | None] = Autoname(property="nodeGroupName", limit=63)
    unordered: ClassVar[frozenset[str]] = frozenset({"subnetIds", "taints"})
    unreadable: ClassVar[frozenset[str]] = frozenset({"forceUpdateVersion"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_unmapped(inputs)
        cluster, name = inputs["clusterName"], inputs["nodeGroupName"]
        request = put(inputs, _PLAIN)
        if inputs.get("launchTemplate"):
            request["launchTemplate"] = inputs["launchTemplate"]
        if inputs.get("tags"):
            request["tags"] = inputs["tags"]
        client(aws).create_nodegroup(**request)
        identity = f"{cluster}:{name}"
        with finishing(identity):
            wait_active(aws, f"node group {identity}", lambda: _describe(aws, identity))
        return identity

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        group = _describe(aws, id)
        if group is None:
            return None
        resources = group.get("resources") or {}
        return {
            **pick(group, _SHOWN),
            "arn": group["nodegroupArn"],
            "launchTemplate": group.get("launchTemplate"),
            "resources": [
                {
                    "autoscalingGroups": resources.get("autoScalingGroups", []),
                    "remoteAccessSecurityGroupId": resources.get("remoteAccessSecurityGroup", ""),
                }
            ],
            "status": group["status"],
            "tags": own_tags(group),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        """First what makes new nodes, then what they are told."""
        _refuse_unmapped({name: new.get(name) for name in changed})
        cluster, _, name = id.partition(":")
        named = {"clusterName": cluster, "nodegroupName": name}
        if changed & _NEW_NODES:
            request = put(new, {name: name for name in changed & {"releaseVersion", "version"}})
            if new.get("launchTemplate"):
                # By id or by name: EKS refuses both.
                template = dict(new["launchTemplate"])
                if template.get("id"):
                    template.pop("name", None)
                request["launchTemplate"] = template
            request |= put(new, {"forceUpdateVersion": "force"})
            answer = client(aws).update_nodegroup_version(**named, **request)
            wait_updated(aws, cluster, answer, nodegroupName=name)
        if changed & _IN_PLACE:
            answer = client(aws).update_nodegroup_config(**named, **_in_place(old, new, changed))
            wait_updated(aws, cluster, answer, nodegroupName=name)
        if "tags" in changed:
            group = _describe(aws, id)
            if group is None:
                raise ResourceError(f"node group {id} vanished while it was updated")
            retag(aws, group["nodegroupArn"], old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        cluster, _, name = id.partition(":")
        with absent_is_fine(ABSENT):
            client(aws).delete_nodegroup(clusterName=cluster, nodegroupName=name)
        wait_gone(aws, f"node group {id}", lambda: _describe(aws, id))


def _describe(aws: Aws, identity: str) -> Properties | None:
    cluster, _, name = identity.partition(":")
    return found(lambda: client(aws).describe_nodegroup(clusterName=cluster, nodegroupName=name), "nodegroup")


def _in_place(old: Properties, new: Properties, changed: frozenset[str]) -> dict[str, Any]:
    request: dict[str, Any] = {
        name: new[name] for name in ("nodeRepairConfig", "scalingConfig", "updateConfig") if name in changed
    }
    if "labels" in changed:
        before, after = old.get("labels") or {}, new.get("labels") or {}
        request["labels"] = {
            "addOrUpdateLabels": {k: v for k, v in after.items() if before.get(k) != v},
            "removeLabels": sorted(before.keys() - after.keys()),
        }
    if "taints" in changed:
        taints_before, taints_after = old.get("taints") or [], new.get("taints") or []
        stay = {(one["key"], one["effect"]) for one in taints_after}
        request["taints"] = {
            "addOrUpdateTaints": [one for one in taints_after if one not in taints_before],
            "removeTaints": [one for one in taints_before if (one["key"], one["effect"]) not in stay],
        }
    return request


def _refuse_unmapped(inputs: Properties) -> None:
    given = [name for name in ("remoteAccess", "warmPoolConfig") if inputs.get(name)]
    if given:
        raise ResourceError(f"the fallback aws plugin has no {', '.join(given)} of node groups")


RESOURCES: tuple[Resource, ...] = (NodeGroup(),)
