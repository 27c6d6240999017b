"""Build the project's images as archives that containerd imports; what has not changed is not built again.

    python -m local.images.build [name …]

prints one line per image: reference and archive.
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from local.images.archive import ImageBuild, archived, work_directory
from local.images.buildah import Buildah
from local.images.compile import PAUSE_SOURCES, compile_pause
from local.images.content import content_hash, list_files, stage
from local.images.debian import Base, build_rootfs, load_bases
from local.images.pip_access import pip_volumes
from local.images.specs import IMAGES, REGISTRY, ImageSpec
from local.progress import PhaseError, Progress, Quiet

RECIPE = "1"
"""Changes when this module builds differently from the same files."""


def build_all(progress: Progress, names: Sequence[str] = ()) -> dict[str, ImageBuild]:
    """Every image of the project (or those in `names`) and the pod sandbox's `pause`.

    Raises PhaseError with the log named to `progress`.
    """
    bases = load_bases()
    wanted = names or [*IMAGES, "pause"]
    builds: dict[str, ImageBuild] = {}
    for done, name in enumerate(wanted):
        progress.advance(done, len(wanted), name)
        builds[name] = _pause(progress) if name == "pause" else _project_image(IMAGES[name], bases, progress)
    return builds


def wrap_binary(name: str, binary: Path, entrypoint_args: Sequence[str], progress: Progress) -> ImageBuild:
    """An image that holds one static executable and starts it with `entrypoint_args`, as UID 65532."""
    key = _short_hash(binary.read_bytes(), repr(entrypoint_args).encode())
    return _single_binary(
        name, key, lambda target: shutil.copyfile(binary, target), entrypoint_args, progress
    )


def image_ref(spec: ImageSpec, base_keys: Mapping[str, str]) -> str:
    """The reference that the present files give this image on bases with these keys (argument → key)."""
    extra = [RECIPE, spec.dockerfile, repr(sorted(base_keys.items()))]
    return f"{REGISTRY}/{spec.name}:{content_hash(context_files(spec), extra)}"


def context_files(spec: ImageSpec) -> list[Path]:
    """The files that the build of this image sees."""
    return list_files((*spec.context, spec.dockerfile))


def _project_image(spec: ImageSpec, bases: Mapping[str, Base], progress: Progress) -> ImageBuild:
    used = {argument: bases[name] for argument, name in spec.bases.items()}
    ref = image_ref(spec, {argument: base.key for argument, base in used.items()})

    def build(buildah: Buildah, work: Path, log: Path) -> None:
        arguments = {argument: _base_image(base, buildah, progress, log) for argument, base in used.items()}
        context = work / "context"
        stage(context_files(spec), context)
        volumes = pip_volumes(work)
        buildah.build(ref, context, spec.dockerfile, log, progress, arguments=arguments, volumes=volumes)

    return archived(spec.name, ref, build, progress)


def _base_image(base: Base, buildah: Buildah, progress: Progress, log: Path) -> str:
    ref = f"{REGISTRY}/base-{base.name}:{base.key}"
    if not buildah.has(ref):
        progress.note(f"making the {base.name} base from {len(base.packages)} Debian packages")
        with work_directory() as work:
            build_rootfs(base, work / "rootfs.tar", progress, log)
            (work / "Dockerfile").write_text(
                "FROM scratch\nADD rootfs.tar /\nENV PATH=/usr/local/bin:/usr/sbin:/usr/bin LANG=C.UTF-8\n"
            )
            buildah.build(ref, work, "Dockerfile", log, progress)
    return ref


def _pause(progress: Progress) -> ImageBuild:
    key = content_hash(list_files(PAUSE_SOURCES), [RECIPE])
    return _single_binary("pause", key, lambda target: compile_pause(target, progress), (), progress)


def _single_binary(
    name: str, key: str, produce: Callable[[Path], object], arguments: Sequence[str], progress: Progress
) -> ImageBuild:
    ref = f"{REGISTRY}/{name}:{key}"

    def build(buildah: Buildah, work: Path, log: Path) -> None:
        produce(work / name)
        (work / name).chmod(0o755)
        entrypoint = ", ".join(f'"{word}"' for word in (f"/{name}", *arguments))
        lines = ["FROM scratch", f"COPY {name} /{name}", "USER 65532:65532", f"ENTRYPOINT [{entrypoint}]"]
        (work / "Dockerfile").write_text("\n".join(lines) + "\n")
        buildah.build(ref, work, "Dockerfile", log, progress)

    return archived(name, ref, build, progress)


def _short_hash(*parts: bytes) -> str:
    digest = hashlib.sha256(RECIPE.encode())
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:12]


if __name__ == "__main__":
    try:
        for build in build_all(Quiet(), sys.argv[1:]).values():
            print(build.ref, build.archive)
    except PhaseError as problem:
        sys.exit(f"{problem.message}\n{problem.remedy}")
