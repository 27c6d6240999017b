"""The pod sandbox's process: a static Go program, since Go is on every machine that builds the rest."""

from __future__ import annotations

from pathlib import Path

from local.images.process import run
from local.paths import REPO, cache
from local.progress import Progress

PAUSE_SOURCES = ("local/images/pause",)


def compile_pause(target: Path, progress: Progress) -> None:
    """Compile local/images/pause into the static executable `target`."""
    progress.note("compiling pause")
    command = ["go", "build", "-trimpath", "-ldflags=-s -w", "-o", str(target), "."]
    log = cache() / "images" / "logs" / "pause.log"
    run(
        command,
        log,
        timeout=600,
        cwd=REPO / PAUSE_SOURCES[0],
        env={"CGO_ENABLED": "0", "GOTOOLCHAIN": "local"},
    )
