"""WAF's rules between Pulumi's names and AWS's.

Statements nest, so a table of names would be as big as AWS's model; botocore's model is walked instead. The
two differ in the case of letters only: `cloudwatchMetricsEnabled` is `CloudWatchMetricsEnabled`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from local.plugins.aws.resource import ResourceError

# `IPSet` is IP and Set, `JA3Fingerprint` is JA3 and Fingerprint.
_WORDS = re.compile(r"[A-Z]+(?![a-z])\d*|[A-Z][a-z\d]*")
_OTHERWISE = {
    "CloudWatchMetricsEnabled": "cloudwatchMetricsEnabled",
    "AWSManagedRulesAntiDDoSRuleSet": "awsManagedRulesAntiDdosRuleSet",
}


def to_aws(shape: Any, value: Any, path: str) -> Any:
    """The value as a request takes it; ResourceError for a property without a counterpart in `shape`."""
    if shape.type_name == "structure":
        theirs = {name.lower(): name for name in shape.members}
        found: dict[str, Any] = {}
        for name, inner in cast("Mapping[str, Any]", value).items():
            if inner is None:
                continue
            if name.lower() not in theirs:
                raise ResourceError(
                    f"{path}.{name} is not served here: AWS's {shape.name} has no such member"
                )
            member = theirs[name.lower()]
            found[member] = to_aws(shape.members[member], inner, f"{path}.{name}")
        return found
    if shape.type_name == "list":
        return [to_aws(shape.member, inner, f"{path}[{index}]") for index, inner in enumerate(value)]
    return value.encode() if shape.type_name == "blob" else value


def to_pulumi(shape: Any, value: Any) -> Any:
    """The other way round, of an answer.

    An object that is not there is shown as None: of `block` and `count` only one is, and to be without the
    other is what says that a rule was changed.
    """
    if shape.type_name == "structure":
        answer = cast("Mapping[str, Any]", value)
        found: dict[str, Any] = {}
        for name, member in shape.members.items():
            if answer.get(name) is not None:
                found[pulumi_name(name)] = to_pulumi(member, answer[name])
            elif member.type_name == "structure":
                found[pulumi_name(name)] = None
        return found
    if shape.type_name == "list":
        return [to_pulumi(shape.member, inner) for inner in value]
    return value.decode() if shape.type_name == "blob" else value


def pulumi_name(name: str) -> str:
    """`IPSetForwardedIPConfig` is `ipSetForwardedIpConfig`."""
    first, *rest = _WORDS.findall(name)
    return _OTHERWISE.get(name, "".join((first.lower(), *(word.capitalize() for word in rest))))
