"""Which images may run: exactly those bytes, and from where."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.images import WITH_IMAGES, Image, images
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings


class Pinning(Settings):
    """How exactly an image is to be named."""

    digest: bool = Field(
        default=True, description="Whether only a digest will do; else a tag other than latest will, too."
    )


@resource_rule(
    "k8s-image-digest",
    WITH_IMAGES,
    title="Images are named by digest, never by latest",
    why="A tag can be moved: what was tested is then not what runs, and a pod that restarts gets other code.",
    fix="Name the image as repository@sha256:<digest>.",
    severity=Severity.HIGH,
    refs="CKV K8S_14, CKV K8S_43",
    url="https://kubernetes.io/docs/concepts/containers/images/#image-names",
    dev="advisory",
    prod="mandatory",
    settings=Pinning,
)
def pinned(resource: Resource, check: Check) -> None:
    digest_only = check.settings(Pinning).digest
    for where, image in images(resource, check):
        if image.pinned:
            continue
        if image.digest:
            check.violation("an image's digest is not sha256 with 64 hexadecimal digits", where)
        elif image.tag in ("", "latest"):
            check.violation("an image has no tag, or the one that always moves", where)
        elif digest_only:
            check.violation("an image is named by a tag alone", where)


class Registries(Settings):
    """Where images may come from."""

    registries: tuple[str, ...] = Field(
        default=("*.dkr.ecr.*.amazonaws.com", "public.ecr.aws/eks"),
        description="Registries, or whole leading parts of repositories in them; in the host's name `*` "
        "stands for one part between dots. Name your own account: anybody can have an ECR.",
    )


@resource_rule(
    "k8s-image-registry",
    WITH_IMAGES,
    title="Images come from registries that were chosen",
    why="Whoever controls a registry controls what runs: a typing error or a look-alike name brings foreign "
    "code.",
    fix="Copy the image into a registry of your own, or add its registry to the rule's registries.",
    severity=Severity.HIGH,
    refs="CISEKS 5.1.4, NSA C-0078",
    url="https://kubernetes.io/docs/concepts/containers/images/",
    dev="advisory",
    prod="mandatory",
    settings=Registries,
)
def from_chosen(resource: Resource, check: Check) -> None:
    chosen = check.settings(Registries).registries
    for where, image in images(resource, check):
        if not any(_is_from(image, one) for one in chosen):
            check.violation("an image comes from a registry that nobody chose", where)


def _is_from(image: Image, chosen: str) -> bool:
    """By whole parts: `registry.example.com/team` covers neither `….com.evil` nor `…/teams`."""
    host, _, path = chosen.strip("/").partition("/")
    wanted, given = host.lower().split("."), image.registry.split(".")
    if len(wanted) != len(given) or any(w not in ("*", g) for w, g in zip(wanted, given, strict=True)):
        return False
    return not path or f"{image.repository}/".startswith(f"{path}/")
