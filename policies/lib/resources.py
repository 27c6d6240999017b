"""Resources as rules see them: under their canonical type, with readable properties and their neighbours."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from pulumi_policy import PolicyResource, ResourceValidationArgs, StackValidationArgs

from policies.lib.types import Types, canonical, is_list, is_patch
from policies.lib.values import State, Undetermined, Value, overlaid

STACK = "pulumi:pulumi:Stack"
_IDENTITIES = ("id", "name", "bucket", "arn", "identifier", "vaultName", "keyId")
"""Properties by which others refer to a resource."""


@dataclass(frozen=True, eq=False)
class Resource:
    """One resource; of a Kubernetes list, one of its objects."""

    type: str
    """Canonical, see `types.canonical`."""
    urn: str
    name: str
    """Its logical name in the program."""
    props: Value
    patch: bool = False
    """Whether it is only a part of an object that something else made."""
    protect: bool = False
    ignore_changes: tuple[str, ...] = ()
    parent: str = ""
    """URN; empty where unknown."""
    provider: Value = field(default_factory=lambda: Value(None))
    """Settings of its provider, for example `region`."""
    dependencies: Mapping[str, frozenset[str]] = field(default_factory=dict[str, frozenset[str]])
    """For each property the URNs of what its value was made from; empty outside stack rules."""
    after: frozenset[str] = frozenset()
    """URNs of all that it is made after; empty outside stack rules."""
    stack_name: str = ""

    def __getitem__(self, path: str) -> Value:
        """A property by its dotted path: `db["storageEncrypted"]`, `pod["spec.template"]`."""
        return self.props.at(path)

    def depends_on(self, other: Resource, prop: str) -> bool:
        """Whether the property's value was made from outputs of `other`."""
        return other.urn in self.dependencies.get(prop, ())


def of_validation(args: ResourceValidationArgs) -> list[Resource]:
    """The resource that a resource policy is asked about; the objects of it, if it is a Kubernetes list."""
    provider = args.provider.props if args.provider else None
    return list(
        _expanded(
            args.resource_type,
            Resource(
                type=canonical(args.resource_type),
                urn=args.urn,
                name=args.name,
                props=Value(args.props),
                patch=is_patch(args.resource_type),
                protect=bool(args.opts.protect),
                ignore_changes=tuple(args.opts.ignore_changes),
                parent=args.opts.parent or "",
                provider=Value(provider),
                stack_name=_stack_of(args.urn),
            ),
        )
    )


def _expanded(token: str, resource: Resource) -> Iterator[Resource]:
    if not is_list(token):
        yield resource
        return
    for item in resource.props["items"].items():
        yield replace(resource, props=item)


def _stack_of(urn: str) -> str:
    parts = urn.split(":")
    return parts[2] if len(parts) > 2 else ""


class Stack:
    """All resources of a stack, by type, and how they belong together."""

    def __init__(self, resources: Sequence[Resource], root: Resource) -> None:
        self.all = tuple(resources)
        self.root = root
        """The stack itself, for what is missing in it as a whole."""
        self._by_type: dict[str, list[Resource]] = {}
        self._by_urn = {resource.urn: resource for resource in resources}
        for resource in resources:
            self._by_type.setdefault(resource.type, []).append(resource)
        self._links: dict[tuple[str, str], _Links] = {}
        self._names: dict[tuple[str, ...], _Names] = {}

    @property
    def name(self) -> str:
        """The stack's name: `prod`."""
        return self.root.stack_name

    def of(self, *types: str) -> list[Resource]:
        """The resources of these canonical types, in an order of their own."""
        found = [resource for type_ in types for resource in self._by_type.get(type_, ())]
        return sorted(found, key=_order)

    def get(self, urn: str) -> Resource | None:
        """The resource with that URN."""
        return self._by_urn.get(urn)

    def companions(self, resource: Resource, type_: str, prop: str) -> list[Resource]:
        """Resources of `type_` whose property `prop` refers to `resource`.

        By what the property was made from; else by its value, which is then an id, name or ARN of `resource`.

        Raises:
            Undetermined: none was found, and there is one of which nobody can say yet what it refers to.
        """
        links = self._links.get((type_, prop))
        if links is None:
            links = self._links[type_, prop] = _Links(self.of(type_), prop)
        found = list(links.by_urn.get(resource.urn, ()))
        for identity in identities(resource):
            found += [one for one in links.by_value.get(identity, ()) if one not in found]
        if not found and links.open:
            raise Undetermined(links.open[0].props.at(prop).path, "is not known before the update")
        return found

    def target(self, resource: Resource, prop: str, *types: str) -> Resource | None:
        """The resource of one of `types` that `prop` of `resource` refers to; None outside this stack.

        Raises:
            Undetermined: the property is unknown, and not made from a resource of these types.
        """
        found = self.targets(resource, prop, *types)
        return found[0] if found else None

    def targets(self, resource: Resource, prop: str, *types: str) -> list[Resource]:
        """All of them, for a property that holds several references.

        Raises:
            Undetermined: as for `target`.
        """
        urns = resource.dependencies.get(prop.split(".", maxsplit=1)[0], frozenset())
        names = self._names.get(types)
        if names is None:
            names = self._names[types] = _Names(self.of(*types))
        return names.of(urns) or names.of(item.text() for item in resource[prop].items())


class _Names:
    """Resources by their URN, and by what else others may call them."""

    def __init__(self, resources: Sequence[Resource]) -> None:
        self._named: dict[str, list[Resource]] = {}
        for resource in resources:
            for name in {resource.urn} | identities(resource):
                self._named.setdefault(name, []).append(resource)

    def of(self, names: Iterable[str]) -> list[Resource]:
        """Those with one of these names, in the order of `Stack.of`."""
        found = {id(one): one for name in names for one in self._named.get(name, ())}
        return sorted(found.values(), key=_order)


def _order(resource: Resource) -> tuple[str, str]:
    return resource.type, resource.urn


@dataclass
class _Links:
    """Where one property of one type's resources points."""

    candidates: list[Resource]
    prop: str
    by_urn: dict[str, list[Resource]] = field(default_factory=dict[str, list[Resource]])
    by_value: dict[str, list[Resource]] = field(default_factory=dict[str, list[Resource]])
    open: list[Resource] = field(default_factory=list[Resource])

    def __post_init__(self) -> None:
        for candidate in self.candidates:
            urns = candidate.dependencies.get(self.prop.split(".")[0], frozenset())
            for urn in urns:
                self.by_urn.setdefault(urn, []).append(candidate)
            try:
                for item in candidate[self.prop].items():
                    self.by_value.setdefault(item.text(), []).append(candidate)
            except Undetermined:
                if not urns:
                    self.open.append(candidate)


def identities(resource: Resource) -> set[str]:
    """What others may call the resource: the known ones among id, name and ARN."""
    values = (resource.props[key] for key in _IDENTITIES)
    return {
        value.text()
        for value in values
        if value.known and value.present and not (value.is_mapping or value.is_list)
    }


Inputs = dict[str, Any]
"""By URN the properties with which a pack was asked about each resource, before the whole stack."""


def of_stack(args: StackValidationArgs, types: Types, inputs: Inputs) -> Stack:
    """Of the stack that a stack policy is asked about, the resources of these types; it has resources.

    In a preview outputs are read together with `inputs`, see `overlaid`. Of a resource whose provider is not
    configured yet (a cluster that is still to come) the engine shows no outputs at all.
    """
    return Stack(
        [
            one
            for resource in args.resources
            if canonical(resource.resource_type) in types
            for one in _of_policy_resource(resource, inputs)
        ],
        _root(args.resources[0].urn),
    )


def _root(urn: str) -> Resource:
    """The stack that a URN is in, as `urn:pulumi:<stack>::<project>::<types>::<name>`."""
    stack, project = _stack_of(urn), urn.split("::")[1]
    name = f"{project}-{stack}"
    return Resource(
        STACK,
        f"urn:pulumi:{stack}::{project}::{STACK}::{name}",
        name,
        Value(None),
        stack_name=stack,
    )


def _of_policy_resource(resource: PolicyResource, inputs: Inputs) -> Iterator[Resource]:
    given = Value(inputs.get(resource.urn))
    props = Value(cast("Any", resource.props))
    if not props.entries():
        props = given if given.is_mapping else Value(None, state=State.UNKNOWN)
    else:
        props = overlaid(props, given)
    try:
        yield from _expanded(
            resource.resource_type,
            Resource(
                type=canonical(resource.resource_type),
                urn=resource.urn,
                name=resource.name,
                props=props,
                patch=is_patch(resource.resource_type),
                protect=bool(resource.opts.protect),
                ignore_changes=tuple(resource.opts.ignore_changes),
                parent=resource.opts.parent or "",
                provider=Value(resource.provider.props if resource.provider else None),
                dependencies={
                    prop: frozenset(one.urn for one in found)
                    for prop, found in resource.property_dependencies.items()
                },
                after=frozenset(one.urn for one in resource.dependencies),
                stack_name=_stack_of(resource.urn),
            ),
        )
    except Undetermined:
        return  # a list whose objects are unknown: resource rules say so
