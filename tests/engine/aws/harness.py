"""Takes a type through its life on an emulated account, without gRPC and without an engine."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from infra.aws.provider import EMULATED_SERVICES
from local.emulator import child
from local.plugins.aws.clients import Clients
from local.plugins.aws.lifecycle import Lifecycle, Stored
from local.plugins.aws.settings import Settings
from local.plugins.base.changes import Change
from local.plugins.base.paths import render
from local.plugins.base.values import Properties

REGION = "eu-central-1"
# Those of the program's provider, plus what only tests ask.
SERVICES = (*EMULATED_SERVICES, "s3control")
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Made:
    """A resource of the emulated account."""

    token: str
    name: str
    stored: Stored

    @property
    def id(self) -> str:
        return self.stored.id

    @property
    def inputs(self) -> Properties:
        return self.stored.inputs

    @property
    def outputs(self) -> dict[str, Any]:
        return self.stored.outputs


@dataclass(frozen=True)
class Difference:
    """What Diff says: rendered paths."""

    changes: list[Change]
    delete_first: bool

    @property
    def changed(self) -> dict[str, str]:
        """`add`, `delete` or `update` by path."""
        return {render(change.path): change.what for change in self.changes}

    @property
    def replaces(self) -> set[str]:
        """The paths that only a new resource can have."""
        return {render(change.path) for change in self.changes if change.needs_new}


@dataclass
class World:
    """One stack's view of an emulated account; `default_tags` are the provider's."""

    url: str
    region: str = REGION
    default_tags: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        settings = Settings(
            region=self.region,
            endpoints=dict.fromkeys(SERVICES, self.url),
            allowed_account_ids=(child.ACCOUNT,),
            default_tags=self.default_tags,
            s3_use_path_style=True,
        )
        self.clients = Clients(settings)
        self.cancelled = threading.Event()
        self.lifecycle = Lifecycle(self.clients, self.cancelled)

    def client(self, service: str, region: str | None = None) -> Any:
        """A client as a type gets it: for looking and for meddling."""
        return self.clients.get(service, region or self.region)

    def check(
        self, token: str, name: str, inputs: Mapping[str, Any], olds: Mapping[str, Any] | None = None
    ) -> Properties:
        """The inputs as they go into the state; an assertion fails with what is wrong with them."""
        checked, wrong = self.lifecycle.check(token, name, dict(inputs), dict(olds or {}), name.encode())
        assert not wrong, wrong
        return checked

    def problems(self, token: str, inputs: Mapping[str, Any], name: str = "it") -> dict[str, str]:
        """What Check refuses, by property."""
        return dict(self.lifecycle.check(token, name, dict(inputs), {}, b"seed")[1])

    def preview(self, token: str, inputs: Mapping[str, Any], name: str = "it") -> Properties:
        """The outputs that a preview of the creation shows."""
        return self.lifecycle.preview_create(token, self.check(token, name, inputs))

    def create(
        self, token: str, name: str, inputs: Mapping[str, Any] | None = None, *, seconds: float = 20
    ) -> Made:
        """Check and create, waiting at most `seconds`."""
        checked = self.check(token, name, inputs or {})
        return Made(token, name, self.lifecycle.create(token, name, checked, seconds))

    def refresh(self, made: Made) -> Made | None:
        """As it is now; None if it is gone."""
        found = self.lifecycle.read(made.token, made.name, made.stored)
        return replace(made, stored=found) if found else None

    def import_(self, token: str, identity: str, name: str = "it") -> Made | None:
        """A resource that no state knows."""
        found = self.lifecycle.read(token, name, Stored(identity, {}, {}))
        return Made(token, name, found) if found else None

    def diff(self, made: Made, inputs: Mapping[str, Any], ignored: tuple[str, ...] = ()) -> Difference:
        """From what the state has to new inputs of the program."""
        checked = self.check(made.token, made.name, inputs, made.inputs)
        return Difference(*self.lifecycle.diff(made.token, made.inputs, checked, ignored))

    def update(self, made: Made, inputs: Mapping[str, Any], *, seconds: float = 20) -> Made:
        """In place; an assertion fails if the change would replace it."""
        assert not self.diff(made, inputs).replaces, "this change makes a new resource"
        checked = self.check(made.token, made.name, inputs, made.inputs)
        return replace(
            made, stored=self.lifecycle.update(made.token, made.name, made.stored, checked, seconds)
        )

    def delete(self, made: Made, *, seconds: float = 20) -> None:
        self.lifecycle.delete(made.token, made.name, made.stored, seconds)

    def roundtrip(self, token: str, inputs: Mapping[str, Any] | None = None, name: str = "") -> Made:
        """Create it, and hold it to what every type must do; it stays there for more."""
        made = self.create(token, name or f"it{next(_numbers)}", inputs)
        self.settled(made, inputs or {})
        return made

    def settled(self, made: Made, inputs: Mapping[str, Any]) -> None:
        """Reading twice says the same, a refresh changes nothing, and the same program changes nothing."""
        once, twice = self.refresh(made), self.refresh(made)
        assert once is not None, "it is gone right after its creation"
        assert once.stored == (twice and twice.stored), "reading twice gave two answers"
        drift = Difference(*self.lifecycle.diff(made.token, made.inputs, once.inputs)).changed
        assert drift == {}, f"a refresh sees drift: {drift}"
        assert once.inputs == made.inputs, "a refresh says the same inputs in other words"
        assert once.outputs == made.outputs, "a refresh says the same outputs in other words"
        assert self.diff(once, inputs).changed == {}, "the same program changes it"

    def gone(self, made: Made) -> None:
        """Delete it, twice, and look: the second time is no error."""
        self.delete(made)
        assert self.refresh(made) is None, "it is there after its deletion"
        self.delete(made)
