"""Which files a tool may read, and the one directory that it may write to (Landlock, Linux 5.13 or later)."""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Iterable
from pathlib import Path

from .syscalls import LANDLOCK

WRITE_FILE, READ_FILE, READ_DIR = 1 << 1, 1 << 2, 1 << 3
ALL_OF_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""File rights by the version that brought them; later versions have the last ones."""

FILE_RIGHTS = 1 | WRITE_FILE | READ_FILE | 1 << 14 | 1 << 15
"""What may be said of a path that is no directory."""

NETWORK_ABI, SCOPE_ABI = 4, 6
BIND_AND_CONNECT = 0b11
SIGNALS_AND_ABSTRACT_SOCKETS = 0b11
BENEATH = 1
VERSION_FLAG = 1


def version(libc: ctypes.CDLL) -> int:
    """The kernel's Landlock version; 0 where it has none or does not use it."""
    return max(0, libc.syscall(LANDLOCK["create"], None, 0, VERSION_FLAG))


def restrict(libc: ctypes.CDLL, *, read: Iterable[str], write: Iterable[str], network: bool) -> None:
    """Allow this process, for good, only these paths. Absent ones are left out. Raises OSError."""
    abi = version(libc)
    rights = next(mask for since, mask in sorted(ALL_OF_ABI.items(), reverse=True) if abi >= since)
    nets = BIND_AND_CONNECT if abi >= NETWORK_ABI and not network else 0
    scopes = SIGNALS_AND_ABSTRACT_SOCKETS if abi >= SCOPE_ABI else 0
    size = 24 if scopes else 16 if abi >= NETWORK_ABI else 8
    ruleset = libc.syscall(LANDLOCK["create"], struct.pack("=QQQ", rights, nets, scopes), size, 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "Landlock took no rules")
    try:
        for path in read:
            _allow(libc, ruleset, path, READ_FILE | READ_DIR)
        for path in write:
            _allow(libc, ruleset, path, rights & ~1)  # nothing is executed anywhere
        if libc.syscall(LANDLOCK["restrict"], ruleset, 0) != 0:
            raise OSError(ctypes.get_errno(), "Landlock's rules were refused")
    finally:
        os.close(ruleset)


def _allow(libc: ctypes.CDLL, ruleset: int, path: str, rights: int) -> None:
    try:
        where = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not Path(path).is_dir():
            rights &= FILE_RIGHTS
        rule = struct.pack("=Qi", rights, where)
        if libc.syscall(LANDLOCK["add"], ruleset, BENEATH, rule, 0) != 0:
            raise OSError(ctypes.get_errno(), f"Landlock took no rule for {path}")
    finally:
        os.close(where)
