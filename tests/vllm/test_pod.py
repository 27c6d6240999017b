"""What pod and server promise each other: where it writes, whom it asks, and who sees its key."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

from tests.support.vllm import KEY, Vllm


def test_it_asks_nobody_outside(chat: Vllm) -> None:
    chat.chat()
    addresses = chat.addresses()
    assert f"bind {chat.url.split('/')[2].split(':')[0]}" in addresses  # the audit hears this process
    asked = {line.split()[1] for line in addresses if line.startswith(("connect", "name"))}
    assert {address for address in asked if not _is_own(address)} == set()


def _is_own(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address in {"localhost", os.uname().nodename, "None"}
    return ip.is_loopback or ip.is_unspecified


def test_it_is_told_to_stay_offline(chat: Vllm) -> None:
    environment = _environment(chat.process.pid)
    assert environment["HF_HUB_OFFLINE"] == environment["VLLM_NO_USAGE_STATS"] == "1"


def test_the_key_is_in_no_argument_and_no_log(chat: Vllm) -> None:
    for pid in _group(chat.process.pid):
        assert KEY.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
    assert KEY not in chat.logs()
    assert _environment(chat.process.pid)["VLLM_API_KEY"] == KEY


def test_it_takes_the_shells_place(chat: Vllm) -> None:
    """SIGTERM goes to the container's first process: a shell there would swallow it."""
    assert b"serve" in Path(f"/proc/{chat.process.pid}/cmdline").read_bytes().split(b"\0")


def test_what_it_compiles_is_kept_in_the_cache(chat: Vllm) -> None:
    assert list(chat.cache.rglob("*.so"))
    # Nothing but the log, the key and the audit of the test is written where the server was started.
    assert {path.name for path in chat.directory.iterdir()} == {"audit", "key", "log"}


def _environment(pid: int) -> dict[str, str]:
    entries = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(entry.split("=", 1) for entry in entries if "=" in entry)


def _group(leader: int) -> list[int]:
    """The server and everything that it started."""
    found: list[int] = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == leader:
            found.append(int(stat.parent.name))
    assert leader in found
    return found
