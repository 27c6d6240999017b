"""Images for a cluster of the user's own: built by their docker, handed over by the cluster's own tool."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from local.images.build import context_files, image_ref
from local.images.content import stage
from local.images.process import run
from local.images.specs import IMAGES, ImageSpec
from local.images.wanted import wanted_images
from local.paths import cache
from local.progress import PhaseError, Progress

_BUILD_SECONDS = 1800
_LOAD_SECONDS = 600


def load_images(context: str, progress: Progress) -> dict[str, str]:
    """Build what has changed and load it into the cluster of this kubeconfig context; references by name.

    The Dockerfiles' default base images are pulled. Raises PhaseError for a cluster that we cannot load
    images into, and for a docker that does not answer.
    """
    loader = _load_command(context)
    _require_docker()
    log = cache() / "images" / "logs" / "docker.log"
    progress.log(log)
    refs: dict[str, str] = {}
    specs = [IMAGES[name] for name in wanted_images()]
    for done, spec in enumerate(specs):
        progress.advance(done, len(specs), spec.name)
        refs[spec.name] = image_ref(spec, {})
        if not _docker_has(refs[spec.name]):
            _build(spec, refs[spec.name], log)
    if loader is not None:
        progress.note(f"loading {len(refs)} images into {context}")
        run([part for word in loader for part in _expand(word, refs)], log, timeout=_LOAD_SECONDS)
    return refs


def _load_command(context: str) -> list[str] | None:
    """The command that loads images (`REFS` stands for them); None where the cluster shares docker's own."""
    kind, _, name = context.partition("-")
    if context == "docker-desktop":
        return None
    if kind == "kind" and name:
        return ["kind", "load", "docker-image", "REFS", "--name", name]
    if kind == "k3d" and name:
        return ["k3d", "image", "import", "REFS", "--cluster", name]
    raise PhaseError(
        f"Roost does not know how to load its images into the cluster of context {context!r}.",
        "Use a context of kind (kind-…), k3d (k3d-…) or Docker Desktop (docker-desktop), "
        "or leave CONTEXT out for the embedded cluster.",
    )


def _expand(word: str, refs: dict[str, str]) -> Sequence[str]:
    return list(refs.values()) if word == "REFS" else [word]


def _require_docker() -> None:
    try:
        answer = subprocess.run(
            ["docker", "version", "--format", "{{.Server.Version}}"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    except FileNotFoundError as error:
        raise PhaseError("There is no docker on PATH to build the images with.", "Install Docker.") from error
    if answer.returncode != 0:
        raise PhaseError(
            f"docker does not answer: {answer.stderr.strip()}", "Start Docker, then run this again."
        )


def _docker_has(ref: str) -> bool:
    command = ["docker", "image", "inspect", ref]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


def _build(spec: ImageSpec, ref: str, log: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="roost-build-") as name:
        context = Path(name)
        stage(context_files(spec), context)
        command = ["docker", "build", "--tag", ref, "--file", str(context / spec.dockerfile), str(context)]
        run(command, log, timeout=_BUILD_SECONDS)
