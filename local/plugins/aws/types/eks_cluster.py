"""EKS control planes."""

from __future__ import annotations

from collections.abc import Mapping
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

_ACCESS = frozenset({"endpointPrivateAccess", "endpointPublicAccess", "publicAccessCidrs"})
_PLACE = frozenset({"subnetIds", "securityGroupIds"})
_PLAIN = {
    "accessConfig": "accessConfig",
    "bootstrapSelfManagedAddons": "bootstrapSelfManagedAddons",
    "deletionProtection": "deletionProtection",
    "kubernetesNetworkConfig": "kubernetesNetworkConfig",
    "name": "name",
    "roleArn": "roleArn",
    "upgradePolicy": "upgradePolicy",
    "version": "version",
    "zonalShiftConfig": "zonalShiftConfig",
}
_SHOWN = {
    "accessConfig": "accessConfig",
    "arn": "arn",
    "certificateAuthority": "certificateAuthority",
    "deletionProtection": "deletionProtection",
    "endpoint": "endpoint",
    "name": "name",
    "platformVersion": "platformVersion",
    "roleArn": "roleArn",
    "status": "status",
    "upgradePolicy": "upgradePolicy",
    "version": "version",
}
_LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
_UNMAPPED = (
    "computeConfig",
    "controlPlaneScalingConfig",
    "defaultAddonsToRemoves",
    "kubeApiServerConfig",
    "kubeControllerManagerConfig",
    "kubeSchedulerConfig",
    "outpostConfig",
    "remoteNetworkConfig",
    "storageConfig",
)


class Cluster(Resource):
    """The id is the name. A new or another encryption key is a new cluster here; AWS adds one in place."""

    token: ClassVar[str] = "aws:eks/cluster:Cluster"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset(
        {
            "accessConfig.bootstrapClusterCreatorAdminPermissions",
            "bootstrapSelfManagedAddons",
            "encryptionConfig",
            "kubernetesNetworkConfig.ipFamily",
            "kubernetesNetworkConfig.serviceIpv4Cidr",
            "name",
            "roleArn",
        }
    )
    autoname: ClassVar[Autoname | None] = Autoname(limit=100)
    defaults: ClassVar[Mapping[str, Any]] = {"bootstrapSelfManagedAddons": True}
    fills: ClassVar[frozenset[str]] = frozenset({"vpcConfig.clusterSecurityGroupId", "vpcConfig.vpcId"})
    unordered: ClassVar[frozenset[str]] = frozenset(
        {
            "enabledClusterLogTypes",
            "encryptionConfig.resources",
            "vpcConfig.publicAccessCidrs",
            "vpcConfig.securityGroupIds",
            "vpcConfig.subnetIds",
        }
    )
    # Instructions for its creation and for the provider, which AWS does not give back.
    unreadable: ClassVar[frozenset[str]] = frozenset({"bootstrapSelfManagedAddons", "forceUpdateVersion"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        _refuse_unmapped(inputs)
        name: str = inputs["name"]
        request = put(inputs, _PLAIN)
        request["resourcesVpcConfig"] = {
            key: value for key, value in inputs["vpcConfig"].items() if key in _ACCESS | _PLACE
        }
        request["logging"] = _logging(inputs)
        if inputs.get("encryptionConfig"):
            request["encryptionConfig"] = [inputs["encryptionConfig"]]
        if inputs.get("tags"):
            request["tags"] = inputs["tags"]
        client(aws).create_cluster(**request)
        with finishing(name):
            wait_active(aws, f"cluster {name}", lambda: _describe(aws, name))
        return name

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        cluster = _describe(aws, id)
        if cluster is None:
            return None
        network = cluster["kubernetesNetworkConfig"]
        logs = [one for one in cluster["logging"]["clusterLogging"] if one.get("enabled")]
        encryption = cluster.get("encryptionConfig") or [None]
        return {
            **pick(cluster, _SHOWN),
            "createdAt": cluster["createdAt"].isoformat(),
            "enabledClusterLogTypes": [
                one for one in _LOG_TYPES if any(one in side["types"] for side in logs)
            ],
            "encryptionConfig": encryption[0],
            "identities": [{"oidcs": [cluster["identity"]["oidc"]]}],
            "kubernetesNetworkConfig": network,
            "vpcConfig": cluster["resourcesVpcConfig"],
            "zonalShiftConfig": cluster.get("zonalShiftConfig"),
            "tags": own_tags(cluster),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        """EKS takes one change at a time; the version goes first, as the real provider does it."""
        _refuse_unmapped({name: new.get(name) for name in changed})
        if "version" in changed:
            answer = client(aws).update_cluster_version(
                name=id, version=new["version"], **put(new, {"forceUpdateVersion": "force"})
            )
            wait_updated(aws, id, answer)
        for change in _changes(old, new, changed):
            wait_updated(aws, id, client(aws).update_cluster_config(name=id, **change))
        if "tags" in changed:
            retag(aws, f"arn:{aws.partition}:eks:{aws.region}:{aws.account}:cluster/{id}", old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(ABSENT):
            client(aws).delete_cluster(name=id)
        wait_gone(aws, f"cluster {id}", lambda: _describe(aws, id))


def _describe(aws: Aws, name: str) -> Properties | None:
    return found(lambda: client(aws).describe_cluster(name=name), "cluster")


def _logging(inputs: Properties) -> dict[str, Any]:
    """All types: those that are not wanted are switched off."""
    wanted: list[str] = inputs.get("enabledClusterLogTypes") or []
    sides = ((True, wanted), (False, [one for one in _LOG_TYPES if one not in wanted]))
    return {"clusterLogging": [{"enabled": enabled, "types": types} for enabled, types in sides if types]}


def _changes(old: Properties, new: Properties, changed: frozenset[str]) -> list[dict[str, Any]]:
    """One request for each thing that EKS changes on its own."""
    requests: list[dict[str, Any]] = []
    if "accessConfig" in changed:
        requests.append(
            {"accessConfig": put(new["accessConfig"], {"authenticationMode": "authenticationMode"})}
        )
    if "enabledClusterLogTypes" in changed:
        requests.append({"logging": _logging(new)})
    if "upgradePolicy" in changed:
        requests.append({"upgradePolicy": new["upgradePolicy"]})
    for side in (_ACCESS, _PLACE):
        before, after = (put(one["vpcConfig"], {key: key for key in side}) for one in (old, new))
        # What the program no longer says stays as it is: EKS refuses an update that changes nothing.
        if any(before.get(key) != value for key, value in after.items()):
            requests.append({"resourcesVpcConfig": after})
    if "zonalShiftConfig" in changed:
        requests.append({"zonalShiftConfig": new.get("zonalShiftConfig") or {"enabled": False}})
    if "deletionProtection" in changed:
        requests.append({"deletionProtection": bool(new.get("deletionProtection"))})
    return requests


def _refuse_unmapped(inputs: Properties) -> None:
    given = [name for name in _UNMAPPED if inputs.get(name)]
    if given:
        raise ResourceError(f"the fallback aws plugin has no {', '.join(given)} of clusters")


RESOURCES: tuple[Resource, ...] = (Cluster(),)
