"""Judge the host before anything is touched: every obstacle at once, each with its remedy."""

from __future__ import annotations

from dataclasses import dataclass

from local.cli import units
from local.cli.facts import HostFacts
from local.cli.units import GIB

COLD_DISK = 15 * GIB
WARM_DISK = 3 * GIB
MEMORY = 6 * GIB
SHOWN_MEMORY_SLACK = GIB // 4
"""A "6 GB" machine shows a little less than 6 GiB; do not turn it away for that."""
GO_MINIMUM = (1, 21)
"""The first version that fetches the newer tool chain which a module asks for."""


LINK_PREFIX = "roost"
"""How the host end of every machine's link begins."""
OWN_CLUSTER = "use a cluster of your own: `make up CONTEXT=<kubeconfig context>`."


@dataclass(frozen=True)
class Refusal:
    """One reason not to start."""

    problem: str
    remedy: str


def refusals(facts: HostFacts) -> list[Refusal]:
    """Everything that stands in the way; empty when `make up` may start."""
    found = [*_system(facts), *_room(facts), *_network(facts), *_go(facts)]
    for feature in facts.missing_features:
        found.append(
            Refusal(
                f"The kernel does not let us use {feature}.",
                f"Use a machine or container with that feature (a privileged one), or {OWN_CLUSTER}",
            )
        )
    return found


def _system(facts: HostFacts) -> list[Refusal]:
    found: list[Refusal] = []
    if not facts.is_root:
        found.append(
            Refusal(
                "`make up` runs a Kubernetes node in namespaces of its own, which needs root.",
                f"Run it as root (`sudo make up`), or {OWN_CLUSTER}",
            )
        )
    if not facts.has_apt:
        found.append(
            Refusal(
                f"apt-get is missing ({facts.distribution}); the embedded cluster needs Debian packages.",
                f"Use Debian 12 (or a container of it), or {OWN_CLUSTER}",
            )
        )
    return found


def _room(facts: HostFacts) -> list[Refusal]:
    found: list[Refusal] = []
    needed = WARM_DISK if facts.tools_built else COLD_DISK
    if facts.disk_free < needed:
        found.append(
            Refusal(
                f"{facts.disk_path} has {units.size(facts.disk_free)} free; "
                f"{'this' if facts.tools_built else 'a first'} `make up` needs {units.size(needed)}.",
                "Free some space, or point ROOST_CACHE and ROOST_STATE to a larger disk.",
            )
        )
    if facts.memory_total < MEMORY - SHOWN_MEMORY_SLACK:
        found.append(
            Refusal(
                f"This machine has {units.size(facts.memory_total)} of memory; building and running need "
                f"{units.size(MEMORY)}.",
                "Use a machine with more memory.",
            )
        )
    return found


def _network(facts: HostFacts) -> list[Refusal]:
    if any(f"({LINK_PREFIX}" in route for route in facts.overlapping_routes):
        return [
            Refusal(
                "Another Roost machine runs on this host, with another ROOST_STATE; there is room for one.",
                "`make down` with the ROOST_STATE that it was started with.",
            )
        ]
    found = [
        Refusal(
            f"Port {port} on 127.0.0.1 is taken by another process; the stack's edge listens there.",
            f"Stop that process (`ss -ltnp 'sport = :{port}'` names it).",
        )
        for port in facts.busy_ports
    ]
    if facts.overlapping_routes:
        routes = ", ".join(facts.overlapping_routes)
        found.append(
            Refusal(
                f"The cluster's networks collide with routes of this host: {routes}.",
                "Set ROOST_SUBNET to a free /14, for example ROOST_SUBNET=10.204.0.0/14.",
            )
        )
    return found


def _go(facts: HostFacts) -> list[Refusal]:
    if facts.tools_built:
        return []
    remedy = "Install Go 1.21 or newer (https://go.dev/dl) so that `go` is on PATH."
    if facts.go_version is None:
        return [Refusal("Go is missing; Kubernetes and, where needed, Pulumi are built with it.", remedy)]
    numbers = facts.go_version.removeprefix("go").split("rc")[0].split("beta")[0].split(".")
    version = tuple(int(number) for number in numbers[:2] if number.isdigit())
    if version and version < GO_MINIMUM:
        return [Refusal(f"Go is too old: {facts.go_version}.", remedy)]
    return []


def describe(facts: HostFacts) -> str:
    """One line for a host that will do."""
    ports = "" if facts.machine_running else ", ports free"
    return f"{units.size(facts.disk_free)} disk, {units.size(facts.memory_total)} memory{ports}"
