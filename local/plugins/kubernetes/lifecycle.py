"""Creates, updates, reads and deletes objects, and waits until they are what they should be."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from threading import Event

from local.plugins.base.paths import keep_live, parse
from local.plugins.base.values import Properties, Value, has_unknown
from local.plugins.kubernetes import checkpoint, diagnose
from local.plugins.kubernetes.await_.wait import NotReadyError, Waiter, look, seconds_allowed
from local.plugins.kubernetes.connection import Connection
from local.plugins.kubernetes.errors import (
    ApiError,
    ClusterUnreachableError,
    NoSuchKindError,
    OperationError,
    conflict_sentence,
)
from local.plugins.kubernetes.marking import unmarked
from local.plugins.kubernetes.naming import manager_name
from local.plugins.kubernetes.objects import (
    DELETION_PROPAGATION,
    PATCH_FORCE,
    SKIP_AWAIT,
    Object,
    annotation,
    dig,
    flag,
    identity,
    kind_of,
    label,
    name_of,
    namespace_of,
)
from local.plugins.kubernetes.settings import Settings

_PROPAGATION = {"foreground": "Foreground", "background": "Background", "orphan": "Orphan"}


@dataclass(frozen=True)
class Stored:
    """An object as it goes into the state."""

    id: str
    outputs: Properties


class InitializationError(Exception):
    """The object exists, and must be recorded, but it is not ready. `reasons` are for people."""

    def __init__(self, stored: Stored, reasons: Sequence[str], inputs: Properties | None = None) -> None:
        super().__init__(reasons[0])
        self.stored = stored
        self.reasons = list(reasons)
        self.inputs = inputs


class Lifecycle:
    """The operations on one cluster. `say` shows what an operation waits for."""

    def __init__(
        self, connection: Connection, settings: Settings, cancelled: Event, say: Callable[[str], None]
    ) -> None:
        self._connection = connection
        self._settings = settings
        self._cancelled = cancelled
        self._say = say

    def preview(
        self, news: Properties, *, exists: bool, manager: str, ignore: Sequence[str] = ()
    ) -> Properties:
        """What the object would be, as far as the API server can tell now; else just the inputs.

        Raises what the update would raise for invalid objects and field conflicts.
        """
        obj = unmarked(news)
        if has_unknown(obj) or self._connection.unreachable():
            return news
        try:
            live = self._get(obj)
            # An object that is there before its creation is about to be replaced: it would go first.
            if (live is None) == exists:
                return news
            result = self._apply(obj, manager, live=live, ignore=ignore, dry_run=True)
        except (NoSuchKindError, ClusterUnreachableError):
            return news
        except ApiError as error:
            if error.depends_on_others:
                return news
            raise
        return checkpoint.preview_outputs(result, news, created=not exists)

    def create(self, news: Properties, *, patch: bool, timeout: float) -> Stored:
        """Create the object and wait for it. OperationError if it exists already."""
        obj = unmarked(news)
        manager = manager_name(obj, None)
        seconds = seconds_allowed(timeout, obj)
        live = self._get(obj)
        if live is None and patch:
            raise OperationError(
                f"{label(obj)} does not exist; a patch resource can only change what exists."
            )
        if live is not None and not patch and not self._settings.upsert_existing:
            raise OperationError(
                f"{label(obj)} already exists (AlreadyExists), and this stack did not create it. Import it "
                f"(`pulumi import`, id {identity(obj)!r}), delete it, or give the resource another name."
            )
        applied = self._apply(obj, manager, live=live)
        return self._finish(applied, news, manager, obj["apiVersion"], seconds)

    def update(
        self, state: Properties, news: Properties, *, patch: bool, timeout: float, ignore: Sequence[str]
    ) -> Stored:
        """Apply the inputs and wait. An object that has vanished is created again."""
        obj = unmarked(news)
        recorded = checkpoint.recorded_manager(state)
        manager = manager_name(obj, recorded)
        seconds = seconds_allowed(timeout, obj)
        live = self._get(obj)
        if live is None and patch:
            raise OperationError(f"{label(obj)} does not exist any more; there is nothing to patch.")
        applied = self._apply(obj, manager, live=live, ignore=ignore)
        if isinstance(recorded, str) and recorded != manager:
            applied = self._relinquish(applied, recorded) or applied
        return self._finish(
            applied, news, manager, checkpoint.initial_version(state, obj["apiVersion"]), seconds
        )

    def readiness(self, live: Object) -> list[str]:
        """Why a live object is not ready at this moment; empty if it is."""
        if flag(live, SKIP_AWAIT):
            return []
        verdict = look(live, self._connection.api)
        if verdict is None or verdict.state == "ready":
            return []
        why = f"{label(live)} is not ready: {verdict.text}"
        return diagnose.explain(self._connection.api, live, why)

    def delete(self, state: Properties, *, patch: bool, timeout: float) -> None:
        """Delete the object and wait until it is gone. One that is gone already is fine."""
        live = checkpoint.live_object(state)
        if patch:
            manager = checkpoint.recorded_manager(state)
            self._relinquish(live, manager if isinstance(manager, str) else "")
            return
        inputs = unmarked(checkpoint.stored_inputs(state))
        seconds = seconds_allowed(timeout, inputs)
        try:
            path = self._path(live)
        except NoSuchKindError:
            return
        try:
            self._connection.api.delete(path, {"propagationPolicy": _propagation(inputs)})
        except ApiError as error:
            if error.not_found:
                return
            if error.code != 409:  # a namespace that is being emptied already answers with a conflict
                raise
        if not flag(inputs, SKIP_AWAIT):
            self._waiter().until_gone(path, dig(live, "metadata", "uid"), seconds)

    def _finish(self, live: Object, news: Properties, manager: str, initial: str, seconds: float) -> Stored:
        """Wait for what was applied; whatever happens, it is recorded."""
        try:
            if not flag(live, SKIP_AWAIT):
                live = self._waiter().until_ready(self._path(live), live, seconds)
        except NotReadyError as error:
            why = f"{label(error.live)}: {error.why}"
            reasons = diagnose.explain(self._connection.api, error.live, why)
            raise InitializationError(_stored(error.live, news, manager, initial), reasons) from error
        except Exception as error:  # the object exists: a state without it would be wrong
            reason = f"{label(live)}: {error}"
            raise InitializationError(_stored(live, news, manager, initial), [reason]) from error
        return _stored(live, news, manager, initial)

    def _waiter(self) -> Waiter:
        api = self._connection.api
        return Waiter(api, self._cancelled, self._say, lambda obj: diagnose.brief(api, obj))

    def _get(self, obj: Object) -> Object | None:
        return self._connection.get(kind_of(obj), namespace_of(obj), name_of(obj))

    def _path(self, obj: Object) -> str:
        return self._connection.path(kind_of(obj), namespace_of(obj), name_of(obj))

    def _apply(
        self,
        obj: Object,
        manager: str,
        *,
        live: Object | None,
        ignore: Sequence[str] = (),
        dry_run: bool = False,
    ) -> Object:
        body = deepcopy(obj)
        for path in ignore if live else ():
            keep_live(live or {}, body, parse(path))
        force = flag(obj, PATCH_FORCE) or self._settings.patch_force
        try:
            return self._connection.api.apply(
                self._path(obj), body, manager=manager, force=force, dry_run=dry_run
            )
        except ApiError as error:
            if error.field_conflicts:
                raise OperationError(conflict_sentence(label(obj), error)) from error
            raise

    def _relinquish(self, live: Object, manager: str) -> Object | None:
        """Give up every field that `manager` owns; None if the object is gone."""
        names = {k: v for k, v in dig(live, "metadata", default={}).items() if k in ("name", "namespace")}
        body: Object = {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": names}
        if not manager or self._get(body) is None:
            return None
        return self._connection.api.apply(self._path(body), body, manager=manager, force=True)


def _stored(live: Object, news: Mapping[str, Value], manager: str, initial: str) -> Stored:
    return Stored(identity(live), checkpoint.outputs(live, news, manager, initial))


def _propagation(inputs: Object) -> str:
    wanted = annotation(inputs, DELETION_PROPAGATION).lower() or "foreground"
    if wanted not in _PROPAGATION:
        raise OperationError(
            f"The annotation {DELETION_PROPAGATION} says {wanted!r}; give foreground, background or orphan."
        )
    return _PROPAGATION[wanted]
