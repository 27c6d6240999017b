"""Tags on every AWS resource, set once as the provider's default tags.

Kubernetes labels are in `infra/workloads/labels.py`: they select pods and therefore never change.
"""

from __future__ import annotations

import re

from infra.settings.settings import ProfileName

DATA_CLASS: dict[ProfileName, str] = {"local": "test", "dev": "test", "prod": "confidential"}
"""What data may be in a stack of a profile; users' conversations are in production only."""
STACK_TAG = "roost:stack"
COST_TAGS = (STACK_TAG, "cost-center", "owner")
"""Tags that the bill is divided by, once the account has them activated."""
BACKUP_TAG = "roost:backup"
"""On volumes that AWS Backup takes; its value is the stack's prefix (`roost-prod`)."""
_VALUE = re.compile(r"[\w\s+\-=.:/@]{1,256}")


def default_tags(*, stack: str, profile: ProfileName, owner: str, cost_center: str) -> dict[str, str]:
    """Who and what a resource belongs to. ValueError for a value that AWS would refuse in some service."""
    tags = {
        STACK_TAG: stack,
        "roost:profile": profile,
        "owner": owner,
        "cost-center": cost_center,
        "data-class": DATA_CLASS[profile],
        "managed-by": "pulumi",
    }
    for key, value in tags.items():
        if not _VALUE.fullmatch(value):
            raise ValueError(
                f"the tag {key} cannot be {value!r}: use 1 to 256 letters, digits, spaces and + - = . _ : / @"
            )
    return tags
