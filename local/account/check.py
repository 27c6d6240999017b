"""Questions to an account, and what came of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError

from infra.settings import Settings
from infra.settings.aws import AwsSettings

Outcome = Literal["right", "note", "wrong", "open"]
"""As it must be; worth knowing; in the way of `pulumi up`; or nobody could tell."""

_REFUSED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"}
_SECONDS = 20


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One sentence about the account, and what to do where something has to be done."""

    outcome: Outcome
    text: str
    remedy: str = ""


def right(text: str) -> Finding:
    """As it must be."""
    return Finding(outcome="right", text=text)


def note(text: str, remedy: str) -> Finding:
    """In nobody's way, and worth knowing."""
    return Finding(outcome="note", text=text, remedy=remedy)


def wrong(text: str, remedy: str) -> Finding:
    """`pulumi up` would fail, maybe after an hour."""
    return Finding(outcome="wrong", text=text, remedy=remedy)


@dataclass(frozen=True)
class Account:
    """The account that the credentials in the environment open, and the stack that is meant for it."""

    settings: Settings
    endpoint: str | None = None
    """Only where the account is emulated."""
    keys: dict[str, str] = field(default_factory=dict[str, str])
    """Credentials, where they are not the environment's own."""

    @property
    def aws(self) -> AwsSettings:
        """The stack's AWS settings."""
        assert self.settings.aws is not None  # the command takes only such stacks
        return self.settings.aws

    def client(self, service: str, region: str | None = None) -> Any:
        """A client of the stack's region, or of another one."""
        return boto3.client(  # pyright: ignore[reportCallIssue,reportUnknownVariableType,reportUnknownMemberType]
            service,  # pyright: ignore[reportArgumentType]
            region_name=region or self.aws.region,
            endpoint_url=self.endpoint,
            config=Config(connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"mode": "standard"}),
            **self.keys,
        )


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing to ask about."""

    name: str
    ask: Callable[[Account], Iterator[Finding]]
    actions: tuple[str, ...]
    """What the credentials must allow for it; all of them only read."""


def run(check: Check, account: Account) -> list[Finding]:
    """Ask; whatever stops the asking is a finding too."""
    findings: list[Finding] = []
    try:
        findings.extend(check.ask(account))
    except ClientError as error:
        findings.append(_unanswered(check, error))
    except NoCredentialsError:
        findings.append(
            _open(
                "there are no AWS credentials in the environment", "Sign in first, as with `aws sso login`."
            )
        )
    except BotoCoreError as error:
        findings.append(
            _open(f"AWS was not reached: {error}", "Look at the network, the proxy and the credentials.")
        )
    return findings


def _unanswered(check: Check, error: ClientError) -> Finding:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in _REFUSED:
        return _open(
            f"the credentials may not ask ({error.operation_name})", f"Allow {_listed(check.actions)}."
        )
    return _open(f"AWS did not answer {error.operation_name}: {error}", "Try again, or ask by hand.")


def _open(text: str, remedy: str) -> Finding:
    return Finding(outcome="open", text=text, remedy=remedy)


def _listed(actions: Sequence[str]) -> str:
    return " and ".join(actions)


def has_code(error: ClientError, *codes: str) -> bool:
    """Whether AWS's answer is one of these errors."""
    return error.response.get("Error", {}).get("Code", "") in codes
