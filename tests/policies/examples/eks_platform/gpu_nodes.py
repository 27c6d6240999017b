"""Nodes with accelerators."""

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.eks_platform.nodes import GROUP, NETWORK, TEMPLATE
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put

GPU = R(
    GROUP,
    {
        "instanceTypes": ["g6e.xlarge"],
        "amiType": "AL2023_x86_64_NVIDIA",
        "labels": {"pool": "gpu"},
        "taints": [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}],
        "scalingConfig": {"minSize": 0, "desiredSize": 1, "maxSize": 2},
        "subnetIds": ["subnet-a", "subnet-b"],
    },
    name="gpu",
)
BARE = {"scalingConfig": {"desiredSize": 3, "maxSize": 300}, "subnetIds": ["subnet-p"]}
PLAIN = R(GROUP, {**BARE, "instanceTypes": ["m7g.large"]}, name="plain")

EXAMPLES = (
    Example(
        "gpu-node-isolated",
        good=(*NETWORK, GPU, PLAIN),
        bad={
            "no taint": drop("gpu", "taints"),
            "a taint that only asks": put("gpu", "taints[0].effect", "PREFER_NO_SCHEDULE"),
            "no label": drop("gpu", "labels"),
            "no label in an empty list of them": put("gpu", "labels", {}),
            "too many nodes": put("gpu", "scalingConfig.maxSize", 9),
            "no node runs": put("gpu", "scalingConfig.desiredSize", 0),
            "nothing is said about its size": Bad(drop("gpu", "scalingConfig"), 2),
            "a public subnet": put("gpu", "subnetIds[0]", "subnet-p"),
            "a group that only its second type gives away": Bad(
                put("plain", "instanceTypes", ["m7g.large", "p5en.48xlarge"]), 4
            ),
            "a group that only its image gives away": Bad(
                both(put("plain", "amiType", "BOTTLEROCKET_x86_64_NVIDIA"), drop("plain", "instanceTypes")), 4
            ),
            "a group that only its template gives away": Bad(
                both(
                    add(R(TEMPLATE, {"id": "lt-1", "instanceType": "inf2.xlarge"}, name="template")),
                    both(put("plain", "launchTemplate", {"id": "lt-1"}), drop("plain", "instanceTypes")),
                ),
                4,
            ),
            "an unknown type beside one with GPUs": Bad(
                put("plain", "instanceTypes", [UNKNOWN, "gr6.4xlarge"]), 4
            ),
        },
        fine={
            "pods are evicted": put("gpu", "taints[0].effect", "NO_EXECUTE"),
            "the second taint keeps pods away": put(
                "gpu",
                "taints",
                [{"key": "a", "effect": "PREFER_NO_SCHEDULE"}, {"key": "b", "effect": "NO_SCHEDULE"}],
            ),
            "the largest group": put("gpu", "scalingConfig.maxSize", 8),
            "a template without accelerators": both(
                add(R(TEMPLATE, {"id": "lt-1", "instanceType": "m7g.large"}, name="template")),
                put("plain", "launchTemplate", {"id": "lt-1"}),
            ),
            "subnets that are not known yet": both(
                put("gpu", "subnetIds", UNKNOWN), options("gpu", depends={"subnetIds": ["a", "b"]})
            ),
        },
        open={"nobody knows its types": put("plain", "instanceTypes", UNKNOWN)},
        companions_hide=True,
    ),
    Example(
        "gpu-node-isolated",
        good=(*NETWORK, GPU),
        config={"minimumDesired": 0, "maximumSize": 2},
        bad={"more than agreed": put("gpu", "scalingConfig.maxSize", 3)},
        fine={"none runs, where that is agreed": put("gpu", "scalingConfig.desiredSize", 0)},
        companions_hide=True,
    ),
)
