"""In which cluster the stack is: `make up` never lets Pulumi move it to another one unasked.

There is one stack `local`. Led to another cluster, Pulumi replaces its provider, and with it everything that
the stack has in the old cluster, volumes included.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from local import paths
from local.cli import kubectl, platform
from local.progress import PhaseError
from local.toolchain.pulumi import STACK

ENVIRONMENT = 'eval "$(make -s env)"'
OBJECT = "kubernetes:"


@dataclass(frozen=True)
class Place:
    """A cluster: by `context` of the user's kubeconfig, None for the embedded one; and by identity.

    `cluster` is the UID of the namespace kube-system, None where it is not known (yet).
    """

    context: str | None
    cluster: str | None = None

    def __str__(self) -> str:
        return "the embedded cluster" if self.context is None else f"the cluster of {self.context!r}"

    def command(self) -> str:
        """What leads there."""
        return "`make up`" if self.context is None else f"`make up CONTEXT={self.context}`"


def of(target: platform.Target) -> Place:
    """The cluster that answers now. Raises PhaseError when none does."""
    namespace = kubectl.get(target, "namespace", "kube-system")
    return Place(None if target.embedded else target.context, namespace["metadata"]["uid"])


def record(place: Place) -> None:
    """Remember where the stack is about to be."""
    path = _record()
    paths.private_state()
    scratch = path.with_suffix(".new")
    scratch.write_text(json.dumps(asdict(place)) + "\n")
    scratch.replace(path)


def recorded() -> Place | None:
    """Where the last `make up` put the stack; None before the first."""
    try:
        return Place(**json.loads(_record().read_text()))
    except FileNotFoundError:
        target = platform.target()  # of a `make up` that kept no record yet
        return Place(None if target.embedded else target.context) if target else None


def refuse_elsewhere(wanted: Place) -> None:
    """Raises PhaseError when the stack has objects in another cluster than `wanted`; says what to do."""
    was = recorded()
    if was is None or not has_objects():
        return
    if was.context != wanted.context:
        raise _elsewhere(was, wanted)
    if was.cluster and wanted.cluster and was.cluster != wanted.cluster:
        raise _replaced(was)


def has_objects() -> bool:
    """Whether Pulumi's state knows anything that is in a cluster."""
    checkpoints = (paths.state() / "pulumi").glob(f".pulumi/stacks/*/{STACK}.json")
    return any(_has_objects(path) for path in checkpoints)


def _has_objects(checkpoint: Path) -> bool:
    latest = json.loads(checkpoint.read_text())["checkpoint"].get("latest") or {}
    return any(resource["type"].startswith(OBJECT) for resource in latest.get("resources") or [])


def _elsewhere(was: Place, wanted: Place) -> PhaseError:
    destroy = f"{ENVIRONMENT}; pulumi destroy -s {STACK}"
    if was.context is None:
        move = f"`make up`, then {destroy} (its volume is kept, but stays with the embedded cluster)"
    else:
        move = (
            f"{destroy} (this deletes its data, unless the storage class retains volumes); "
            f"if that cluster is gone for good: {_forget()}"
        )
    return PhaseError(
        f"The stack is in {was}, and this would move it to {wanted}: "
        "Pulumi would delete everything that it has there, data included.",
        f"To stay: {was.command()}. To move: {move}; then `make down` and {wanted.command()}.",
    )


def _replaced(was: Place) -> PhaseError:
    if was.context is None:
        return PhaseError(
            "The embedded cluster has been made anew, so what the stack knows to be in it is not there.",
            f"Let Pulumi see that: {ENVIRONMENT}; pulumi refresh -s {STACK}; then `make up`. "
            "The volume is kept.",
        )
    return PhaseError(
        f"The context {was.context!r} leads to another cluster than at the last `make up`: "
        "Pulumi would take what the stack has for the other's, or delete it with its data.",
        f"Let the context lead to the old cluster again; or, if that is gone for good: {_forget()}; "
        f"then {was.command()}.",
    )


def _forget() -> str:
    """Clears the state alone, as no cluster can be asked any more."""
    return f"{ENVIRONMENT}; pulumi state delete --all -s {STACK}"


def _record() -> Path:
    return paths.state() / "target.json"
