"""Managed node groups: never ahead of their control plane, tied to their launch template."""

from __future__ import annotations

import copy
import uuid

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends

from local.emulator.eks.state import Cluster, Document, EksBase, in_use, invalid, minor, missing
from local.emulator.settling import Record

DEFAULTS: Document = {
    "amiType": "AL2023_x86_64_STANDARD",
    "capacityType": "ON_DEMAND",
    "instanceTypes": ["t3.medium"],
    "labels": {},
    "taints": [],
    "scalingConfig": {"minSize": 1, "maxSize": 2, "desiredSize": 2},
    "updateConfig": {"maxUnavailable": 1},
    "nodeRepairConfig": {"enabled": False},
    "tags": {},
}


class Nodegroups(EksBase):
    """CreateNodegroup to DeleteNodegroup."""

    def create_nodegroup(self) -> ActionResult:
        """Checks what EKS checks at once; its nodes are played elsewhere."""
        asked = self.asked
        cluster = self.cluster(ready=True)
        name = asked["nodegroupName"]
        if name in cluster.nodegroups:
            raise in_use(f"NodeGroup already exists with name {name} and cluster name {asked['clusterName']}")
        self.require_role(asked["nodeRole"])
        template = self._template(asked["launchTemplate"]) if "launchTemplate" in asked else None
        if template and "diskSize" in asked:
            raise invalid("Disk size must be specified within the launch template.")
        unique = str(uuid.uuid4())
        version = asked.get("version", cluster.record.answer["version"])
        _not_ahead(version, cluster)
        given = {key: asked[key] for key in DEFAULTS if key in asked}
        _scaling(given.get("scalingConfig", DEFAULTS["scalingConfig"]))
        answer: Document = {
            **copy.deepcopy(DEFAULTS),
            **given,
            "nodegroupName": name,
            "nodegroupArn": self.arn(f"nodegroup/{asked['clusterName']}/{name}/{unique}"),
            "clusterName": asked["clusterName"],
            "version": version,
            "releaseVersion": asked.get("releaseVersion", _release(version)),
            "createdAt": utcnow(),
            "modifiedAt": utcnow(),
            "subnets": list(asked["subnets"]),
            "nodeRole": asked["nodeRole"],
            "resources": {"autoScalingGroups": [{"name": f"eks-{name}-{unique}"}]},
            "health": {"issues": []},
        }
        if template:
            answer["launchTemplate"] = template
        else:
            answer["diskSize"] = asked.get("diskSize", 20)
        record = Record(answer)
        record.begin("CREATING", lambda: record.answer.update(status="ACTIVE"))
        cluster.nodegroups[name] = record
        return ActionResult({"nodegroup": answer})

    def describe_nodegroup(self) -> ActionResult:
        """Also what waits poll."""
        return ActionResult({"nodegroup": self._nodegroup(self.cluster()).look()})

    def list_nodegroups(self) -> ActionResult:
        """Names."""
        return ActionResult({"nodegroups": sorted(self.cluster().nodegroups)})

    def update_nodegroup_version(self) -> ActionResult:
        """Another Kubernetes version, another version of the same launch template, or both."""
        cluster = self.cluster(ready=True)
        record = self._nodegroup(cluster)
        now = record.answer
        change: Document = {"modifiedAt": utcnow()}
        wanted = self.asked.get("version")
        if wanted is None and "launchTemplate" not in self.asked:
            wanted = cluster.record.answer["version"]
        if wanted is not None:
            _not_ahead(wanted, cluster)
            if minor(wanted) < minor(now["version"]):
                raise invalid(f"Requested Kubernetes version {wanted} is lower than {now['version']}")
            change |= {
                "version": wanted,
                "releaseVersion": self.asked.get("releaseVersion", _release(wanted)),
            }
        if "launchTemplate" in self.asked:
            template = self._template(self.asked["launchTemplate"])
            if template["id"] != now.get("launchTemplate", {}).get("id"):
                raise invalid("Launch template can only be updated to another version of the same template")
            change["launchTemplate"] = template
        return ActionResult({"update": self.begin_update(cluster, record, "VersionUpdate", change)})

    def update_nodegroup_config(self) -> ActionResult:
        """What changes without new nodes."""
        cluster = self.cluster(ready=True)
        record = self._nodegroup(cluster)
        asked, now = self.asked, record.answer
        change: Document = {"modifiedAt": utcnow()}
        if "scalingConfig" in asked:
            change["scalingConfig"] = _scaling(now["scalingConfig"] | asked["scalingConfig"])
        if "labels" in asked:
            labels = now["labels"] | asked["labels"].get("addOrUpdateLabels", {})
            change["labels"] = {
                key: value
                for key, value in labels.items()
                if key not in asked["labels"].get("removeLabels", [])
            }
        if "taints" in asked:
            change["taints"] = _taints(now["taints"], asked["taints"])
        for key in ("updateConfig", "nodeRepairConfig"):
            if key in asked:
                change[key] = asked[key]
        return ActionResult({"update": self.begin_update(cluster, record, "ConfigUpdate", change)})

    def delete_nodegroup(self) -> ActionResult:
        """It is gone once somebody has seen it going."""
        cluster = self.cluster()
        record = self._nodegroup(cluster)
        record.begin(
            "DELETING", lambda: cluster.nodegroups.pop(record.answer["nodegroupName"], None) and None
        )
        return ActionResult({"nodegroup": record.answer})

    def _nodegroup(self, cluster: Cluster) -> Record:
        name = self.asked["nodegroupName"]
        if name not in cluster.nodegroups:
            raise missing(f"No node group found for name: {name}.")
        return cluster.nodegroups[name]

    def _template(self, wish: Document) -> Document:
        """With id, name and number, as EKS gives it back."""
        if "id" in wish and "name" in wish:
            raise invalid("Either provide launch template ID or launch template name in the request.")
        ec2 = ec2_backends[self.current_account][self.region]
        try:
            if "id" in wish:
                template = ec2.describe_launch_templates(template_ids=[wish["id"]])[0]
            else:
                template = ec2.describe_launch_templates(template_names=[wish["name"]])[0]
        except EC2ClientError as error:
            raise invalid(f"The launch template {wish} does not exist") from error
        version = str(wish.get("version", template.default_version_number))
        if version not in {str(one.number) for one in template.versions}:
            raise invalid(f"Launch template {template.id} has no version {version}")
        return {"id": template.id, "name": template.name, "version": version}


def _not_ahead(version: str, cluster: Cluster) -> None:
    plane = cluster.record.answer["version"]
    if minor(version) > minor(plane):
        raise invalid(
            f"Requested Nodegroup version {version} is invalid: it is ahead of the cluster's {plane}"
        )


def _release(version: str) -> str:
    return f"{version}.0-20261101"


def _scaling(wish: Document) -> Document:
    if not wish["minSize"] <= wish["desiredSize"] <= wish["maxSize"]:
        raise invalid(f"Minimum capacity, desired size and maximum capacity are out of order: {wish}")
    return wish


def _taints(now: list[Document], wish: Document) -> list[Document]:
    """A taint is its key and effect; its value may change."""
    replaced = {(t["key"], t["effect"]) for side in wish.values() for t in side}
    kept = [one for one in now if (one["key"], one["effect"]) not in replaced]
    return [*kept, *wish.get("addOrUpdateTaints", [])]
