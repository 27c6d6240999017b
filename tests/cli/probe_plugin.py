"""A provider for the tests of the Stack phase: its resources take as long as they are told, or fail."""

# ruff: noqa: N802 - the names of the gRPC methods

from __future__ import annotations

import grpc
from google.protobuf import empty_pb2
from google.protobuf.json_format import MessageToDict
from pulumi.runtime.proto import provider_pb2

from local.plugins.base.provider import FallbackProvider, run


class Probe(FallbackProvider):
    name = "probe"
    version = "1.0.0"

    def Check(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        same = request.olds == request.news
        changes = provider_pb2.DiffResponse.DIFF_NONE if same else provider_pb2.DiffResponse.DIFF_SOME
        return provider_pb2.DiffResponse(changes=changes)

    def Create(
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        given = MessageToDict(request.properties)
        if self.cancelled.wait(given["seconds"]):
            context.abort(grpc.StatusCode.ABORTED, "cancelled")
        if given["fails"]:
            context.abort(grpc.StatusCode.INTERNAL, "the table is already there")
        metadata = given["metadata"]
        identity = f"{metadata['namespace']}/{metadata['name']}"  # as the Kubernetes provider does
        return provider_pb2.CreateResponse(id=identity, properties=request.properties)

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()


if __name__ == "__main__":
    run(Probe())
