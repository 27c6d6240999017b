"""What a pack did in one run: the outcome for every rule and resource."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from policies.lib.exemptions import Exemption

DIRECTORY = "ROOST_POLICY_LEDGER"
"""Environment variable: a directory into which each pack writes `<pack>.jsonl`. Without it none does."""


@dataclass
class Ledger:
    """Outcomes by rule and URN; the last word counts, since an update judges what its preview did."""

    pack: str
    used: dict[tuple[str, str], Exemption] = field(default_factory=dict[tuple[str, str], Exemption])
    _file: TextIO | None = None

    def record(self, rule: str, urn: str, outcome: str, exemption: Exemption | None) -> None:
        """Note an outcome of `Verdict.outcome`; `exemption` is the one that covers the resource, if any."""
        if outcome == "exempted" and exemption:
            self.used[rule, urn] = exemption
        else:
            self.used.pop((rule, urn), None)
        if directory := os.environ.get(DIRECTORY):
            if self._file is None:
                self._file = (Path(directory) / f"{self.pack}.jsonl").open("a", buffering=1)
            self._file.write(json.dumps({"rule": rule, "urn": urn, "outcome": outcome}) + "\n")
