"""ACM: certificates that DNS proves, and the wait for their issue."""

from __future__ import annotations

from datetime import UTC
from typing import Any, ClassVar

from local.plugins.aws.resource import (
    Aws,
    Properties,
    Resource,
    ResourceError,
    absent_is_fine,
    finishing,
    pick,
    put,
    tag_changes,
    tag_list,
    tag_map,
)

_SERVICE = "acm"
_OPTIONS = {
    "certificateTransparencyLoggingPreference": "CertificateTransparencyLoggingPreference",
    "export": "Export",
}


class Certificate(Resource):
    """A certificate that Amazon issues. What its validation changes (`status`, the dates) is left out."""

    token: ClassVar[str] = "aws:acm/certificate:Certificate"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset(
        {
            "certificateAuthorityArn",
            "domainName",
            "keyAlgorithm",
            "subjectAlternativeNames",
            "validationMethod",
            "validationOptions",
        }
    )
    unordered: ClassVar[frozenset[str]] = frozenset({"subjectAlternativeNames"})
    # moto makes an RSA key, whatever is asked for.
    unreadable: ClassVar[frozenset[str]] = frozenset({"keyAlgorithm"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        if inputs.get("privateKey") or inputs.get("validationMethod") != "DNS":
            raise ResourceError("only certificates with validationMethod DNS are served, no imported ones")
        request: dict[str, Any] = put(
            inputs,
            {
                "domainName": "DomainName",
                "keyAlgorithm": "KeyAlgorithm",
                "subjectAlternativeNames": "SubjectAlternativeNames",
                "validationMethod": "ValidationMethod",
            },
        )
        if inputs.get("options"):
            request["Options"] = put(inputs["options"], _OPTIONS)
        if inputs.get("tags"):
            request["Tags"] = tag_list(inputs["tags"])
        arn: str = aws.client(_SERVICE).request_certificate(**request)["CertificateArn"]
        with finishing(arn):
            aws.wait(f"the proofs of certificate {arn}", lambda: _proofs_known(aws, arn))
        return arn

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        found = _certificate(aws, id)
        if found is None:
            return None
        proofs = sorted(found["DomainValidationOptions"], key=lambda proof: proof["DomainName"])
        tags = aws.client(_SERVICE).list_tags_for_certificate(CertificateArn=id)["Tags"]
        return {
            **pick(found, {"CertificateArn": "arn", "DomainName": "domainName", "Type": "type"}),
            "domainValidationOptions": [
                {
                    "domainName": proof["DomainName"],
                    "resourceRecordName": proof["ResourceRecord"]["Name"],
                    "resourceRecordType": proof["ResourceRecord"]["Type"],
                    "resourceRecordValue": proof["ResourceRecord"]["Value"],
                }
                for proof in proofs
            ],
            "options": pick(found.get("Options", {}), {theirs: ours for ours, theirs in _OPTIONS.items()}),
            "subjectAlternativeNames": sorted(found["SubjectAlternativeNames"]),
            "validationMethod": proofs[0]["ValidationMethod"],
            "tags": tag_map(tags),
        }

    def update(self, aws: Aws, id: str, old: Properties, new: Properties, changed: frozenset[str]) -> None:  # noqa: A002
        client = aws.client(_SERVICE)
        if "options" in changed:
            client.update_certificate_options(
                CertificateArn=id, Options=put(new.get("options") or {}, _OPTIONS)
            )
        if "tags" in changed:
            wanted, gone = tag_changes(old, new)
            if gone:
                client.remove_tags_from_certificate(CertificateArn=id, Tags=[{"Key": key} for key in gone])
            if wanted:
                client.add_tags_to_certificate(CertificateArn=id, Tags=tag_list(wanted))

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        with absent_is_fine("ResourceNotFoundException"):
            aws.client(_SERVICE).delete_certificate(CertificateArn=id)


class CertificateValidation(Resource):
    """No thing in AWS, only the wait until the certificate is issued; the id is the time of issue."""

    token: ClassVar[str] = "aws:acm/certificateValidation:CertificateValidation"  # noqa: S105 - not a password
    replaces: ClassVar[frozenset[str]] = frozenset({"certificateArn", "validationRecordFqdns"})
    unordered: ClassVar[frozenset[str]] = frozenset({"validationRecordFqdns"})
    # A promise to the provider, unknown to AWS.
    unreadable: ClassVar[frozenset[str]] = frozenset({"validationRecordFqdns"})

    def create(self, aws: Aws, inputs: Properties) -> str:
        arn: str = inputs["certificateArn"]
        certificate = _certificate(aws, arn)
        if certificate is None:
            raise ResourceError(f"there is no certificate {arn}")
        given = [name.rstrip(".") for name in inputs.get("validationRecordFqdns") or []]
        missing = [
            f"missing {proof['DomainName']} DNS validation record: {name}"
            for proof in certificate["DomainValidationOptions"]
            if (name := proof["ResourceRecord"]["Name"].rstrip(".")) not in given
        ]
        if given and missing:
            raise ResourceError("; ".join(missing))
        aws.wait(f"certificate {arn} to be issued", lambda: _issued(aws, arn))
        issued = (_certificate(aws, arn) or certificate)["IssuedAt"]
        return f"{issued.astimezone(UTC):%Y-%m-%d %H:%M:%S} +0000 UTC"

    def read(self, aws: Aws, id: str, state: Properties) -> Properties | None:  # noqa: A002
        arn: str = state.get("certificateArn", "")
        found = _certificate(aws, arn) if arn else None
        return {"certificateArn": arn} if found and found["Status"] == "ISSUED" else None

    def delete(self, aws: Aws, id: str, state: Properties) -> None:  # noqa: A002
        """There is nothing to remove."""


def _certificate(aws: Aws, arn: str) -> dict[str, Any] | None:
    with absent_is_fine("ResourceNotFoundException"):
        return aws.client(_SERVICE).describe_certificate(CertificateArn=arn)["Certificate"]
    return None


def _proofs_known(aws: Aws, arn: str) -> bool:
    """AWS draws the records some seconds after the request."""
    proofs: list[dict[str, Any]] = (_certificate(aws, arn) or {}).get("DomainValidationOptions") or []
    return bool(proofs) and all(proof.get("ResourceRecord") for proof in proofs)


def _issued(aws: Aws, arn: str) -> bool:
    """Whether it is; ResourceError where it never will be."""
    status = (_certificate(aws, arn) or {}).get("Status")
    if status not in ("PENDING_VALIDATION", "ISSUED", None):
        raise ResourceError(f"certificate {arn} was not issued: it is {status}")
    return status == "ISSUED"


RESOURCES: tuple[Resource, ...] = (Certificate(), CertificateValidation())
