"""Problems with settings, told all at once, numbered, as sentences."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi


class SettingsError(pulumi.RunError):
    """The settings cannot work. `pulumi up` shows the text and no traceback, before any resource exists."""

    def __init__(self, problems: Sequence[str], *, about: str = "") -> None:
        self.problems = tuple(problems)
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        subject = f"the settings of {about}" if about else "the settings"
        lines = [
            f"There {'is' if len(problems) == 1 else 'are'} {count} with {subject}; nothing was changed."
        ]
        lines += [f"  {number}. {problem}" for number, problem in enumerate(problems, 1)]
        super().__init__("\n".join([*lines, "Every setting is explained in docs/settings.md."]))
