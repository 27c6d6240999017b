"""What is built from Go modules, at which version. The versions of dependencies stand in each go.mod."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from local.paths import REPO

PULUMI_VERSION = "3.259.0"
KUBERNETES_VERSION = "1.36.3"


@dataclass(frozen=True)
class GoModule:
    """A module under `local/toolchain/go/` and the programs to build from it."""

    name: str
    packages: tuple[str, ...]
    """Import paths of main packages; each becomes a binary named after its last element."""
    variables: tuple[tuple[str, str], ...] = ()
    """String variables that the linker sets (`-X path=value`): mostly versions."""
    static: bool = False
    """Without cgo, for programs that go into an image with nothing else in it."""

    @property
    def directory(self) -> Path:
        """Where its go.mod lies."""
        return REPO / "local" / "toolchain" / "go" / self.name

    @property
    def environment(self) -> dict[str, str]:
        """The environment to build it in."""
        return {**os.environ, "CGO_ENABLED": "0"} if self.static else dict(os.environ)

    @property
    def ldflags(self) -> str:
        """Linker flags: no symbol table (a third of the size), and the variables."""
        return " ".join(["-s", "-w", *(f"-X {name}={value}" for name, value in self.variables)])

    @property
    def binaries(self) -> tuple[str, ...]:
        """File names of the programs."""
        return tuple(package.rstrip("/").rsplit("/", 1)[-1] for package in self.packages)


@dataclass(frozen=True)
class GoSource:
    """A module of which only files are read: the one that the go.mod under `local/toolchain/go/` requires."""

    name: str
    path: str

    @property
    def directory(self) -> Path:
        """Where that go.mod lies."""
        return REPO / "local" / "toolchain" / "go" / self.name


PULUMI = GoModule(
    name="pulumi",
    packages=("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",),
    variables=(("github.com/pulumi/pulumi/sdk/v3/go/common/version.Version", f"v{PULUMI_VERSION}"),),
)

_COMPONENT_BASE = "k8s.io/component-base/version"
_MAJOR, _MINOR, _ = KUBERNETES_VERSION.split(".")

KUBERNETES = GoModule(
    name="kubernetes",
    packages=tuple(
        f"k8s.io/kubernetes/cmd/{program}"
        for program in (
            "kube-apiserver",
            "kube-controller-manager",
            "kube-proxy",
            "kube-scheduler",
            "kubectl",
            "kubelet",
        )
    ),
    variables=(
        (f"{_COMPONENT_BASE}.gitVersion", f"v{KUBERNETES_VERSION}"),
        (f"{_COMPONENT_BASE}.gitMajor", _MAJOR),
        (f"{_COMPONENT_BASE}.gitMinor", _MINOR),
    ),
)

NETWORK = GoModule(
    name="network",
    packages=("./coredns", "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router"),
    static=True,
)

MODULES = (PULUMI, KUBERNETES, NETWORK)

POD_SECURITY = GoSource(name="pod-security", path="k8s.io/pod-security-admission")
"""The Pod Security Standards, with pods for each version, level and check: what our rules are held to."""

SOURCES = (POD_SECURITY,)
