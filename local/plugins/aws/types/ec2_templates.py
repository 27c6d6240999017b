"""Launch templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    absent_is_fine,
    pick,
    put,
    tag_list,
    tag_map,
)
from local.plugins.aws.types.ec2_shared import arn, client, one, only, retag, tagged

_ABSENT = ("InvalidLaunchTemplateId.NotFound", "InvalidLaunchTemplateName.NotFoundException")
_PLAIN = {
    "imageId": "ImageId",
    "instanceType": "InstanceType",
    "keyName": "KeyName",
    "userData": "UserData",
    "vpcSecurityGroupIds": "SecurityGroupIds",
}
_OBJECTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "iamInstanceProfile": ("IamInstanceProfile", {"arn": "Arn", "name": "Name"}),
    "metadataOptions": (
        "MetadataOptions",
        {
            "httpEndpoint": "HttpEndpoint",
            "httpProtocolIpv6": "HttpProtocolIpv6",
            "httpPutResponseHopLimit": "HttpPutResponseHopLimit",
            "httpTokens": "HttpTokens",
            "instanceMetadataTags": "InstanceMetadataTags",
        },
    ),
    "monitoring": ("Monitoring", {"enabled": "Enabled"}),
}
_DEVICE = {"deviceName": "DeviceName", "noDevice": "NoDevice", "virtualName": "VirtualName"}
_DISK = {
    "deleteOnTermination": "DeleteOnTermination",
    "encrypted": "Encrypted",
    "iops": "Iops",
    "kmsKeyId": "KmsKeyId",
    "snapshotId": "SnapshotId",
    "throughput": "Throughput",
    "volumeSize": "VolumeSize",
    "volumeType": "VolumeType",
}
# Pulumi has these as texts, since Terraform once had three states for them.
_TEXTS_OF_BOOLEANS = frozenset({"deleteOnTermination", "encrypted"})
_CONTENT = frozenset(
    {"description", "ebsOptimized", "blockDeviceMappings", "tagSpecifications", *_PLAIN, *_OBJECTS}
)
_MAPPED = frozenset({*_CONTENT, "name", "namePrefix", "defaultVersion", "updateDefaultVersion"})


class LaunchTemplate(Resource):
    """A change of its content is a new version; the newest is what a refresh compares."""

    token: ClassVar[str] = "aws:ec2/launchTemplate:LaunchTemplate"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix"})
    autoname: ClassVar[Autoname | None] = Autoname(limit=125)
    unordered: ClassVar[frozenset[str]] = frozenset({"vpcSecurityGroupIds"})
    # An instruction to the provider, which AWS does not know.
    unreadable: ClassVar[frozenset[str]] = frozenset({"updateDefaultVersion"})
    renewed: ClassVar[frozenset[str]] = frozenset({"latestVersion", "defaultVersion"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        only(self.token, inputs, _MAPPED)
        made = client(aws).create_launch_template(
            LaunchTemplateName=inputs["name"],
            LaunchTemplateData=_data(inputs),
            **put(inputs, {"description": "VersionDescription"}),
            **tagged("launch-template", inputs),
        )
        return made["LaunchTemplate"]["LaunchTemplateId"]

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = _template(aws, id)
        if found is None:
            return None
        newest = client(aws).describe_launch_template_versions(LaunchTemplateId=id, Versions=["$Latest"])
        version = newest["LaunchTemplateVersions"][0]
        return {
            "arn": arn(aws, "launch-template", id),
            **pick(
                found,
                {
                    "LaunchTemplateName": "name",
                    "DefaultVersionNumber": "defaultVersion",
                    "LatestVersionNumber": "latestVersion",
                },
            ),
            "description": version.get("VersionDescription"),
            **_shown(version["LaunchTemplateData"]),
            "tags": tag_map(found.get("Tags")),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        only(self.token, {name: new.get(name) for name in changed}, _MAPPED)
        version: int | None = None
        if changed & _CONTENT:
            made = client(aws).create_launch_template_version(
                LaunchTemplateId=id,
                LaunchTemplateData=_data(new),
                **put(new, {"description": "VersionDescription"}),
            )
            version = made["LaunchTemplateVersion"]["VersionNumber"]
        elif "updateDefaultVersion" in changed:
            version = (_template(aws, id) or {}).get("LatestVersionNumber")
        default = version if new.get("updateDefaultVersion") else None
        if "defaultVersion" in changed:
            default = new.get("defaultVersion")
        if default is not None:
            client(aws).modify_launch_template(LaunchTemplateId=id, DefaultVersion=str(default))
        if "tags" in changed:
            retag(aws, id, old, new)

    def renewed_by(self, changed: frozenset[str]) -> frozenset[str]:
        """Tags alone make no new version."""
        return self.renewed if changed & (_CONTENT | {"updateDefaultVersion"}) else frozenset()

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(*_ABSENT):
            client(aws).delete_launch_template(LaunchTemplateId=id)


def _template(aws: Aws, id: str) -> dict[str, Any] | None:  # noqa: A002
    return one(client(aws).describe_launch_templates, "LaunchTemplates", _ABSENT[0], LaunchTemplateIds=[id])


def _data(inputs: Properties) -> dict[str, Any]:
    """The content of a version."""
    data = put(inputs, _PLAIN)
    for name, (theirs, fields) in _OBJECTS.items():
        if inputs.get(name):
            data[theirs] = put(inputs[name], fields)
    if inputs.get("ebsOptimized"):
        data["EbsOptimized"] = inputs["ebsOptimized"] == "true"
    if inputs.get("blockDeviceMappings"):
        data["BlockDeviceMappings"] = [_device(device) for device in inputs["blockDeviceMappings"]]
    if inputs.get("tagSpecifications"):
        data["TagSpecifications"] = [
            {"ResourceType": one["resourceType"], "Tags": tag_list(one.get("tags"))}
            for one in inputs["tagSpecifications"]
        ]
    return data


def _device(device: Properties) -> dict[str, Any]:
    disk: Properties = device.get("ebs") or {}
    plain = {
        name: value == "true" if name in _TEXTS_OF_BOOLEANS else value
        for name, value in disk.items()
        if value != ""
    }
    return {**put(device, _DEVICE), **({"Ebs": put(plain, _DISK)} if disk else {})}


def _shown(data: Mapping[str, Any]) -> Properties:
    """The content of a version in Pulumi's names; None, not left out: a refresh has to see what went away."""
    found: Properties = {ours: data.get(theirs) for ours, theirs in _PLAIN.items()}
    for name, (theirs, fields) in _OBJECTS.items():
        found[name] = _back(data.get(theirs) or {}, fields) or None
    optimized = data.get("EbsOptimized")
    found["ebsOptimized"] = None if optimized is None else str(optimized).lower()
    found["blockDeviceMappings"] = [_shown_device(device) for device in data.get("BlockDeviceMappings") or ()]
    found["tagSpecifications"] = [
        {"resourceType": one["ResourceType"], "tags": tag_map(one["Tags"])}
        for one in data.get("TagSpecifications") or ()
    ]
    return found


def _shown_device(device: Mapping[str, Any]) -> Properties:
    disk = _back(device.get("Ebs") or {}, _DISK)
    for name in _TEXTS_OF_BOOLEANS & disk.keys():
        disk[name] = str(disk[name]).lower()
    return {**_back(device, _DEVICE), **({"ebs": disk} if disk else {})}


def _back(answer: Mapping[str, Any], names: Mapping[str, str]) -> Properties:
    return pick(answer, {theirs: ours for ours, theirs in names.items()})


RESOURCES: tuple[Resource, ...] = (LaunchTemplate(),)
