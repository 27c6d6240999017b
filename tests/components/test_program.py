"""The whole program for the stack `local`: an update, and the first preview, in which nothing is known."""

from __future__ import annotations

import itertools
import re

import pytest

from infra.naming import migration_job
from infra.workloads.revision import head_revision
from tests.support.monitor import UNKNOWN, Recording, leaves

JOB = "kubernetes:batch/v1:Job"


@pytest.mark.parametrize("which", ["local", "local_preview"])
def test_no_output_was_turned_into_text(which: str, request: pytest.FixtureRequest) -> None:
    recording: Recording = request.getfixturevalue(which)
    inputs = [(f"{r.type} {r.name}", r.inputs) for r in recording.registrations]
    for where, values in [*inputs, *recording.outputs.items()]:
        for path, value in leaves(values):
            assert "on an Output" not in str(value), f"{where}: {path} holds the text of an Output"


def test_the_first_preview_declares_the_same_resources_as_the_update(
    local: Recording, local_preview: Recording
) -> None:
    assert {r.urn for r in local_preview.registrations} == {r.urn for r in local.registrations}


def test_the_first_preview_knows_no_password_and_breaks_on_none(local_preview: Recording) -> None:
    secret = local_preview.one("kubernetes:core/v1:Secret", "server")
    assert secret.inputs["stringData"] == UNKNOWN
    assert local_preview.exports()["adminPassword"] == UNKNOWN
    assert local_preview.exports()["url"] == "https://localhost:8443"


def test_exports_are_the_public_contract(local: Recording) -> None:
    exports = local.exports()
    assert set(exports) == {
        "url",
        "caCertificate",
        "adminPassword",
        "namespace",
        "modelKind",
        "databaseRevision",
        "images",
    }
    assert exports["url"] == "https://localhost:8443"
    assert exports["namespace"] == "roost"
    assert exports["modelKind"] == "scripted"
    assert exports["databaseRevision"] == head_revision()
    assert exports["images"]["server"].startswith("docker.io/roost/server:")
    assert local.export_secrets() == {"adminPassword"}, "the password is the one secret output"


def test_every_component_registers_its_outputs_and_has_a_stable_type(local: Recording) -> None:
    for component in local.components():
        assert component.urn in local.outputs, f"{component.type} never calls register_outputs"
        assert re.fullmatch(r"roost:(local|aws|workloads):[A-Z][A-Za-z]+", component.type)


def test_logical_names_are_kebab_case_and_name_no_stack(local: Recording) -> None:
    for resource in local.registrations:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", resource.name), resource.urn
        assert "local" not in resource.name.split("-"), f"{resource.urn} names the stack"


def test_every_kubernetes_object_uses_the_explicit_provider(local: Recording) -> None:
    provider = local.one("pulumi:providers:kubernetes")
    assert provider.inputs["clusterIdentifier"] == "roost-local"
    for resource in local.custom():
        if resource.type.startswith("kubernetes:"):
            assert resource.provider.startswith(provider.urn), f"{resource.urn} uses a default provider"


def test_everything_lives_below_a_component_and_in_the_namespace(local: Recording) -> None:
    for resource in local.custom():
        assert "pulumi:pulumi:Stack::" not in resource.parent, f"{resource.urn} has no component"
        cluster_wide = resource.type in {
            "kubernetes:core/v1:Namespace",
            "kubernetes:core/v1:PersistentVolume",
        }
        if resource.type.startswith("kubernetes:") and not cluster_wide:
            assert resource.inputs["metadata"]["namespace"] == "roost"


def test_things_happen_in_the_order_that_keeps_the_old_server_serving(local: Recording) -> None:
    namespace = local.one("kubernetes:core/v1:Namespace")
    deny = local.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "deny-all")
    postgres = local.one("kubernetes:apps/v1:StatefulSet", "postgres")
    bootstrap = local.one(JOB, "bootstrap")
    migrate = local.one(JOB, migration_job(head_revision()))
    server = local.one("kubernetes:apps/v1:Deployment", "server")
    edge = local.one("kubernetes:apps/v1:Deployment", "edge")
    order = [namespace, deny, postgres, bootstrap, migrate, server, edge]
    for earlier, later in itertools.pairwise(order):
        assert local.waits_for(later, earlier), f"{later.name} does not wait for {earlier.name}"


def test_the_edge_waits_for_the_servers_service(local: Recording) -> None:
    edge = local.one("kubernetes:apps/v1:Deployment", "edge")
    assert local.waits_for(edge, local.one("kubernetes:core/v1:Service", "server"))


def test_nothing_warns(local: Recording, local_preview: Recording) -> None:
    assert local.warnings == []
    assert local_preview.warnings == []


def test_importing_the_local_program_never_loads_the_aws_sdk() -> None:
    import subprocess
    import sys

    from tests.support.program import REPO

    code = "import sys, infra.platforms, infra.local.platform; sys.exit('pulumi_aws' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPO, check=False).returncode == 0
