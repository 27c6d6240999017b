"""Pod-identity associations: one role for one service account, made by users and by add-ons."""

from __future__ import annotations

import secrets
import string

from moto.core.responses import ActionResult
from moto.core.utils import utcnow

from local.emulator.eks.state import Cluster, Document, EksBase, in_use, missing

_LETTERS = string.ascii_lowercase + string.digits
SUMMARY = ("clusterName", "namespace", "serviceAccount", "associationArn", "associationId", "ownerArn")


class Identities(EksBase):
    """CreatePodIdentityAssociation to DeletePodIdentityAssociation."""

    def create_pod_identity_association(self) -> ActionResult:
        """One for each service account."""
        asked = self.asked
        made = self.associate(
            self.cluster(ready=True), asked["namespace"], asked["serviceAccount"], asked["roleArn"]
        )
        made["tags"] = dict(asked.get("tags", {}))
        made["disableSessionTags"] = bool(asked.get("disableSessionTags"))
        if "targetRoleArn" in asked:
            made["targetRoleArn"] = asked["targetRoleArn"]
            made["externalId"] = f"{self.region}/{self.current_account}/{made['associationId']}"
        return ActionResult({"association": made})

    def describe_pod_identity_association(self) -> ActionResult:
        """By id."""
        return ActionResult({"association": self._association(self.cluster())})

    def list_pod_identity_associations(self) -> ActionResult:
        """Of a namespace, a service account, or all."""
        wish = {key: self.asked[key] for key in ("namespace", "serviceAccount") if key in self.asked}
        found = [
            {key: one[key] for key in SUMMARY if key in one}
            for one in self.cluster().identities.values()
            if wish.items() <= one.items()
        ]
        return ActionResult({"associations": found})

    def update_pod_identity_association(self) -> ActionResult:
        """Another role; the service account stays."""
        association = self._association(self.cluster(ready=True))
        if "roleArn" in self.asked:
            self.require_role(self.asked["roleArn"])
        for key in ("roleArn", "disableSessionTags", "targetRoleArn"):
            if key in self.asked:
                association[key] = self.asked[key]
        association["modifiedAt"] = utcnow()
        return ActionResult({"association": association})

    def delete_pod_identity_association(self) -> ActionResult:
        """At once."""
        cluster = self.cluster()
        association = self._association(cluster)
        del cluster.identities[association["associationId"]]
        return ActionResult({"association": association})

    def associate(
        self, cluster: Cluster, namespace: str, service_account: str, role: str, owner: str | None = None
    ) -> Document:
        """Make an association; `owner` is the ARN of the add-on that it belongs to."""
        self.require_role(role)
        for one in cluster.identities.values():
            if (one["namespace"], one["serviceAccount"]) == (namespace, service_account):
                raise in_use(f"Association already exists: {one['associationId']}")
        name = cluster.record.answer["name"]
        unique = "a-" + "".join(secrets.choice(_LETTERS) for _ in range(17))
        made: Document = {
            "clusterName": name,
            "namespace": namespace,
            "serviceAccount": service_account,
            "roleArn": role,
            "associationArn": self.arn(f"podidentityassociation/{name}/{unique}"),
            "associationId": unique,
            "createdAt": utcnow(),
            "modifiedAt": utcnow(),
            "disableSessionTags": False,
            "tags": {},
        }
        if owner:
            made["ownerArn"] = owner
        cluster.identities[unique] = made
        return made

    def _association(self, cluster: Cluster) -> Document:
        unique = self.asked["associationId"]
        if unique not in cluster.identities:
            raise missing(f"Association not found: {unique}")
        return cluster.identities[unique]
