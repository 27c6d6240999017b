"""Settings of the alarms: who hears of what, and from which figure on."""

from __future__ import annotations

import re
from typing import Self

from pydantic import Field, SecretStr, field_validator, model_validator

from infra.settings.aws_alarm_thresholds import AlarmThresholds
from infra.settings.base import Section

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class Recipients(Section):
    """Who hears of the alarms of one severity. All that is given is told."""

    emails: tuple[str, ...] = Field(
        default=(), description="Addresses; AWS writes to each, and sends nothing until it is confirmed."
    )
    slack_channel: str | None = Field(
        default=None,
        pattern=r"^[CG][A-Z0-9]{8,}$",
        description=(
            "Id of a channel in slackWorkspace, as at the end of its URL: `C0123456789`. AWS takes a channel "
            "once for an account: another stack there needs another one."
        ),
    )
    pager_duty_url: SecretStr | None = Field(
        default=None,
        description="Integration URL of a PagerDuty service (Amazon CloudWatch); set it with `--secret`.",
    )

    @field_validator("emails")
    @classmethod
    def _are_addresses(cls, emails: tuple[str, ...]) -> tuple[str, ...]:
        for email in emails:
            if not _EMAIL.fullmatch(email):
                raise ValueError(f"emails lists addresses, as oncall@example.com, not {email!r}")
        if len(set(emails)) != len(emails):
            raise ValueError("emails names an address twice: AWS refuses the second, so remove it")
        return emails

    @field_validator("pager_duty_url")
    @classmethod
    def _is_https(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith("https://"):
            raise ValueError(
                "pagerDutyUrl must be an https:// URL: whoever knows it can raise and close incidents, "
                "so it must not travel in the clear"
            )
        return url

    @property
    def anybody(self) -> bool:
        """Whether somebody would hear of an alarm."""
        return bool(self.emails) or self.slack_channel is not None or self.pager_duty_url is not None


class AlarmSettings(Section):
    """Two severities: `critical` wakes somebody, `warning` can wait until the morning."""

    critical: Recipients = Field(description="Users are hurt, or data will be lost: somebody gets up.")
    warning: Recipients | None = Field(
        default=None, description="Will be critical if nobody does anything; absent: those of critical."
    )
    slack_workspace: str | None = Field(
        default=None,
        pattern=r"^T[A-Z0-9]{8,}$",
        description=(
            "Id of the Slack workspace: `T0123456789`. Somebody has to let Amazon Q Developer in chat "
            "applications into it once, in AWS's console."
        ),
    )

    runbooks: str = Field(
        default="docs/runbooks/",
        pattern=r"^\S+/$",
        description="Where alarms say that their pages are; your repository's URL makes a link of it.",
    )
    thresholds: AlarmThresholds = Field(
        default_factory=AlarmThresholds, description="From which figures on somebody is told."
    )

    @model_validator(mode="after")
    def _somebody_hears(self) -> Self:
        for severity, recipients in (("critical", self.critical), ("warning", self.warning)):
            if recipients is not None and not recipients.anybody:
                raise ValueError(
                    f"nobody hears of {severity} alarms: give alarms.{severity} at least one of emails, "
                    "slackChannel, pagerDutyUrl"
                )
        return self

    @model_validator(mode="after")
    def _channels_are_in_a_workspace(self) -> Self:
        channels = [one for one in (self.critical, self.warning) if one and one.slack_channel]
        if channels and self.slack_workspace is None:
            raise ValueError("alarms has a slackChannel and no slackWorkspace to find it in: set both")
        if self.slack_workspace is not None and not channels:
            raise ValueError(
                "alarms.slackWorkspace is set and no slackChannel is: set one for critical or warning, or "
                "remove the workspace"
            )
        return self

    @property
    def heard_by(self) -> dict[str, Recipients]:
        """Recipients by severity."""
        return {"critical": self.critical, "warning": self.warning or self.critical}
