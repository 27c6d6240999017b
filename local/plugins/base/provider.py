"""The part of a resource provider that has nothing to do with its resources."""

from __future__ import annotations

import sys
import threading

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc

from local.plugins.base.engine import Engine
from local.plugins.base.serving import serve


class FallbackProvider(provider_pb2_grpc.ResourceProviderServicer):
    """Handshake, configuration without settings, plugin information and cancellation.

    A provider derives from it and adds Check, Diff, Create, Read, Update and Delete. It talks to the
    engine through `self.engine`, and long waits watch `self.cancelled`.
    """

    name: str
    """The plugin's name, as in `pulumi-resource-<name>`."""
    version: str
    """The version that the plugin reports: that of the official SDK whose resources it serves."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self._engine: Engine | None = None

    @property
    def engine(self) -> Engine:
        """The engine that started this plugin; RuntimeError before the handshake."""
        if self._engine is None:
            raise RuntimeError("the engine has not introduced itself yet: no Handshake, Attach or argument")
        return self._engine

    def connect(self, address: str) -> None:
        """Remember where the engine listens (host:port)."""
        self._engine = Engine(address)

    def Handshake(
        self, request: provider_pb2.ProviderHandshakeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ProviderHandshakeResponse:
        self.connect(request.engine_address)
        return provider_pb2.ProviderHandshakeResponse(
            accept_secrets=True,
            accept_resources=False,
            accept_outputs=False,
            supports_autonaming_configuration=False,
        )

    def Attach(self, request: plugin_pb2.PluginAttach, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self.connect(request.address)
        return empty_pb2.Empty()

    def GetPluginInfo(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> plugin_pb2.PluginInfo:
        return plugin_pb2.PluginInfo(version=self.version)

    def CheckConfig(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        return provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE)

    def Configure(
        self, request: provider_pb2.ConfigureRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ConfigureResponse:
        self.engine.say_fallback(self.name, f"pulumi-resource-{self.name}")
        return provider_pb2.ConfigureResponse(
            acceptSecrets=True, supportsPreview=True, acceptResources=False, acceptOutputs=False
        )

    def Cancel(self, request: empty_pb2.Empty, context: grpc.ServicerContext) -> empty_pb2.Empty:
        self.cancelled.set()
        return empty_pb2.Empty()


def run(provider: FallbackProvider) -> None:
    """Serve `provider` as a plugin process; the engine passes its address as the first argument."""
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        provider.connect(sys.argv[1])

    def register(server: grpc.Server) -> None:
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(provider, server)

    serve(register)
