"""Problems with settings, as sentences."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pydantic import ValidationError


class SettingsError(pulumi.RunError):
    """The settings cannot work. `pulumi up` shows the text and no traceback."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))


def problems_of(error: ValidationError) -> list[str]:
    """One sentence for each thing that pydantic found."""
    return [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False)]
