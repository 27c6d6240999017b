"""The operations on a resource, as the engine asks for them but without its wire format."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from local.plugins.aws import catalogue, expected, naming, observed, preparation, tags
from local.plugins.aws.clients import Clients, Scope
from local.plugins.aws.diff import Comparison
from local.plugins.aws.errors import reason_of, told
from local.plugins.aws.resource import PartlyMade, Resource, ResourceError
from local.plugins.aws.resource import Properties as Plain
from local.plugins.aws.schema import Schema, schema
from local.plugins.base.changes import Change
from local.plugins.base.fields import Problem
from local.plugins.base.secrets import marked, unmarked
from local.plugins.base.values import UNKNOWN, Properties, Value, plain

_DEFAULT_SECONDS = 20 * 60.0


@dataclass(frozen=True)
class Stored:
    """A resource as it goes into the state."""

    id: str
    inputs: Properties
    outputs: Properties


class UnfinishedError(Exception):
    """The resource exists, and must be recorded (`stored`), but its creation failed on the way."""

    def __init__(self, stored: Stored, reason: str) -> None:
        super().__init__(reason)
        self.stored = stored


@dataclass(frozen=True)
class _Type:
    """A type with its schema, and where a resource of it is."""

    kind: Resource
    schema: Schema
    region: str


class Lifecycle:
    """All types, on one account. Every method may raise UnmappedTypeError and ResourceError."""

    def __init__(self, clients: Clients, cancelled: threading.Event) -> None:
        self._clients = clients
        self._cancelled = cancelled

    def check(
        self, token: str, logical: str, news: Properties, olds: Properties, seed: bytes
    ) -> tuple[Properties, list[Problem]]:
        """The inputs to store, and everything that is wrong with those given."""
        return preparation.prepared(
            catalogue.resource(token),
            schema(token),
            news,
            logical=logical,
            olds=olds,
            seed=seed,
            default_tags=self._clients.settings.default_tags,
        )

    def diff(
        self, token: str, old: Properties, new: Properties, ignored: Sequence[str] = ()
    ) -> tuple[list[Change], bool]:
        """What changes from inputs `old` to `new`, and whether a replaced resource goes first."""
        comparison = self._comparison(token)
        before, after = unmarked(old), unmarked(new)
        found = comparison.changes(before, after, ignored)
        return found, comparison.delete_first(found, before, after)

    def preview_create(self, token: str, news: Properties) -> Properties:
        """The outputs as far as they are known: what AWS will fill in is not."""
        return expected.of_new(catalogue.resource(token), schema(token), news, self._provider_region)

    def preview_update(self, token: str, stored: Stored, news: Properties) -> Properties:
        """Old outputs overlaid by the new inputs; what an update renews is not known."""
        this = self._type(token, news)
        renewed = dict.fromkeys(this.kind.renewed_by(self._changed(token, stored.inputs, news)), UNKNOWN)
        return expected.only_outputs(
            this.kind,
            this.schema,
            {**expected.overlaid(this.kind, this.schema, stored.inputs, stored.outputs, news), **renewed},
        )

    def create(self, token: str, logical: str, news: Properties, seconds: float = 0) -> Stored:
        """Make it. UnfinishedError if it exists but is not as asked."""
        this = self._type(token, news)
        inputs = preparation.for_type(this.kind, news)
        with told(f"{token} {logical}"):
            scope = self._scope(this, seconds)
            try:
                identity = this.kind.create(scope, inputs)
            except PartlyMade as error:
                reason = f"{token} {logical}: {reason_of(error)}"
                raise self._unfinished(this, scope, error.id, news, reason) from error
            try:
                outputs = self._read_back(this, scope, identity, news)
            except Exception as error:
                reason = f"{token} {logical} was made but cannot be read: {reason_of(error)}"
                stored = Stored(identity, news, expected.only_outputs(this.kind, this.schema, news))
                raise UnfinishedError(stored, reason) from error
        return Stored(identity, news, outputs)

    def update(
        self,
        token: str,
        logical: str,
        stored: Stored,
        news: Properties,
        seconds: float = 0,
        ignored: Sequence[str] = (),
    ) -> Stored:
        """Change it in place to the new inputs."""
        this = self._type(token, news)
        changed = self._changed(token, stored.inputs, news, ignored)
        before, after = (preparation.for_type(this.kind, side) for side in (stored.inputs, news))
        with told(f"{token} {logical}"):
            scope = self._scope(this, seconds)
            if changed:
                this.kind.update(scope, stored.id, before, after, changed)
            known = expected.overlaid(this.kind, this.schema, stored.inputs, stored.outputs, news)
            outputs = self._read_back(this, scope, stored.id, known, own=news)
        return Stored(stored.id, news, outputs)

    def read(self, token: str, logical: str, stored: Stored) -> Stored | None:
        """It as it is now; None if it is gone. Without inputs (an import) they are made of what is seen."""
        this = self._type(token, stored.inputs or stored.outputs)
        with told(f"{token} {logical}"):
            scope = self._scope(this, 0)
            seen = self._seen(this, scope, stored.id, stored.outputs, stored.inputs)
        if seen is None:
            return None
        inputs = (
            observed.inputs(this.kind, this.schema, unmarked(stored.inputs), seen, self._provider_region)
            if stored.inputs
            else observed.imported(this.kind, this.schema, seen, self._provider_region)
        )
        outputs = observed.outputs(this.kind, unmarked(stored.outputs), {"region": this.region, **seen})
        return Stored(
            stored.id,
            marked(inputs, stored.inputs),
            expected.only_outputs(this.kind, this.schema, marked(outputs, stored.outputs)),
        )

    def delete(self, token: str, logical: str, stored: Stored, seconds: float = 0) -> None:
        """Remove it; one that is gone already is no error."""
        this = self._type(token, stored.outputs)
        with told(f"{token} {logical}"):
            this.kind.delete(self._scope(this, seconds), stored.id, _state(stored.id, stored.outputs))

    def _changed(
        self, token: str, old: Properties, new: Properties, ignored: Sequence[str] = ()
    ) -> frozenset[str]:
        """The top-level inputs that differ, as a type's `update` gets them."""
        changes, _ = self.diff(token, old, new, ignored)
        return frozenset("tags" if change.path[0] == "tagsAll" else str(change.path[0]) for change in changes)

    @property
    def _provider_region(self) -> str:
        return self._clients.settings.region

    def _type(self, token: str, properties: Mapping[str, Value]) -> _Type:
        region = plain(properties.get("region"))
        return _Type(catalogue.resource(token), schema(token), str(region or self._provider_region))

    def _comparison(self, token: str) -> Comparison:
        return Comparison(catalogue.resource(token), schema(token), self._provider_region)

    def _scope(self, this: _Type, seconds: float) -> Scope:
        return Scope(self._clients, this.region, seconds or _DEFAULT_SECONDS, self._cancelled)

    def _seen(
        self, this: _Type, scope: Scope, identity: str, state: Properties, own: Properties
    ) -> Plain | None:
        seen = this.kind.read(scope, identity, _state(identity, state))
        if seen is None or not this.schema.tagged:
            return seen
        mine = plain(own.get("tags"))
        repeated = cast("Plain", mine) if isinstance(mine, dict) else None
        return tags.divided(seen, self._clients.settings.default_tags, repeated)

    def _read_back(
        self, this: _Type, scope: Scope, identity: str, known: Properties, own: Properties | None = None
    ) -> Properties:
        """The outputs after a change: the known ones overlaid by what AWS says."""
        seen = self._seen(this, scope, identity, known, own or known)
        if seen is None:
            raise ResourceError("it vanished. Run `pulumi refresh`, then `pulumi up`")
        outputs = observed.outputs(this.kind, unmarked(known), {"region": this.region, **seen})
        return expected.only_outputs(this.kind, this.schema, marked(outputs, known))

    def _unfinished(
        self, this: _Type, scope: Scope, identity: str, news: Properties, reason: str
    ) -> UnfinishedError:
        """What of the inputs AWS does not confirm is left out, so that the next update does it."""
        try:
            seen = self._seen(this, scope, identity, news, news) or {}
        except Exception as error:  # noqa: BLE001 - the first failure is what has to be told
            seen: Plain = {}
            reason = f"{reason} (and it cannot be read: {reason_of(error)})"
        kept = {
            name: value
            for name, value in news.items()
            if name in seen or name in this.kind.replaces or name in (naming.DEFAULTS, "region")
        }
        inputs = observed.inputs(this.kind, this.schema, unmarked(kept), seen, self._provider_region)
        outputs = observed.outputs(this.kind, unmarked(kept), {"region": this.region, **seen})
        stored = Stored(
            identity,
            marked(inputs, news),
            expected.only_outputs(this.kind, this.schema, marked(outputs, news)),
        )
        return UnfinishedError(stored, reason)


def _state(identity: str, outputs: Mapping[str, Value]) -> Plain:
    return {**unmarked(outputs), "id": identity}
