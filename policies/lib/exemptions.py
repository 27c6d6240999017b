"""Exemptions: a rule that does not hold for a resource, for a reason, by someone, until a day."""

from __future__ import annotations

import datetime as dt
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

_Said = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]


class Exemption(BaseModel):
    """One entry of a rule's `exemptions`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    resource: _Said = Field(
        description="Glob over `<type>::<logical name>`, or over the whole URN if it begins with `urn:`."
    )
    reason: _Said = Field(description="Why the rule need not hold there.")
    owner: _Said = Field(description="Who answers for it.")
    expires: dt.date = Field(description="The last day on which it holds, as 2027-03-31.")

    def covers(self, type_: str, name: str, urn: str) -> bool:
        """Whether it is about that resource."""
        subject = urn if self.resource.startswith("urn:") else f"{type_}::{name}"
        return fnmatchcase(subject, self.resource)

    def expired(self, today: dt.date) -> bool:
        """Whether its last day has passed."""
        return today > self.expires
