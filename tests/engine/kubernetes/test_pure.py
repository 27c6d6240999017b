"""What holds for all inputs: paths, differences, trimming, secret marks, names."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local.plugins.base import paths
from local.plugins.base.secrets import scrub
from local.plugins.base.values import UNKNOWN, Secret, plain_map
from local.plugins.kubernetes import marking, naming, tokens, trim
from local.plugins.kubernetes.await_ import workloads
from local.plugins.kubernetes.await_.verdict import Lookup
from local.plugins.kubernetes.diff import changes, mark
from local.plugins.kubernetes.errors import ApiError, OperationError

keys = st.text(min_size=1, max_size=8).filter(lambda key: "\\" not in key)
leaves = st.one_of(st.booleans(), st.integers(-9, 9), st.text(max_size=5))
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=10,
)
objects = st.dictionaries(keys, values, max_size=4)


@given(st.lists(st.one_of(keys, st.integers(0, 99)), min_size=1, max_size=5))
def test_a_path_reads_back_as_it_was_written(path: list[str | int]) -> None:
    path = ["first", *path]
    assert paths.parse(paths.render(tuple(path))) == tuple(path)


@given(objects)
def test_an_object_does_not_differ_from_itself(obj: dict[str, Any]) -> None:
    assert changes(obj, deepcopy(obj)) == []


@given(objects, objects)
def test_differing_objects_differ_and_each_path_is_told_once(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    found = changes(old, new)
    assert bool(found) == (repr(_sorted(old)) != repr(_sorted(new)))
    assert len({change.path for change in found}) == len(found)


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted((key, _sorted(item)) for key, item in value.items())
    return [_sorted(item) for item in value] if isinstance(value, list) else value


@given(objects, objects)
def test_applying_the_differences_one_by_one_leads_from_old_to_new(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    """Every difference is told: with all of them at their new value nothing differs any more."""
    result = deepcopy(old)
    for change in reversed(changes(old, new)):
        *way, last = change.path
        target: Any = result
        source: Any = new
        for step in way:
            target, source = target[step], source[step]
        if change.what == "delete":
            del target[last]
        elif isinstance(target, list) and change.what == "add":
            target.insert(len(target), None)
        else:
            target[last] = source[last]
    for change in changes(old, new):
        *way, last = change.path
        target, source = result, new
        for step in way:
            target, source = target[step], source[step]
        if change.what == "add" and isinstance(target, list):
            target[last] = source[last]
    assert changes(result, new) == []


@given(objects)
def test_an_object_trimmed_to_its_own_shape_is_itself(obj: dict[str, Any]) -> None:
    obj.pop("kind", None)
    assert trim.to_shape(deepcopy(obj), obj) == obj


@given(objects, objects)
def test_trimming_never_adds_what_the_program_did_not_say(
    live: dict[str, Any], inputs: dict[str, Any]
) -> None:
    assert not [
        c for c in changes(inputs, trim.to_shape(live, inputs)) if c.what == "add" and _no_index(c.path)
    ]


def _no_index(path: paths.Path) -> bool:
    return not any(isinstance(step, int) for step in path)


@given(objects)
def test_secret_marks_survive_the_way_through_the_api(obj: dict[str, Any]) -> None:
    marked = {key: Secret(value) if index % 2 else value for index, (key, value) in enumerate(obj.items())}
    sent = marking.unmarked(marked)
    if obj.get("kind") != "Secret":
        assert marking.marked(sent, marked) == marked
    assert plain_map(marking.marked(sent, marked)) == obj


@given(st.text(min_size=5), st.text(), st.text())
def test_a_scrubbed_text_does_not_hold_the_secret(secret: str, before: str, after: str) -> None:
    scrubbed = scrub(before + secret + after, marking.secret_strings({"x": {"y": [Secret(secret)]}}))
    assert secret not in scrubbed.replace("[secret]", "") or secret in "[secret]"


@pytest.mark.parametrize(
    ("live", "wanted", "same"),
    [
        ("1", "1000m", True),
        ("500m", 0.5, True),
        ("1Gi", "1024Mi", True),
        ("1Gi", "1G", False),
        ("2", 1, False),
    ],
)
def test_quantities_are_compared_by_their_amount(live: Any, wanted: Any, *, same: bool) -> None:
    trimmed = trim.to_shape({"spec": {"limits": {"x": live}}}, {"spec": {"limits": {"x": wanted}}})
    assert (trimmed["spec"]["limits"]["x"] == wanted) is same


def test_list_items_are_found_by_their_names_among_injected_ones() -> None:
    live = {"spec": {"containers": [{"name": "sidecar"}, {"name": "app", "image": "2", "tty": False}]}}
    inputs = {"spec": {"containers": [{"name": "app", "image": "1"}]}}
    assert trim.to_shape(live, inputs) == {"spec": {"containers": [{"name": "app", "image": "2"}]}}


def test_ports_of_the_same_number_are_told_apart_by_their_protocol() -> None:
    ports = [{"port": 53, "protocol": "UDP"}, {"port": 53, "protocol": "TCP"}]
    assert trim.to_shape({"spec": {"ports": ports[::-1]}}, {"spec": {"ports": ports}}) == {
        "spec": {"ports": ports}
    }


def test_a_name_is_stable_for_a_seed_and_is_kept_over_updates() -> None:
    token = tokens.parse("kubernetes:core/v1:ConfigMap")
    first, again = (naming.complete({}, token, "a", old={}, seed=b"1", namespace="n") for _ in range(2))
    assert first == again
    assert first["metadata"]["name"][:2] == "a-"
    assert first["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    kept = naming.complete({}, token, "a", old=first, seed=b"2", namespace="n")
    assert kept == first
    named = naming.complete({"metadata": {"name": "fixed"}}, token, "a", old=first, seed=b"", namespace=None)
    assert named["metadata"] == {"name": "fixed"}


@pytest.mark.parametrize("metadata", [UNKNOWN, {"name": UNKNOWN}, {"name": "x", "namespace": UNKNOWN}])
def test_what_is_not_known_yet_is_not_invented(metadata: Any) -> None:
    token = tokens.parse("kubernetes:core/v1:ConfigMap")
    done = naming.complete({"metadata": metadata}, token, "a", old={}, seed=b"", namespace=None)
    assert done["metadata"] == metadata


def test_generate_name_is_refused_with_the_alternative() -> None:
    token = tokens.parse("kubernetes:core/v1:ConfigMap")
    with pytest.raises(OperationError, match="leave the name out instead"):
        naming.complete({"metadata": {"generateName": "a-"}}, token, "a", old={}, seed=b"", namespace=None)


@pytest.mark.parametrize(
    ("message", "immutable"),
    [
        ("field is immutable", True),
        ("may not change once set", True),
        ("Forbidden: pod updates may not change fields other than `spec.containers[*].image`", True),
        ("Forbidden: updates to statefulset spec for fields other than 'replicas' are forbidden", True),
        ("cannot change roleRef", True),
        ("Forbidden: updates to parameters are forbidden.", True),
        ("must be greater than or equal to 0", False),
    ],
)
def test_the_servers_words_for_immutable(message: str, *, immutable: bool) -> None:
    status = {"details": {"causes": [{"field": "spec.x", "message": message}]}}
    assert ApiError(422, status).immutable_fields() == (["spec.x"] if immutable else None)
    both = {
        "details": {"causes": [*status["details"]["causes"], {"field": "y", "message": "Required value"}]}
    }
    assert ApiError(422, both).immutable_fields() is None


def test_a_mark_covers_what_is_below_and_above_it() -> None:
    found = mark(changes({"spec": {"a": {"b": 1}, "c": 1}}, {"spec": {"a": {"b": 2}, "c": 2}}), ["spec.a"])
    assert [change.needs_new for change in found] == [True, False]
    assert mark(changes({}, {"spec": {"a": 1}}), ["spec.a"])[0].needs_new


class Nothing(Lookup):
    def get(self, path: str, **query: str) -> dict[str, Any]:
        raise AssertionError("a workload is judged by itself")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({"observedGeneration": 1, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 2}, "waiting"),
        ({"observedGeneration": 2, "updatedReplicas": 1, "replicas": 2, "availableReplicas": 2}, "waiting"),
        ({"observedGeneration": 2, "updatedReplicas": 2, "replicas": 3, "availableReplicas": 2}, "waiting"),
        ({"observedGeneration": 2, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 1}, "waiting"),
        ({"observedGeneration": 2, "updatedReplicas": 2, "replicas": 2, "availableReplicas": 2}, "ready"),
        (
            {
                "observedGeneration": 2,
                "conditions": [
                    {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}
                ],
            },
            "failed",
        ),
    ],
)
def test_a_rollout_is_over_when_every_replica_is_new_and_available(
    status: dict[str, Any], state: str
) -> None:
    deployment = {"metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": status}
    assert workloads.deployment(deployment, Nothing()).state == state


@pytest.mark.parametrize(
    ("observed", "wanted", "updated", "available", "state"),
    [
        (1, 0, 0, 0, "ready"),
        (1, 2, 1, 2, "waiting"),
        (1, 2, 2, 1, "waiting"),
        (1, 2, 2, 2, "ready"),
        (0, 2, 2, 2, "waiting"),
    ],
)
def test_a_daemon_set_is_ready_when_every_node_has_a_new_available_pod(
    observed: int, wanted: int, updated: int, available: int, state: str
) -> None:
    status = {
        "observedGeneration": observed,
        "desiredNumberScheduled": wanted,
        "updatedNumberScheduled": updated,
        "numberAvailable": available,
    }
    assert workloads.daemon_set({"metadata": {"generation": 1}, "status": status}, Nothing()).state == state
