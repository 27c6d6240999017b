"""Names and states as people see them in `make logs`, `make status` and durations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from local import paths
from local.cli import logs, units
from local.cli.workloads import state_of
from local.progress import PhaseError


@pytest.mark.parametrize(
    ("kind", "owner", "name"),
    [
        ("ReplicaSet", "server-5d4f7c9b8", "server"),
        ("Job", "migrate-0001-initial", "migrate"),
        ("StatefulSet", "postgres", "postgres"),
        ("", "coredns", "coredns"),
    ],
)
def test_a_workload_is_called_what_people_call_it(kind: str, owner: str, name: str) -> None:
    assert logs.short_name(kind, owner) == name


def test_an_unknown_log_is_answered_with_the_names_that_there_are(roots: Path) -> None:
    folder = paths.state() / "logs"
    folder.mkdir(parents=True)
    (folder / "pulumi-up.log").write_text("done\n")
    with pytest.raises(PhaseError, match="no log named 'servr'") as caught:
        logs.logs("servr", follow=False)
    assert "pulumi" in caught.value.remedy


def pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "server-0"}, "status": {"phase": "Running", **status}}


READY = [{"type": "Ready", "status": "True"}]
UNREADY = [{"type": "Ready", "status": "False"}, {"type": "PodScheduled", "status": "True"}]


@pytest.mark.parametrize(
    ("item", "state"),
    [
        (pod(conditions=READY), "ready"),
        (pod(conditions=UNREADY), "running"),
        (pod(phase="Succeeded"), "done"),
        ({**pod(conditions=READY), "metadata": {"deletionTimestamp": "now"}}, "stopping"),
        (pod(containerStatuses=[{"state": {"waiting": {"reason": "CrashLoopBackOff"}}}]), "CrashLoopBackOff"),
        (
            pod(initContainerStatuses=[{"state": {"waiting": {"reason": "ImagePullBackOff"}}}]),
            "ImagePullBackOff",
        ),
        (
            pod(
                phase="Pending",
                conditions=[{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}],
            ),
            "Unschedulable",
        ),
        (pod(phase="Pending"), "pending"),
    ],
)
def test_the_state_of_a_pod_is_why_it_is_not_ready(item: dict[str, Any], state: str) -> None:
    assert state_of(item) == state


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (843, "14 min 03 s"),
        (3720, "1 h 02 min"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert units.duration(seconds) == said


@pytest.mark.parametrize(
    ("count", "said"), [(512, "512 B"), (34 * 1024**2, "34 MiB"), (1.25 * 1024**3, "1.2 GiB")]
)
def test_sizes_are_said_as_people_say_them(count: float, said: str) -> None:
    assert units.size(count) == said
