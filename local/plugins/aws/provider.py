"""The provider's gRPC face: what the engine asks, in its own words."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Protocol

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from local.plugins.aws import failures, invokes, settings
from local.plugins.aws.clients import Clients
from local.plugins.aws.lifecycle import Lifecycle, Stored
from local.plugins.aws.settings import Settings, SettingsError
from local.plugins.base.changes import Change, differences
from local.plugins.base.fields import Problem
from local.plugins.base.provider import FallbackProvider
from local.plugins.base.secrets import secret_strings, unmarked
from local.plugins.base.values import decode, encode


class _Request(Protocol):
    """What every request about a resource has."""

    urn: str


class AwsProvider(FallbackProvider):
    """Serves the types of the catalogue on one emulated account."""

    name = "aws"

    def __init__(self) -> None:
        super().__init__()
        self.version = version("pulumi-aws")
        self._apply(Settings())

    def _apply(self, chosen: Settings) -> None:
        self._clients = Clients(chosen)
        self._lifecycle = Lifecycle(self._clients, self.cancelled)

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        wrong = settings.refusals(decode(request.news))
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(wrong))

    def DiffConfig(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        sent = request.old_inputs if request.HasField("old_inputs") else request.olds
        old, new = unmarked(decode(sent)), unmarked(decode(request.news))
        elsewhere = settings.replaces(settings.read(old), settings.read(new))
        found = [
            Change((name,), "update" if name in old else "add", needs_new=name in elsewhere)
            for name in new
            if old.get(name) != new[name]
        ]
        found += [Change((name,), "delete") for name in old if name not in new]
        return differences(found, delete_first=False)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        given = decode(request.args)
        wrong = settings.refusals(given)
        if wrong:
            failures.fail(context, SettingsError(". ".join(reason for _, reason in wrong)), set())
        self._apply(settings.read(given))
        return super().Configure(request, context)

    def Check(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        with self._answering(request, context, "news", "olds"):
            token, logical = _named(request)
            news, olds = decode(request.news), decode(request.olds)
            inputs, wrong = self._lifecycle.check(token, logical, news, olds, request.randomSeed)
            return provider_pb2.CheckResponse(inputs=encode(inputs), failures=_failures(wrong))

    def Diff(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        with self._answering(request, context, "news", "old_inputs"):
            token, _ = _named(request)
            found, delete_first = self._lifecycle.diff(
                token, decode(request.old_inputs), decode(request.news), list(request.ignoreChanges)
            )
            return differences(found, delete_first=delete_first)

    def Create(
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        with self._answering(request, context, "properties"):
            token, logical = _named(request)
            news = decode(request.properties)
            if request.preview:
                shown = self._lifecycle.preview_create(token, news)
                return provider_pb2.CreateResponse(properties=encode(shown))
            made = self._lifecycle.create(token, logical, news, request.timeout)
            return provider_pb2.CreateResponse(id=made.id, properties=encode(made.outputs))

    def Update(
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        with self._answering(request, context, "news", "olds", "old_inputs"):
            token, logical = _named(request)
            stored = Stored(request.id, decode(request.old_inputs), decode(request.olds))
            news = decode(request.news)
            if request.preview:
                shown = self._lifecycle.preview_update(token, stored, news)
                return provider_pb2.UpdateResponse(properties=encode(shown))
            made = self._lifecycle.update(
                token, logical, stored, news, request.timeout, list(request.ignoreChanges)
            )
            return provider_pb2.UpdateResponse(properties=encode(made.outputs))

    def Read(
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        with self._answering(request, context, "properties", "inputs"):
            token, logical = _named(request)
            stored = Stored(request.id, decode(request.inputs), decode(request.properties))
            found = self._lifecycle.read(token, logical, stored)
            if found is None:
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(
                id=found.id, properties=encode(found.outputs), inputs=encode(found.inputs)
            )

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        with self._answering(request, context, "properties"):
            token, logical = _named(request)
            stored = Stored(request.id, {}, decode(request.properties))
            self._lifecycle.delete(token, logical, stored, request.timeout)
            return empty_pb2.Empty()

    def Invoke(
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        arguments = decode(request.args)
        with _failing(context, secret_strings(arguments)):
            answer = invokes.call(request.tok, unmarked(arguments), self._clients, self.cancelled)
            response = provider_pb2.InvokeResponse()
            getattr(response, "return").CopyFrom(encode(answer))
            return response

    def Construct(
        self, request: provider_pb2.ConstructRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConstructResponse:
        text = f"{request.type}: the fallback aws plugin has no components; the official one has."
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, text)
        raise AssertionError("abort does not return")

    @contextmanager
    def _answering(self, request: _Request, context: grpc.ServicerContext, *fields: str) -> Generator[None]:
        """Make errors into answers, without the secrets in these fields of the request."""
        found = [secret_strings(decode(getattr(request, field))) for field in fields]
        with _failing(context, set[str]().union(*found)):
            yield


@contextmanager
def _failing(context: grpc.ServicerContext, secrets: set[str]) -> Generator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - told to the user, in the engine's terms
        failures.fail(context, error, secrets)


def _named(request: _Request) -> tuple[str, str]:
    """Type token and logical name: the last type of the URN, and what comes after all of them."""
    parts = request.urn.split("::", 3)
    return parts[2].rpartition("$")[2], parts[3]


def _failures(wrong: list[Problem]) -> list[provider_pb2.CheckFailure]:
    return [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in wrong]
