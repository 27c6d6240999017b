"""Secrets: generated, marked, in files, and nowhere in plain state."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.monitor import Recording, leaves
from tests.support.program import run_program

PASSWORD = "random:index/randomPassword:RandomPassword"
SECRET = "kubernetes:core/v1:Secret"


def test_every_password_is_generated_long_and_safe_in_urls(local: Recording) -> None:
    passwords = local.of_type(PASSWORD)
    assert {p.name for p in passwords} == {
        "postgres",
        "roost-migrator",
        "roost-app",
        "roost-readonly",
        "server-password",
        "encryption-key",
    }
    for password in passwords:
        assert password.inputs["length"] >= 32
        assert password.inputs["special"] is False, "special characters break URLs and shells"
        assert "result" in password.additional_secret_outputs


def test_secret_values_are_encrypted_wherever_they_stand(local: Recording) -> None:
    """Everything that holds a generated password or a private key is marked, in inputs and in outputs."""
    sensitive = _sensitive_values(local)
    assert len(sensitive) >= 8
    for resource in local.registrations:
        for path, value in leaves(resource.inputs):
            if value in sensitive:
                marked = any(path == s or path.startswith((f"{s}.", f"{s}[")) for s in resource.secrets)
                assert marked, f"{resource.type} {resource.name}: {path} is secret but stored in plain"
    for urn, outputs in local.outputs.items():
        for path, value in leaves(outputs):
            if value in sensitive:
                assert path in local.output_secrets[urn], f"{urn}: output {path} is secret but plain"


def test_passwords_appear_in_secrets_only(local: Recording) -> None:
    sensitive = _sensitive_values(local)
    for resource in local.custom():
        if resource.type.startswith("kubernetes:") and resource.type != SECRET:
            for path, value in leaves(resource.inputs):
                assert not any(s in str(value) for s in sensitive), f"{resource.urn}: {path}"


def test_each_workload_gets_only_its_own_passwords(local: Recording) -> None:
    contents = {s.name: set(s.inputs["stringData"]) for s in local.of_type(SECRET)}
    assert contents == {
        "postgres": {"password"},
        "bootstrap": {"database-password", "migrator-password", "app-password", "readonly-password"},
        "migrate": {"database-password"},
        "server": {"database-password", "server-password", "encryption-key"},
        "edge": {"tls.crt", "tls.key"},
    }


def test_a_changed_secret_rolls_who_mounts_it(local: Recording) -> None:
    """Immutable and autonamed: a change is a new object, and a new name in the pod template."""
    for secret in local.of_type(SECRET):
        assert secret.inputs["immutable"] is True
        assert "name" not in secret.inputs["metadata"], f"{secret.name} would be changed in place"


def test_a_models_key_from_the_settings_stays_secret(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = {
        "kind": "external",
        "baseUrl": "https://models.example.com/v1",
        "provider": "example",
        "name": "m",
        "apiKey": "sk-fabricated",
    }
    recording = run_program("local", monkeypatch, state, config={"model": model})
    secret = recording.one(SECRET, "server")
    assert secret.inputs["stringData"]["model-api-key"] == "sk-fabricated"
    assert "stringData" in secret.secrets
    for resource in recording.registrations:
        if resource is not secret:
            assert not any("sk-fabricated" in str(value) for _, value in leaves(resource.inputs))


def _sensitive_values(recording: Recording) -> set[str]:
    public = {"tls.crt"}
    values = {
        value
        for secret in recording.of_type(SECRET)
        for key, value in secret.inputs["stringData"].items()
        if key not in public
    }
    certificates = recording.of_type("tls:index/locallySignedCert:LocallySignedCert")
    return values | {c.inputs["caPrivateKeyPem"] for c in certificates}
