"""AWS's refusals as sentences: which operation, on what, AWS's own code, and what to do about it."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.plugins.aws.resource import PartlyMade, ResourceError

_THROTTLED = (
    "AWS throttled it, and it stayed so over all retries. Wait a little and run again: what is done is "
    "in the state."
)
_DENIED = "The credentials have no right to it. Allow this action for the role that runs `pulumi`."
_LIMIT = "A quota of the account is used up. Ask for more in Service Quotas, or remove what is not needed."
_GONE = "It is not there any more. Run `pulumi refresh`, so that the state knows."
_EXISTS = "Something of that name is there already. Import it, delete it, or choose another name."
_IN_USE = "Something else still uses it. Remove that first, or wait until AWS has let go of it."
# By what the code contains, since every service has its own words: `NatGatewayNotFound`, `NoSuchEntity`.
_ADVICE = (
    (("throttl", "requestlimitexceeded", "toomanyrequests", "slowdown"), _THROTTLED),
    (("accessdenied", "unauthorized", "notauthorized"), _DENIED),
    (("limitexceeded", "quotaexceeded", "limitreached"), _LIMIT),
    (("notfound", "nosuch"), _GONE),
    (("alreadyexists", "alreadyowned", "duplicate"), _EXISTS),
    (("inuse", "dependencyviolation", "deleteconflict"), _IN_USE),
)


@contextmanager
def told(what: str) -> Generator[None]:
    """Make AWS's and botocore's errors into ResourceErrors about `what` (type and name)."""
    try:
        yield
    except (ClientError, BotoCoreError, ResourceError) as error:
        raise ResourceError(f"{what}: {reason_of(error)}") from error


def reason_of(error: Exception) -> str:
    """What happened, in AWS's words, and what helps."""
    if isinstance(error, PartlyMade) and isinstance(error.__cause__, (ClientError, BotoCoreError)):
        return reason_of(error.__cause__)
    if isinstance(error, BotoCoreError):
        return f"the request could not be made: {error}"
    if not isinstance(error, ClientError):
        return str(error)
    answer: Any = error.response
    code = str(answer.get("Error", {}).get("Code", "unknown"))
    message = str(answer.get("Error", {}).get("Message", "")).rstrip(".")
    said = f"{error.operation_name} was refused by AWS ({code}): {message}."
    return f"{said} {advice(code)}".rstrip()


def advice(code: str) -> str:
    """What to do about an error of AWS; empty where its message has to speak for itself."""
    lowered = code.lower()
    return next((text for parts, text in _ADVICE if any(part in lowered for part in parts)), "")
