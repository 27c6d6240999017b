"""A pack's process: answers the engine, and has the SDK ask each policy only about what it is about.

The SDK reads a resource anew for every policy of a pack, and the whole stack for every stack policy, which
was most of what packs cost. So this servicer stands before the SDK's: it hands a resource to an SDK servicer
that knows only the policies about its type, and shows a stack policy only the properties of its types
(measured: `make bench-policies`).
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import analyzer_pb2 as wire
from pulumi.runtime.proto import plugin_pb2
from pulumi.runtime.proto.analyzer_pb2_grpc import (
    AnalyzerServicer,
    add_AnalyzerServicer_to_server,  # pyright: ignore[reportUnknownVariableType]
)
from pulumi_policy import EnforcementLevel, Policy, ResourceValidationPolicy, StackValidationPolicy
from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.policy import _PolicyAnalyzerServicer  # pyright: ignore[reportPrivateUsage]
from pulumi_policy.proxy import unknown_checking_proxy

from policies.lib.resources import Inputs
from policies.lib.types import Types, canonical

_LARGEST_MESSAGE = 400 * 1024 * 1024
"""Bytes; what the SDK's own server takes. A stack of thousands of resources comes in one message."""
_VERSION = "0.0.1"
"""The engine shows the version in PulumiPolicy.yaml instead."""


@dataclass(frozen=True)
class About:
    """A policy, and the resources that it is about."""

    policy: Policy
    types: Types


class Analyzer(AnalyzerServicer):
    """The Analyzer service of one pack.

    `inputs` is filled with what each resource was registered with, for stack policies to read.
    """

    def __init__(self, name: str, title: str, policies: Sequence[About], inputs: Inputs) -> None:
        self._name = name
        self._title = title
        self._policies = policies
        self._inputs = inputs
        self._whole = self._sdk([about.policy for about in policies])
        self._by_type: dict[str, Any] = {}
        self._stack = [
            (about.types, self._sdk([about.policy]))
            for about in policies
            if isinstance(about.policy, StackValidationPolicy)
        ]
        self._configured: list[Callable[[Any], Any]] = []
        self._lock = threading.Lock()

    def Analyze(self, request: wire.AnalyzeRequest, context: Any) -> wire.AnalyzeResponse:
        """What the policies about the resource's type say."""
        if any(canonical(request.type) in types for types, _ in self._stack):
            properties = deserialize_properties(json_format.MessageToDict(request.properties))
            self._inputs[request.urn] = unknown_checking_proxy(properties)
        sdk = self._about(request.type)
        return sdk.Analyze(request, context) if sdk else wire.AnalyzeResponse()

    def AnalyzeStack(self, request: wire.AnalyzeStackRequest, context: Any) -> wire.AnalyzeResponse:
        """What the stack policies say."""
        names = [
            wire.AnalyzerResource(type=one.type, urn=one.urn, name=one.name) for one in request.resources
        ]
        said = wire.AnalyzeResponse()
        for types, sdk in self._stack:
            shown = [
                one if canonical(one.type) in types else name
                for one, name in zip(request.resources, names, strict=True)
            ]
            said.MergeFrom(sdk.AnalyzeStack(wire.AnalyzeStackRequest(resources=shown), context))
        return said

    def Remediate(self, request: wire.AnalyzeRequest, context: Any) -> wire.RemediateResponse:
        """What the remedies for the resource's type make of it."""
        sdk = self._about(request.type)
        return sdk.Remediate(request, context) if sdk else wire.RemediateResponse()

    def GetAnalyzerInfo(self, request: Empty, context: Any) -> wire.AnalyzerInfo:
        """Name, policies, their levels and the schemas of their configuration."""
        return self._whole.GetAnalyzerInfo(request, context)

    def GetPluginInfo(self, request: Empty, context: Any) -> plugin_pb2.PluginInfo:
        """The SDK's version."""
        return self._whole.GetPluginInfo(request, context)

    def Configure(self, request: wire.ConfigureAnalyzerRequest, context: Any) -> Empty:
        """Take levels and settings of every policy."""
        self._tell(lambda sdk: sdk.Configure(request, context))
        return Empty()

    def ConfigureStack(
        self, request: wire.AnalyzerStackConfigureRequest, context: Any
    ) -> wire.AnalyzerStackConfigureResponse:
        """Take the stack's tags."""
        self._tell(lambda sdk: sdk.ConfigureStack(request, context))
        return wire.AnalyzerStackConfigureResponse()

    def _tell(self, configure: Callable[[Any], Any]) -> None:
        with self._lock:
            self._configured.append(configure)
            for sdk in (*self._by_type.values(), *(sdk for _, sdk in self._stack)):
                if sdk:
                    configure(sdk)

    def _about(self, token: str) -> Any:
        """The SDK's servicer with the policies about that type; None where there are none."""
        type_ = canonical(token)
        with self._lock:
            if type_ not in self._by_type:
                mine: list[Policy] = [
                    about.policy
                    for about in self._policies
                    if isinstance(about.policy, ResourceValidationPolicy) and type_ in about.types
                ]
                sdk = self._sdk(mine) if mine else None
                for configure in self._configured if sdk else ():
                    configure(sdk)
                self._by_type[type_] = sdk
            return self._by_type[type_]

    def _sdk(self, policies: list[Policy]) -> Any:
        return _PolicyAnalyzerServicer(
            self._name, _VERSION, policies, EnforcementLevel.MANDATORY, display_name=self._title
        )


def serve(analyzer: Analyzer) -> None:
    """Serve on a loopback port, told on standard output, until the engine ends the process."""
    server = grpc.server(
        ThreadPoolExecutor(max_workers=4), options=[("grpc.max_receive_message_length", _LARGEST_MESSAGE)]
    )
    add_AnalyzerServicer_to_server(analyzer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        server.stop(0)
        sys.exit(0)
