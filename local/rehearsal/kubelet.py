"""Nodes, scheduler, kubelet and container runtime, played: no container runs.

Every pod of every namespace goes to a node that its `nodeSelector` allows, a DaemonSet's to its own
(resources, taints, other affinity and spread are not weighed), gets an address, and is reported running
and ready as soon as the Secrets, ConfigMaps and classes of its volumes exist and its readiness gates are met.
No image is pulled, no init container runs, no probe is asked, no log is written. A Job's pod has succeeded
at once. A deleted pod is gone at once, whatever its grace period.

Everything else is real: the API server with its admission, the controllers that make and count these pods,
and whoever waits for them. A test may tell a Job to fail, or hold the readiness of a workload.
"""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import urllib3

from local.plugins.kubernetes.errors import ApiError
from local.plugins.kubernetes.objects import Object, dig
from local.rehearsal import mounts, pod_status
from local.rehearsal.api import Api, passing

_PERIOD_SECONDS = 0.25
# The controllers give a silent node 40 s.
_BEAT_SECONDS = 5.0
_JOB = "batch.kubernetes.io/job-name"
_NAME = "app.kubernetes.io/name"
_STOP_SECONDS = 10.0
_REPOSITORY = re.compile(r"(?:.*/)?([^/:@]+)")


class Program(Protocol):
    """What runs in the containers of some image, where the cluster depends on it."""

    def start(self, pod: Object, address: str) -> None:
        """Begin to serve as `pod`, before it is reported ready. ProgramError keeps it from being so."""
        ...

    def stop(self, address: str) -> None:
        """The pod at this address is gone."""
        ...


class ProgramError(Exception):
    """A container that cannot start; the message is what its status says."""


@dataclass
class Kubelet:
    """Runs in a thread between `start` and `stop`; whoever changes its fields does so at any time."""

    api: Api
    nodes: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: {"roost": dict[str, str]()})
    """Names of the nodes, with their labels."""
    programs: Mapping[str, Program] = field(default_factory=dict[str, Program])
    """By the last part of an image's repository."""
    failing: dict[str, str] = field(default_factory=dict[str, str])
    """Jobs that fail, by name, with their last words."""
    held: set[str] = field(default_factory=set[str])
    """Workloads (`app.kubernetes.io/name`) whose pods run and do not become ready."""
    errors: list[str] = field(default_factory=list[str])
    """What the API server refused, and should not have."""

    def __post_init__(self) -> None:
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._numbers = itertools.count(1)
        self._started: dict[str, tuple[str, Program]] = {}
        self._known: set[str] = set()
        self._next_beat = 0.0

    def start(self) -> Kubelet:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stopped.set()
        self._thread.join(timeout=_STOP_SECONDS)

    def _run(self) -> None:
        while not self._stopped.wait(_PERIOD_SECONDS):
            try:
                self._beat()
                pods = self.api.items("/api/v1/pods")
                self._end_programs({pod["metadata"]["uid"] for pod in pods})
                for pod in pods:
                    self._look(pod)
            except (ApiError, urllib3.exceptions.HTTPError) as error:
                if not passing(error):
                    self.errors.append(str(error))

    def _beat(self) -> None:
        """A node that falls silent would have its pods marked as not ready."""
        nodes = self.nodes
        if time.monotonic() < self._next_beat and set(nodes) == self._known:
            return
        there = {node["metadata"]["name"] for node in self.api.items("/api/v1/nodes")}
        for name in there - nodes.keys():
            self.api.delete(f"/api/v1/nodes/{name}")
        for name, labels in nodes.items():
            if name not in there:
                made = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", **labels}
                self.api.create("/api/v1/nodes", {"metadata": {"name": name, "labels": made}})
            self.api.patch(f"/api/v1/nodes/{name}/status", pod_status.node_ready())
        self._known, self._next_beat = set(nodes), time.monotonic() + _BEAT_SECONDS

    def _look(self, pod: Object) -> None:
        try:
            self._advance(pod)
        except ApiError as error:
            # Between the list and now a controller may have deleted or changed it: the next list tells.
            if not passing(error):
                raise

    def _advance(self, pod: Object) -> None:
        path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
        phase = dig(pod, "status", "phase")
        if dig(pod, "metadata", "deletionTimestamp"):
            self.api.delete(path, gracePeriodSeconds=0)
        elif not dig(pod, "spec", "nodeName"):
            self._schedule(pod, path)
        elif phase == "Pending":
            status = self._first_status(pod)
            if pod_status.waits_for(status) != pod_status.waits_for(pod["status"]) or "phase" in status:
                self.api.patch(f"{path}/status", {"status": status})
        elif phase == "Running" and self._ready(pod) != pod_status.is_ready(pod):
            self.api.patch(f"{path}/status", {"status": pod_status.readiness(ready=self._ready(pod))})

    def _schedule(self, pod: Object, path: str) -> None:
        wanted: Object = dig(pod, "spec", "nodeSelector", default={})
        nodes = self.nodes
        own = _node_of_daemon(pod)
        fitting = [
            name for name, labels in nodes.items() if wanted.items() <= labels.items() and own in (None, name)
        ]
        if fitting:
            chosen = fitting[next(self._numbers) % len(fitting)]
            target = {"apiVersion": "v1", "kind": "Node", "name": chosen}
            self.api.create(
                f"{path}/binding", {"metadata": {"name": pod["metadata"]["name"]}, "target": target}
            )
        elif not dig(pod, "status", "conditions"):
            self.api.patch(f"{path}/status", {"status": pod_status.unschedulable(wanted)})

    def _first_status(self, pod: Object) -> Object:
        """What is known of a pod that has a node and no containers yet."""
        missing = mounts.missing(self.api, pod)
        if missing:
            return pod_status.creating(pod, missing)
        job = dig(pod, "metadata", "labels", _JOB)
        if job:
            return pod_status.ended(pod, self.failing.get(job))
        number = next(self._numbers)
        address = f"10.202.{number // 250 % 250}.{number % 250 + 1}"
        try:
            self._start_programs(pod, address)
        except ProgramError as error:
            return pod_status.creating(pod, str(error))
        return pod_status.running(pod, address, ready=self._ready(pod))

    def _ready(self, pod: Object) -> bool:
        return pod_status.gates_met(pod) and dig(pod, "metadata", "labels", _NAME) not in self.held

    def _start_programs(self, pod: Object, address: str) -> None:
        for container in pod["spec"]["containers"]:
            match = _REPOSITORY.match(container["image"])
            program = self.programs.get(match[1]) if match else None
            if program:
                program.start(pod, address)
                self._started[pod["metadata"]["uid"]] = address, program

    def _end_programs(self, there: set[str]) -> None:
        for uid in self._started.keys() - there:
            address, program = self._started.pop(uid)
            program.stop(address)


def _node_of_daemon(pod: Object) -> str | None:
    """The node that a DaemonSet's controller made the pod for."""
    path = ("spec", "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution")
    terms: list[Object] = dig(pod, *path, "nodeSelectorTerms", default=[])
    for term in terms:
        for one in dig(term, "matchFields", default=[]):
            if one["key"] == "metadata.name" and one["operator"] == "In":
                return str(one["values"][0])
    return None
