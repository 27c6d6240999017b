"""The AWS Load Balancer Controller, played as far as the stack depends on it.

It starts in the stack's own pods, with the rights of the stack's own service account, and fails to start if
those do not let it read what the real one reads. It serves the readiness-gate webhook with the certificate
that the pod mounts. It puts its finalizer on TargetGroupBindings and takes it off when they are deleted, as
long as one of its pods runs. It registers no target: every pod behind a binding counts as healthy.
"""

from __future__ import annotations

import base64
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path

import urllib3

from local.plugins.kubernetes.errors import ApiError
from local.plugins.kubernetes.objects import Object, dig
from local.rehearsal import webhook
from local.rehearsal.api import MERGE, Api, passing
from local.rehearsal.kubelet import ProgramError
from local.rehearsal.pod_network import PodNetwork

IMAGE = "aws-load-balancer-controller"
# Ports, paths and names are those of the controller's image and chart (v2.14).
WEBHOOK_PORT = 9443
WEBHOOK_PATH = "/mutate-v1-pod"
FINALIZER = "elbv2.k8s.aws/resources"
GATE_PREFIX = "target-health.elbv2.k8s.aws"
_BINDINGS = "/apis/elbv2.k8s.aws/v1beta1/namespaces/{namespace}/targetgroupbindings"
_CERTIFICATES = "/tmp/k8s-webhook-server/serving-certs"  # noqa: S108 - where the image looks for it
_NAMESPACE_FLAG = "--watch-namespace="
_LEASE = "aws-load-balancer-controller-leader"
_READS = (
    "/api/v1/nodes",
    "/api/v1/namespaces",
    "/apis/networking.k8s.io/v1/ingressclasses",
    "/apis/elbv2.k8s.aws/v1beta1/ingressclassparams",
    "/api/v1/namespaces/{namespace}/pods",
    "/api/v1/namespaces/{namespace}/services",
    "/apis/discovery.k8s.io/v1/namespaces/{namespace}/endpointslices",
    "/apis/networking.k8s.io/v1/namespaces/{namespace}/ingresses",
    _BINDINGS,
)
_PERIOD_SECONDS = 0.5
_STOP_SECONDS = 10.0


@dataclass(frozen=True)
class _Replica:
    """One running pod: whose rights it has, and which namespace it watches."""

    api: Api
    namespace: str


@dataclass
class LoadBalancerController:
    """A program for the kubelet; its loop runs between `open` and `close`."""

    network: PodNetwork
    kubeconfig: Path
    errors: list[str] = field(default_factory=list[str])
    """What the API server refused to the running controller."""

    def __post_init__(self) -> None:
        self._kubelet = Api(self.kubeconfig)
        self._replicas: dict[str, _Replica] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def open(self) -> LoadBalancerController:
        self._thread.start()
        return self

    def close(self) -> None:
        self._stopped.set()
        self._thread.join(timeout=_STOP_SECONDS)

    def start(self, pod: Object, address: str) -> None:
        """One more replica. ProgramError without a certificate, a namespace to watch, or its rights."""
        own = pod["metadata"]["namespace"]
        account = dig(pod, "spec", "serviceAccountName", default="default")
        api = Api(self.kubeconfig, acting_as=f"system:serviceaccount:{own}:{account}")
        replica = _Replica(api, _watched(pod))
        try:
            for path in _READS:
                api.get(path.format(namespace=replica.namespace), limit="1")
            _be_leader(api, own)
        except ApiError as error:
            raise ProgramError(f"the controller ended: {error}") from error
        tls = self._certificate(pod)

        def mutate(new: Object, namespace: str) -> list[Object]:
            return _gates(api, new, namespace)

        self.network.listen(address, WEBHOOK_PORT, webhook.serving(tls, WEBHOOK_PATH, mutate))
        self._replicas[address] = replica

    def stop(self, address: str) -> None:
        self.network.leave(address)
        del self._replicas[address]

    def _certificate(self, pod: Object) -> ssl.SSLContext:
        mounts: list[Object] = [
            mount for c in pod["spec"]["containers"] for mount in dig(c, "volumeMounts", default=[])
        ]
        volumes = {m["name"] for m in mounts if m["mountPath"] == _CERTIFICATES}
        secrets = [
            dig(volume, "secret", "secretName")
            for volume in dig(pod, "spec", "volumes", default=[])
            if volume["name"] in volumes
        ]
        if not secrets:
            raise ProgramError(f"the controller ended: nothing is mounted at {_CERTIFICATES}")
        path = f"/api/v1/namespaces/{pod['metadata']['namespace']}/secrets/{secrets[0]}"
        data: Object = self._kubelet.get(path)["data"]
        try:
            pem = b"\n".join(base64.b64decode(data[key]) for key in ("tls.key", "tls.crt"))
            return webhook.certificate(pem)
        except (KeyError, ssl.SSLError) as error:
            raise ProgramError(f"the controller ended: no usable certificate in {secrets[0]}") from error

    def _run(self) -> None:
        while not self._stopped.wait(_PERIOD_SECONDS):
            # One of them leads; the others wait.
            for replica in list(self._replicas.values())[:1]:
                try:
                    _reconcile(replica)
                except (ApiError, urllib3.exceptions.HTTPError) as error:
                    if not passing(error):
                        self.errors.append(str(error))


def _watched(pod: Object) -> str:
    arguments = [a for c in pod["spec"]["containers"] for a in dig(c, "args", default=[])]
    for argument in arguments:
        if argument.startswith(_NAMESPACE_FLAG):
            return argument.removeprefix(_NAMESPACE_FLAG)
    raise ProgramError(f"the played controller watches one namespace: give it {_NAMESPACE_FLAG}…")


def _be_leader(api: Api, namespace: str) -> None:
    leases = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    lease: Object = {"metadata": {"name": _LEASE}, "spec": {"leaseDurationSeconds": 15}}
    try:
        api.create(leases, lease)
    except ApiError as error:
        if error.code != 409:
            raise
        api.patch(f"{leases}/{_LEASE}", lease, MERGE)


def _reconcile(replica: _Replica) -> None:
    api, namespace = replica.api, replica.namespace
    collection = _BINDINGS.format(namespace=namespace)
    bindings = api.items(collection)
    for binding in bindings:
        _own(api, f"{collection}/{binding['metadata']['name']}", binding)
    gates = {_gate(binding) for binding in bindings}
    pods = f"/api/v1/namespaces/{namespace}/pods"
    for pod in api.items(pods):
        wanted = {gate["conditionType"] for gate in dig(pod, "spec", "readinessGates", default=[])}
        met = {c["type"] for c in dig(pod, "status", "conditions", default=[]) if c["status"] == "True"}
        healthy = [{"type": gate, "status": "True"} for gate in sorted(wanted & gates - met)]
        if healthy and "ContainersReady" in met:
            api.patch(f"{pods}/{pod['metadata']['name']}/status", {"status": {"conditions": healthy}})


def _own(api: Api, path: str, binding: Object) -> None:
    """Finalizer on while the binding lives, off once it is deleted."""
    metadata: Object = binding["metadata"]
    finalizers: list[str] = metadata.get("finalizers", [])
    deleted = "deletionTimestamp" in metadata
    if deleted == (FINALIZER in finalizers):
        others = [name for name in finalizers if name != FINALIZER]
        changed = others if deleted else [*others, FINALIZER]
        version = metadata["resourceVersion"]
        api.patch(path, {"metadata": {"finalizers": changed, "resourceVersion": version}}, MERGE)
    if not deleted and dig(binding, "status", "observedGeneration") != metadata["generation"]:
        api.patch(f"{path}/status", {"status": {"observedGeneration": metadata["generation"]}}, MERGE)


def _gates(api: Api, pod: Object, namespace: str) -> list[Object]:
    """The patch that holds a new pod's readiness until the target groups of its Services know it."""
    labels: Object = dig(pod, "metadata", "labels", default={})
    gates: list[Object] = dig(pod, "spec", "readinessGates", default=[])
    for binding in api.items(_BINDINGS.format(namespace=namespace)):
        service = api.get(f"/api/v1/namespaces/{namespace}/services/{binding['spec']['serviceRef']['name']}")
        selector: Object = dig(service, "spec", "selector", default={})
        if selector and selector.items() <= labels.items():
            gates = [*gates, {"conditionType": _gate(binding)}]
    if not gates:
        return []
    return [{"op": "add", "path": "/spec/readinessGates", "value": gates}]


def _gate(binding: Object) -> str:
    return f"{GATE_PREFIX}/{binding['metadata']['name']}"
