"""Rules of the web application firewall, as data: what is checked, and what is only counted."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ManagedGroup:
    """A rule group that AWS maintains; `counted` rules only leave a trace in the metrics."""

    name: str
    counted: tuple[str, ...] = ()


# People send their agents HTML, file paths and SQL: rules that look for those in the body would block
# conversations. The same rules stay in force for URL, query and headers, where the API expects none of it.
MANAGED_GROUPS: tuple[ManagedGroup, ...] = (
    ManagedGroup(name="AWSManagedRulesAmazonIpReputationList"),
    ManagedGroup(name="AWSManagedRulesKnownBadInputsRuleSet"),
    ManagedGroup(
        name="AWSManagedRulesCommonRuleSet",
        counted=(
            "SizeRestrictions_BODY",
            "CrossSiteScripting_BODY",
            "GenericLFI_BODY",
            "GenericRFI_BODY",
            "EC2MetaDataSSRF_BODY",
            # Clients are libraries and scripts as often as browsers.
            "NoUserAgent_HEADER",
        ),
    ),
    ManagedGroup(name="AWSManagedRulesSQLiRuleSet", counted=("SQLi_BODY",)),
)


def oversized(megabytes: int) -> str:
    """A regular expression for a Content-Length of `megabytes` (a power of ten, in 10^6 bytes) or more.

    The firewall sees only the first kilobytes of a body and compares no numbers, but it can count digits.
    Bodies sent in chunks announce no length; the server's own limit ends those.
    """
    digits = len(str(megabytes)) + 6
    return f"^[1-9][0-9]{{{digits - 1},}}$"
