"""Which EC2 instance types carry an accelerator, by their family."""

from __future__ import annotations

import re
from enum import Enum

_FAMILY = re.compile(r"^(?P<letters>[a-z]+)\d")
_AMD = "g4ad"


class Accelerator(Enum):
    """What an instance type computes with beside its processor."""

    NVIDIA = "NVIDIA"
    NEURON = "Neuron"
    """AWS's own chips, Inferentia and Trainium."""
    OTHER = "other"


_BY_FAMILY = {
    **dict.fromkeys(("g", "gr", "p"), Accelerator.NVIDIA),
    **dict.fromkeys(("inf", "trn"), Accelerator.NEURON),
    **dict.fromkeys(("dl", "f", "vt"), Accelerator.OTHER),
}


def accelerator(instance_type: str) -> Accelerator | None:
    """NVIDIA of `g6e.xlarge`, `gr6.4xlarge` and `p5en.48xlarge`, Neuron of `trn2.48xlarge`, else none."""
    family = _FAMILY.match(instance_type.strip().lower())
    if family is None:
        return None
    if instance_type.strip().lower().startswith(_AMD):
        return Accelerator.OTHER
    return _BY_FAMILY.get(family["letters"])
