"""Resources that exist nowhere but in the state: made once from their inputs, then kept.

Passwords, keys and certificates are of this kind. A change of an input makes a new one; reading returns what
the state holds; deleting forgets it.
"""

from __future__ import annotations

import importlib.metadata
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NoReturn

import grpc
from google.protobuf import empty_pb2
from pulumi.runtime.proto import provider_pb2

from local.plugins.base.fields import Fields, Problem, problems, with_defaults
from local.plugins.base.provider import FallbackProvider
from local.plugins.base.values import (
    UNKNOWN,
    Properties,
    Secret,
    decode,
    encode,
    has_unknown,
    plain,
    plain_map,
)


class InputError(Exception):
    """The inputs passed every check but cannot be used; the message says what to change."""


@dataclass(frozen=True)
class Made:
    """A new resource: its id, and its outputs besides the inputs."""

    id: str
    outputs: Properties


class Resource(ABC):
    """One type of resource."""

    type_name: ClassVar[str]
    """Pulumi's type token."""
    fields: ClassVar[Fields]
    computed: ClassVar[tuple[str, ...]]
    """Names of the outputs that only `make` knows."""
    secret: ClassVar[frozenset[str]] = frozenset()
    """Those of them that are encrypted in the state."""
    write_only: ClassVar[frozenset[str]] = frozenset()
    """Inputs that are not kept among the outputs, and whose change alone means nothing."""

    @abstractmethod
    def make(self, inputs: Properties) -> Made:
        """Make one from inputs with defaults, without secrets' wrappers. Raises InputError."""

    def check(self, inputs: Properties) -> list[Problem]:
        """What is wrong with the inputs together, beyond the type of each (which is right)."""
        return []

    def renew(self, outputs: Properties) -> str | None:
        """The output that shows that this one has had its time and must be replaced; None if not."""
        return None

    def refreshed(self, outputs: Properties) -> Properties:
        """The outputs as they are now: what depends on the clock may have changed."""
        return outputs


class ComputedProvider(FallbackProvider):
    """Serves such resources under a plugin's name."""

    def __init__(self, name: str, resources: Sequence[Resource]) -> None:
        super().__init__()
        self.name = name
        self.version = importlib.metadata.version(f"pulumi-{name}")
        self._resources = {resource.type_name: resource for resource in resources}

    def Check(
        self, request: provider_pb2.CheckRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CheckResponse:
        resource, news = self._resource(request.urn, context), decode(request.news)
        found = problems(resource.fields, news)
        if not found:
            found = resource.check(with_defaults(resource.fields, plain_map(news)))
        failures = [provider_pb2.CheckFailure(property=path, reason=reason) for path, reason in found]
        return provider_pb2.CheckResponse(inputs=request.news, failures=failures)

    def Diff(
        self, request: provider_pb2.DiffRequest, context: grpc.ServicerContext
    ) -> provider_pb2.DiffResponse:
        resource = self._resource(request.urn, context)
        old, new = (
            with_defaults(resource.fields, plain_map(decode(struct)))
            for struct in (request.old_inputs, request.news)
        )
        changed = [
            name
            for name in resource.fields
            if name not in resource.write_only and old.get(name) != new.get(name)
        ]
        replaces = [name for name in changed if resource.fields[name].replaces]
        # What the new settings say about renewal counts, not what they were at the last update.
        if due := resource.renew({**plain_map(decode(request.olds)), **_known(new)}):
            changed.append(due)
            replaces.append(due)
        return provider_pb2.DiffResponse(
            changes=provider_pb2.DiffResponse.DIFF_SOME if changed else provider_pb2.DiffResponse.DIFF_NONE,
            diffs=changed,
            replaces=replaces,
        )

    def Create(
        self, request: provider_pb2.CreateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.CreateResponse:
        resource = self._resource(request.urn, context)
        given = decode(request.properties)
        inputs = with_defaults(resource.fields, plain_map(given))
        if request.preview:
            made = Made("", dict.fromkeys(resource.computed, UNKNOWN))
        else:
            try:
                made = resource.make(inputs)
            except InputError as error:
                _abort(context, grpc.StatusCode.INVALID_ARGUMENT, str(error))
        outputs = _outputs(resource, given, made.outputs)
        return provider_pb2.CreateResponse(id=made.id, properties=encode(outputs))

    def Update(
        self, request: provider_pb2.UpdateRequest, context: grpc.ServicerContext
    ) -> provider_pb2.UpdateResponse:
        """Only inputs that change nothing about what was made come here."""
        resource = self._resource(request.urn, context)
        kept = {name: value for name, value in decode(request.olds).items() if name in resource.computed}
        outputs = _outputs(resource, decode(request.news), kept)
        return provider_pb2.UpdateResponse(properties=encode(resource.refreshed(outputs)))

    def Read(
        self, request: provider_pb2.ReadRequest, context: grpc.ServicerContext
    ) -> provider_pb2.ReadResponse:
        resource = self._resource(request.urn, context)
        if not request.properties.fields:
            message = (
                f"{resource.type_name} cannot be imported by Roost's fallback plugin; the official "
                f"pulumi-resource-{self.name} may be able to"
            )
            _abort(context, grpc.StatusCode.UNIMPLEMENTED, message)
        properties = encode(resource.refreshed(decode(request.properties)))
        return provider_pb2.ReadResponse(id=request.id, properties=properties, inputs=request.inputs)

    def Delete(self, request: provider_pb2.DeleteRequest, context: grpc.ServicerContext) -> empty_pb2.Empty:
        return empty_pb2.Empty()

    def Invoke(
        self, request: provider_pb2.InvokeRequest, context: grpc.ServicerContext
    ) -> provider_pb2.InvokeResponse:
        _abort(context, grpc.StatusCode.UNIMPLEMENTED, self._not_here(f"the function {request.tok}"))

    def _resource(self, urn: str, context: grpc.ServicerContext) -> Resource:
        token = urn.split("::")[2].rsplit("$", 1)[-1]
        if token not in self._resources:
            _abort(context, grpc.StatusCode.UNIMPLEMENTED, self._not_here(token))
        return self._resources[token]

    def _not_here(self, what: str) -> str:
        return (
            f"Roost's fallback plugin for {self.name} does not have {what}, only "
            f"{', '.join(sorted(self._resources))}. Install the official one: "
            f"pulumi plugin install resource {self.name} {self.version} --reinstall"
        )


def _outputs(resource: Resource, given: Properties, made: Properties) -> Properties:
    """Inputs as they were given (secrets stay secret), defaults, and what was made."""
    outputs = with_defaults(resource.fields, given)
    for name in resource.write_only:
        outputs.pop(name, None)
    for name, value in made.items():
        hide = name in resource.secret and value is not None and not isinstance(value, Secret)
        outputs[name] = Secret(value) if hide else value
    return outputs


def _known(properties: Properties) -> Properties:
    return {name: value for name, value in properties.items() if not has_unknown(plain(value))}


def _abort(context: grpc.ServicerContext, code: grpc.StatusCode, message: str) -> NoReturn:
    context.abort(code, message)
    raise AssertionError("abort does not return")
