"""Where objects live."""

from __future__ import annotations

from tests.policies.examples.case import Example
from tests.support.policies import UNKNOWN, R, drop, options, put

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SECRET = "kubernetes:core/v1:Secret"
BINDING = "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding"

EXAMPLES = (
    Example(
        "k8s-no-default-ns",
        good=(
            R(DEPLOYMENT, {"metadata": {"namespace": "roost"}}),
            R(SECRET, {"metadata": {"namespace": "roost"}}, name="secret"),
            R(BINDING, {"metadata": {"namespace": "kube-system"}}, name="load-balancer-controller-access"),
        ),
        bad={
            "no namespace": drop("it", "metadata.namespace"),
            "no metadata": drop("secret", "metadata"),
            "an empty one": put("it", "metadata.namespace", ""),
            "the default one": put("it", "metadata.namespace", "default"),
            "the cluster's own": put("it", "metadata.namespace", "kube-system"),
            "another of its own": put("secret", "metadata.namespace", "kube-public"),
            "what may be in another of its own": put(
                "load-balancer-controller-access", "metadata.namespace", "kube-public"
            ),
            "the provider's default is the default": lambda stack: options(
                "it", provider={"namespace": "default"}
            )(drop("it", "metadata.namespace")(stack)),
        },
        fine={
            "the provider has a default of its own": lambda stack: options(
                "it", provider={"namespace": "tools"}
            )(drop("it", "metadata.namespace")(stack)),
            "a name that only begins like it": put("it", "metadata.namespace", "default-backend"),
        },
        open={"nobody knows where it is": put("it", "metadata.namespace", UNKNOWN)},
        vocabulary="default",
    ),
)
