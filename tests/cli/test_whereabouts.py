"""`make up` for another cluster than the stack's is refused before anything is changed, with the way out."""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from local import paths
from local.cli import facts, kubectl, own_cluster, platform, up, whereabouts
from local.cli.phases import Run
from local.cli.platform import PlatformFacts, Target
from local.cli.whereabouts import Place
from local.images.wanted import wanted_images
from local.progress import PhaseError

IMAGES = {name: f"docker.io/roost/{name}:0123456789ab" for name in wanted_images()}
DEPLOYMENT = {"type": "kubernetes:apps/v1:Deployment", "id": "roost/server"}
PROVIDER = {"type": "pulumi:providers:kubernetes", "id": "0"}


def up_was(place: Place, *resources: dict[str, str]) -> None:
    """A past `make up` that put the stack there, with these resources in Pulumi's state."""
    checkpoint = paths.state() / "pulumi" / ".pulumi" / "stacks" / "roost" / "local.json"
    checkpoint.parent.mkdir(parents=True)
    checkpoint.write_text(json.dumps({"checkpoint": {"latest": {"resources": [PROVIDER, *resources]}}}))
    embedded = place.context is None
    kubeconfig = Path("/nowhere/kubeconfig")
    platform.write(PlatformFacts(kubeconfig, place.context or "roost-local", embedded, IMAGES))
    whereabouts.record(place)


def make_up(context: str | None) -> str:
    """What `make up` says when it is refused; neither its facts nor its record may have changed."""
    files = [paths.platform_facts(), paths.state() / "target.json"]
    before = [path.read_text() for path in files]
    out = io.StringIO()
    assert up.up(Console(file=out, width=1000), context) == 1
    assert [path.read_text() for path in files] == before
    assert not list(paths.state().rglob("*.new"))
    return out.getvalue()


def test_plain_make_up_after_a_cluster_of_ones_own_is_refused(roots: Path) -> None:
    up_was(Place("kind-kind", "uid"), DEPLOYMENT)
    said = make_up(None)
    assert "The stack is in the cluster of 'kind-kind'" in said
    assert "To stay: `make up CONTEXT=kind-kind`" in said
    assert "pulumi destroy -s local (this deletes its data" in said
    assert "gone for good" in said


@pytest.mark.parametrize("was", [Place(None, "uid"), Place("kind-kind", "uid")])
def test_another_context_is_refused(own: Target, was: Place) -> None:
    up_was(was, DEPLOYMENT)
    assert f"The stack is in {was}, and this would move it" in make_up(own.context)
    assert not list(paths.state().rglob("*.kubeconfig"))


def test_the_same_context_on_another_cluster_is_refused(own: Target) -> None:
    up_was(Place(own.context, "the UID of a cluster that was re-created"), DEPLOYMENT)
    assert f"The context '{own.context}' leads to another cluster" in make_up(own.context)
    assert not list(paths.state().rglob("*.kubeconfig"))


def test_without_a_record_the_facts_of_the_last_make_up_count(roots: Path) -> None:
    up_was(Place("kind-kind"), DEPLOYMENT)
    (paths.state() / "target.json").unlink()
    with pytest.raises(PhaseError, match="the cluster of 'kind-kind'"):
        whereabouts.refuse_elsewhere(Place(None))


def test_the_same_cluster_and_a_destroyed_stack_are_let_through(roots: Path) -> None:
    whereabouts.refuse_elsewhere(Place(None))
    up_was(Place("kind-kind", "uid"))
    whereabouts.refuse_elsewhere(Place(None))
    whereabouts.refuse_elsewhere(Place("kind-kind", "uid of another"))


def test_each_context_has_a_kubeconfig_of_its_own(own: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    mark_storage_class(own)
    monkeypatch.setattr(facts, "EDGE_PORTS", ())  # a stack that runs here has them
    document = yaml.safe_load(own.kubeconfig.read_text())
    document["contexts"].append({**document["contexts"][0], "name": "the/other"})
    both = paths.private_state() / "both"
    both.write_text(yaml.safe_dump(document))
    monkeypatch.setenv("KUBECONFIG", str(both))
    run = Run(Console(file=io.StringIO()))
    targets: list[Target] = []
    for context in (own.context, "the/other"):
        with run.phase("Check") as phase:
            target, storage_class, place = own_cluster.admit(phase, context)
        assert (storage_class, place) == ("standard", whereabouts.of(target))
        targets.append(target)
    assert targets[0].kubeconfig != targets[1].kubeconfig
    for target in targets:
        assert yaml.safe_load(target.kubeconfig.read_text())["current-context"] == target.context
        assert target.kubeconfig.stat().st_mode & 0o777 == 0o600


def mark_storage_class(own: Target) -> None:
    """The default storage class without which `make up CONTEXT=…` has nowhere to put Postgres."""
    mark = {"storageclass.kubernetes.io/is-default-class": "true"}
    document = {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "standard", "annotations": mark},
        "provisioner": "example.com/none",
    }
    command = kubectl.argv(own, "apply", "-f", "-")
    subprocess.run(command, input=json.dumps(document), text=True, check=True, capture_output=True)
