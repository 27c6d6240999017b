from __future__ import annotations

import itertools
from collections.abc import Generator

import pytest

from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import Made, World

ZONE = "aws:route53/zone:Zone"
RECORD = "aws:route53/record:Record"
_numbers = itertools.count(1)


@pytest.fixture
def zone(world: World) -> Generator[Made]:
    made = world.create(ZONE, "zone", {"name": f"example{next(_numbers)}.com", "forceDestroy": True})
    yield made
    world.delete(made)


def alias(zone: Made, balancer: str = "edge-1.eu-central-1.elb.amazonaws.com") -> dict[str, object]:
    """The edge's, as the stacks ask for it."""
    target = {"name": balancer, "zoneId": "Z215JYRZR1TBD5", "evaluateTargetHealth": False}
    return {"zoneId": zone.id, "name": f"roost.{zone.inputs['name']}", "type": "A", "aliases": [target]}


def proof(zone: Made, **more: object) -> dict[str, object]:
    """A certificate's, as ACM writes it: with a dot at the end."""
    return {
        "zoneId": zone.id,
        "name": f"_b770ad987a4c32b76a9e4159773c9fb0.roost.{zone.inputs['name']}.",
        "type": "CNAME",
        "ttl": 300,
        "records": ["_1dbdba234fba44e3721590b1b4ae9e5c.acm-validations.aws."],
        "allowOverwrite": True,
        **more,
    }


def in_aws(world: World, zone: Made, kind: str) -> list[dict[str, object]]:
    answer = world.client("route53").list_resource_record_sets(HostedZoneId=zone.id)
    return [record for record in answer["ResourceRecordSets"] if record["Type"] == kind]


def test_a_zone_has_its_name_servers_and_a_comment_of_pulumis(world: World) -> None:
    made = world.roundtrip(ZONE, {"name": "zone.example.com", "tags": {"one": "1"}})
    assert made.id == made.outputs["zoneId"]
    assert made.outputs["arn"] == f"arn:aws:route53:::hostedzone/{made.id}"
    servers = made.outputs["nameServers"]
    assert len(servers) == 4
    assert servers == sorted(servers)
    assert made.outputs["primaryNameServer"] in servers
    assert made.outputs["comment"] == "Managed by Pulumi"
    after = {"name": "zone.example.com", "comment": "delegated", "tags": {"two": "2"}}
    changed = world.update(made, after)
    world.settled(changed, after)
    assert world.diff(changed, {**after, "name": "other.example.com"}).replaces == {"name"}
    world.gone(changed)


def test_a_zone_with_records_is_deleted_only_if_that_is_forced(world: World) -> None:
    made = world.create(ZONE, "full", {"name": "full.example.com"})
    world.create(RECORD, "edge", alias(made))
    with pytest.raises(ResourceError, match="HostedZoneNotEmpty"):
        world.delete(made)
    world.gone(world.update(made, {"name": "full.example.com", "forceDestroy": True}))


def test_a_zone_that_the_stack_did_not_make_takes_its_records(world: World) -> None:
    made = world.client("route53").create_hosted_zone(Name="given.example.com", CallerReference="by hand")
    given = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
    record = world.roundtrip(
        RECORD,
        {"zoneId": given, "name": "given.example.com", "type": "TXT", "ttl": 60, "records": ["hello world"]},
    )
    world.gone(record)
    world.client("route53").delete_hosted_zone(Id=given)


def test_an_alias_is_known_by_zone_name_and_type(world: World, zone: Made) -> None:
    made = world.roundtrip(RECORD, alias(zone))
    name = f"roost.{zone.inputs['name']}"
    assert made.id == f"{zone.id}_{name}_A"
    assert made.outputs["fqdn"] == name
    target = in_aws(world, zone, "A")[0]["AliasTarget"]
    assert target == {
        "HostedZoneId": "Z215JYRZR1TBD5",
        "DNSName": "edge-1.eu-central-1.elb.amazonaws.com",
        "EvaluateTargetHealth": False,
    }
    other = alias(zone, "edge-2.eu-central-1.elb.amazonaws.com")
    changed = world.update(made, other)
    world.settled(changed, other)
    assert world.diff(changed, {**other, "name": zone.inputs["name"]}).replaces == {"name"}
    assert world.diff(changed, {**other, "zoneId": "Z0"}).replaces == {"zoneId"}
    world.gone(changed)


def test_a_load_balancers_name_in_other_letters_is_no_change(world: World, zone: Made) -> None:
    made = world.roundtrip(RECORD, alias(zone, "dualstack.Edge-1.eu-central-1.elb.amazonaws.com"))
    world.gone(made)


def test_a_proof_keeps_the_dot_that_acm_writes_and_changes_in_place(world: World, zone: Made) -> None:
    made = world.roundtrip(RECORD, proof(zone))
    assert made.outputs["fqdn"] == str(proof(zone)["name"]).rstrip(".")
    assert "._CNAME" not in made.id
    other = proof(zone, ttl=60, records=["_other.acm-validations.aws."])
    changed = world.update(made, other)
    world.settled(changed, other)
    assert in_aws(world, zone, "CNAME")[0]["TTL"] == 60
    text = proof(zone, type="TXT", records=["not a proof"])
    turned = world.update(changed, text)
    world.settled(turned, text)
    assert in_aws(world, zone, "CNAME") == [], "the record of the old type went with the change"
    world.gone(turned)


def test_a_proof_may_take_the_place_of_an_earlier_one(world: World, zone: Made) -> None:
    earlier = world.create(RECORD, "earlier", proof(zone))
    later = world.roundtrip(RECORD, proof(zone, records=["_later.acm-validations.aws."]))
    assert later.id == earlier.id
    assert len(in_aws(world, zone, "CNAME")) == 1
    world.gone(later)


def test_a_record_that_is_there_already_is_not_taken_over_unasked(world: World, zone: Made) -> None:
    world.create(RECORD, "earlier", proof(zone))
    with pytest.raises(ResourceError, match="already exists"):
        world.create(
            RECORD, "later", proof(zone, records=["_later.acm-validations.aws."], allowOverwrite=False)
        )


def test_a_record_pointed_elsewhere_and_a_deleted_one_are_seen(world: World, zone: Made) -> None:
    made = world.roundtrip(RECORD, proof(zone))
    client = world.client("route53")
    record = in_aws(world, zone, "CNAME")[0]
    elsewhere = {**record, "ResourceRecords": [{"Value": "elsewhere.example.net."}]}
    change = [{"Action": "UPSERT", "ResourceRecordSet": elsewhere}]
    client.change_resource_record_sets(HostedZoneId=zone.id, ChangeBatch={"Changes": change})
    seen = world.refresh(made)
    assert seen is not None
    assert seen.inputs["records"] == ["elsewhere.example.net."]
    assert world.diff(seen, proof(zone)).changed == {"records": "update"}
    change = [{"Action": "DELETE", "ResourceRecordSet": elsewhere}]
    client.change_resource_record_sets(HostedZoneId=zone.id, ChangeBatch={"Changes": change})
    assert world.refresh(made) is None


def test_a_record_goes_with_its_zone(world: World) -> None:
    made = world.create(ZONE, "short-lived", {"name": "short.example.com", "forceDestroy": True})
    record = world.create(RECORD, "edge", alias(made))
    world.delete(made)
    assert world.refresh(record) is None
    world.delete(record)


def test_a_record_with_a_routing_policy_is_refused(world: World, zone: Made) -> None:
    weighted = {**alias(zone), "setIdentifier": "a", "weightedRoutingPolicies": [{"weight": 1}]}
    with pytest.raises(ResourceError, match="only simple records are served"):
        world.create(RECORD, "weighted", weighted)
