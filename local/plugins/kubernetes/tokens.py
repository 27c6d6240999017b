"""Resource type tokens: `kubernetes:<group>/<version>:<Kind>`."""

from __future__ import annotations

from dataclasses import dataclass

from local.plugins.kubernetes.objects import Kind, parse_kind

_UNSUPPORTED = {
    "yaml": "renders no YAML",
    "helm": "runs no Helm charts or releases",
    "helm.sh": "runs no Helm charts or releases",
    "kustomize": "runs no Kustomize",
}


class UnsupportedTokenError(ValueError):
    """A type token that the fallback does not serve; the message says what to do instead."""


@dataclass(frozen=True)
class Token:
    """What a type token names. `kind.name` of a patch resource still ends in `Patch`."""

    kind: Kind

    @property
    def patch_of(self) -> Kind | None:
        """The kind that a `…Patch` token changes, if it may be one: only the inputs' `kind` can tell."""
        name = self.kind.name
        if name.endswith("Patch") and name != "Patch":
            return Kind(self.kind.group, self.kind.version, name.removesuffix("Patch"))
        return None


def parse(token: str) -> Token:
    """Read a type token; UnsupportedTokenError for what only the official plugin can do."""
    package, _, rest = token.partition(":")
    module, _, name = rest.rpartition(":")
    refuse_unsupported(module, token)
    group, slash, version = module.rpartition("/")
    if package != "kubernetes" or not slash or not group or not version or not name:
        raise UnsupportedTokenError(
            f"{token!r} is not a Kubernetes resource type; expected kubernetes:<group>/<version>:<Kind>."
        )
    kind = parse_kind(module, name)
    if kind.built_in and name.endswith("List"):
        raise UnsupportedTokenError(
            f"{token}: list resources exist for compatibility with YAML manifests and cannot be created; "
            f"declare each {name.removesuffix('List')} as its own resource."
        )
    return Token(kind)


def refuse_unsupported(module: str, token: str) -> None:
    """Raise UnsupportedTokenError for the modules that render manifests."""
    what = _UNSUPPORTED.get(module.split("/", maxsplit=1)[0])
    if what:
        raise UnsupportedTokenError(
            f"{token}: the fallback Kubernetes plugin {what}. Install the official one "
            "(`pulumi plugin install resource kubernetes`), or declare the objects as resources."
        )
