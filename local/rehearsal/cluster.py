"""One EKS cluster of the emulated account: a real control plane, and played parts where AWS would run pods.

Real are etcd, the API server with its admission (pod security, quotas, webhooks), the controllers, and TLS to
the webhook. Played are nodes and kubelet (`kubelet.py`), the way from the API server to pods
(`pod_network.py`), the AWS Load Balancer Controller (`load_balancer.py`), EKS' authentication
(`authenticator.py`) and what add-ons bring (`addons.py`). The control plane's version is that of the local
stack; the one in the account's EKS is a label.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from local.rehearsal import addons, authenticator, controlplane, pod_network
from local.rehearsal.api import Api
from local.rehearsal.authenticator import Authenticator, Entries
from local.rehearsal.controlplane import ControlPlane
from local.rehearsal.kubelet import Kubelet
from local.rehearsal.load_balancer import IMAGE, LoadBalancerController
from local.rehearsal.login import Logins
from local.rehearsal.pod_network import PodNetwork


class Account(Entries, Protocol):
    """What the account's EKS knows of this cluster: `account.py` over its API."""

    def addons(self) -> set[str]: ...
    def nodes(self) -> dict[str, dict[str, str]]: ...


@dataclass
class Cluster:
    """A running cluster. `kubeconfig` is the rehearsal's own way in, past the account's access entries."""

    endpoint: str
    ca_file: Path
    kubeconfig: Path
    kubectl: Path
    kubelet: Kubelet
    controller: LoadBalancerController
    _api: Api
    _account: Account | None = None

    def follow(self, account: Account) -> None:
        """From now on the cluster has the entries, nodes and add-ons that this account says."""
        self._account = account

    def errors(self) -> list[str]:
        """What the played parts were refused, and should not have been."""
        return [*self.kubelet.errors, *self.controller.errors]

    def knows(self, principal: str) -> bool:
        return self._account is not None and self._account.knows(principal)

    def administrates(self, principal: str) -> bool:
        return self._account is not None and self._account.administrates(principal)

    def catch_up(self) -> None:
        """Bring in nodes and add-ons: on AWS both are there before EKS calls them active."""
        if self._account is not None:
            self.kubelet.nodes = self._account.nodes()
            addons.install(self._api, self._account.addons())


@contextlib.contextmanager
def running(root: Path, logins: Logins, *, name: str, region: str, principal: str) -> Generator[Cluster]:
    """Start a cluster with its data under `root`, which must be short enough for a socket's path.

    `logins` gets a token for the cluster, which is `principal`'s (an IAM role's ARN). Nobody gets in before
    the cluster follows an account. Nothing of it outlives this process, however it ends.
    """
    doorman = Authenticator()
    with contextlib.ExitStack() as stack:
        flags = stack.enter_context(authenticator.serving(doorman, root / "authenticator.yaml"))
        plane = stack.enter_context(controlplane.running(root, api_server=flags))
        cluster = stack.enter_context(_played(plane))
        doorman.open(cluster, {logins.issue(name, region): principal}, cluster.catch_up)
        yield cluster


@contextlib.contextmanager
def _played(plane: ControlPlane) -> Generator[Cluster]:
    network = PodNetwork()
    api = Api(plane.kubeconfig)
    controller = LoadBalancerController(network, plane.kubeconfig)
    kubelet = Kubelet(api, nodes={}, programs={IMAGE: controller})
    with contextlib.ExitStack() as stack:
        stack.enter_context(pod_network.serving(plane.pods, network))
        stack.callback(controller.open().close)
        stack.callback(kubelet.start().stop)
        yield Cluster(plane.server, plane.ca_file, plane.kubeconfig, plane.kubectl, kubelet, controller, api)
