"""Run a built image the way the cluster runs it: read-only root, no capabilities, its own namespaces."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from local.images.build import ImageBuild


def image_config(image: ImageBuild) -> dict[str, Any]:
    """The image's configuration document: user, environment, entry point, labels, health check."""
    with tarfile.open(image.archive) as archive:
        manifest = json.load(_member(archive, "manifest.json"))[0]
        assert manifest["RepoTags"] == [image.ref]
        return json.load(_member(archive, manifest["Config"]))


def layers(image: ImageBuild) -> list[tarfile.TarFile]:
    """The image's layers, lowest first."""
    with tarfile.open(image.archive) as archive:
        manifest = json.load(_member(archive, "manifest.json"))[0]
        contents = [_member(archive, name).read() for name in manifest["Layers"]]
    return [tarfile.open(fileobj=io.BytesIO(content)) for content in contents]


def _member(archive: tarfile.TarFile, name: str) -> Any:
    member = archive.extractfile(name)
    assert member is not None, name
    return member


def unpack(image: ImageBuild, root: Path) -> Path:
    """The image's file system below `root`. Our images delete nothing from a lower layer: no whiteouts."""
    root.mkdir(parents=True)
    for layer in layers(image):
        assert not [name for name in layer.getnames() if Path(name).name.startswith(".wh.")]
        layer.extractall(root, filter="fully_trusted")
    return root


class Container:
    """One running container of an image, in a network of its own that has only a loopback."""

    def __init__(
        self,
        image: ImageBuild,
        root: Path,
        bundle: Path,
        *,
        arguments: list[str] | None = None,
        environment: dict[str, str] | None = None,
        mounts: dict[str, Path] | None = None,
    ) -> None:
        self.name = f"roost-test-{uuid.uuid4().hex[:8]}"
        self._state = bundle / "state"
        self.output = bundle / "output"
        config = image_config(image)["config"]
        bundle.mkdir(parents=True)
        document = _runtime_config(config, root, arguments, environment or {}, mounts or {})
        (bundle / "config.json").write_text(json.dumps(document))
        with self.output.open("wb") as sink:
            self._process = subprocess.Popen(
                [*self._runc, "run", "--bundle", str(bundle), self.name],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
            )

    @property
    def _runc(self) -> list[str]:
        return ["runc", "--root", str(self._state)]

    def execute(
        self, *command: str, user: str = "", environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as the image's user unless told otherwise."""
        options = [f"--env={name}={value}" for name, value in (environment or {}).items()]
        options += [f"--user={user}"] if user else []
        return subprocess.run(
            [*self._runc, "exec", *options, self.name, *command],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def wait_until(self, ready: Callable[[], bool], seconds: float = 60) -> None:
        """Poll `ready`; fails with the container's output when it ends or takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            assert self._process.poll() is None, f"it ended:\n{self.output.read_text()}"
            assert time.monotonic() < deadline, f"not ready in time:\n{self.output.read_text()}"
            time.sleep(0.2)

    def state(self) -> str:
        """What runc says of it."""
        command = [*self._runc, "state", self.name]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout

    def wait(self, seconds: float = 30) -> int:
        """The exit status of the container that ends by itself."""
        return self._process.wait(seconds)

    def signal(self, name: str) -> None:
        """Send a signal to process 1."""
        subprocess.run([*self._runc, "kill", self.name, name], check=True, timeout=30, capture_output=True)

    def remove(self) -> None:
        """End it whatever it does."""
        subprocess.run(
            [*self._runc, "delete", "--force", self.name], timeout=30, capture_output=True, check=False
        )
        self._process.wait(30)


def _runtime_config(
    config: dict[str, Any],
    root: Path,
    arguments: list[str] | None,
    environment: dict[str, str],
    mounts: dict[str, Path],
) -> dict[str, Any]:
    uid, _, gid = config["User"].partition(":")
    plain = ["nosuid", "noexec", "nodev"]
    none: list[str] = []
    return {
        "ociVersion": "1.0.2",
        "process": {
            "terminal": False,
            "user": {"uid": int(uid), "gid": int(gid)},
            "args": [
                *config["Entrypoint"],
                *(arguments if arguments is not None else config.get("Cmd") or []),
            ],
            "env": [*config["Env"], *(f"{name}={value}" for name, value in environment.items())],
            "cwd": config.get("WorkingDir") or "/",
            "noNewPrivileges": True,
            "capabilities": dict.fromkeys(("bounding", "effective", "permitted"), none),
        },
        "root": {"path": str(root), "readonly": True},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "mode=755"]},
            {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": [*plain, "mode=1777"]},
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": [*plain, "mode=1777"]},
            *(
                {"destination": place, "type": "bind", "source": str(source), "options": ["rbind", "rw"]}
                for place, source in mounts.items()
            ),
        ],
        "linux": {"namespaces": [{"type": kind} for kind in ("pid", "network", "ipc", "uts", "mount")]},
    }
