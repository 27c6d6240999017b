"""Gives up what a tool must not have, in the order in which it can be given up."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

from . import landlock, seccomp

NEW_USER, NEW_NETWORK, NEW_IPC = 0x10000000, 0x40000000, 0x08000000
PR_SET_DEATH_SIGNAL, PR_SET_DUMPABLE, PR_SET_NO_NEW_PRIVILEGES = 1, 4, 38
CAPABILITIES_V3 = 0x20080522

OPEN_FILES = 64

DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/dev/random")
SYSTEM = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/etc/localtime",
    "/etc/timezone", "/usr/share/zoneinfo", "/etc/mime.types",
)  # fmt: skip
NETWORK_FILES = (
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/ssl",
    "/usr/share/ca-certificates",
)

libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Walls:
    """What is the same for all calls of one server."""

    memory_bytes: int
    file_bytes: int
    network: bool
    packages: str | None
    """A directory of packages that tools may import."""


def leave_namespaces(*, network: bool) -> bool:
    """Enter a user namespace with a network of its own, which has nothing in it; False where forbidden."""
    user, group = os.geteuid(), os.getegid()
    wanted = NEW_USER | NEW_IPC | (0 if network else NEW_NETWORK)
    if libc.unshare(wanted) != 0:
        return False
    for name, line in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(line, encoding="ascii")
    return True


def hide() -> None:
    """Nobody reads this process's memory or environment, and it does not outlive its parent."""
    libc.prctl(PR_SET_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def confine(walls: Walls, scratch: str, seconds: float) -> None:
    """The walls around one call. What follows in this process is the tool's. Raises OSError."""
    hide()
    _limits(walls, seconds)
    if libc.prctl(PR_SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "new privileges cannot be given up")
    # A user namespace gives all capabilities within it; the tool gets none.
    header, none = struct.pack("=Ii", CAPABILITIES_V3, 0), bytes(24)
    if libc.capset(header, none) != 0:
        raise OSError(ctypes.get_errno(), "capabilities cannot be given up")
    if landlock.version(libc):
        readable = [*SYSTEM, *_python(), *((walls.packages,) if walls.packages else ())]
        readable += NETWORK_FILES if walls.network else ()
        landlock.restrict(libc, read=readable, write=(scratch, *DEVICES), network=walls.network)
    seccomp.install(libc, network=walls.network)


def _python() -> list[str]:
    """The standard library: it may lie outside the system's directories."""
    paths = sysconfig.get_paths()
    return sorted({paths["stdlib"], paths["platstdlib"], str(Path(sys.base_prefix, "lib"))})


def _limits(walls: Walls, seconds: float) -> None:
    cpu = int(seconds) + 1
    for what, most in (
        (resource.RLIMIT_AS, walls.memory_bytes),
        (resource.RLIMIT_FSIZE, walls.file_bytes),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_MSGQUEUE, 0),
    ):
        _, hard = resource.getrlimit(what)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (allowed, allowed))
