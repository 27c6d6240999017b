"""RDS: the groups that an instance belongs to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Autoname,
    Aws,
    Properties,
    Resource,
    absent_is_fine,
    finishing,
    found,
    once_free,
    pick,
    put,
    tag_list,
)
from local.plugins.aws.types.rds_shared import arn, client, retag, tags_of

_NO_PARAMETER_GROUP, _NO_SUBNET_GROUP = "DBParameterGroupNotFound", "DBSubnetGroupNotFoundFault"
_IN_USE = "InvalidDBParameterGroupState"
_DESCRIPTION = "Managed by Pulumi"
# What one ModifyDBParameterGroup takes, by its reference.
_AT_ONCE = 20
_PARAMETER = {"applyMethod": "ApplyMethod", "name": "ParameterName", "value": "ParameterValue"}


class ParameterGroup(Resource):
    """The id is the name. AWS has all of an engine's parameters; only those that were set count."""

    token: ClassVar[str] = "aws:rds/parameterGroup:ParameterGroup"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"description", "family", "name", "namePrefix"})
    autoname: ClassVar[Autoname | None] = Autoname(lower=True)
    defaults: ClassVar[Mapping[str, Any]] = {"description": _DESCRIPTION, "skipDestroy": False}
    unordered: ClassVar[frozenset[str]] = frozenset({"parameters"})
    # An instruction to the provider, which AWS does not know.
    unreadable: ClassVar[frozenset[str]] = frozenset({"skipDestroy"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        name: str = inputs["name"]
        client(aws).create_db_parameter_group(
            DBParameterGroupName=name,
            DBParameterGroupFamily=inputs["family"],
            Description=inputs["description"],
            Tags=tag_list(inputs.get("tags")),
        )
        with finishing(name):
            self._set(aws, name, inputs.get("parameters") or [])
        return name

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        group = found(
            _NO_PARAMETER_GROUP, lambda: client(aws).describe_db_parameter_groups(DBParameterGroupName=id)
        )
        if group is None:
            return None
        pages = client(aws).get_paginator("describe_db_parameters")
        answer = pages.paginate(DBParameterGroupName=id, Source="user")
        own = [one for page in answer for one in page["Parameters"]]
        return {
            "arn": group["DBParameterGroupArn"],
            "description": group["Description"],
            "family": group["DBParameterGroupFamily"],
            "name": id,
            "parameters": [pick(one, {theirs: ours for ours, theirs in _PARAMETER.items()}) for one in own],
            "tags": tags_of(aws, group["DBParameterGroupArn"]),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        """A parameter that the program no longer sets goes back to the engine's default."""
        if "parameters" in changed:
            before, after = (side.get("parameters") or [] for side in (old, new))
            kept = {one["name"] for one in after}
            for some in _portions([one for one in before if one["name"] not in kept]):
                client(aws).reset_db_parameter_group(DBParameterGroupName=id, Parameters=some)
            self._set(aws, id, [one for one in after if one not in before])
        if "tags" in changed:
            retag(aws, arn(aws, "pg", id), old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        """Waits for an instance that is on its way out of the group."""
        if state.get("skipDestroy"):
            return

        once_free(
            aws,
            f"parameter group {id}",
            lambda: client(aws).delete_db_parameter_group(DBParameterGroupName=id),
            absent=_NO_PARAMETER_GROUP,
            in_use=_IN_USE,
        )

    def _set(self, aws: Aws, name: str, parameters: list[Properties]) -> None:
        for some in _portions(parameters):
            client(aws).modify_db_parameter_group(DBParameterGroupName=name, Parameters=some)


class SubnetGroup(Resource):
    """The id is the name."""

    token: ClassVar[str] = "aws:rds/subnetGroup:SubnetGroup"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "namePrefix"})
    autoname: ClassVar[Autoname | None] = Autoname(lower=True)
    defaults: ClassVar[Mapping[str, Any]] = {"description": _DESCRIPTION}
    unordered: ClassVar[frozenset[str]] = frozenset({"subnetIds"})
    emulated_by: ClassVar[str] = "roost"

    def create(self, aws: Aws, inputs: Properties) -> str:
        name: str = inputs["name"]
        client(aws).create_db_subnet_group(
            DBSubnetGroupName=name,
            DBSubnetGroupDescription=inputs["description"],
            SubnetIds=inputs["subnetIds"],
            Tags=tag_list(inputs.get("tags")),
        )
        return name

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        group = found(_NO_SUBNET_GROUP, lambda: client(aws).describe_db_subnet_groups(DBSubnetGroupName=id))
        if group is None:
            return None
        return {
            "arn": group["DBSubnetGroupArn"],
            "description": group["DBSubnetGroupDescription"],
            "name": id,
            "subnetIds": [one["SubnetIdentifier"] for one in group["Subnets"]],
            "supportedNetworkTypes": group.get("SupportedNetworkTypes"),
            "vpcId": group["VpcId"],
            "tags": tags_of(aws, group["DBSubnetGroupArn"]),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        if changed & {"description", "subnetIds"}:
            client(aws).modify_db_subnet_group(
                DBSubnetGroupName=id,
                DBSubnetGroupDescription=new["description"],
                SubnetIds=new["subnetIds"],
            )
        if "tags" in changed:
            retag(aws, arn(aws, "subgrp", id), old, new)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_NO_SUBNET_GROUP):
            client(aws).delete_db_subnet_group(DBSubnetGroupName=id)


def _portions(parameters: list[Properties]) -> Iterator[list[dict[str, Any]]]:
    for start in range(0, len(parameters), _AT_ONCE):
        yield [
            put({"applyMethod": "immediate", **one}, _PARAMETER)
            for one in parameters[start : start + _AT_ONCE]
        ]


RESOURCES: tuple[Resource, ...] = (ParameterGroup(), SubnetGroup())
