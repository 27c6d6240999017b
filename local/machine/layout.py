"""Names, addresses and places of the embedded machine; everything else asks here."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass
from pathlib import Path

from local import paths

NODE_NAME = "roost"
CONTEXT_NAME = "roost-local"
CLUSTER_DOMAIN = "cluster.local"
VOLUMES = ("postgres",)
EDGE_HTTPS_NODE_PORT = 30443
EDGE_HTTP_NODE_PORT = 30080


@dataclass(frozen=True)
class Addresses:
    """The machine's address plan, cut from one /14 so that one setting moves all of it."""

    link: ipaddress.IPv4Network
    pods: ipaddress.IPv4Network
    services: ipaddress.IPv4Network

    @property
    def name(self) -> str:
        """What the machine calls its traces on the host: link, firewall table and cgroup.

        It follows the address plan, so two machines with plans of their own do not meet.
        """
        return f"roost{self.link.network_address.packed[1]}"

    @property
    def host(self) -> str:
        """The host as pods see it."""
        return str(self.link[1])

    @property
    def node(self) -> str:
        """The machine as the host sees it."""
        return str(self.link[2])

    @property
    def api_service(self) -> str:
        """ClusterIP of `kubernetes.default`: by definition the first of the range."""
        return str(self.services[1])

    @property
    def dns_service(self) -> str:
        return str(self.services[10])

    @property
    def api_url(self) -> str:
        return f"https://{self.node}:6443"


def addresses() -> Addresses:
    """The plan in force: `ROOST_SUBNET` names a /14 (default 10.200.0.0/14).

    Raises:
        ValueError: when `ROOST_SUBNET` is not an IPv4 /14.
    """
    text = os.environ.get("ROOST_SUBNET") or "10.200.0.0/14"
    block = ipaddress.IPv4Network(text)
    if block.prefixlen != 14:
        raise ValueError(f"ROOST_SUBNET must be a /14, was {text!r}; for example 10.200.0.0/14")
    _, link, pods, services = block.subnets(new_prefix=16)
    return Addresses(link=next(link.subnets(new_prefix=24)), pods=pods, services=services)


@dataclass(frozen=True)
class Layout:
    """Directories of one machine; `root` outlives reboots, `run` does not."""

    root: Path

    @property
    def pki(self) -> Path:
        return self.root / "pki"

    @property
    def conf(self) -> Path:
        return self.root / "conf"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def run(self) -> Path:
        return self.root / "run"

    @property
    def tools(self) -> Path:
        """Links to the binaries in use, so that a component's command line survives a rebuild."""
        return self.root / "bin"

    @property
    def etcd(self) -> Path:
        return self.root / "etcd"

    @property
    def containerd(self) -> Path:
        return self.root / "containerd"

    @property
    def kubelet(self) -> Path:
        return self.root / "kubelet"

    @property
    def volumes(self) -> Path:
        return paths.state() / "volumes"

    @property
    def admin_kubeconfig(self) -> Path:
        return self.root / "admin.kubeconfig"

    @property
    def containerd_socket(self) -> Path:
        return self.run / "containerd.sock"

    @property
    def status_file(self) -> Path:
        return self.run / "status.json"

    @property
    def pid_file(self) -> Path:
        return self.run / "keeper.pid"

    def make(self) -> None:
        """Create the directories; keys and data are for root's eyes only."""
        private = (
            self.root,
            self.pki,
            self.conf,
            self.logs,
            self.run,
            self.tools,
            self.etcd,
            self.containerd,
        )
        for path in (*private, self.kubelet):
            path.mkdir(parents=True, exist_ok=True)
            path.chmod(0o700)


def layout() -> Layout:
    return Layout(paths.state() / "machine")
