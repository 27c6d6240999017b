"""Route 53: public hosted zones and simple records."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    finishing,
    put,
    tag_changes,
    tag_list,
    tag_map,
)

_SERVICE = "route53"
_GONE = "NoSuchHostedZone"
# AWS takes 1,000 records in one change, each at most once here.
_BATCH = 500
# AWS's console puts it before the name of a load balancer, which means the same with and without.
_DUAL_STACK = "dualstack."


class Zone(Resource):
    """Private zones and reusable delegation sets are refused."""

    token: ClassVar[str] = "aws:route53/zone:Zone"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "delegationSetId"})
    defaults: ClassVar[Mapping[str, Any]] = {"comment": "Managed by Pulumi", "forceDestroy": False}
    # An instruction to the provider, unknown to AWS.
    unreadable: ClassVar[frozenset[str]] = frozenset({"forceDestroy"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        if inputs.get("vpcs") or inputs.get("delegationSetId"):
            raise ResourceError("only public zones with delegation sets of their own are served")
        made = aws.client(_SERVICE).create_hosted_zone(
            Name=inputs["name"],
            CallerReference=str(uuid.uuid4()),
            HostedZoneConfig={"Comment": inputs.get("comment", self.defaults["comment"])},
        )
        zone = _bare_id(made["HostedZone"]["Id"])
        with finishing(zone):
            _wait_for(aws, made["ChangeInfo"])
            if inputs.get("tags"):
                self._tag(aws, zone, AddTags=tag_list(inputs["tags"]))
        return zone

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        client = aws.client(_SERVICE)
        with absent_is_fine(_GONE):
            found = client.get_hosted_zone(Id=id)
            tags = client.list_tags_for_resource(ResourceType="hostedzone", ResourceId=id)
            servers: list[str] = found["DelegationSet"]["NameServers"]
            return {
                "arn": f"arn:{aws.partition}:route53:::hostedzone/{id}",
                "zoneId": id,
                "name": _as_before(found["HostedZone"]["Name"], state.get("name")),
                "comment": found["HostedZone"]["Config"].get("Comment", ""),
                "nameServers": sorted(servers),
                # The one that the zone's SOA record names.
                "primaryNameServer": servers[0],
                "tags": tag_map(tags["ResourceTagSet"]["Tags"]),
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        if "comment" in changed:
            comment = new.get("comment", self.defaults["comment"])
            aws.client(_SERVICE).update_hosted_zone_comment(Id=id, Comment=comment)
        if "tags" in changed:
            wanted, gone = tag_changes(old, new)
            if gone:
                self._tag(aws, id, RemoveTagKeys=gone)
            if wanted:
                self._tag(aws, id, AddTags=tag_list(wanted))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_GONE):
            if state.get("forceDestroy"):
                own = [record for record in _records(aws, id) if record["Type"] not in ("NS", "SOA")]
                for first in range(0, len(own), _BATCH):
                    _change(aws, id, *(("DELETE", record) for record in own[first : first + _BATCH]))
            aws.client(_SERVICE).delete_hosted_zone(Id=id)

    def _tag(self, aws: Aws, zone: str, **change: Any) -> None:
        aws.client(_SERVICE).change_tags_for_resource(ResourceType="hostedzone", ResourceId=zone, **change)


class Record(Resource):
    """The id is `<zone>_<name>_<type>`. Routing policies (weighted, latency …) are refused."""

    token: ClassVar[str] = "aws:route53/record:Record"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"name", "zoneId"})
    unordered: ClassVar[frozenset[str]] = frozenset({"records"})
    # An instruction to the provider, unknown to AWS.
    unreadable: ClassVar[frozenset[str]] = frozenset({"allowOverwrite"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        if policies := [name for name in inputs if "RoutingPolic" in name or name == "setIdentifier"]:
            raise ResourceError(f"only simple records are served, none with {', '.join(policies)}")
        action = "UPSERT" if inputs.get("allowOverwrite") else "CREATE"
        _change(aws, inputs["zoneId"], (action, _record_set(aws, inputs)))
        return f"{inputs['zoneId']}_{_plain(inputs['name'])}_{inputs['type']}"

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        zone, _, rest = id.partition("_")
        name, _, kind = rest.rpartition("_")
        with absent_is_fine(_GONE):
            # An update may have changed the type, and the id stays.
            kind = state.get("type", kind)
            found = _find(aws, zone, name, kind)
            if found is None:
                return None
            values = [record["Value"] for record in found.get("ResourceRecords") or []]
            return {
                "zoneId": zone,
                "name": _as_before(name, state.get("name")),
                "type": kind,
                "fqdn": _plain(found["Name"]),
                "aliases": _aliases(found, state),
                "records": [value.strip('"') if kind == "TXT" else value for value in values],
                "ttl": found.get("TTL"),
                "healthCheckId": found.get("HealthCheckId"),
            }
        return None

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        changes = [("UPSERT", _record_set(aws, new))]
        if "type" in changed and (before := _find(aws, old["zoneId"], old["name"], old["type"])):
            changes.insert(0, ("DELETE", before))
        _change(aws, new["zoneId"], *changes)

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine(_GONE):
            found = _find(aws, state["zoneId"], state["name"], state["type"])
            if found is not None:
                _change(aws, state["zoneId"], ("DELETE", found))


def _record_set(aws: Aws, inputs: Properties) -> dict[str, Any]:
    kind: str = inputs["type"]
    wanted: dict[str, Any] = {
        "Name": _full_name(aws, inputs["zoneId"], inputs["name"]),
        "Type": kind,
        **put(inputs, {"ttl": "TTL", "healthCheckId": "HealthCheckId"}),
    }
    if inputs.get("aliases"):
        alias = inputs["aliases"][0]
        wanted["AliasTarget"] = {
            "DNSName": alias["name"],
            "HostedZoneId": alias["zoneId"],
            "EvaluateTargetHealth": alias["evaluateTargetHealth"],
        }
    else:
        values: list[str] = inputs.get("records") or []
        wanted["ResourceRecords"] = [{"Value": f'"{value}"' if kind == "TXT" else value} for value in values]
    return wanted


def _aliases(found: Mapping[str, Any], state: Properties) -> list[Properties]:
    """Of one record, which has at most one."""
    target: Mapping[str, Any] | None = found.get("AliasTarget")
    if not target:
        return []
    before: list[Properties] = state.get("aliases") or [{}]
    return [
        {
            "name": _as_before(target["DNSName"], before[0].get("name"), _DUAL_STACK),
            "zoneId": target["HostedZoneId"],
            "evaluateTargetHealth": target["EvaluateTargetHealth"],
        }
    ]


def _full_name(aws: Aws, zone: str, name: str) -> str:
    """A name within the zone may be written without it."""
    domain = _plain(aws.client(_SERVICE).get_hosted_zone(Id=zone)["HostedZone"]["Name"])
    bare = _plain(name)
    if bare.endswith(domain):
        return bare
    return f"{bare}.{domain}" if bare else domain


def _find(aws: Aws, zone: str, name: str, kind: str) -> dict[str, Any] | None:
    full = _full_name(aws, zone, name)
    found = aws.client(_SERVICE).list_resource_record_sets(
        HostedZoneId=zone, StartRecordName=full, StartRecordType=kind, MaxItems="1"
    )["ResourceRecordSets"]
    # AWS starts with the next one where there is none of that name.
    return next((each for each in found if _plain(each["Name"]) == full and each["Type"] == kind), None)


def _records(aws: Aws, zone: str) -> Iterator[dict[str, Any]]:
    pages = aws.client(_SERVICE).get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone)
    for page in pages:
        yield from page["ResourceRecordSets"]


def _change(aws: Aws, zone: str, *changes: tuple[str, Mapping[str, Any]]) -> None:
    """Change the records at once, and wait until every name server has them."""
    batch = [{"Action": action, "ResourceRecordSet": record} for action, record in changes]
    answer = aws.client(_SERVICE).change_resource_record_sets(
        HostedZoneId=zone, ChangeBatch={"Changes": batch}
    )
    _wait_for(aws, answer["ChangeInfo"])


def _wait_for(aws: Aws, change: Mapping[str, Any]) -> None:
    client = aws.client(_SERVICE)
    what = _bare_id(change["Id"])
    aws.wait(
        f"Route 53 change {what} to reach all name servers",
        lambda: client.get_change(Id=what)["ChangeInfo"]["Status"] == "INSYNC",
    )


def _bare_id(path: str) -> str:
    """`/hostedzone/Z1` and `/change/C1` without what they are."""
    return path.rsplit("/", 1)[-1]


def _plain(name: str) -> str:
    """A domain name as the real provider writes it: lower case, no dot at the end, `*` as it is."""
    return name.lower().rstrip(".").replace("\\052", "*")


def _as_before(found: str, before: str | None, prefix: str = "") -> str:
    """The program's own spelling of the same name, so that it is no change; `prefix` means nothing."""
    name = _plain(found).removeprefix(prefix)
    return before if before is not None and _plain(before).removeprefix(prefix) == name else name


RESOURCES: tuple[Resource, ...] = (Zone(), Record())
