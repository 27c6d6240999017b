"""`make up` refuses a host that will not do: every obstacle at once, each with what to do about it."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import replace

import pytest

from local.cli import facts, preflight
from local.cli.facts import HostFacts
from local.cli.units import GIB

GOOD = HostFacts(
    is_root=True,
    has_apt=True,
    distribution="Debian GNU/Linux 12 (bookworm)",
    disk_free=40 * GIB,
    disk_path="/var/cache/roost",
    memory_total=8 * GIB,
    busy_ports=(),
    missing_features=(),
    overlapping_routes=(),
    go_version="go1.24.1",
    tools_built=False,
    machine_running=False,
)


def test_a_host_that_has_everything_is_not_refused() -> None:
    assert preflight.refusals(GOOD) == []


@pytest.mark.parametrize(
    ("change", "problem", "remedy"),
    [
        ({"is_root": False}, "needs root", "sudo make up"),
        ({"has_apt": False, "distribution": "Fedora"}, "apt-get is missing (Fedora)", "Debian 12"),
        ({"disk_free": 14 * GIB}, "has 14.0 GiB free; a first `make up` needs 15.0 GiB", "ROOST_CACHE"),
        ({"memory_total": 4 * GIB}, "4.0 GiB of memory", "more memory"),
        ({"busy_ports": (8443,)}, "Port 8443 on 127.0.0.1 is taken", "ss -ltnp 'sport = :8443'"),
        ({"missing_features": ("overlayfs",)}, "does not let us use overlayfs", "CONTEXT="),
        ({"overlapping_routes": ("10.201.0.0/16 (eth1)",)}, "10.201.0.0/16 (eth1)", "ROOST_SUBNET="),
        ({"go_version": None}, "Go is missing", "https://go.dev/dl"),
        ({"go_version": "go1.20.4"}, "Go is too old: go1.20.4", "Go 1.21"),
    ],
)
def test_an_obstacle_is_named_with_its_remedy(change: dict[str, object], problem: str, remedy: str) -> None:
    (refusal,) = preflight.refusals(replace(GOOD, **change))
    assert problem in refusal.problem
    assert remedy in refusal.remedy


def test_another_roost_is_recognised_and_not_reported_thrice() -> None:
    other = replace(GOOD, busy_ports=(8443, 8080), overlapping_routes=("10.201.0.0/24 (roost201)",))
    (refusal,) = preflight.refusals(other)
    assert "Another Roost machine" in refusal.problem
    assert "make down" in refusal.remedy


def test_all_obstacles_are_reported_at_once() -> None:
    bad = replace(GOOD, is_root=False, disk_free=GIB, busy_ports=(8443, 8080), go_version=None)
    assert len(preflight.refusals(bad)) == 5


@pytest.mark.parametrize("version", ["go1.21", "go1.26.8", "go1.30rc2", "go2.0"])
def test_newer_versions_of_go_will_do(version: str) -> None:
    assert preflight.refusals(replace(GOOD, go_version=version)) == []


def test_with_the_tools_built_neither_go_nor_room_to_build_is_needed() -> None:
    assert preflight.refusals(replace(GOOD, tools_built=True, go_version=None, disk_free=4 * GIB)) == []
    (refusal,) = preflight.refusals(replace(GOOD, tools_built=True, disk_free=2 * GIB))
    assert "3.0 GiB" in refusal.problem


def test_a_machine_sold_as_six_gigabytes_is_enough() -> None:
    assert preflight.refusals(replace(GOOD, memory_total=6 * GIB - 150 * 1024**2)) == []


def test_this_host_is_seen_as_it_is(roots: object) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        assert facts.is_busy(port)
    assert not facts.is_busy(port)
    loopback = facts.gather(
        (ipaddress.IPv4Network("203.0.113.0/24"),), tools_built=False, machine_running=False
    )
    assert loopback.memory_total > 0
    assert loopback.disk_free > 0
    assert loopback.overlapping_routes == ()


def test_a_running_machine_does_not_stand_in_its_own_way(roots: object) -> None:
    everything = (ipaddress.IPv4Network("0.0.0.0/0"),)
    seen = facts.gather(everything, tools_built=True, machine_running=True)
    assert seen.busy_ports == ()
    assert seen.overlapping_routes == ()
