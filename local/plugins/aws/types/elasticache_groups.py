"""ElastiCache: the groups of parameters and of subnets that nodes belong to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    finishing,
    found,
    once_free,
    pick,
    put,
    tag_list,
)
from local.plugins.aws.types.elasticache_shared import DESCRIPTION, arn, client, retag, tags_of

_NO_PARAMETERS, _NO_SUBNETS = "CacheParameterGroupNotFound", "CacheSubnetGroupNotFoundFault"
_PARAMETER = {"name": "ParameterName", "value": "ParameterValue"}


class ParameterGroup(Resource):
    """The id is the name. AWS has all of an engine's parameters; only those that were set count."""

    token: ClassVar[str] = "aws:elasticache/parameterGroup:ParameterGroup"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"description", "family", "name"})
    autoname: ClassVar[Autoname | None] = Autoname(lower=True)
    defaults: ClassVar[Mapping[str, Any]] = {"description": DESCRIPTION}
    unordered: ClassVar[frozenset[str]] = frozenset({"parameters"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        name: str = inputs["name"]
        client(aws).create_cache_parameter_group(
            CacheParameterGroupName=name,
            CacheParameterGroupFamily=inputs["family"],
            Description=inputs["description"],
            Tags=tag_list(inputs.get("tags")),
        )
        with finishing(name):
            self._set(aws, name, inputs.get("parameters") or [])
        return name

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        group = found(
            _NO_PARAMETERS, lambda: client(aws).describe_cache_parameter_groups(CacheParameterGroupName=id)
        )
        if group is None:
            return None
        own = client(aws).describe_cache_parameters(CacheParameterGroupName=id, Source="user")["Parameters"]
        return {
            "arn": group["ARN"],
            "description": group["Description"],
            "family": group["CacheParameterGroupFamily"],
            "name": id,
            "parameters": [pick(one, {theirs: ours for ours, theirs in _PARAMETER.items()}) for one in own],
            "tags": tags_of(aws, group["ARN"]),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        """A parameter that the program no longer sets goes back to the engine's default."""
        if "parameters" in changed:
            before, after = (side.get("parameters") or [] for side in (old, new))
            kept = {one["name"] for one in after}
            if gone := [put(one, _PARAMETER) for one in before if one["name"] not in kept]:
                client(aws).reset_cache_parameter_group(CacheParameterGroupName=id, ParameterNameValues=gone)
            self._set(aws, id, [one for one in after if one not in before])
        if "tags" in changed:
            retag(aws, arn(aws, "parametergroup", id), old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        once_free(
            aws,
            f"parameter group {id}",
            lambda: client(aws).delete_cache_parameter_group(CacheParameterGroupName=id),
            absent=_NO_PARAMETERS,
            in_use="InvalidCacheParameterGroupState",
        )

    def _set(self, aws: Aws, name: str, parameters: list[Properties]) -> None:
        if parameters:
            client(aws).modify_cache_parameter_group(
                CacheParameterGroupName=name,
                ParameterNameValues=[put(one, _PARAMETER) for one in parameters],
            )


class SubnetGroup(Resource):
    """The id is the name."""

    token: ClassVar[str] = "aws:elasticache/subnetGroup:SubnetGroup"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name"})
    autoname: ClassVar[Autoname | None] = Autoname(lower=True)
    defaults: ClassVar[Mapping[str, Any]] = {"description": DESCRIPTION}
    unordered: ClassVar[frozenset[str]] = frozenset({"subnetIds"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        name: str = inputs["name"]
        client(aws).create_cache_subnet_group(
            CacheSubnetGroupName=name,
            CacheSubnetGroupDescription=inputs["description"],
            SubnetIds=inputs["subnetIds"],
            Tags=tag_list(inputs.get("tags")),
        )
        return name

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        group = found(_NO_SUBNETS, lambda: client(aws).describe_cache_subnet_groups(CacheSubnetGroupName=id))
        if group is None:
            return None
        return {
            "arn": group["ARN"],
            "description": group["CacheSubnetGroupDescription"],
            "name": id,
            "subnetIds": [one["SubnetIdentifier"] for one in group["Subnets"]],
            "vpcId": group["VpcId"],
            "tags": tags_of(aws, group["ARN"]),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        if changed & {"description", "subnetIds"}:
            client(aws).modify_cache_subnet_group(
                CacheSubnetGroupName=id,
                CacheSubnetGroupDescription=new["description"],
                SubnetIds=new["subnetIds"],
            )
        if "tags" in changed:
            retag(aws, arn(aws, "subnetgroup", id), old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        once_free(
            aws,
            f"subnet group {id}",
            lambda: client(aws).delete_cache_subnet_group(CacheSubnetGroupName=id),
            absent=_NO_SUBNETS,
            in_use="CacheSubnetGroupInUse",
        )


RESOURCES: tuple[Resource, ...] = (ParameterGroup(), SubnetGroup())
