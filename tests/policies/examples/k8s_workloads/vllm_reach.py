"""What is around a model server: Services, ways in, network policies."""

from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.k8s_workloads.vllm import SERVER, workload
from tests.support.policies import UNKNOWN, Change, R, add, both, drop, put, without

SERVICE = "kubernetes:core/v1:Service"
INGRESS = "kubernetes:networking.k8s.io/v1:Ingress"
POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
BINDING = "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding"
LABELS = {"app.kubernetes.io/name": "inference"}
AGENTS = {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "agents"}}}
STORE = {"ipBlock": {"cidr": "10.0.0.0/17"}}
RESOLVER = {
    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
    "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
}
CONFIG = {"modelStore": ["10.0.0.0/16"]}


def at(name: str, **metadata: Any) -> dict[str, Any]:
    return {"name": name, "namespace": "roost", **metadata}


def around(labels: dict[str, str], port: int, clients: list[Any], name: str) -> tuple[R, ...]:
    """A Service and the policies of a workload whose pods have these labels."""
    return (
        R(
            SERVICE,
            {
                "metadata": at(name),
                "spec": {
                    "type": "ClusterIP",
                    "selector": labels,
                    "ports": [{"port": port, "targetPort": "http"}],
                },
            },
            name="service",
        ),
        R(
            POLICY,
            {
                "metadata": at(f"{name}-clients"),
                "spec": {
                    "podSelector": {"matchLabels": labels},
                    "policyTypes": ["Ingress"],
                    "ingress": [{"from": clients, "ports": [{"protocol": "TCP", "port": port}]}],
                },
            },
            name="clients",
        ),
    )


MODEL = R(
    POLICY,
    {
        "metadata": at("model"),
        "spec": {
            "podSelector": {"matchLabels": LABELS},
            "policyTypes": ["Egress"],
            "egress": [
                {"to": [RESOLVER], "ports": [{"protocol": "UDP", "port": 53}]},
                {"to": [STORE], "ports": [{"protocol": "TCP", "port": 443}]},
            ],
        },
    },
    name="fetching",
)
GOOD = (workload(SERVER, labels=LABELS), *around(LABELS, 8000, [AGENTS], "inference"), MODEL)
OTHERS = R(
    SERVICE,
    {
        "metadata": at("web"),
        "spec": {"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]},
    },
    name="web",
)


def ingress(backend: dict[str, Any]) -> R:
    return R(
        INGRESS,
        {"metadata": at("in"), "spec": {"rules": [{"http": {"paths": [{"backend": backend}]}}]}},
        "in",
    )


_RULE = "spec.ingress[0]"
_OUT = "spec.egress[1]"
_NAMESPACE = {"namespaceSelector": {"matchLabels": {"team": "data"}}}


def admits(*peers: Any) -> Change:
    return put("clients", f"{_RULE}.from", list(peers))


EXAMPLES = (
    Example(
        "vllm-internal-only",
        good=(*GOOD, OTHERS),
        bad={
            "a LoadBalancer leads to it": put("service", "spec.type", "LoadBalancer"),
            "a NodePort leads to it": put("service", "spec.type", "NodePort"),
            "external addresses lead to it": put("service", "spec.externalIPs", ["198.51.100.7"]),
            "the Service leads to another port": put("service", "spec.ports[0].targetPort", 29500),
            "the Service leads to the key-value cache, too": put(
                "service", "spec.ports[1]", {"name": "kv", "port": 14579}
            ),
            "an Ingress leads to it": add(ingress({"service": {"name": "inference"}})),
            "the default backend of an Ingress is it": add(
                R(
                    INGRESS,
                    {"metadata": at("in"), "spec": {"defaultBackend": {"service": {"name": "inference"}}}},
                    "in",
                )
            ),
            "a target group is bound to it": add(
                R(BINDING, {"metadata": at("tgb"), "spec": {"serviceRef": {"name": "inference"}}}, name="tgb")
            ),
            "an Ingress is made from its Service": add(
                R(INGRESS, {"metadata": at("in"), "spec": UNKNOWN}, "in", depends={"spec": ["service"]})
            ),
            "no policy limits who connects": without("clients"),
            "no policy limits where it connects": without("fetching"),
            "the policy is about other pods": put(
                "clients", "spec.podSelector.matchLabels", {"app.kubernetes.io/name": "other"}
            ),
            "the policy is of another namespace": put("clients", "metadata.namespace", "other"),
            "a label selector selects nothing": put(
                "clients",
                "spec.podSelector",
                {
                    "matchExpressions": [
                        {"key": "app.kubernetes.io/name", "operator": "NotIn", "values": ["inference"]}
                    ]
                },
            ),
            "everybody may connect": drop("clients", f"{_RULE}.from"),
            "an empty list admits everybody": admits(),
            "every pod of the namespace may connect": admits({"podSelector": {}}),
            "a whole namespace may connect": admits(_NAMESPACE),
            "addresses may connect": admits({"ipBlock": {"cidr": "10.0.0.0/8"}}),
            "one peer of two is too wide": admits(AGENTS, _NAMESPACE),
            "every port is open": drop("clients", f"{_RULE}.ports"),
            "a port of the processes among themselves is open": put(
                "clients", f"{_RULE}.ports[1]", {"protocol": "TCP", "port": 29500}
            ),
            "a range of ports is open": put("clients", f"{_RULE}.ports[0].endPort", 9000),
            "it may connect to everything": put("fetching", "spec.egress[2]", {}),
            "it may connect to the world": put(
                "fetching", f"{_OUT}.to", [{"ipBlock": {"cidr": "0.0.0.0/0"}}]
            ),
            "it may connect to other pods": put("fetching", f"{_OUT}.to", [AGENTS]),
            "its port is another by an option": Bad(
                put("model", "spec.template.spec.containers[0].args[4]", "--port=9000"), 2
            ),
        },
        fine={
            "the Service's target is the port's number": put("service", "spec.ports[0].targetPort", 8000),
            "the Service names no target": drop("service", "spec.ports[0].targetPort"),
            "an Ingress leads elsewhere": add(ingress({"service": {"name": "web"}})),
            "nobody may connect at all": put("clients", "spec.ingress", []),
            "pods of another namespace may connect": admits({**_NAMESPACE, **AGENTS}),
            "both directions in one policy": both(
                without("clients"),
                put("fetching", "spec.policyTypes", ["Ingress", "Egress"]),
            ),
            "directions follow from the rules": both(
                without("clients"), drop("fetching", "spec.policyTypes")
            ),
            "it gets credentials for its store": put(
                "fetching",
                "spec.egress[2]",
                {"to": [{"ipBlock": {"cidr": "169.254.170.23/32"}}], "ports": [{"port": 80}]},
            ),
            "nothing is a model server": both(
                put("model", "spec.template.spec.containers[0].image", "registry.example.com/api:1"),
                without("clients"),
                without("fetching"),
            ),
        },
        open={
            "nobody knows which pods a policy is about": put("clients", "spec.podSelector", UNKNOWN),
            "nobody knows where a Service leads": put("service", "spec.selector", UNKNOWN),
            "nobody knows whom a policy admits": admits(UNKNOWN),
            "a range is no CIDR": put("fetching", f"{_OUT}.to", [{"ipBlock": {"cidr": "not-a-cidr"}}]),
        },
        config=CONFIG,
        companions_hide=True,
    ),
    Example(
        "vllm-internal-only",
        good=GOOD,
        bad={
            "other pods than clients may connect": admits(
                {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "web"}}}
            ),
            "pods may connect whatever they are": admits({"podSelector": {"matchLabels": {"tier": "app"}}}),
        },
        config={**CONFIG, "clients": ["agents", "prometheus"]},
        companions_hide=True,
    ),
)
