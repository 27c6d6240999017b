"""One recording mock engine for every test of the Pulumi program.

It sees what the stock mocks hide: the resource options of each registration, which leaf of the inputs is
secret, and what components put in their outputs. Unknown resource types and unknown invokes fail the test.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

import pulumi
from google.protobuf import empty_pb2, struct_pb2
from pulumi.runtime import mocks, rpc, settings
from pulumi.runtime.proto import resource_pb2
from pulumi.runtime.stack import run_in_stack
from pulumi.runtime.sync_await import _ensure_event_loop, _sync_await

from tests.support import realism

UNKNOWN = rpc.UNKNOWN
_TAKEN: Any = object()
PROJECT = "roost"
_RUN_SECONDS = 140
"""A run takes 5 to 30 s, by the load of the machine."""


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One RegisterResource request, decoded.

    `inputs` has secrets unwrapped and unknowns as `UNKNOWN`; `secrets` holds the paths of the leaves that
    were wrapped, as `stringData.password` or `spec.containers[0].env`.
    """

    urn: str
    type: str
    name: str
    custom: bool
    inputs: dict[str, Any]
    secrets: frozenset[str]
    parent: str
    provider: str
    dependencies: frozenset[str]
    property_dependencies: dict[str, frozenset[str]]
    """For each input the URNs of what it was made from."""
    protect: bool
    retain_on_delete: bool
    delete_before_replace: bool
    replace_on_changes: tuple[str, ...]
    ignore_changes: tuple[str, ...]
    additional_secret_outputs: tuple[str, ...]
    aliases: tuple[str, ...]
    timeouts: dict[str, str]
    deleted_with: str
    import_id: str


@dataclass
class Recording:
    """Everything that one run of a program registered, in order."""

    registrations: list[Registration] = field(default_factory=list)
    states: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By URN what the engine would keep: inputs and what the provider computed; in a preview as unknown."""
    outputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Outputs by URN, as given to register_outputs; the stack's own are its exports."""
    output_secrets: dict[str, frozenset[str]] = field(default_factory=dict)
    invokes: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    invoke_providers: list[str] = field(default_factory=list)
    """Reference of the provider that each invoke went to; empty for a default one."""
    warnings: list[str] = field(default_factory=list)

    def of_type(self, type_: str) -> list[Registration]:
        return [r for r in self.registrations if r.type == type_]

    def one(self, type_: str, name: str | None = None) -> Registration:
        """The only registration of that type (and logical name); otherwise fail with what there is."""
        found = [r for r in self.of_type(type_) if name in (None, r.name)]
        there = ", ".join(sorted(f"{r.type} {r.name}" for r in self.registrations if r.type == type_))
        assert len(found) == 1, f"expected one {type_} {name or ''}, found: {there or 'none'}"
        return found[0]

    def custom(self) -> list[Registration]:
        return [r for r in self.registrations if r.custom and not r.type.startswith("pulumi:providers:")]

    def components(self) -> list[Registration]:
        return [r for r in self.registrations if not r.custom and r.type != "pulumi:pulumi:Stack"]

    def exports(self) -> dict[str, Any]:
        return next(v for urn, v in self.outputs.items() if "::pulumi:pulumi:Stack::" in urn)

    def export_secrets(self) -> frozenset[str]:
        return next(v for urn, v in self.output_secrets.items() if "::pulumi:pulumi:Stack::" in urn)

    def by_urn(self, urn: str) -> Registration:
        return next(r for r in self.registrations if r.urn == urn)

    def waits_for(self, later: Registration, earlier: Registration) -> bool:
        """Whether the engine creates `earlier` first: directly, or through what lies between."""
        seen: set[str] = set()
        queue = [later.urn]
        while queue:
            urn = queue.pop()
            if urn == earlier.urn:
                return True
            if urn in seen:
                continue
            seen.add(urn)
            queue += self._needed_by(urn)
        return False

    def _needed_by(self, urn: str) -> list[str]:
        found = next((r for r in self.registrations if r.urn == urn), None)
        if found is None:
            return []
        children = [] if found.custom else [r.urn for r in self.registrations if r.parent == urn]
        # A reference is `<urn>::<id>`; the provider is configured, and so made, before it is asked.
        provider = [found.provider.rpartition("::")[0]] if found.provider else []
        return [*found.dependencies, *provider, *children]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar below `value`, with its path."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, value


class RecordingMonitor(mocks.MockMonitor):
    """Answers as the engine would: computed outputs after an update, none of them in a first preview."""

    def __init__(self, recording: Recording, *, preview: bool) -> None:
        super().__init__(_NoMocks())
        self._recording = recording
        self._preview = preview

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802 - the gRPC method's name
        _ensure_event_loop()
        urn = self.make_urn(request.parent, request.type, request.name)
        registration = _decode(urn, request)
        if request.type == "pulumi:pulumi:Stack":
            return resource_pb2.RegisterResourceResponse(urn=urn)
        assert urn not in {r.urn for r in self._recording.registrations}, f"{urn} is registered twice"
        self._recording.registrations.append(registration)
        if not request.custom:
            return resource_pb2.RegisterResourceResponse(urn=urn)
        id_, computed = realism.outputs_of(registration.type, registration.name, registration.inputs)
        kept = {"id": id_, **computed}
        if self._preview:
            id_, computed = "", realism.known_in_preview(registration.type, computed)
            kept = {**dict.fromkeys(kept, UNKNOWN), **computed}
        self._recording.states[urn] = {**kept, **registration.inputs}
        state = struct_pb2.Struct()
        state.CopyFrom(request.object)
        state.MergeFrom(_sync_await(rpc.serialize_properties(computed, {})))
        for key in registration.additional_secret_outputs:
            if key in computed:
                state[key] = rpc.wrap_rpc_secret(computed[key])
        return resource_pb2.RegisterResourceResponse(urn=urn, id=id_, object=state)

    def ReadResource(self, request: Any) -> Any:  # noqa: N802 - the gRPC method's name
        raise AssertionError(f"the program reads {request.type} {request.name}: it must only declare")

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: N802 - the gRPC method's name
        plain, secrets = _plain(request.outputs)
        self._recording.outputs[request.urn] = plain
        self._recording.output_secrets[request.urn] = frozenset(secrets)
        return empty_pb2.Empty()

    def Invoke(self, request: Any) -> Any:  # noqa: N802 - the gRPC method's name
        _ensure_event_loop()
        args, _ = _plain(request.args)
        self._recording.invokes.append((request.tok, args))
        self._recording.invoke_providers.append(request.provider)
        answer = realism.answer_to(request.tok, args)
        return resource_pb2.ResourceInvokeResponse(
            **{"return": _sync_await(rpc.serialize_properties(answer, {}))}
        )


class _NoMocks(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> Any:
        raise AssertionError(f"unexpected call of {args.token}")

    def new_resource(self, args: mocks.MockResourceArgs) -> Any:
        raise AssertionError(f"unexpected resource {args.typ}")


class _Messages(logging.Handler):
    def __init__(self, recording: Recording) -> None:
        super().__init__()
        self._recording = recording

    def emit(self, record: logging.LogRecord) -> None:
        self._recording.warnings.append(record.getMessage())


def record(
    program: Callable[[], object],
    *,
    stack: str = "local",
    preview: bool = False,
    config: dict[str, str] | None = None,
    into: Recording | None = None,
) -> Recording:
    """Run `program` under the mock engine until nothing is outstanding, and return what it registered.

    `preview=True` is the very first preview: no computed output and no id is known. `into` is filled and
    returned; it shows what was registered also where the program fails.
    """
    recording = into if into is not None else Recording()
    for attempt in (1, 2):
        vars(recording).update(vars(Recording()))
        logger = logging.Logger("pulumi-under-test", level=logging.WARNING)
        logger.addHandler(_Messages(recording))
        monitor = RecordingMonitor(recording, preview=preview)
        settings.ROOT.set(_TAKEN)  # keeps set_mocks from registering a stack of its own
        pulumi.runtime.set_mocks(
            _NoMocks(), project=PROJECT, stack=stack, preview=preview, logger=logger, monitor=monitor
        )
        settings.ROOT.set(None)
        pulumi.runtime.set_all_config(config or {})
        try:
            _sync_await(_finished(run_in_stack(lambda: program() and None)))
        except TimeoutError as error:
            if attempt == 2:
                raise
            print(f"{error}\nOnce more.", file=sys.stderr)
        else:
            break
    return recording


async def _finished(run: Coroutine[Any, Any, None]) -> None:
    """Wait for the program's end. Raises TimeoutError with what was still waiting.

    Once in some thousand runs of a whole test session one never ended: nothing was running any more, and
    something waited. What for was not found out; the next time says it.
    """
    try:
        async with asyncio.timeout(_RUN_SECONDS):
            await run
    except TimeoutError:
        waiting = Counter(map(_place, asyncio.all_tasks()))
        said = "\n".join(f"{count} x {place}" for place, count in waiting.most_common())
        raise TimeoutError(f"The program has not ended after {_RUN_SECONDS} s. Tasks:\n{said}") from None


def _place(task: asyncio.Task[Any]) -> str:
    """Where a task stands, and for which resource."""
    frames = task.get_stack(limit=1)
    at = f"{frames[0].f_code.co_qualname}:{frames[0].f_lineno}" if frames else "not begun"
    name = frames[0].f_locals.get("name") if frames else None
    return f"{at} {name}" if isinstance(name, str) else at


def _decode(urn: str, request: Any) -> Registration:
    inputs, secrets = _plain(request.object)
    timeouts = {
        name: getattr(request.customTimeouts, name)
        for name in ("create", "update", "delete")
        if getattr(request.customTimeouts, name)
    }
    return Registration(
        urn=urn,
        type=request.type,
        name=request.name,
        custom=request.custom,
        inputs=inputs,
        secrets=frozenset(secrets),
        parent=request.parent,
        provider=request.provider,
        dependencies=frozenset(request.dependencies),
        property_dependencies={
            name: frozenset(found.urns) for name, found in request.propertyDependencies.items()
        },
        protect=request.protect,
        retain_on_delete=request.retainOnDelete,
        delete_before_replace=request.deleteBeforeReplace,
        replace_on_changes=tuple(request.replaceOnChanges),
        ignore_changes=tuple(request.ignoreChanges),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        aliases=tuple(a.urn or a.spec.name for a in request.aliases),
        timeouts=timeouts,
        deleted_with=request.deletedWith,
        import_id=request.importId,
    )


def _plain(message: struct_pb2.Struct) -> tuple[dict[str, Any], set[str]]:
    """A protobuf Struct as plain values, with the paths that carried the engine's secret marker."""
    secrets: set[str] = set()

    def walk(value: Any, path: str) -> Any:
        if isinstance(value, struct_pb2.Struct):
            if rpc._is_rpc_struct_secret(value):
                secrets.add(path)
                return walk(value["value"], path)
            return {key: walk(item, f"{path}.{key}" if path else key) for key, item in value.items()}
        if isinstance(value, struct_pb2.ListValue):
            return [walk(item, f"{path}[{index}]") for index, item in enumerate(value)]
        if isinstance(value, float) and value.is_integer():
            return int(value)
        return value

    return walk(message, ""), secrets
