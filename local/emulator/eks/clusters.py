"""Control planes: made, changed one thing at a time, raised one minor version at a time."""

from __future__ import annotations

import base64
import contextlib
import secrets
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models import ec2_backends

from infra.settings.aws_versions import KUBERNETES_STANDARD_SUPPORT
from local.emulator.eks.state import (
    ENDPOINTS,
    Cluster,
    Document,
    EksBase,
    Endpoint,
    in_use,
    invalid,
    minor,
)
from local.emulator.errors import Refusal
from local.emulator.settling import Record

LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
ANYWHERE = ["0.0.0.0/0"]
# What one UpdateClusterConfig may change, and how the update is called: EKS takes one of them at a time.
UPDATES = {
    "logging": "LoggingUpdate",
    "accessConfig": "AccessConfigUpdate",
    "upgradePolicy": "UpgradePolicyUpdate",
    "zonalShiftConfig": "ZonalShiftConfigUpdate",
    "deletionProtection": "DeletionProtectionUpdate",
}
ACCESS = frozenset({"endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs"})


class Clusters(EksBase):
    """CreateCluster to DeleteCluster."""

    def create_cluster(self) -> ActionResult:
        """Checks what EKS checks at once; the rest is the control plane's."""
        asked = self.asked
        name = asked["name"]
        if name in self.clusters:
            raise in_use(f"Cluster already exists with name: {name}")
        version = asked.get("version") or max(KUBERNETES_STANDARD_SUPPORT)
        if version not in KUBERNETES_STANDARD_SUPPORT:
            raise invalid(f"unsupported Kubernetes version {version}")
        self.require_role(asked["roleArn"])
        for item in asked.get("encryptionConfig", []):
            self.require_key(item["provider"]["keyArn"])
        network = self._network(asked["resourcesVpcConfig"])
        network["clusterSecurityGroupId"] = self._security_group(name, network["vpcId"])
        record = Record(self._answer(name, version, network))
        record.begin("CREATING", lambda: record.answer.update(status="ACTIVE"))
        self.clusters[name] = Cluster(record)
        return ActionResult({"cluster": record.answer})

    def describe_cluster(self) -> ActionResult:
        """Also what waits poll."""
        return ActionResult({"cluster": self.cluster().record.look()})

    def list_clusters(self) -> ActionResult:
        """Names."""
        return ActionResult({"clusters": sorted(self.clusters)})

    def update_cluster_version(self) -> ActionResult:
        """One minor version up, never down, never two."""
        cluster = self.cluster(ready=True)
        now, wanted = cluster.record.answer["version"], self.asked["version"]
        if minor(wanted) < minor(now):
            raise invalid(f"Unsupported Kubernetes minor version update from {now} to {wanted}")
        if wanted == now:
            raise invalid(f"Cluster is already at the desired version {wanted}")
        if minor(wanted)[1] != minor(now)[1] + 1 or wanted not in KUBERNETES_STANDARD_SUPPORT:
            raise invalid(f"Unsupported Kubernetes minor version update from {now} to {wanted}")
        change = {"version": wanted}
        params = [{"type": "Version", "value": wanted}]
        update = self.begin_update(cluster, cluster.record, "VersionUpdate", change, params=params)
        return ActionResult({"update": update})

    def update_cluster_config(self) -> ActionResult:
        """One kind of change in a call, and a change it has to be: EKS refuses anything else."""
        cluster = self.cluster(ready=True)
        changes = {
            key: value for key, value in self.asked.items() if key not in ("name", "clientRequestToken")
        }
        if len(changes) != 1:
            raise invalid("Only one type of update can be allowed.")
        ((key, value),) = changes.items()
        now = cluster.record.answer
        if key == "resourcesVpcConfig":
            change, kind = self._network_change(now["resourcesVpcConfig"], value)
        elif key == "logging":
            change, kind = {key: _logging(value, now[key])}, UPDATES[key]
        elif key in UPDATES:
            merged = {**now[key], **value} if isinstance(value, dict) else value
            change, kind = {key: merged}, UPDATES[key]
        else:
            raise NotImplementedError(f"UpdateClusterConfig of {key}")
        if all(now.get(name) == wanted for name, wanted in change.items()):
            raise invalid(f"Cluster is already at the desired configuration: {key}")
        return ActionResult({"update": self.begin_update(cluster, cluster.record, kind, change)})

    def delete_cluster(self) -> ActionResult:
        """Takes its add-ons, entries and associations along; node groups have to go before."""
        cluster = self.cluster()
        name = cluster.record.answer["name"]
        if cluster.record.answer["deletionProtection"]:
            raise Refusal(
                "InvalidRequestException",
                f"Cannot delete cluster {name} because deletion protection is enabled. "
                "Disable deletion protection and retry.",
            )
        if cluster.nodegroups:
            raise in_use("Cluster has nodegroups attached")
        if cluster.record.answer["status"] == "UPDATING":
            raise in_use(f"Cluster has an update in progress: {name}")
        group = cluster.record.answer["resourcesVpcConfig"]["clusterSecurityGroupId"]

        def gone() -> None:
            del self.clusters[name]
            # AWS leaves it behind, too, while something else still uses it.
            with contextlib.suppress(EC2ClientError):
                ec2_backends[self.current_account][self.region].delete_security_group(group_id=group)

        cluster.record.begin("DELETING", gone)
        return ActionResult({"cluster": cluster.record.answer})

    def describe_update(self) -> ActionResult:
        """Of the control plane, of a node group or of an add-on: a cluster's updates share one namespace."""
        cluster = self.cluster()
        found = cluster.updates.get(self.asked["updateId"])
        if found is None:
            raise invalid(f"No update found for ID: {self.asked['updateId']}")
        update, record = found
        seen = dict(update)
        if seen["status"] == "InProgress":
            record.look()
        return ActionResult({"update": seen})

    def _answer(self, name: str, version: str, network: Document) -> Document:
        asked = self.asked
        endpoint = ENDPOINTS.get(self.region) or Endpoint(
            f"https://{secrets.token_hex(16).upper()}.gr7.{self.region}.eks.amazonaws.com",
            "-----BEGIN CERTIFICATE-----\nno cluster was given to the emulated account\n"
            "-----END CERTIFICATE-----\n",
        )
        issuer = f"https://oidc.eks.{self.region}.amazonaws.com/id/{secrets.token_hex(16).upper()}"
        kubernetes = asked.get("kubernetesNetworkConfig", {})
        access = asked.get("accessConfig", {})
        return {
            "name": name,
            "arn": self.arn(f"cluster/{name}"),
            "createdAt": utcnow(),
            "version": version,
            "platformVersion": "eks.1",
            "endpoint": endpoint.url,
            "certificateAuthority": {"data": base64.b64encode(endpoint.authority.encode()).decode()},
            "identity": {"oidc": {"issuer": issuer}},
            "roleArn": asked["roleArn"],
            "resourcesVpcConfig": network,
            "kubernetesNetworkConfig": {
                "serviceIpv4Cidr": "172.20.0.0/16",
                "ipFamily": "ipv4",
                "elasticLoadBalancing": {"enabled": False},
                **kubernetes,
            },
            "logging": _logging(asked.get("logging", {}), _logging({}, None)),
            "encryptionConfig": asked.get("encryptionConfig", []),
            "accessConfig": {
                "authenticationMode": access.get("authenticationMode", "CONFIG_MAP"),
                "bootstrapClusterCreatorAdminPermissions": access.get(
                    "bootstrapClusterCreatorAdminPermissions", True
                ),
            },
            "upgradePolicy": {"supportType": "EXTENDED", **asked.get("upgradePolicy", {})},
            "zonalShiftConfig": {"enabled": False, **asked.get("zonalShiftConfig", {})},
            "deletionProtection": bool(asked.get("deletionProtection")),
            "health": {"issues": []},
            "tags": dict(asked.get("tags", {})),
        }

    def _network(self, wish: Document) -> Document:
        subnets = self._subnets(wish["subnetIds"])
        vpcs = {subnet.vpc_id for subnet in subnets}
        if len(vpcs) != 1:
            raise invalid("Subnets specified must be in the same VPC")
        if len({subnet.availability_zone for subnet in subnets}) < 2:
            raise invalid("Subnets specified must be in at least two different AZs")
        public = wish.get("endpointPublicAccess", True)
        return {
            "subnetIds": list(wish["subnetIds"]),
            "securityGroupIds": list(wish.get("securityGroupIds", [])),
            "vpcId": vpcs.pop(),
            **_reachable(public, wish.get("endpointPrivateAccess", False), wish.get("publicAccessCidrs")),
        }

    def _network_change(self, now: Document, wish: Document) -> tuple[Document, str]:
        if ACCESS & wish.keys() and wish.keys() - ACCESS:
            raise invalid("Only one type of update can be allowed.")
        if wish.keys() <= ACCESS:
            public = wish.get("endpointPublicAccess", now["endpointPublicAccess"])
            private = wish.get("endpointPrivateAccess", now["endpointPrivateAccess"])
            cidrs = wish.get("publicAccessCidrs", now["publicAccessCidrs"])
            return {"resourcesVpcConfig": now | _reachable(public, private, cidrs)}, "EndpointAccessUpdate"
        if "subnetIds" in wish:
            self._subnets(wish["subnetIds"])
        return {"resourcesVpcConfig": now | wish}, "VpcConfigUpdate"

    def _subnets(self, ids: list[str]) -> list[Any]:
        try:
            return [ec2_backends[self.current_account][self.region].get_subnet(one) for one in ids]
        except EC2ClientError as error:
            raise invalid(f"The subnet ID provided does not exist: {ids}") from error

    def _security_group(self, name: str, vpc: str) -> str:
        group = ec2_backends[self.current_account][self.region].create_security_group(
            name=f"eks-cluster-sg-{name}-{secrets.randbelow(10**10)}",
            description="EKS created security group applied to ENI that is attached to EKS Control Plane "
            "master nodes, as well as any managed workloads.",
            vpc_id=vpc,
            tags={f"kubernetes.io/cluster/{name}": "owned", "aws:eks:cluster-name": name},
        )
        return group.id


def _reachable(public: bool, private: bool, cidrs: list[str] | None) -> Document:
    if not (public or private):
        raise invalid("Private and public endpoint access cannot be disabled")
    return {
        "endpointPublicAccess": public,
        "endpointPrivateAccess": private,
        "publicAccessCidrs": list(cidrs or ANYWHERE) if public else [],
    }


def _logging(wish: Document, now: Document | None) -> Document:
    """All log types, those on and those off, as EKS answers."""
    on = {
        one for setup in (now or {}).get("clusterLogging", []) if setup["enabled"] for one in setup["types"]
    }
    for setup in wish.get("clusterLogging", []):
        types = set(setup.get("types", []))
        on = on | types if setup.get("enabled") else on - types
    sides = ((True, [one for one in LOG_TYPES if one in on]), (False, [x for x in LOG_TYPES if x not in on]))
    return {"clusterLogging": [{"types": types, "enabled": enabled} for enabled, types in sides if types]}
