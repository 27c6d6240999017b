"""Removing whole directories, with every guard that such a thing needs."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import subprocess
from pathlib import Path

from local import paths
from local.progress import PhaseError

UNMOUNT_SECONDS = 30


def remove(path: Path) -> int:
    """Remove a directory of ours; the bytes that it held.

    Raises:
        PhaseError: it holds what is not ours, a process works with it, or something mounted below it is busy.
    """
    refuse_if_precious(path)
    refuse_if_used(path)
    release_mounts(path)
    freed = disk_usage(path)
    shutil.rmtree(path)
    return freed


def refuse_if_precious(path: Path) -> None:
    """A mistaken ROOST_STATE or ROOST_CACHE must not cost a home directory."""
    resolved = path.resolve()
    for precious, what in ((Path.home(), "your home directory"), (paths.REPO, "this checkout")):
        if precious.resolve().is_relative_to(resolved):
            raise PhaseError(
                f"{path} contains {what}; it will not be removed.",
                "Point ROOST_STATE and ROOST_CACHE to directories that hold nothing else.",
            )


def refuse_if_used(path: Path) -> None:
    """The cache may serve other checkouts and other states: not while one of their programs runs."""
    users = [f"{name} (process {pid})" for pid, name in programs_below(path.resolve()).items()]
    if users:
        shown = ", ".join(users[:3]) + (f" and {len(users) - 3} more" if len(users) > 3 else "")
        raise PhaseError(
            f"{path} is in use by {shown}.",
            "End them first: `make down` in the other checkout, or wait for its build or tests.",
        )


def programs_below(root: Path) -> dict[int, str]:
    """Running programs that were started from a file below `root`, other than us and who started us."""
    ours = _ancestors()
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in ours:
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            candidates = [(entry / "exe").readlink(), Path(os.fsdecode(words[0]))]
        except OSError:
            continue  # it ended, or is a thread of the kernel
        if any(path.is_relative_to(root) for path in candidates):
            found[int(entry.name)] = _title(words)
    return found


def _title(words: list[bytes]) -> str:
    """The program's name; for Python, what it runs as well."""
    names = [Path(os.fsdecode(word)).name for word in words[:3] if word]
    return " ".join(names if names[0].startswith("python") else names[:1])


def _ancestors() -> set[int]:
    pids, pid = set[int](), os.getpid()
    while pid > 1 and pid not in pids:
        pids.add(pid)
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return pids


def release_mounts(root: Path) -> None:
    """Unmount what is mounted below `root`, deepest first, so that no removal reaches into it.

    Raises:
        PhaseError: a mount is busy.
    """
    for place in reversed(mounts_below(root.resolve())):
        result = subprocess.run(
            ["umount", str(place)], capture_output=True, text=True, timeout=UNMOUNT_SECONDS, check=False
        )
        if result.returncode != 0:
            raise PhaseError(
                f"{place} is mounted and busy: {result.stderr.strip()}",
                "A build may be running: wait for it, then try again. Nothing below it was removed.",
            )
    if left := mounts_below(root.resolve()):
        raise PhaseError(f"{left[0]} is still mounted.", "Unmount it, then try again.")


def mounts_below(root: Path) -> list[Path]:
    """Mount points at or below `root`, in the order in which they were mounted."""
    places = [line.split(" ")[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    decoded = [Path(place.encode().decode("unicode_escape")) for place in places]
    return [place for place in decoded if place.is_relative_to(root)]


def disk_usage(path: Path) -> int:
    """Bytes in all regular files below `path`."""
    total = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with contextlib.suppress(OSError):
                facts = os.lstat(f"{folder}/{name}")
                total += facts.st_size if stat.S_ISREG(facts.st_mode) else 0
    return total
