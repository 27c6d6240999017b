"""A machine of the tests' own: its own state directory, address plan and ports, stopped whatever happens."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local import machine
from local.machine import images
from local.progress import Quiet
from local.toolchain import apt, gobuild, versions

SUBNET = "10.208.0.0/14"
EDGE_PORTS = (18443, 18080)


@dataclass(frozen=True)
class Node:
    """A started machine and how to talk to it."""

    facts: machine.MachineFacts
    kubectl_path: Path

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        argv = [str(self.kubectl_path), f"--kubeconfig={self.facts.kubeconfig}", *arguments]
        result = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=120, check=False)
        if check and result.returncode != 0:
            raise AssertionError(f"kubectl {' '.join(arguments)}: {result.stderr}")
        return result.stdout + ("" if check else result.stderr)


def start_node() -> Node:
    """Start (or find) the machine of this test session."""
    apt.install(machine.PACKAGES, Quiet())
    binaries = [gobuild.build(versions.KUBERNETES, Quiet()), gobuild.build(versions.NETWORK, Quiet())]
    facts = machine.start(Quiet(), binaries=binaries, images=images.build(Quiet()), edge_ports=EDGE_PORTS)
    return Node(facts, binaries[0] / "kubectl")


@pytest.fixture(scope="session")
def machine_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    state = tmp_path_factory.mktemp("machine-state")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROOST_STATE", str(state))
        patch.setenv("ROOST_SUBNET", SUBNET)
        yield state
        machine.stop(Quiet())


@pytest.fixture
def node(machine_state: Path) -> Node:
    return start_node()
