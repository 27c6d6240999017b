"""buildah with a store of our own: nothing of the user's container set-up is read or changed."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from local.images.process import run
from local.paths import cache
from local.progress import Progress

_DAMAGE = re.compile(
    r"/overlay/[0-9a-f]{64}\S*: no such file|layer not known|image not known|identifier is not a"
)
_STEP = re.compile(r"^(?:\[\d+/\d+\] )?STEP (\d+)/(\d+): (.*)$")


class Buildah:
    """Builds, exports and forgets images in one store below the cache."""

    def __init__(self) -> None:
        self._store = cache() / "containers"
        # It holds mount counts that are wrong after a reboot, so it has to be on a tmpfs.
        key = hashlib.sha256(str(self._store).encode()).hexdigest()[:8]
        self._run_root = Path(f"/run/roost/containers-{key}")

    @cached_property
    def _command(self) -> list[str]:
        self._store.mkdir(parents=True, exist_ok=True)
        driver = _storage_driver(self._store)
        return [
            # In mounts of its own: buildah leaves its store mounted, and a killed build leaves its layers.
            *("unshare", "--mount", "--propagation=private"),
            "buildah",
            f"--root={self._store}",
            f"--runroot={self._run_root}",
            f"--storage-driver={driver}",
        ]

    def build(
        self,
        ref: str,
        context: Path,
        dockerfile: str,
        log: Path,
        progress: Progress,
        *,
        arguments: Mapping[str, str] | None = None,
        volumes: Sequence[str] = (),
    ) -> None:
        """Build `dockerfile` (relative to `context`) as `ref`. `volumes` exist only while RUN steps run."""
        command = [
            *self._command,
            "build",
            "--isolation=chroot",
            "--network=host",
            "--pull-never",
            "--layers",
        ]
        command += ["--format=docker"]  # OCI images have no place for HEALTHCHECK
        command += [f"--label=org.opencontainers.image.version={ref.rsplit(':', 1)[1]}"]
        command += [f"--build-arg={key}={value}" for key, value in (arguments or {}).items()]
        command += [f"--volume={volume}" for volume in volumes]
        command += [f"--file={context / dockerfile}", f"--tag={ref}", str(context)]

        def show(line: str) -> None:
            if step := _STEP.match(line):
                progress.advance(int(step[1]) - 1, int(step[2]), step[3][:60])

        run(command, log, timeout=1200, on_line=show)

    def export(self, ref: str, archive: Path, log: Path) -> None:
        """Write `ref` as an uncompressed docker archive; `archive` appears only when it is complete."""
        scratch = archive.with_suffix(".partial")
        scratch.unlink(missing_ok=True)
        run([*self._command, "push", "--quiet", ref, f"docker-archive:{scratch}:{ref}"], log, timeout=300)
        scratch.replace(archive)

    def has(self, ref: str) -> bool:
        """Whether the store holds this image."""
        answer = subprocess.run(
            [*self._command, "inspect", "--type=image", ref], capture_output=True, timeout=60, check=False
        )
        return answer.returncode == 0

    def drop_leftovers(self, log: Path) -> None:
        """Remove the working containers of a build that was interrupted."""
        run([*self._command, "rm", "--all"], log, timeout=120)

    def is_damaged(self, log: Path) -> bool:
        """Whether the build that ended `log` failed because the store lacks parts of what it lists."""
        return _DAMAGE.search("\n".join(log.read_text(errors="replace").splitlines()[-3:])) is not None

    def reset(self) -> None:
        """Throw the store away; everything in it can be built again."""
        for directory in (self._store, self._run_root):
            if directory.exists():
                shutil.rmtree(directory)

    def forget(self, ref: str) -> None:
        """Remove an image that is no longer wanted, unless it is in use or already gone."""
        subprocess.run([*self._command, "rmi", ref], capture_output=True, timeout=120, check=False)


def _storage_driver(store: Path) -> str:
    """`overlay` where the file system of the cache can carry it (a container's own may not), else `vfs`."""
    with tempfile.TemporaryDirectory(dir=store, prefix="probe-") as scratch:
        parts = {name: Path(scratch) / name for name in ("lower", "upper", "work", "merged")}
        for part in parts.values():
            part.mkdir()
        options = f"lowerdir={parts['lower']},upperdir={parts['upper']},workdir={parts['work']}"
        mount = ["mount", "-t", "overlay", "overlay", "-o", options, str(parts["merged"])]
        if subprocess.run(mount, capture_output=True, timeout=30, check=False).returncode != 0:
            return "vfs"
        subprocess.run(["umount", str(parts["merged"])], check=True, timeout=30)
        return "overlay"
