"""The Kubernetes objects that the AWS stacks declare, and the plugin that makes them in a cluster."""

from __future__ import annotations

import base64
import copy
from dataclasses import dataclass, field
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import provider_pb2

from local.plugins.base.values import decode
from tests.engine.kubernetes.harness import Plugin
from tests.engine.served import serving
from tests.support import realism
from tests.support.monitor import Recording, Registration

WEBHOOK_SECRET = "load-balancer-controller-webhook"
KEY, CERTIFICATE = "tls:index/privateKey:PrivateKey", "tls:index/selfSignedCert:SelfSignedCert"


@dataclass(frozen=True)
class Made:
    """An object in the cluster, as the engine would have it in its state."""

    token: str
    name: str
    id: str
    inputs: dict[str, Any]
    state: struct_pb2.Struct


@dataclass
class Objects:
    """The objects of one stack in the order in which they were registered."""

    registrations: list[Registration]
    inputs: dict[str, dict[str, Any]]
    made: list[Made] = field(default_factory=list[Made])

    def by_kind(self, kind: str, name: str | None = None) -> dict[str, Any]:
        """The inputs of the one object of that kind (and logical name)."""
        found = [r for r in self.registrations if r.type.endswith(f":{kind}") and name in (None, r.name)]
        assert len(found) == 1, found
        return self.inputs[found[0].urn]

    def create_all(self, plugin: Plugin) -> None:
        for registration in self.registrations:
            self._create(plugin, registration)

    def _create(self, plugin: Plugin, registration: Registration) -> None:
        token, name = registration.type, registration.name
        inputs = plugin.check(token, name, self.inputs[registration.urn])
        created = plugin.create(token, inputs, name=name, timeout=40)
        self.made.append(Made(token, name, created.id, inputs, created.properties))

    def diffs(self, plugin: Plugin) -> dict[str, list[str]]:
        """What an `up` without a change would do."""
        found = {m.name: plugin.diff(m.token, m.state, m.inputs, m.inputs) for m in self.made}
        some = provider_pb2.DiffResponse.DIFF_SOME
        return {name: list(answer.diffs) for name, answer in found.items() if answer.changes == some}

    def drift(self, plugin: Plugin) -> dict[str, Any]:
        """What a refresh would find: read inputs that differ from the program's."""
        found: dict[str, Any] = {}
        for m in self.made:
            read = plugin.read(m.token, m.id, m.state, m.inputs)
            if not read.id or decode(read.inputs) != m.inputs:
                found[f"{m.token} {m.name}"] = (m.inputs, decode(read.inputs) if read.id else None)
        return found

    def delete_all(self, plugin: Plugin) -> None:
        while self.made:
            last = self.made[-1]
            plugin.delete(last.token, last.id, last.state, timeout=40)
            self.made.pop()


def objects(recording: Recording) -> Objects:
    """The stack's objects, with a webhook certificate as the stack's own tls resources make it."""
    found = [r for r in recording.custom() if r.type.startswith("kubernetes:")]
    inputs = {r.urn: copy.deepcopy(r.inputs) for r in found}
    key, certificate = _certificate(recording)
    for registration in found:
        given = inputs[registration.urn]
        # As the recording answered it: whoever mounts an autonamed Secret knows it by that name.
        given["metadata"].setdefault("name", _name(registration))
        if registration.name == WEBHOOK_SECRET:
            given["stringData"] = {"tls.key": key, "tls.crt": certificate}
        if given["kind"] == "MutatingWebhookConfiguration":
            bundle = base64.b64encode(certificate.encode()).decode()
            given["webhooks"][0]["clientConfig"]["caBundle"] = bundle
    return Objects(found, inputs)


def _certificate(recording: Recording) -> tuple[str, str]:
    with serving("local.plugins.tls") as plugin:
        key = plugin.create(KEY, **recording.one(KEY, WEBHOOK_SECRET).inputs)
        wanted = recording.one(CERTIFICATE, WEBHOOK_SECRET).inputs
        signed = plugin.create(CERTIFICATE, **{**wanted, "privateKeyPem": _text(key["privateKeyPem"])})
    return _text(key["privateKeyPemPkcs8"]), _text(signed["certPem"])


def _text(value: Any) -> str:
    return str(getattr(value, "value", value))


def _name(registration: Registration) -> str:
    id_, _ = realism.outputs_of(registration.type, registration.name, registration.inputs)
    return id_.rpartition("/")[2]
