"""Policy packs under test, through the servicer that packs run: protobuf in, diagnostics out.

Resources are written down as `R`, changed by `put`, `drop`, `without`, `add` and the like, and judged by
`judge`. `UNKNOWN` and `Hidden(...)` stand for what is not known yet and for secrets.
"""

from __future__ import annotations

import copy
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime import rpc
from pulumi.runtime.proto import analyzer_pb2

from policies.catalogue import packs
from policies.lib.pack import analyzer
from policies.lib.rule import Rule

UNKNOWN = rpc.UNKNOWN
_SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
_CANNOT_RUN = "can't run policy"
_STEP = re.compile(r"\[(\d+)\]")


@dataclass(frozen=True)
class Hidden:
    """A value that the program marked as a secret."""

    value: Any


@dataclass(frozen=True)
class R:
    """A resource, as the engine would show it."""

    type: str
    props: Mapping[str, Any] = field(default_factory=dict[str, Any])
    name: str = "it"
    depends: Mapping[str, Sequence[str]] = field(default_factory=dict[str, Sequence[str]])
    """Property to the names of the resources that its value was made from."""
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    provider: Mapping[str, Any] | None = None
    """Settings of its provider."""
    stack: str = "prod"
    parent: str = ""
    recorded_urn: str = ""
    """Of a resource that the program registered."""
    after: Sequence[str] = ()
    """Names of the resources that it is made after."""

    @property
    def urn(self) -> str:
        return self.recorded_urn or f"urn:pulumi:{self.stack}::roost::{self.type}::{self.name}"


@dataclass(frozen=True)
class Diagnostic:
    """One thing that a pack said."""

    rule: str
    resource: str
    """Logical name; empty where it is about none."""
    level: str
    message: str

    @property
    def undetermined(self) -> bool:
        return self.message.startswith(_CANNOT_RUN)


@dataclass(frozen=True)
class Said:
    """All that packs said about resources."""

    diagnostics: tuple[Diagnostic, ...]

    @property
    def violations(self) -> list[Diagnostic]:
        return [one for one in self.diagnostics if not one.undetermined]

    @property
    def undetermined(self) -> list[Diagnostic]:
        return [one for one in self.diagnostics if one.undetermined]

    @property
    def fired(self) -> Counter[str]:
        """Violations by rule."""
        return Counter(one.rule for one in self.violations)


def rule(id_: str) -> Rule:
    """The rule of that id, from whatever pack."""
    return next(rule for pack in packs() for rule in pack.rules if rule.id == id_)


class Judge:
    """A servicer with these rules. `levels` and `config` are by rule id; a level not named is mandatory."""

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        levels: Mapping[str, str] | None = None,
        config: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.servicer = analyzer("under-test", "Under test", rules)
        exempting = any((config or {}).get(one.id, {}).get("exemptions") for one in rules)
        self._together = exempting or any(one.about_stack for one in rules)
        request = analyzer_pb2.ConfigureAnalyzerRequest()
        for one in rules:
            for name in {one.id, one.remedy_id}:
                level = (levels or {}).get(name, "mandatory" if name == one.id else "disabled")
                request.policyConfig[name].enforcementLevel = analyzer_pb2.EnforcementLevel.Value(
                    level.upper()
                )
                request.policyConfig[name].properties.update((config or {}).get(one.id, {}))
        self.servicer.Configure(request, None)

    def stack(self, resources: Sequence[R]) -> Said:
        """Judge each resource, and then the stack, if there is something to be said about it."""
        alone = self.resources(resources)
        return Said((*alone, *(self.together(resources) if self._together else ())))

    def resources(self, resources: Iterable[R]) -> list[Diagnostic]:
        """Judge each resource on its own."""
        return [
            _diagnostic(one, resource.name)
            for resource in resources
            for one in self.servicer.Analyze(_analyze_request(resource), None).diagnostics
        ]

    def together(self, resources: Sequence[R]) -> list[Diagnostic]:
        """Judge the stack as a whole."""
        by_name: dict[str, list[str]] = {}
        for resource in resources:
            by_name.setdefault(resource.name, []).append(resource.urn)
        request = analyzer_pb2.AnalyzeStackRequest(
            resources=[_stack_resource(one, by_name) for one in resources]
        )
        return [_diagnostic(one, "") for one in self.servicer.AnalyzeStack(request, None).diagnostics]

    def remedied(self, resource: R) -> R:
        """The resource after the remedies whose level is `remediate`."""
        request = analyzer_pb2.AnalyzeRequest(**_common(resource))
        for one in self.servicer.Remediate(request, None).remediations:
            assert not one.diagnostic, one.diagnostic
            resource = replace(resource, props=_decoded(one.properties))
        return resource


def judge(
    rules: Sequence[Rule] | Rule,
    resources: Sequence[R],
    *,
    config: Mapping[str, Mapping[str, Any]] | None = None,
) -> Said:
    """What these rules, at level mandatory, say about a stack of these resources."""
    return Judge([rules] if isinstance(rules, Rule) else rules, config=config).stack(resources)


def _common(resource: R) -> dict[str, Any]:
    options = analyzer_pb2.AnalyzerResourceOptions(
        protect=resource.protect, ignoreChanges=resource.ignore_changes, parent=resource.parent
    )
    provider = resource.provider is not None and analyzer_pb2.AnalyzerProviderResource(
        type="pulumi:providers:aws",
        name="aws",
        urn="urn:pulumi:prod::roost::pulumi:providers:aws::aws",
        properties=_encoded(resource.provider),
    )
    return {
        "type": resource.type,
        "urn": resource.urn,
        "name": resource.name,
        "properties": _encoded(resource.props),
        "options": options,
        **({"provider": provider} if provider else {}),
    }


def _analyze_request(resource: R) -> analyzer_pb2.AnalyzeRequest:
    return analyzer_pb2.AnalyzeRequest(**_common(resource))


def _stack_resource(resource: R, by_name: Mapping[str, list[str]]) -> analyzer_pb2.AnalyzerResource:
    found = analyzer_pb2.AnalyzerResource(**_common(resource), parent=resource.parent)
    for prop, names in resource.depends.items():
        found.propertyDependencies[prop].urns.extend(_urns(names, by_name))
    found.dependencies.extend(_urns(resource.after, by_name))
    return found


def _urns(names: Sequence[str], by_name: Mapping[str, list[str]]) -> list[str]:
    return [urn for name in names for urn in ([name] if name.startswith("urn:") else by_name.get(name, ()))]


def _encoded(props: Mapping[str, Any]) -> struct_pb2.Struct:
    made = struct_pb2.Struct()
    made.update(_wire(props))
    return made


def _wire(value: Any) -> Any:
    if isinstance(value, Hidden):
        return {**_SECRET, "value": _wire(value.value)}
    if isinstance(value, Mapping):
        return {key: _wire(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_wire(item) for item in value]
    return value


def _decoded(message: Any) -> Any:
    if isinstance(message, struct_pb2.Struct):
        if all(key in message and message[key] == sig for key, sig in _SECRET.items()):
            return Hidden(_decoded(message["value"]))
        return {key: _decoded(value) for key, value in message.items()}
    if isinstance(message, struct_pb2.ListValue):
        return [_decoded(value) for value in message]
    return message


def _diagnostic(message: Any, resource: str) -> Diagnostic:
    level = analyzer_pb2.EnforcementLevel.Name(message.enforcementLevel).lower()
    about = message.urn.rpartition("::")[2] if message.urn else resource
    return Diagnostic(message.policyName, about, level, message.message)


Change = Callable[[Sequence[R]], list[R]]
"""From one stack to another; `which` in the functions below is a name, or `type::name`."""


def put(which: str, path: str, value: Any) -> Change:
    """Set a property: `put("db", "a.b[0].c", True)`; mappings on the way are made."""
    return _changing(which, lambda props: _set(props, _steps(path), value))


def drop(which: str, path: str) -> Change:
    """Leave a property out."""
    return _changing(which, lambda props: _unset(props, _steps(path)))


def options(which: str, **fields: Any) -> Change:
    """Change what is not a property: `options("db", protect=False)`."""
    return lambda stack: [replace(one, **fields) if _is(one, which) else one for one in stack]


def without(which: str) -> Change:
    """Take a resource away."""
    return lambda stack: [one for one in stack if not _is(one, which)]


def add(*resources: R) -> Change:
    """Add resources."""
    return lambda stack: [*stack, *resources]


def both(*changes: Change) -> Change:
    """One change after the other."""

    def apply(stack: Sequence[R]) -> list[R]:
        for change in changes:
            stack = change(stack)
        return list(stack)

    return apply


def same(stack: Sequence[R]) -> list[R]:
    """No change."""
    return list(stack)


def _is(resource: R, which: str) -> bool:
    return which in (resource.name, f"{resource.type}::{resource.name}")


def _changing(which: str, change: Callable[[Any], None]) -> Change:
    def apply(stack: Sequence[R]) -> list[R]:
        assert any(_is(one, which) for one in stack), f"there is no {which}"
        made: list[R] = []
        for one in stack:
            if _is(one, which):
                props = copy.deepcopy(dict(one.props))
                change(props)
                one = replace(one, props=props)
            made.append(one)
        return made

    return apply


def _steps(path: str) -> list[str | int]:
    steps: list[str | int] = []
    for part in path.split("."):
        name, *rest = _STEP.split(part)
        steps += [name] if name else []
        steps += [int(index) for index in rest if index]
    return steps


def _set(inside: Any, steps: Sequence[str | int], value: Any) -> None:
    for step, following in pairwise(steps):
        if isinstance(step, str) and inside.get(step) is None:
            inside[step] = [] if isinstance(following, int) else {}
        inside = inside[step]
    last = steps[-1]
    if isinstance(last, int) and not isinstance(inside, list):
        raise TypeError("only a list has elements")
    if isinstance(last, int) and last == len(inside):
        inside.append(value)
    else:
        inside[last] = value


def _unset(inside: Any, steps: Sequence[str | int]) -> None:
    for step in steps[:-1]:
        inside = inside[step]
    del inside[steps[-1]]


def leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Every scalar in a resource's properties, with its path for `put`."""
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            if "." not in key and "[" not in key:
                yield from leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, (list, tuple)) and value:
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    elif path:
        yield path, value
