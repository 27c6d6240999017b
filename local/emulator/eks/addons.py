"""Add-ons: the builds that the stack pins, for the Kubernetes version of the cluster."""

from __future__ import annotations

import dataclasses
import json
import uuid

from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from infra.settings.aws_versions import ADDON_NAMES, ADDONS
from local.emulator.eks.identities import Identities
from local.emulator.eks.state import Cluster, Document, in_use, invalid, missing
from local.emulator.settling import Record

NAMESPACE = "kube-system"


class Addons(Identities):
    """CreateAddon to DeleteAddon."""

    def describe_addon_versions(self) -> ActionResult:
        """What the stack's own table pins: it is made from AWS's answer."""
        wanted, version = self.asked.get("addonName"), self.asked.get("kubernetesVersion")
        addons: list[Document] = []
        for name in sorted(ADDON_NAMES.values()):
            builds = _builds(name)
            offered = [
                {
                    "addonVersion": build,
                    "architecture": ["amd64", "arm64"],
                    "compatibilities": [{"clusterVersion": one, "defaultVersion": True} for one in versions],
                }
                for build, versions in builds.items()
                if version is None or version in versions
            ]
            if offered and wanted in (None, name):
                addons.append({"addonName": name, "owner": "aws", "addonVersions": offered})
        return ActionResult({"addons": addons})

    def create_addon(self) -> ActionResult:
        """Starts at once: whether its pods run is the cluster's affair."""
        asked = self.asked
        cluster = self.cluster(ready=True)
        name = asked["addonName"]
        if name in cluster.addons:
            raise in_use(f"Addon already exists: {name}")
        builds = _builds(name)
        fitting = [b for b, versions in builds.items() if cluster.record.answer["version"] in versions]
        answer: Document = {
            "addonName": name,
            "clusterName": asked["clusterName"],
            "addonVersion": _supported(asked.get("addonVersion") or fitting[0], name, cluster),
            "addonArn": self.arn(f"addon/{asked['clusterName']}/{name}/{uuid.uuid4()}"),
            "createdAt": utcnow(),
            "modifiedAt": utcnow(),
            "health": {"issues": []},
            "tags": dict(asked.get("tags", {})),
            "podIdentityAssociations": [],
        }
        if "configurationValues" in asked:
            answer["configurationValues"] = _configuration(asked["configurationValues"])
        if "serviceAccountRoleArn" in asked:
            self.require_role(asked["serviceAccountRoleArn"])
            answer["serviceAccountRoleArn"] = asked["serviceAccountRoleArn"]
        answer["podIdentityAssociations"] = [
            self._identity(cluster, answer["addonArn"], one)
            for one in asked.get("podIdentityAssociations", [])
        ]
        record = Record(answer)
        record.begin("CREATING", lambda: record.answer.update(status="ACTIVE"))
        cluster.addons[name] = record
        return ActionResult({"addon": answer})

    def describe_addon(self) -> ActionResult:
        """Also what waits poll."""
        return ActionResult({"addon": self._addon(self.cluster()).look()})

    def list_addons(self) -> ActionResult:
        """Names."""
        return ActionResult({"addons": sorted(self.cluster().addons)})

    def update_addon(self) -> ActionResult:
        """What is not given stays; an empty list of associations takes them away."""
        asked = self.asked
        cluster = self.cluster(ready=True)
        record = self._addon(cluster)
        change: Document = {"modifiedAt": utcnow()}
        if "addonVersion" in asked:
            change["addonVersion"] = _supported(asked["addonVersion"], asked["addonName"], cluster)
        if "configurationValues" in asked:
            change["configurationValues"] = _configuration(asked["configurationValues"])
        if "serviceAccountRoleArn" in asked:
            self.require_role(asked["serviceAccountRoleArn"])
            change["serviceAccountRoleArn"] = asked["serviceAccountRoleArn"]
        update = self.begin_update(cluster, record, "AddonUpdate", change)
        if "podIdentityAssociations" in asked:
            owner = record.answer["addonArn"]
            self._disown(cluster, owner)
            change["podIdentityAssociations"] = [
                self._identity(cluster, owner, one) for one in asked["podIdentityAssociations"]
            ]
        return ActionResult({"update": update})

    def delete_addon(self) -> ActionResult:
        """Takes its associations along."""
        cluster = self.cluster()
        record = self._addon(cluster)

        def gone() -> None:
            self._disown(cluster, record.answer["addonArn"])
            cluster.addons.pop(record.answer["addonName"], None)

        record.begin("DELETING", gone)
        return ActionResult({"addon": record.answer})

    def _addon(self, cluster: Cluster) -> Record:
        name = self.asked["addonName"]
        if name not in cluster.addons:
            raise missing(f"No addon: {name} found in cluster: {self.asked['clusterName']}")
        return cluster.addons[name]

    def _identity(self, cluster: Cluster, owner: str, wish: Document) -> str:
        made = self.associate(cluster, NAMESPACE, wish["serviceAccount"], wish["roleArn"], owner=owner)
        return made["associationArn"]

    def _disown(self, cluster: Cluster, owner: str) -> None:
        for one in [key for key, made in cluster.identities.items() if made.get("ownerArn") == owner]:
            del cluster.identities[one]


def _builds(addon: str) -> dict[str, list[str]]:
    """Builds of an add-on and the Kubernetes versions that each is pinned for, newest first."""
    field = next((field for field, name in ADDON_NAMES.items() if name == addon), None)
    if field is None:
        raise invalid(f"Addon {addon} specified is not supported")
    builds: dict[str, list[str]] = {}
    for version, pinned in sorted(ADDONS.items(), reverse=True):
        builds.setdefault(dataclasses.asdict(pinned)[field], []).append(version)
    return builds


def _supported(build: str, addon: str, cluster: Cluster) -> str:
    """A pinned build of the cluster's version, or another build of the same release.

    kube-proxy may stay behind while the control plane is raised, but never be ahead of it.
    """
    version = cluster.record.answer["version"]
    release, _, _ = build.partition("-eksbuild.")
    for pinned, versions in _builds(addon).items():
        if pinned.partition("-eksbuild.")[0] == release and min(versions) <= version:
            return build
    raise invalid(f"Addon version specified is not supported: {addon} {build} with Kubernetes {version}")


def _configuration(text: str) -> str:
    if text:
        try:
            json.loads(text)
        except ValueError as error:
            raise invalid("ConfigurationValue provided in request is not supported: no JSON") from error
    return text
