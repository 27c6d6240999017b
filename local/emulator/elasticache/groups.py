"""Parameter and subnet groups."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.models import CacheSubnetGroup
from moto.elasticache.responses import ElastiCacheResponse

from local.emulator.elasticache.state import MEMBERS, PARAMETER_GROUPS, look, named, refused
from local.emulator.settling import Record

_NO_GROUP = "CacheParameterGroupNotFound"
_PARAMETERS = "Parameters"  # not part of what DescribeCacheParameterGroups tells


class Groups(ElastiCacheResponse):
    """The operations on both kinds of groups."""

    def create_cache_parameter_group(self) -> ActionResult:
        """Of one family; without parameters, which another call sets."""
        wish = self._get_params()
        name = wish["CacheParameterGroupName"].lower()
        if name in PARAMETER_GROUPS[self.region]:
            raise refused("CacheParameterGroupAlreadyExists", f"Cache parameter group {name} already exists.")
        answer = {
            "CacheParameterGroupName": name,
            "CacheParameterGroupFamily": wish["CacheParameterGroupFamily"],
            "Description": wish["Description"],
            "IsGlobal": False,
            "ARN": (arn := self._arn("parametergroup", name)),
            _PARAMETERS: {},
        }
        PARAMETER_GROUPS[self.region][name] = Record(answer)
        self._tag(arn, wish)
        return ActionResult({"CacheParameterGroup": answer})

    def describe_cache_parameter_groups(self) -> ActionResult:
        """One or all."""
        name = self._get_params().get("CacheParameterGroupName")
        found = look(PARAMETER_GROUPS[self.region], name, _NO_GROUP)
        return ActionResult({"CacheParameterGroups": found})

    def describe_cache_parameters(self) -> ActionResult:
        """What users set: the emulation knows no engine's defaults."""
        shown = [
            {"ParameterName": name, "ParameterValue": value, "Source": "user", "IsModifiable": True}
            for name, value in self._parameters().items()
        ]
        return ActionResult({"Parameters": shown})

    def modify_cache_parameter_group(self) -> ActionResult:
        """Sets parameters."""
        for one in self._get_params()["ParameterNameValues"]:
            self._parameters()[one["ParameterName"]] = one["ParameterValue"]
        return self._its_name()

    def reset_cache_parameter_group(self) -> ActionResult:
        """Back to the engine's defaults, which is to say: not set."""
        if self._get_params().get("ResetAllParameters"):
            self._parameters().clear()
        for one in self._get_params().get("ParameterNameValues", []):
            self._parameters().pop(one["ParameterName"], None)
        return self._its_name()

    def delete_cache_parameter_group(self) -> EmptyResult:
        """Not while a node uses it."""
        name = self._get_params()["CacheParameterGroupName"]
        group = named(PARAMETER_GROUPS[self.region], name, _NO_GROUP).answer
        if name in self._used("CacheParameterGroupName"):
            raise refused(
                "InvalidCacheParameterGroupState",
                f"One or more cache clusters are still members of this parameter group {name}, so the group "
                "cannot be deleted.",
            )
        del PARAMETER_GROUPS[self.region][name]
        self.elasticache_backend.tagging_service.delete_all_tags_for_resource(group["ARN"])
        return EmptyResult()

    def modify_cache_subnet_group(self) -> ActionResult:
        """Other subnets or another description."""
        wish = self._get_params()
        (group,) = self.elasticache_backend.describe_cache_subnet_groups(wish["CacheSubnetGroupName"])
        changed = CacheSubnetGroup(
            account_id=self.current_account,
            region_name=self.region,
            cache_subnet_group_name=group.cache_subnet_group_name,
            cache_subnet_group_description=wish.get("CacheSubnetGroupDescription")
            or group.cache_subnet_group_description,
            subnet_ids=wish.get("SubnetIds") or group.subnet_ids,
            tags=None,
        )
        groups: dict[str, Any] = self.elasticache_backend.cache_subnet_groups
        groups[group.cache_subnet_group_name] = changed
        return ActionResult({"CacheSubnetGroup": changed})

    def delete_cache_subnet_group(self) -> EmptyResult:
        """Not while a node is in it."""
        name = self._get_params()["CacheSubnetGroupName"]
        (group,) = self.elasticache_backend.describe_cache_subnet_groups(name)
        if name in self._used("CacheSubnetGroupName"):
            raise refused(
                "CacheSubnetGroupInUse",
                f"Cache subnet group {name} is currently in use by a cache cluster.",
            )
        del self.elasticache_backend.cache_subnet_groups[name]
        self.elasticache_backend.tagging_service.delete_all_tags_for_resource(group.arn)
        return EmptyResult()

    def _parameters(self) -> dict[str, Any]:
        name = self._get_params()["CacheParameterGroupName"]
        return named(PARAMETER_GROUPS[self.region], name, _NO_GROUP).answer[_PARAMETERS]

    def _its_name(self) -> ActionResult:
        return ActionResult({"CacheParameterGroupName": self._get_params()["CacheParameterGroupName"]})

    def _used(self, key: str) -> set[str]:
        return {member[key] for member in MEMBERS[self.region].values()}

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:{self.partition}:elasticache:{self.region}:{self.current_account}:{kind}:{name}"

    def _tag(self, arn: str, wish: dict[str, Any]) -> None:
        self.elasticache_backend.tagging_service.tag_resource(arn, wish.get("Tags") or [])
