"""A real Kubernetes control plane on loopback: etcd, API server and controller manager, without nodes.

No kubelet runs, so no pod ever does: what a kubelet would report (a ready pod, a failed container, a
complete Job) tests write to the status subresource of the real API server, and say so.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import yaml

from local.machine import pki
from local.machine.layout import Addresses, Layout, addresses
from local.progress import Quiet
from local.toolchain import apt, gobuild
from local.toolchain.versions import KUBERNETES

_READY_SECONDS = 90.0
_STOP_SECONDS = 20.0
CONTEXT = "control-plane"


@dataclass(frozen=True)
class ControlPlane:
    """A running control plane. `server` is its URL, `kubeconfig` its administrator's file."""

    server: str
    kubeconfig: Path
    kubectl: Path


@contextlib.contextmanager
def running(root: Path) -> Generator[ControlPlane]:
    """Start a control plane with its data under `root`; end every process of it on the way out.

    RuntimeError with the last log lines if it is not ready in time.
    """
    tools = gobuild.build(KUBERNETES, Quiet())
    apt.install(["etcd-server"], Quiet())
    place, plan = Layout(root), addresses()
    place.make()
    pki.ensure(place, plan)
    etcd, peer, api = _free_ports(3)
    server = f"https://127.0.0.1:{api}"
    with contextlib.ExitStack() as stack:

        def start(name: str, *argv: str) -> subprocess.Popen[bytes]:
            return stack.enter_context(_process(place.logs / f"{name}.log", argv))

        started = [
            start("etcd", *_etcd(place, etcd, peer)),
            start("api-server", str(tools / "kube-apiserver"), *_api_server(place, plan, etcd, api)),
        ]
        _await_ready(server, place, started)
        managers = _kubeconfig(place, server, "controller-manager", place.conf / "manager.kubeconfig")
        start("manager", str(tools / "kube-controller-manager"), *_controller_manager(place, managers))
        admin = _kubeconfig(place, server, "admin", place.admin_kubeconfig)
        yield ControlPlane(server, admin, tools / "kubectl")


def _etcd(place: Layout, client: int, peer: int) -> list[str]:
    return [
        "etcd",
        f"--data-dir={place.etcd}",
        f"--listen-client-urls=https://127.0.0.1:{client}",
        f"--advertise-client-urls=https://127.0.0.1:{client}",
        f"--listen-peer-urls=http://127.0.0.1:{peer}",
        f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
        f"--initial-cluster=default=http://127.0.0.1:{peer}",
        "--client-cert-auth",
        f"--trusted-ca-file={place.pki / 'etcd-ca.crt'}",
        f"--cert-file={place.pki / 'etcd.crt'}",
        f"--key-file={place.pki / 'etcd.key'}",
    ]


def _api_server(place: Layout, plan: Addresses, etcd: int, port: int) -> list[str]:
    keys = place.pki
    return [
        "--advertise-address=127.0.0.1",
        "--bind-address=127.0.0.1",
        f"--secure-port={port}",
        "--anonymous-auth=false",
        "--authorization-mode=Node,RBAC",
        # Loopback is no endpoint address, so the service `kubernetes` must do without one.
        "--endpoint-reconciler-type=none",
        f"--client-ca-file={keys / 'cluster-ca.crt'}",
        f"--tls-cert-file={keys / 'apiserver.crt'}",
        f"--tls-private-key-file={keys / 'apiserver.key'}",
        f"--etcd-servers=https://127.0.0.1:{etcd}",
        f"--etcd-cafile={keys / 'etcd-ca.crt'}",
        f"--etcd-certfile={keys / 'apiserver-etcd.crt'}",
        f"--etcd-keyfile={keys / 'apiserver-etcd.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={keys / 'service-accounts.pub'}",
        f"--service-account-signing-key-file={keys / 'service-accounts.key'}",
        f"--service-cluster-ip-range={plan.services}",
    ]


def _controller_manager(place: Layout, kubeconfig: Path) -> list[str]:
    return [
        f"--kubeconfig={kubeconfig}",
        "--secure-port=0",
        "--leader-elect=false",
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={place.pki / 'service-accounts.key'}",
        f"--root-ca-file={place.pki / 'cluster-ca.crt'}",
    ]


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
    # Even if pytest is killed outright, its children must not live on.
    guard = ["setpriv", "--pdeathsig", "KILL"] if sys.platform == "linux" else []
    with log.open("wb") as file:
        process = subprocess.Popen([*guard, *argv], stdout=file, stderr=file, start_new_session=True)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _await_ready(server: str, place: Layout, processes: list[subprocess.Popen[bytes]]) -> None:
    context = ssl.create_default_context(cafile=str(place.pki / "cluster-ca.crt"))
    context.load_cert_chain(place.pki / "admin.crt", place.pki / "admin.key")
    end = time.monotonic() + _READY_SECONDS
    while time.monotonic() < end and all(process.poll() is None for process in processes):
        with contextlib.suppress(urllib.error.URLError, OSError):
            with urllib.request.urlopen(f"{server}/readyz", context=context, timeout=5) as answer:
                if answer.status == 200:
                    return
        time.sleep(0.2)
    tails = [f"{log.name}:\n{log.read_text()[-2000:]}" for log in sorted(place.logs.glob("*.log"))]
    raise RuntimeError("the control plane did not become ready\n" + "\n".join(tails))


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
