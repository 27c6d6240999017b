"""Access entries and the access policies associated with them."""

from __future__ import annotations

import uuid

from moto.core.responses import ActionResult, EmptyResult
from moto.core.utils import utcnow

from local.emulator.eks.state import Document, EksBase, in_use, invalid, missing


class Access(EksBase):
    """CreateAccessEntry to DisassociateAccessPolicy."""

    def create_access_entry(self) -> ActionResult:
        """The principal is not looked up: people's roles are made outside of the emulated account."""
        asked = self.asked
        cluster = self.cluster(ready=True)
        if cluster.record.answer["accessConfig"]["authenticationMode"] == "CONFIG_MAP":
            raise invalid("The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP]")
        principal = asked["principalArn"]
        if principal in cluster.entries:
            raise in_use(
                "The specified access entry resource is already in use on this cluster: " + principal
            )
        name = principal.rpartition("/")[2]
        entry: Document = {
            "clusterName": asked["clusterName"],
            "principalArn": principal,
            "accessEntryArn": self.arn(
                f"access-entry/{asked['clusterName']}/role/{self.current_account}/{name}/{uuid.uuid4()}"
            ),
            "kubernetesGroups": list(asked.get("kubernetesGroups", [])),
            "username": asked.get("username")
            or f"arn:{self.partition}:sts::{self.current_account}:assumed-role/{name}/{{{{SessionName}}}}",
            "type": asked.get("type", "STANDARD"),
            "createdAt": utcnow(),
            "modifiedAt": utcnow(),
            "tags": dict(asked.get("tags", {})),
        }
        cluster.entries[principal] = entry
        return ActionResult({"accessEntry": entry})

    def describe_access_entry(self) -> ActionResult:
        """By principal."""
        return ActionResult({"accessEntry": self._entry()})

    def list_access_entries(self) -> ActionResult:
        """Principals."""
        return ActionResult({"accessEntries": sorted(self.cluster().entries)})

    def update_access_entry(self) -> ActionResult:
        """Groups and user name."""
        entry = self._entry()
        for key in ("kubernetesGroups", "username"):
            if key in self.asked:
                entry[key] = self.asked[key]
        entry["modifiedAt"] = utcnow()
        return ActionResult({"accessEntry": entry})

    def delete_access_entry(self) -> ActionResult:
        """Takes its associated policies along."""
        cluster = self.cluster()
        principal = self._entry()["principalArn"]
        del cluster.entries[principal]
        cluster.policies.pop(principal, None)
        return EmptyResult()

    def associate_access_policy(self) -> ActionResult:
        """Once more for a policy that is associated changes its scope."""
        asked = self.asked
        self._entry()
        if ":eks::aws:cluster-access-policy/" not in asked["policyArn"]:
            raise invalid("The policyArn parameter format is not valid")
        associated = self.cluster().policies[asked["principalArn"]]
        now = utcnow()
        before = associated.get(asked["policyArn"], {})
        associated[asked["policyArn"]] = {
            "policyArn": asked["policyArn"],
            "accessScope": {"namespaces": [], **asked["accessScope"]},
            "associatedAt": before.get("associatedAt", now),
            "modifiedAt": now,
        }
        return ActionResult(
            {
                "clusterName": asked["clusterName"],
                "principalArn": asked["principalArn"],
                "associatedAccessPolicy": associated[asked["policyArn"]],
            }
        )

    def disassociate_access_policy(self) -> ActionResult:
        """At once."""
        self._entry()
        policies = self.cluster().policies[self.asked["principalArn"]]
        if self.asked["policyArn"] not in policies:
            raise missing(f"The specified policy is not associated: {self.asked['policyArn']}")
        del policies[self.asked["policyArn"]]
        return EmptyResult()

    def list_associated_access_policies(self) -> ActionResult:
        """Of one principal."""
        self._entry()
        policies = self.cluster().policies[self.asked["principalArn"]].values()
        return ActionResult(
            {
                "clusterName": self.asked["clusterName"],
                "principalArn": self.asked["principalArn"],
                "associatedAccessPolicies": list(policies),
            }
        )

    def _entry(self) -> Document:
        principal = self.asked["principalArn"]
        entries = self.cluster().entries
        if principal not in entries:
            raise missing(
                f"The specified principalArn could not be found. You can view all access entries with "
                f"ListAccessEntries: {principal}"
            )
        return entries[principal]
