"""One fallback plugin as a process of its own, spoken to over gRPC without an engine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import grpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

from local.plugins.base.values import Value, decode, encode

_SECONDS = 20


class Served:
    """Calls with plain Python values."""

    def __init__(self, port: int) -> None:
        self.stub = provider_pb2_grpc.ResourceProviderStub(grpc.insecure_channel(f"127.0.0.1:{port}"))

    def problems(self, type_name: str, **inputs: Value) -> list[str]:
        """What Check says is wrong."""
        request = provider_pb2.CheckRequest(urn=_urn(type_name), news=encode(inputs))
        return [failure.reason for failure in self.stub.Check(request, timeout=_SECONDS).failures]

    def create(self, type_name: str, *, preview: bool = False, **inputs: Value) -> dict[str, Value]:
        request = provider_pb2.CreateRequest(urn=_urn(type_name), properties=encode(inputs), preview=preview)
        return decode(self.stub.Create(request, timeout=_SECONDS).properties)

    def diff(
        self,
        type_name: str,
        old: Mapping[str, Value],
        new: Mapping[str, Value],
        outputs: Mapping[str, Value] | None = None,
    ) -> tuple[list[str], list[str]]:
        """What changes, and which of it replaces."""
        request = provider_pb2.DiffRequest(
            urn=_urn(type_name), old_inputs=encode(old), news=encode(new), olds=encode(outputs or old)
        )
        answer = self.stub.Diff(request, timeout=_SECONDS)
        return list(answer.diffs), list(answer.replaces)


@contextmanager
def serving(module: str, *arguments: str) -> Generator[Served]:
    """Start `python -m <module>` and end it with SIGINT, as the engine does."""
    process = subprocess.Popen([sys.executable, "-m", module, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield Served(int(process.stdout.readline()))
        process.send_signal(2)
        assert process.wait(_SECONDS) == 0, "a plugin must leave quietly"
    finally:
        process.kill()
        process.wait()


def _urn(type_name: str) -> str:
    return f"urn:pulumi:test::project::{type_name}::name"
