"""Reads files out of Go modules, at the version in a go.mod; Go itself holds them to its go.sum."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from local.progress import PhaseError, Progress
from local.toolchain.versions import GoSource

_DOWNLOAD_SECONDS = 240


def fetch(source: GoSource, progress: Progress) -> Path:
    """The directory of the module in Go's own cache, downloaded first where it is missing.

    Raises:
        PhaseError: Go is missing, the download failed or took too long, or it is not what go.sum names.
    """
    progress.note(f"fetching {source.path}")
    again = "Try again with a Go on PATH that reaches its module proxy; go.sum is never to be edited by hand."
    try:
        done = subprocess.run(
            ["go", "mod", "download", "-json", source.path],
            cwd=source.directory,
            capture_output=True,
            text=True,
            timeout=_DOWNLOAD_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PhaseError(f"Go did not fetch {source.path}: {error}.", again) from None
    if done.returncode != 0:
        raise PhaseError(f"Go did not fetch {source.path}: {(done.stderr or done.stdout).strip()}", again)
    return Path(json.loads(done.stdout)["Dir"])
