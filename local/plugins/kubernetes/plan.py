"""What an update would do to an object: nothing, change it, or make it anew."""

from __future__ import annotations

from dataclasses import dataclass

from local.plugins.base.changes import Change
from local.plugins.base.values import has_unknown
from local.plugins.kubernetes import kinds
from local.plugins.kubernetes.await_.wait import look
from local.plugins.kubernetes.connection import Connection
from local.plugins.kubernetes.diff import changes, mark, mark_refused, outside, same_object
from local.plugins.kubernetes.errors import ApiError, ClusterUnreachableError, NoSuchKindError
from local.plugins.kubernetes.naming import autonamed
from local.plugins.kubernetes.objects import (
    REPLACE_UNREADY,
    Kind,
    Object,
    dig,
    flag,
    kind_of,
    name_of,
    namespace_of,
)
from local.plugins.kubernetes.settings import Settings

_LOOKS = 3
_IDENTITY = ("kind", "metadata.name", "metadata.namespace")


@dataclass(frozen=True)
class Plan:
    """The differences, and whether the old object must go before the new one can come."""

    changes: list[Change]
    delete_first: bool


class Planner:
    """Compares inputs, and asks the API server what it would say where it can be reached."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._connection = connection
        self._settings = settings

    def plan(self, old: Object, live: Object, new: Object, *, manager: str, patch: bool) -> Plan:
        """From the old inputs and last known live object to the new inputs."""
        old, new = self._comparable(old, live), self._comparable(new, live)
        found = mark(changes(old, new), _IDENTITY)
        if kind_of(old).group != kind_of(new).group:
            found = mark(found, ["apiVersion"])
        if found and not patch and not any(change.needs_new for change in found):
            found = self._judge(found, new, manager)
        if self._must_run_again(new):
            unready = ("metadata", "annotations", REPLACE_UNREADY)
            found = [*(c for c in found if c.path != unready), Change(unready, "update", needs_new=True)]
        return Plan(found, delete_first=self._keeps_name(found, live, new))

    def _comparable(self, inputs: Object, live: Object) -> Object:
        """Inputs that say where they live: a missing name or namespace is the live object's."""
        metadata = inputs.get("metadata")
        if not isinstance(metadata, dict):
            return inputs
        where: Object = {"name": name_of(live), "namespace": namespace_of(live)}
        full: Object = {**{k: v for k, v in where.items() if v}, **metadata}
        if not namespace_of(live):
            full.pop("namespace", None)  # ignored by the API server, for the kind has none
        return {**inputs, "metadata": full}

    def _judge(self, found: list[Change], new: Object, manager: str) -> list[Change]:
        kind = kind_of(new)
        by_policy = mark(
            found,
            kinds.policy_fields(
                kind,
                config_map_mutable=self._settings.config_map_mutable,
                secret_mutable=self._settings.secret_mutable,
            ),
        )
        guess = mark(by_policy, kinds.immutable_fields(kind))
        if has_unknown(new) or self._connection.unreachable():
            return guess
        try:
            return self._ask(by_policy, guess, kind, new, manager)
        except (ApiError, NoSuchKindError, ClusterUnreachableError):
            return guess  # what is wrong with the change will be reported when it is made

    def _ask(
        self, by_policy: list[Change], guess: list[Change], kind: Kind, new: Object, manager: str
    ) -> list[Change]:
        namespace, name = namespace_of(new), name_of(new)
        path = self._connection.path(kind, namespace, name)
        for _ in range(_LOOKS):
            live = self._connection.get(kind, namespace, name)
            if live is None:
                return guess
            try:
                result = self._connection.api.apply(path, new, manager=manager, force=True, dry_run=True)
            except ApiError as error:
                return _refused(error, by_policy, kind)
            # Another spelling of what is there already, or a default said aloud, is no change.
            if same_object(result, live):
                return []
            # A controller may have written between the two requests: then they cannot be compared.
            if result["metadata"].get("resourceVersion") == live["metadata"].get("resourceVersion"):
                break
        return by_policy

    def _must_run_again(self, new: Object) -> bool:
        """Whether `replaceUnready` is set on a Job that has not completed."""
        kind = kind_of(new)
        if (kind.group, kind.name) != ("batch", "Job") or not flag(new, REPLACE_UNREADY):
            return False
        try:
            live = self._connection.get(kind, namespace_of(new), name_of(new))
            if live is None:
                return False
            verdict = look(
                {**live, "metadata": {**live["metadata"], "annotations": {}}}, self._connection.api
            )
        except (ApiError, NoSuchKindError, ClusterUnreachableError):
            return False
        return verdict is not None and verdict.state != "ready"

    def _keeps_name(self, found: list[Change], live: Object, new: Object) -> bool:
        replaced = any(change.needs_new for change in found)
        named = dig(new, "metadata", "name")
        return (
            replaced
            and not autonamed(new)
            and named == name_of(live)
            and dig(new, "metadata", "namespace", default="") == namespace_of(live)
        )


def _refused(error: ApiError, found: list[Change], kind: Kind) -> list[Change]:
    """Which of the changes the API server calls immutable; any other refusal is raised again."""
    fields = error.immutable_fields()
    if fields is None:
        raise error
    return mark_refused(found, fields) if outside(found, kinds.keeps_data(kind)) else found
