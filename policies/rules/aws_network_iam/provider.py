"""Where the AWS provider works: the right regions and accounts, and the real AWS."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

_OF_AWS = ("amazonaws.com", "amazonaws.com.cn", "api.aws", "api.amazonwebservices.com.cn")
_OF_EMULATORS = ("skipCredentialsValidation", "skipRequestingAccountId", "s3UsePathStyle", "insecure")
"""Flags without which emulators do not work, and with which AWS is not safe or not used as it should be."""


class Places(Settings):
    """Where a stack may be."""

    regions: tuple[str, ...] = Field(default=(), description="Regions of AWS to work in; none means any.")
    allow_emulator: bool = Field(
        default=False, description="Whether the provider may talk to something else than AWS: in rehearsals."
    )
    require_accounts: bool = Field(
        default=True, description="Whether allowedAccountIds must name the accounts to work in."
    )


@resource_rule(
    "prov-guard",
    types("pulumi:providers:aws"),
    title="The provider is pinned to its account and region, and talks to AWS",
    why="With somebody else's credentials in the environment, the wrong account is changed or destroyed.",
    fix=(
        "Set region and allowedAccountIds, and leave out endpoints, path style and the flags that skip "
        "validation."
    ),
    severity=Severity.HIGH,
    refs="",
    dev="advisory",
    prod="mandatory",
    url="https://www.pulumi.com/registry/packages/aws/api-docs/provider/",
    settings=Places,
    departs=(
        "skipRegionValidation and skipMetadataApiCheck are no signs of an emulator: one is on by default, "
        "the other makes sense where there is no instance metadata. Endpoints of AWS itself are let pass."
    ),
)
def provider_guard(provider: Resource, check: Check) -> None:
    settings = check.settings(Places)
    with check.part():
        region = provider["region"]
        if settings.regions and region.text() not in settings.regions:
            check.violation("the region is none of those that are allowed", region)
    with check.part():
        accounts = provider["allowedAccountIds"]
        if settings.require_accounts and not [one for one in accounts.document().items() if one.present]:
            check.violation("any account would do that there are credentials for", accounts)
    if settings.allow_emulator:
        return
    for name in _OF_EMULATORS:
        with check.part():
            if provider[name].truth(default=False):
                check.violation(f"{name} is on, as for an emulator", provider[name])
    with check.part():
        if _has_foreign_endpoint(provider["endpoints"]):
            check.violation("requests go to other endpoints than those of AWS", provider["endpoints"])


def _has_foreign_endpoint(endpoints: Value) -> bool:
    open_: Undetermined | None = None
    for url in _urls(endpoints):
        try:
            if not _is_of_aws(url):
                return True
        except Undetermined as reason:
            open_ = open_ or reason
    if open_:
        raise open_
    return False


def _urls(endpoints: Value) -> Iterator[Value]:
    """The engine hands a provider's lists over as JSON texts; each element maps services to URLs."""
    for one in endpoints.document().items():
        yield from (url for url in one.leaves() if url.present)


def _is_of_aws(url: Value) -> bool:
    text = url.text()
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return False
    return any(host == domain or host.endswith(f".{domain}") for domain in _OF_AWS)
