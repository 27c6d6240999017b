"""What the emulated account's EKS says about one cluster: who may do what in it, its nodes, its add-ons."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from local.emulator.child import Emulated

_ADMIN_POLICY = "cluster-access-policy/AmazonEKSClusterAdminPolicy"
_GONE = "ResourceNotFoundException"


class Account:
    """Reads the emulated APIs, and never writes."""

    def __init__(self, emulated: Emulated, region: str, cluster: str) -> None:
        self._eks = emulated.client("eks", region)
        self._ec2 = emulated.client("ec2", region)
        self._region = region
        self._cluster = cluster

    def knows(self, principal: str) -> bool:
        """Whether the cluster has an access entry for this IAM principal."""
        return principal in self._all("list_access_entries", "accessEntries")

    def administrates(self, principal: str) -> bool:
        """Whether its entry carries EKS' own administrator policy for the whole cluster."""
        policies = self._all(
            "list_associated_access_policies", "associatedAccessPolicies", principalArn=principal
        )
        return any(
            policy["policyArn"].endswith(_ADMIN_POLICY) and policy["accessScope"]["type"] == "cluster"
            for policy in policies
        )

    def addons(self) -> set[str]:
        """Names of the cluster's EKS add-ons."""
        return set(self._all("list_addons", "addons"))

    def nodes(self) -> dict[str, dict[str, str]]:
        """The nodes that its node groups ask for, with the labels that they would have."""
        return {
            name: labels
            for group in self._all("list_nodegroups", "nodegroups")
            for name, labels in self._members(group)
        }

    def _members(self, name: str) -> list[tuple[str, dict[str, str]]]:
        group = self._eks.describe_nodegroup(clusterName=self._cluster, nodegroupName=name)["nodegroup"]
        subnets = self._ec2.describe_subnets(SubnetIds=group["subnets"])["Subnets"]
        zones = sorted(subnet["AvailabilityZone"] for subnet in subnets)
        own = {
            "eks.amazonaws.com/nodegroup": name,
            "topology.kubernetes.io/region": self._region,
            **group.get("labels", {}),
        }
        return [
            (f"{name}-{number}", {**own, "topology.kubernetes.io/zone": zones[number % len(zones)]})
            for number in range(group["scalingConfig"]["desiredSize"])
        ]

    def _all(self, operation: str, key: str, **arguments: str) -> list[Any]:
        """The whole list; empty while what is asked about does not exist."""
        pages = self._eks.get_paginator(operation).paginate(clusterName=self._cluster, **arguments)
        try:
            return [item for page in pages for item in page[key]]
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") == _GONE:
                return []
            raise
