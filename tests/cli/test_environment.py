"""`make env`: text that a shell evaluates, with everything that pulumi, kubectl and clients need."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from local import paths
from local.cli import environment, platform
from local.cli.platform import PlatformFacts, Target
from local.images.wanted import wanted_images

IMAGES = {name: f"docker.io/roost/{name}:0123456789ab" for name in wanted_images()}
OUTPUTS = {
    "url": "https://localhost:8443",
    "adminPassword": 'it\'s "quoted" $HOME `id` \\ end',
    "caCertificate": "-----BEGIN CERTIFICATE-----\nstack\n-----END CERTIFICATE-----\n",
    "modelKind": "scripted",
}
NAMES = (
    "PATH",
    "PULUMI_BACKEND_URL",
    "PULUMI_CONFIG_PASSPHRASE_FILE",
    "KUBECONFIG",
    "LETTA_BASE_URL",
    "LETTA_API_KEY",
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
)


@pytest.fixture
def target(roots: Path) -> Target:
    paths.state().mkdir(parents=True)
    return Target(paths.state() / "machine" / "admin.kubeconfig", "roost-local", embedded=True)


def evaluated(text: str, shell: str = "sh") -> dict[str, str]:
    """The environment of a shell that evaluated `text`."""
    script = 'eval "$1"; env -0'
    run = subprocess.run([shell, "-c", script, shell, text], capture_output=True, text=True, check=True)
    return dict(entry.split("=", 1) for entry in run.stdout.split("\0") if entry)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_a_shell_that_evaluates_it_has_every_value_unharmed(target: Target, shell: str) -> None:
    found = evaluated(environment.exports(environment.variables(target, OUTPUTS)), shell)
    assert set(NAMES) <= set(found)
    assert found["LETTA_API_KEY"] == OUTPUTS["adminPassword"]
    assert found["LETTA_BASE_URL"] == OUTPUTS["url"]
    assert found["KUBECONFIG"] == str(target.kubeconfig)
    assert found["PULUMI_BACKEND_URL"].startswith("file://")


def test_without_a_stack_pulumi_still_finds_its_backend(roots: Path) -> None:
    found = environment.variables(None, {})
    assert "PULUMI_BACKEND_URL" in found
    assert "LETTA_API_KEY" not in found
    assert "KUBECONFIG" not in found


def test_the_bundle_trusts_the_stack_and_everyone_else(
    target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = paths.state() / "system.pem"
    system.write_text("-----BEGIN CERTIFICATE-----\nsystem\n-----END CERTIFICATE-----\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(system))
    bundle = Path(environment.variables(target, OUTPUTS)["SSL_CERT_FILE"])
    first = bundle.read_text()
    assert first.count("BEGIN CERTIFICATE") == 2
    # In a shell that has evaluated it already, the bundle must not be built from itself.
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    again = Path(environment.variables(target, OUTPUTS)["SSL_CERT_FILE"]).read_text()
    assert again.count("\nstack\n") == 1


def test_evaluating_twice_does_not_lengthen_the_path(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    once = environment.variables(target, OUTPUTS)["PATH"]
    monkeypatch.setenv("PATH", once)
    assert environment.variables(target, OUTPUTS)["PATH"] == once
    assert once.split(os.pathsep)[0] == str(paths.tool_dir()), "`pulumi` must be the one that `make up` uses"


def test_platform_facts_are_written_once(roots: Path) -> None:
    facts = PlatformFacts(
        kubeconfig=Path("/k"),
        context="roost-local",
        embedded=True,
        images={**IMAGES, "pause": "x"},
        node="roost",
    )
    assert platform.write(facts)
    assert not platform.write(facts), "an unchanged file keeps its time"
    assert platform.target() == Target(Path("/k"), "roost-local", embedded=True)
