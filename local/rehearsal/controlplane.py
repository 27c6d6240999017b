"""A real Kubernetes control plane on loopback: etcd, API server and controller manager, without nodes.

No kubelet runs, so no pod ever does: what a kubelet would report (a ready pod, a failed container, a
complete Job) is written to the status subresource of the real API server by `kubelet.py`, or by a test.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from local.machine import pki
from local.machine.layout import Layout, addresses
from local.progress import Quiet
from local.rehearsal import commands
from local.rehearsal.commands import Ports
from local.toolchain import apt, gobuild
from local.toolchain.versions import KUBERNETES

_READY_SECONDS = 90.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.1
_LONGEST_SOCKET = 107  # sun_path of unix(7)
CONTEXT = "control-plane"


@dataclass(frozen=True)
class ControlPlane:
    """A running control plane. `server` is its URL, `kubeconfig` its administrator's file."""

    server: str
    ca_file: Path
    kubeconfig: Path
    kubectl: Path
    pods: Path
    """The socket at which the API server asks for connections to pods: `pod_network.py` answers it."""


@contextlib.contextmanager
def running(root: Path, *, api_server: Sequence[str] = ()) -> Generator[ControlPlane]:
    """Start a control plane with its data under `root`; end every process of it on the way out.

    `api_server` are further flags of the API server. Call it in the main thread: the processes end with the
    thread that started them. RuntimeError with the last log lines if it is not ready in time, ValueError if
    the path of `root` is too long for a socket in it.
    """
    pods = Layout(root).run / "pods.sock"
    if len(os.fsencode(pods)) > _LONGEST_SOCKET:
        raise ValueError(
            f"{root} is too long: a socket's path has at most {_LONGEST_SOCKET} bytes, was {pods}"
        )
    tools = gobuild.build(KUBERNETES, Quiet())
    apt.install(["etcd-server"], Quiet())
    place, plan = Layout(root), addresses()
    place.make()
    pki.ensure(place, plan)
    ports = Ports(*_free_ports(3))
    server = f"https://127.0.0.1:{ports.api}"
    with contextlib.ExitStack() as stack:

        def start(name: str, *argv: str) -> subprocess.Popen[bytes]:
            return stack.enter_context(_process(place.logs / f"{name}.log", argv))

        started = [
            start("etcd", *commands.etcd(place, ports)),
            start(
                "api-server",
                str(tools / "kube-apiserver"),
                *commands.api_server(place, plan, ports, pods, api_server),
            ),
        ]
        _await_ready(ports.api, place, started)
        managers = _kubeconfig(place, server, "controller-manager", place.conf / "manager.kubeconfig")
        start(
            "manager", str(tools / "kube-controller-manager"), *commands.controller_manager(place, managers)
        )
        admin = _kubeconfig(place, server, "admin", place.admin_kubeconfig)
        yield ControlPlane(server, place.pki / "cluster-ca.crt", admin, tools / "kubectl", pods)


def _kubeconfig(place: Layout, server: str, leaf: str, path: Path) -> Path:
    entry = {"name": CONTEXT}
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": CONTEXT,
        "clusters": [
            {
                **entry,
                "cluster": {"server": server, "certificate-authority": str(place.pki / "cluster-ca.crt")},
            }
        ],
        "users": [
            {
                **entry,
                "user": {
                    "client-certificate": str(place.pki / f"{leaf}.crt"),
                    "client-key": str(place.pki / f"{leaf}.key"),
                },
            }
        ],
        "contexts": [{**entry, "context": {"cluster": CONTEXT, "user": CONTEXT}}],
    }
    path.write_text(yaml.safe_dump(document))
    return path


@contextlib.contextmanager
def _process(log: Path, argv: tuple[str, ...]) -> Generator[subprocess.Popen[bytes]]:
    # Even if we are killed outright, our children must not live on.
    guard = ["setpriv", "--pdeathsig", "KILL"] if sys.platform == "linux" else []
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*guard, *argv],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_ready(port: int, place: Layout, processes: list[subprocess.Popen[bytes]]) -> None:
    context = ssl.create_default_context(cafile=str(place.pki / "cluster-ca.crt"))
    context.load_cert_chain(place.pki / "admin.crt", place.pki / "admin.key")
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end and all(process.poll() is None for process in processes):
        if _ready(port, context):
            return
        time.sleep(_POLL_SECONDS)
    tails = [f"{log.name}:\n{log.read_text()[-2000:]}" for log in sorted(place.logs.glob("*.log"))]
    raise RuntimeError("the control plane did not become ready\n" + "\n".join(tails))


def _ready(port: int, context: ssl.SSLContext) -> bool:
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=5, context=context)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
