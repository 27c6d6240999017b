"""What the settings name and somebody else made: regions, zone, certificate, secrets, keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from botocore.exceptions import ClientError

from local.account.check import Account, Check, Finding, has_code, note, right, wrong


def _domain(account: Account) -> Iterator[Finding]:
    edge = account.aws.edge
    if edge.dns == "managed":
        yield note(
            f"the stack makes a zone for {edge.domain}",
            "Its parent zone has to delegate to the output nameServers after the first `up`.",
        )
    elif edge.dns == "none":
        yield from _certificate(account)
    else:
        yield from _zone(account)


def _zone(account: Account) -> Iterator[Finding]:
    edge = account.aws.edge
    remedy = "`aws route53 list-hosted-zones` prints them; correct `roost:aws.edge.zoneId`."
    try:
        answer = account.client("route53").get_hosted_zone(Id=edge.zone_id)
    except ClientError as error:
        if not has_code(error, "NoSuchHostedZone", "InvalidInput"):
            raise
        yield wrong(f"there is no hosted zone {edge.zone_id} in the account", remedy)
        return
    name = answer["HostedZone"]["Name"].rstrip(".")
    if answer["HostedZone"].get("Config", {}).get("PrivateZone"):
        yield wrong(f"the zone {edge.zone_id} ({name}) is private, and users are not", remedy)
    elif edge.domain != name and not edge.domain.endswith(f".{name}"):
        yield wrong(f"the zone {edge.zone_id} is {name}, and {edge.domain} is not in it", remedy)
    else:
        yield right(f"the zone {edge.zone_id} is {name}, which {edge.domain} is in")


def _certificate(account: Account) -> Iterator[Finding]:
    arn = account.aws.edge.certificate_arn
    remedy = "Correct `roost:aws.edge.certificateArn`."
    try:
        found = account.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    except ClientError as error:
        if not has_code(error, "ResourceNotFoundException"):
            raise
        yield wrong(f"there is no certificate {arn} in {account.aws.region}", remedy)
        return
    names = {found["DomainName"], *found.get("SubjectAlternativeNames", [])}
    domain = account.aws.edge.domain
    if found["Status"] != "ISSUED" or found.get("NotAfter", datetime.now(UTC)) < datetime.now(UTC):
        yield wrong(f"the certificate {arn} is {found['Status'].lower().replace('_', ' ')}", remedy)
    elif not names & {domain, f"*.{domain.partition('.')[2]}"}:
        yield wrong(f"the certificate is for {', '.join(sorted(names))}, not for {domain}", remedy)
    else:
        yield right(f"the certificate for {domain} is issued")


def _regions(account: Account) -> Iterator[Finding]:
    """A region that an account has to opt in to answers nothing before it has."""
    aws = account.aws
    names = [region for region in (aws.region, aws.dr_region) if region]
    answer = account.client("ec2").describe_regions(RegionNames=names, AllRegions=True)
    status = {one["RegionName"]: one["OptInStatus"] for one in answer["Regions"]}
    closed = [name for name in names if status.get(name) == "not-opted-in"]
    for name in closed:
        yield wrong(
            f"the account has not opted in to {name}", f"`aws account enable-region --region-name {name}`."
        )
    if not closed:
        yield right(f"open to the account: {', '.join(names)}")


def _references(account: Account) -> Iterator[Finding]:
    """Secrets and keys that the settings name and somebody else made."""
    inference, restore = account.settings.inference, account.aws.restore
    token = inference.weights.hub_token_secret if inference is not None else None
    for setting, arn in (
        ("inference.weights.hubTokenSecret", token),
        ("aws.restore.serverSecretArn", restore.server_secret_arn if restore is not None else None),
    ):
        if arn is not None:
            yield _secret(account, setting, arn)
    if restore is not None:
        yield _key(account, restore.key_arn)


def _secret(account: Account, setting: str, arn: str) -> Finding:
    try:
        found = account.client("secretsmanager", arn.split(":")[3]).describe_secret(SecretId=arn)
    except ClientError as error:
        if not has_code(error, "ResourceNotFoundException"):
            raise
        return wrong(f"the secret {arn} is not there", f"Correct `roost:{setting}`.")
    if found.get("DeletedDate"):
        return wrong(f"the secret {arn} is about to be deleted", "`aws secretsmanager restore-secret`.")
    return right(f"the secret of `roost:{setting}` is there")


def _key(account: Account, arn: str) -> Finding:
    try:
        state = account.client("kms", arn.split(":")[3]).describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]
    except ClientError as error:
        if not has_code(error, "NotFoundException"):
            raise
        state = "not there"
    if state != "Enabled":
        return wrong(f"the key {arn} is {state}, and the copies cannot be read without it", "Correct it.")
    return right("the key of the copies is enabled")


CHECKS = (
    Check(name="regions", ask=_regions, actions=("ec2:DescribeRegions",)),
    Check(name="domain", ask=_domain, actions=("route53:GetHostedZone", "acm:DescribeCertificate")),
    Check(
        name="references",
        ask=_references,
        actions=("secretsmanager:DescribeSecret", "kms:DescribeKey"),
    ),
)
