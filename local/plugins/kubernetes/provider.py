"""The provider's gRPC face: what the engine asks, in its own words."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from importlib.metadata import version
from typing import Any, Protocol

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from local.plugins.base.changes import differences
from local.plugins.base.provider import FallbackProvider
from local.plugins.base.values import Properties, decode, encode
from local.plugins.kubernetes import answers, checkpoint, configuration, naming, reading, settings, tokens
from local.plugins.kubernetes.connection import Connection
from local.plugins.kubernetes.errors import ClusterUnreachableError, OperationError
from local.plugins.kubernetes.lifecycle import Lifecycle
from local.plugins.kubernetes.marking import marked, secret_strings, unmarked
from local.plugins.kubernetes.objects import kind_of
from local.plugins.kubernetes.plan import Planner
from local.plugins.kubernetes.settings import Settings
from local.plugins.kubernetes.tokens import Token

_RETRY_DELETED = (
    "If the cluster was deleted, remove its resources from the state by running again with "
    'PULUMI_K8S_DELETE_UNREACHABLE="true".'
)
# The resource that the current call is about; each call runs in one thread from start to end.
_current_urn: ContextVar[str] = ContextVar("urn", default="")


class _Request(Protocol):
    """What every request about a resource has."""

    urn: str


class KubernetesProvider(FallbackProvider):
    """Serves every built-in kind and every custom resource of one cluster."""

    name = "kubernetes"

    def __init__(self) -> None:
        super().__init__()
        self.version = version("pulumi-kubernetes")
        self._apply(settings.read({}))

    def _apply(self, chosen: Settings) -> None:
        self._settings = chosen
        self._connection = Connection(chosen, f"roost-pulumi-kubernetes/{self.version}", self._warn)
        self._planner = Planner(self._connection, chosen)
        self._lifecycle = Lifecycle(self._connection, chosen, self.cancelled, self._say)

    def _warn(self, text: str) -> None:
        self.engine.log("warning", text, _current_urn.get())

    def _say(self, text: str) -> None:
        self.engine.log("info", text, _current_urn.get(), ephemeral=True)

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        failures = [
            provider_pb2.CheckFailure(property=key, reason=reason)
            for key, reason in configuration.refusals(decode(request.news))
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def DiffConfig(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        olds = request.old_inputs if request.HasField("old_inputs") else request.olds
        found = configuration.compare(decode(olds), decode(request.news))
        return differences(found, delete_first=False)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        self._apply(settings.read(decode(request.args)))
        return super().Configure(request, context)

    def Check(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        with self._answering(request, context, "news", "olds"):
            token = _token(request.urn)
            skip = self._settings.skip_update_unreachable and request.olds.fields
            if skip and self._connection.unreachable():
                self._warn("The cluster is unreachable and skipUpdateUnreachable is set: left as it is.")
                return provider_pb2.CheckResponse(inputs=request.olds)
            news = decode(request.news)
            inputs = unmarked(news)
            kind = kind_of({**_defaults(token), **inputs})
            namespace = self._connection.default_namespace() if self._connection.namespaced(kind) else None
            done = naming.complete(
                inputs,
                token,
                request.urn.split("::", 3)[3],
                old=unmarked(decode(request.olds)),
                seed=request.randomSeed,
                namespace=namespace,
            )
            return provider_pb2.CheckResponse(inputs=encode(marked(done, news)))

    def Diff(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        with self._answering(request, context, "news", "olds"):
            state, new = decode(request.olds), unmarked(decode(request.news))
            old = unmarked(_inputs(request.old_inputs, state))
            manager = naming.manager_name(new, checkpoint.recorded_manager(state))
            patch = naming.is_patch(new, _token(request.urn))
            found = self._planner.plan(old, checkpoint.live_object(state), new, manager=manager, patch=patch)
            return differences(found.changes, delete_first=found.delete_first)

    def Create(
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        with self._answering(request, context, "properties", certain=False):
            news = decode(request.properties)
            patch = naming.is_patch(unmarked(news), _token(request.urn))
            if request.preview:
                manager = naming.manager_name(unmarked(news), None)
                shown = news if patch else self._lifecycle.preview(news, exists=False, manager=manager)
                return provider_pb2.CreateResponse(properties=encode(shown))
            self._require_cluster()
            made = self._lifecycle.create(news, patch=patch, timeout=request.timeout)
            return provider_pb2.CreateResponse(id=made.id, properties=encode(made.outputs))

    def Update(
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        with self._answering(request, context, "news", "olds", certain=False):
            state, news = decode(request.olds), decode(request.news)
            ignore = list(request.ignoreChanges)
            if request.preview:
                manager = naming.manager_name(unmarked(news), checkpoint.recorded_manager(state))
                shown = self._lifecycle.preview(news, exists=True, manager=manager, ignore=ignore)
                return provider_pb2.UpdateResponse(properties=encode(shown))
            self._require_cluster()
            patch = naming.is_patch(unmarked(news), _token(request.urn))
            made = self._lifecycle.update(state, news, patch=patch, timeout=request.timeout, ignore=ignore)
            return provider_pb2.UpdateResponse(properties=encode(made.outputs))

    def Read(
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        with self._answering(request, context, "properties", "inputs"):
            token = _token(request.urn)
            if self._settings.skip_update_unreachable and self._connection.unreachable():
                self._warn("The cluster is unreachable and skipUpdateUnreachable is set: not read.")
                return provider_pb2.ReadResponse(
                    id=request.id, properties=request.properties, inputs=request.inputs
                )
            if self._may_forget():
                return provider_pb2.ReadResponse()
            state, inputs = decode(request.properties), decode(request.inputs)
            kind = kind_of({**_defaults(token), **unmarked(inputs)})
            found = reading.read(self._connection, self._lifecycle, kind, request.id, state, inputs)
            if found is None:
                return provider_pb2.ReadResponse()
            return provider_pb2.ReadResponse(
                id=found.stored.id, properties=encode(found.stored.outputs), inputs=encode(found.inputs)
            )

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        with self._answering(request, context, "properties"):
            if not self._may_forget():
                state = decode(request.properties)
                patch = naming.is_patch(checkpoint.live_object(state), _token(request.urn))
                self._lifecycle.delete(state, patch=patch, timeout=request.timeout)
            return empty_pb2.Empty()

    def Invoke(
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        _refuse(request.tok, context)
        raise AssertionError("abort does not return")

    def Construct(
        self, request: provider_pb2.ConstructRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConstructResponse:
        _refuse(request.type, context)
        raise AssertionError("abort does not return")

    @contextmanager
    def _answering(
        self, request: _Request, context: grpc.ServicerContext, *fields: str, certain: bool = True
    ) -> Generator[None]:
        """Make errors into answers, without the secrets in these fields of the request."""
        _current_urn.set(request.urn)
        try:
            yield
        except Exception as error:  # noqa: BLE001 - passed on by `fail`, in the engine's terms
            found = [secret_strings(decode(getattr(request, field))) for field in fields]
            answers.fail(context, error, set[str]().union(*found), certain=certain)

    def _may_forget(self) -> bool:
        """Whether the cluster is gone and the user said to forget what was in it."""
        reason = self._connection.unreachable()
        if reason and not self._settings.delete_unreachable:
            raise ClusterUnreachableError(f"{reason}. {_RETRY_DELETED}")
        if reason:
            self._warn(f"The cluster is unreachable and deleteUnreachable is set: forgotten. ({reason})")
        return bool(reason)

    def _require_cluster(self) -> None:
        reason = self._connection.unreachable()
        if reason:
            raise OperationError(f"the configured Kubernetes cluster is unreachable: {reason}")


def _refuse(token: str, context: grpc.ServicerContext) -> None:
    """Functions and components render manifests; the fallback has none of them."""
    try:
        tokens.refuse_unsupported(token.split(":")[1] if ":" in token else token, token)
        text = f"{token}: the fallback Kubernetes plugin has no functions and no components."
    except tokens.UnsupportedTokenError as error:
        text = str(error)
    context.abort(grpc.StatusCode.FAILED_PRECONDITION, text)


def _token(urn: str) -> Token:
    """The type token of a resource: the last of the types in its URN."""
    return tokens.parse(urn.split("::")[2].rpartition("$")[2])


def _defaults(token: Token) -> dict[str, str]:
    return {"apiVersion": token.kind.api_version, "kind": token.kind.name}


def _inputs(sent: Any, state: Properties) -> Properties:
    return decode(sent) if sent.fields else checkpoint.stored_inputs(state)
