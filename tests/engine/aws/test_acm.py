from __future__ import annotations

from collections.abc import Generator

import pytest

from local.emulator.child import ACCOUNT
from local.plugins.aws.resource import ResourceError
from tests.engine.aws.harness import REGION, Made, World

CERTIFICATE = "aws:acm/certificate:Certificate"
VALIDATION = "aws:acm/certificateValidation:CertificateValidation"
ZONE = "aws:route53/zone:Zone"
RECORD = "aws:route53/record:Record"


def certificate(domain: str, **more: object) -> dict[str, object]:
    """As the stacks ask for it."""
    return {
        "domainName": domain,
        "validationMethod": "DNS",
        "keyAlgorithm": "EC_prime256v1",
        "options": {"certificateTransparencyLoggingPreference": "ENABLED"},
        **more,
    }


@pytest.fixture
def zone(world: World) -> Generator[Made]:
    made = world.create(ZONE, "zone", {"name": "certified.example.com", "forceDestroy": True})
    yield made
    world.delete(made)


def proven(world: World, zone: Made, made: Made) -> Made:
    """The record that the program makes of the certificate's proof."""
    proof = made.outputs["domainValidationOptions"][0]
    return world.create(
        RECORD,
        "proof",
        {
            "zoneId": zone.id,
            "name": proof["resourceRecordName"],
            "type": proof["resourceRecordType"],
            "records": [proof["resourceRecordValue"]],
            "ttl": 300,
            "allowOverwrite": True,
        },
    )


def test_a_certificate_says_which_record_proves_its_domain(world: World) -> None:
    made = world.roundtrip(CERTIFICATE, certificate("roost.example.com"))
    assert made.id == made.outputs["arn"]
    assert made.id.startswith(f"arn:aws:acm:{REGION}:{ACCOUNT}:certificate/")
    [proof] = made.outputs["domainValidationOptions"]
    assert proof["domainName"] == "roost.example.com"
    assert proof["resourceRecordType"] == "CNAME"
    assert proof["resourceRecordName"].endswith(".roost.example.com.")
    assert proof["resourceRecordValue"].endswith(".acm-validations.aws.")
    assert made.outputs["subjectAlternativeNames"] == ["roost.example.com"]
    world.gone(made)


def test_only_tags_and_options_of_a_certificate_change_without_a_new_one(world: World) -> None:
    made = world.roundtrip(CERTIFICATE, certificate("a.example.com", tags={"one": "1", "two": "2"}))
    hidden = {"certificateTransparencyLoggingPreference": "DISABLED"}
    after = certificate("a.example.com", tags={"two": "3"}, options=hidden)
    changed = world.update(made, after)
    world.settled(changed, after)
    for name, other in (
        ("domainName", "b.example.com"),
        ("keyAlgorithm", "RSA_2048"),
        ("subjectAlternativeNames", ["c.example.com"]),
    ):
        assert name in str(world.diff(changed, {**after, name: other}).replaces)
    world.gone(changed)


def test_several_names_are_a_set_and_each_has_its_proof(world: World) -> None:
    names = ["z.example.com", "a.example.com"]
    made = world.roundtrip(CERTIFICATE, certificate("a.example.com", subjectAlternativeNames=names))
    proofs = made.outputs["domainValidationOptions"]
    assert [proof["domainName"] for proof in proofs] == ["a.example.com", "z.example.com"]
    turned = certificate("a.example.com", subjectAlternativeNames=names[::-1])
    assert world.diff(made, turned).changed == {}
    world.gone(made)


def test_a_deleted_certificate_is_seen(world: World) -> None:
    made = world.roundtrip(CERTIFICATE, certificate("gone.example.com"))
    world.client("acm").delete_certificate(CertificateArn=made.id)
    assert world.refresh(made) is None


def test_an_imported_certificate_is_refused(world: World) -> None:
    with pytest.raises(ResourceError, match="only certificates with validationMethod DNS are served"):
        world.create(CERTIFICATE, "own", {"privateKey": "PEM", "certificateBody": "PEM"})


def test_the_validation_lasts_until_the_record_is_there(world: World, zone: Made) -> None:
    made = world.create(CERTIFICATE, "edge", certificate("certified.example.com"))
    wanted = {"certificateArn": made.id, "validationRecordFqdns": []}
    with pytest.raises(ResourceError, match=r"in vain for certificate .* to be issued"):
        world.create(VALIDATION, "early", wanted, seconds=0.5)

    record = proven(world, zone, made)
    wanted["validationRecordFqdns"] = [record.outputs["fqdn"]]
    validation = world.roundtrip(VALIDATION, wanted)
    assert validation.outputs["certificateArn"] == made.id
    assert validation.id.endswith(" +0000 UTC")
    assert world.diff(validation, {**wanted, "certificateArn": "other"}).replaces == {"certificateArn"}
    world.settled(made, certificate("certified.example.com"))

    world.delete(validation)
    assert world.refresh(validation) is not None, "there is nothing in AWS that could be deleted"
    world.gone(made)
    assert world.refresh(validation) is None, "it goes with its certificate"


def test_a_validation_without_the_record_of_a_domain_is_refused(world: World) -> None:
    made = world.create(CERTIFICATE, "edge", certificate("other.example.com"))
    wanted = {"certificateArn": made.id, "validationRecordFqdns": ["_x.example.com"]}
    with pytest.raises(ResourceError, match=r"missing other\.example\.com DNS validation record: _"):
        world.create(VALIDATION, "wrong", wanted)
    world.gone(made)
