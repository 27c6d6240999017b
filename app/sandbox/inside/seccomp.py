"""The system calls a tool may make, as a filter that it cannot take off again.

Without new processes, killing a call is killing one process; without sockets there is no network, whatever
namespaces the platform allows.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from .syscalls import AARCH64, BY_ARGUMENT, NETWORK, NEWEST, REFUSED, X86_64

LOAD, JUMP_EQUAL, JUMP_ABOVE, JUMP_ANY_BIT, RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
ALLOW, FAIL, KILL = 0x7FFF0000, 0x00050000, 0x80000000
NUMBER, MACHINE, ARGUMENTS = 0, 4, 16

MACHINES = {X86_64: (0, 0xC000003E), AARCH64: (1, 0xC00000B7)}
"""Column in `syscalls.py`, and what the kernel calls the machine."""

CLONE_THREAD = 0x10000
AF_INET, AF_INET6 = 2, 10
SOCK_STREAM = 1
PR_SET_NAME, PR_GET_NAME = 15, 16
PR_SET_SECCOMP_MODE, MODE_FILTER = 22, 2


class _Program:
    """Instructions of the kernel's filter machine, in order."""

    def __init__(self) -> None:
        self._code = bytearray()

    def add(self, code: int, value: int, if_true: int = 0, if_false: int = 0) -> None:
        self._code += struct.pack("=HBBI", code, if_true, if_false, value & 0xFFFFFFFF)

    def bytes(self) -> bytes:
        return bytes(self._code)

    def refuse(self, number: int, error: int = errno.EPERM) -> None:
        """Fail whenever this call is made."""
        self.add(JUMP_EQUAL, number, 0, 1)
        self.add(RETURN, FAIL | error)

    def only(self, number: int, argument: int, *allowed: int) -> None:
        """Fail unless an argument has one of some values. The lower half is compared: all are small."""
        skip = 2 + len(allowed) + 1
        self.add(JUMP_EQUAL, number, 0, skip)
        self.add(LOAD, ARGUMENTS + 8 * argument)
        for position, value in enumerate(allowed):
            self.add(JUMP_EQUAL, value, len(allowed) - position, 0)
        self.add(RETURN, FAIL | errno.EPERM)
        self.add(RETURN, ALLOW)

    def with_bit(self, number: int, argument: int, bit: int) -> None:
        """Fail unless an argument has a bit."""
        self.add(JUMP_EQUAL, number, 0, 4)
        self.add(LOAD, ARGUMENTS + 8 * argument)
        self.add(JUMP_ANY_BIT, bit, 1, 0)
        self.add(RETURN, FAIL | errno.EPERM)
        self.add(RETURN, ALLOW)


def program(machine: str, pid: int, *, network: bool) -> bytes:
    """The filter for the process `pid`. Raises KeyError for a machine that it was not written for."""
    column, audit = MACHINES[machine]
    special = {name: numbers[column] for name, numbers in BY_ARGUMENT.items()}
    code = _Program()
    code.add(LOAD, MACHINE)
    code.add(JUMP_EQUAL, audit, 1, 0)
    code.add(RETURN, KILL)  # a call of another machine's table, such as 32-bit ones
    code.add(LOAD, NUMBER)
    code.add(JUMP_ABOVE, NEWEST, 0, 1)
    code.add(RETURN, FAIL | errno.ENOSYS)
    refused = dict(REFUSED) if network else REFUSED | NETWORK
    for numbers in refused.values():
        number = numbers[column]
        if number is not None:
            code.refuse(number)
    code.refuse(_known(special["clone3"]), errno.ENOSYS)  # then libc uses clone, whose flags can be seen
    code.with_bit(_known(special["clone"]), 0, CLONE_THREAD)
    for name in ("kill", "tgkill"):
        code.only(_known(special[name]), 0, pid)
    code.only(_known(special["prlimit64"]), 0, 0, pid)
    code.only(_known(special["prctl"]), 0, PR_SET_NAME, PR_GET_NAME)
    # Datagram sockets of a pair could be pointed at somebody else's.
    code.only(_known(special["socketpair"]), 1, *(SOCK_STREAM | flags for flags in _flags()))
    if network:
        code.only(_known(NETWORK["socket"][column]), 0, AF_INET, AF_INET6)
    code.add(RETURN, ALLOW)
    return code.bytes()


def install(libc: ctypes.CDLL, *, network: bool) -> None:
    """Put the filter on this process for good. Raises OSError."""
    code = program(os.uname().machine, os.getpid(), network=network)
    buffer = ctypes.create_string_buffer(code, len(code))
    head = struct.pack("@HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
    if libc.prctl(PR_SET_SECCOMP_MODE, MODE_FILTER, head, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "the filter of system calls was refused")


def _known(number: int | None) -> int:
    assert number is not None
    return number


def _flags() -> tuple[int, ...]:
    close_on_exec, non_blocking = 0o2000000, 0o4000
    return 0, close_on_exec, non_blocking, close_on_exec | non_blocking
