"""Kubernetes quantities as numbers."""

from __future__ import annotations

import re
from decimal import Decimal

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}
_DECIMAL = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}


def cpu_millis(text: str) -> int:
    """Thousandths of a core: `250m` is 250, `2` is 2000, `0.5` is 500. ValueError for anything else."""
    match = re.fullmatch(r"(\d+)m|(\d+(?:\.\d{1,3})?)", text)
    if match is None:
        raise ValueError("CPU is written as `250m` (thousandths of a core) or `2` or `0.5` (cores)")
    millis = int(match[1]) if match[1] else int(Decimal(match[2]) * 1000)
    if millis == 0:
        raise ValueError("CPU must be above zero")
    return millis


def memory_bytes(text: str) -> int:
    """Bytes: `512Mi`, `2Gi`, `1G`. ValueError for anything else."""
    match = re.fullmatch(r"(\d+)(Ki|Mi|Gi|Ti|k|M|G|T)", text)
    if match is None:
        raise ValueError("memory is written as `512Mi` or `2Gi`")
    size = int(match[1]) * (_BINARY | _DECIMAL)[match[2]]
    if size == 0:
        raise ValueError("memory must be above zero")
    return size


def show_cpu(millis: int) -> str:
    """The shortest quantity: `500m`, `2`."""
    return f"{millis}m" if millis % 1000 else str(millis // 1000)


def show_memory(size: int) -> str:
    """Mebibytes, rounded up: for messages."""
    return f"{-(-size // 2**20)}Mi"
