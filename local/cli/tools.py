"""Where the tool chain, the images and the machine meet: what `make up` builds, and what is in use."""

from __future__ import annotations

import ipaddress
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from local import machine, paths
from local.cli.phases import Phase
from local.cli.platform import PlatformFacts
from local.cli.stack import Stack
from local.images.build import ImageBuild, build_all
from local.images.specs import IMAGES
from local.images.wanted import wanted_images
from local.machine.images import SystemImages, coredns_image
from local.machine.layout import addresses
from local.progress import PhaseError
from local.toolchain import apt, gobuild, gosource, pulumi, versions
from local.toolchain.launcher import is_launcher
from local.toolchain.plugins import foreign_path, home, needed

PACKAGES = (*machine.PACKAGES, "buildah", "git")
"""The node's Debian packages, and what the images are built with."""

GO_HOME = "/usr/local/go/bin"
"""Where Go's own installer puts it; a root shell often lacks it on PATH."""


def find_go() -> None:
    """Let everything below find a Go that is installed but not on PATH."""
    if shutil.which("go") is None and Path(GO_HOME, "go").exists():
        os.environ["PATH"] = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{GO_HOME}"


def networks() -> tuple[ipaddress.IPv4Network, ...]:
    """The networks of the embedded cluster. Raises PhaseError for a ROOST_SUBNET that is none."""
    try:
        plan = addresses()
    except ValueError as error:
        raise PhaseError(str(error), "Correct ROOST_SUBNET, or unset it.") from error
    return (plan.link, plan.pods, plan.services)


def are_built() -> bool:
    """Whether nothing is left to compile, so that Go and the room for building are not needed."""
    return shutil.which("go") is not None and all(
        gobuild.directory(module).is_dir() for module in (versions.KUBERNETES, versions.NETWORK)
    )


def machine_running() -> bool:
    return bool(machine.status())


def install_packages(phase: Phase) -> None:
    """Debian packages that are missing."""
    installed = apt.install(PACKAGES, phase)
    if installed:
        phase.result(f"installed {len(installed)}: {' '.join(installed)}")
    else:
        phase.unchanged("all there")


def build(phase: Phase) -> None:
    """Kubernetes and its network from Go modules, and a Pulumi with plugins."""
    fresh = [module.name for module in versions.MODULES if not gobuild.directory(module).is_dir()]
    for module in (versions.KUBERNETES, versions.NETWORK):
        gobuild.build(module, phase)
    found = pulumi.provide(phase)
    _offer_kubectl(gobuild.directory(versions.KUBERNETES) / "kubectl")
    said = f"kubernetes {versions.KUBERNETES_VERSION}, {_describe(found)}"
    (phase.result if fresh else phase.unchanged)(said)


def compile_all(phase: Phase) -> None:
    """Everything that is compiled from Go modules, Pulumi among it, or read from them by tests."""
    fresh = [module.name for module in versions.MODULES if not gobuild.directory(module).is_dir()]
    for module in versions.MODULES:
        gobuild.build(module, phase)
    for source in versions.SOURCES:
        gosource.fetch(source, phase)
    (phase.result if fresh else phase.unchanged)(f"built {', '.join(fresh)}" if fresh else "all there")


def build_pulumi(phase: Phase) -> None:
    """The user's own Pulumi or ours, with plugins: all that a cluster of one's own needs."""
    phase.result(_describe(pulumi.provide(phase)))


def _describe(found: pulumi.Pulumi) -> str:
    fallbacks = sum(plugin.source == "fallback" for plugin in found.plugins.values())
    return f"pulumi {found.version}{f', {fallbacks} fallback plugins' if fallbacks else ''}"


def plugins_in_use() -> str:
    """`kubernetes 4.34.0 (fallback), …`, for people."""
    said = []
    for plugin in needed():
        path = home() / "plugins" / plugin.folder / plugin.executable
        said.append(f"{plugin.name} {plugin.version}{' (fallback)' if is_launcher(path) else ''}")
    return ", ".join(said)


def stack() -> Stack:
    """The stack with the pulumi that the last `make up` chose."""
    environment = pulumi.environment()
    # The official language host looks for Python there.
    environment["PATH"] = f"{venv_bin()}{os.pathsep}{environment['PATH']}"
    return Stack(str(paths.tool_dir() / "pulumi"), environment)


def _offer_kubectl(built: Path) -> None:
    """Put our kubectl on the stack's PATH where the user has none."""
    link = paths.tool_dir() / "kubectl"
    if shutil.which("kubectl", path=foreign_path()) is None and not link.exists():
        link.unlink(missing_ok=True)
        link.symlink_to(built)


def build_images(phase: Phase) -> dict[str, ImageBuild]:
    """The images that the stack runs, pause and CoreDNS, by name."""
    before = {path.name for path in (paths.cache() / "images").glob("*.tar")}
    images = build_all(phase, [*wanted_images(), "pause"])
    images["coredns"] = coredns_image(phase)
    fresh = [name for name, image in images.items() if image.archive.name not in before]
    if fresh:
        phase.result(f"built {', '.join(fresh)}")
    else:
        phase.unchanged(f"{len(images)} up to date")
    return images


def start_machine(phase: Phase, images: Mapping[str, ImageBuild]) -> PlatformFacts:
    """The cluster, up and holding the images."""
    running = machine_running()
    found = machine.start(
        phase,
        binaries=[gobuild.directory(versions.KUBERNETES), gobuild.directory(versions.NETWORK)],
        images=SystemImages.of(images["pause"], images["coredns"]),
    )
    ours = {name: image for name, image in images.items() if name in IMAGES}
    imported = machine.import_images(phase, {image.ref: image.archive for image in ours.values()})
    loaded = f"new images: {len(imported)}"
    if running and not imported:
        phase.unchanged("running")
    else:
        phase.result(f"Kubernetes {versions.KUBERNETES_VERSION}, {loaded}")
    return PlatformFacts(
        kubeconfig=found.kubeconfig,
        context=found.context,
        embedded=True,
        images={name: image.ref for name, image in ours.items()},
        node=found.node,
        volumes_dir=str(found.volumes_dir),
        host_address=found.host_address,
    )


def venv_bin() -> Path:
    """The directory of the Python that runs this."""
    return Path(sys.prefix) / "bin"


def kubectl() -> str:
    """The user's kubectl, else the one that was built with the cluster."""
    return shutil.which("kubectl") or str(paths.tool_dir() / "kubectl")
