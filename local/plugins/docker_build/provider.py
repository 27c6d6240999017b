"""The provider's gRPC face."""

from __future__ import annotations

from importlib.metadata import version
from typing import NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from local.plugins.base.changes import differences
from local.plugins.base.provider import FallbackProvider
from local.plugins.base.values import UNKNOWN, Properties, decode, encode, plain, plain_map
from local.plugins.docker_build import image, index

_NOT_BUILT = (
    "not built: Roost's fallback plugin only computes a digest of what would be built, for rehearsals; "
    "nothing is pushed, and no registry has this image\n"
)


class DockerBuildProvider(FallbackProvider):
    """Serves Image and Index, and builds nothing."""

    name = "docker-build"

    def __init__(self) -> None:
        super().__init__()
        self.version = version("pulumi-docker-build")

    def Check(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        of = index if _token(request.urn, context) == index.TOKEN else image
        failures = [
            provider_pb2.CheckFailure(property=path, reason=reason)
            for path, reason in of.problems(decode(request.news))
        ]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        old, new = plain_map(decode(request.old_inputs)), plain_map(decode(request.news))
        if _token(request.urn, context) == index.TOKEN:
            changes = index.changes(old, new)
        else:
            changes = image.changes(old, new, plain(decode(request.olds).get(image.HASH)))
        ignored = set(request.ignoreChanges)
        found = [change for change in changes if change.path[0] not in ignored]
        answer = differences(found, delete_first=False)
        if image.HASH in answer.detailedDiff:
            # An output: the engine would look for it among the inputs, and show nothing.
            answer.detailedDiff[image.HASH].inputDiff = False
        return answer

    def Create(
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        given = decode(request.properties)
        outputs = self._outputs(given, request.urn, context, preview=request.preview)
        name = request.urn.rpartition("::")[2]
        identity = "" if request.preview else str(outputs.get("digest") or name)
        return provider_pb2.CreateResponse(id=identity, properties=encode(outputs))

    def Update(
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        outputs = self._outputs(decode(request.news), request.urn, context, preview=request.preview)
        return provider_pb2.UpdateResponse(properties=encode(outputs))

    def Read(
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        if not request.properties.fields:
            _abort(context, "an image cannot be imported: nothing here knows what is in a registry")
        return provider_pb2.ReadResponse(id=request.id, properties=request.properties, inputs=request.inputs)

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def _outputs(
        self, given: Properties, urn: str, context: grpc.ServicerContext, *, preview: bool
    ) -> Properties:
        """The inputs as they were given (secrets stay secret), and what a build would have answered."""
        inputs = plain_map(given)
        if _token(urn, context) == index.TOKEN:
            return {**given, "ref": UNKNOWN if preview else index.ref(inputs)}
        if preview:
            hashed = image.hash_of(inputs) if image.hashable(inputs) else UNKNOWN
            # Until it is pushed nobody knows the digest of an image.
            return {**given, image.HASH: hashed, "digest": UNKNOWN, "ref": UNKNOWN}
        found = image.outcome(inputs)
        self.engine.log("warning", _NOT_BUILT, urn)
        digest = {"digest": found.digest} if found.digest else {}
        return {**given, image.HASH: found.context_hash, "ref": found.ref, **digest}


def _token(urn: str, context: grpc.ServicerContext) -> str:
    token = urn.split("::")[2].rpartition("$")[2]
    if token not in (image.TOKEN, index.TOKEN):
        _abort(
            context,
            f"Roost's fallback plugin for docker-build does not have {token}, only {image.TOKEN} and "
            f"{index.TOKEN}. Install the official one: "
            f"pulumi plugin install resource docker-build {version('pulumi-docker-build')}",
        )
    return token


def _abort(context: grpc.ServicerContext, message: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNIMPLEMENTED, message)
    raise AssertionError("abort does not return")
