"""From where the Kubernetes API of a cluster can be reached."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

CLUSTER = "aws:eks/cluster:Cluster"
PRIVATE = put("it", "vpcConfig.endpointPublicAccess", False)

EXAMPLES = (
    Example(
        "eks-private-endpoint",
        good=(R(CLUSTER, {"vpcConfig": {"endpointPrivateAccess": True, "endpointPublicAccess": False}}),),
        bad={
            "it is public": put("it", "vpcConfig.endpointPublicAccess", True),
            "it is public, as nothing says that it is not": drop("it", "vpcConfig.endpointPublicAccess"),
            "it is public for one address": both(
                put("it", "vpcConfig.endpointPublicAccess", True),
                put("it", "vpcConfig.publicAccessCidrs", ["198.51.100.7/32"]),
            ),
            "nothing makes it private": drop("it", "vpcConfig.endpointPrivateAccess"),
            "nothing is said at all": Bad(drop("it", "vpcConfig"), 2),
            "the reverse is said": Bad(
                both(
                    put("it", "vpcConfig.endpointPrivateAccess", False),
                    put("it", "vpcConfig.endpointPublicAccess", True),
                ),
                2,
            ),
        },
        fine={"networks of a closed endpoint": put("it", "vpcConfig.publicAccessCidrs", ["0.0.0.0/0"])},
        open={"all of it is unknown": put("it", "vpcConfig", UNKNOWN)},
    ),
    Example(
        "eks-private-endpoint",
        good=(
            R(
                CLUSTER,
                {
                    "vpcConfig": {
                        "endpointPrivateAccess": True,
                        "endpointPublicAccess": True,
                        "publicAccessCidrs": ["203.0.113.0/25", "198.51.100.7"],
                    }
                },
            ),
        ),
        config={"publicNetworks": ["203.0.113.0/24", "198.51.100.7/32"]},
        bad={
            "one network is not agreed": put("it", "vpcConfig.publicAccessCidrs[1]", "198.51.100.8/32"),
            "two networks are not": Bad(
                both(
                    put("it", "vpcConfig.publicAccessCidrs[0]", "203.0.112.0/23"),
                    put("it", "vpcConfig.publicAccessCidrs[1]", "2001:db8::/32"),
                ),
                2,
            ),
            "it is open to all": drop("it", "vpcConfig.publicAccessCidrs"),
            "the list is empty": put("it", "vpcConfig.publicAccessCidrs", []),
        },
        fine={"it is closed": both(PRIVATE, drop("it", "vpcConfig.publicAccessCidrs"))},
        open={"one is no network": put("it", "vpcConfig.publicAccessCidrs[1]", "the office")},
    ),
    Example(
        "eks-public-cidrs",
        good=(
            R(
                CLUSTER,
                {
                    "vpcConfig": {
                        "endpointPublicAccess": True,
                        "publicAccessCidrs": ["203.0.113.0/24", "198.51.100.7/32"],
                    }
                },
            ),
        ),
        bad={
            "no network is named": drop("it", "vpcConfig.publicAccessCidrs"),
            "the list is empty": put("it", "vpcConfig.publicAccessCidrs", []),
            "everybody may": put("it", "vpcConfig.publicAccessCidrs", ["0.0.0.0/0"]),
            "the second is everybody": put("it", "vpcConfig.publicAccessCidrs[1]", "0.0.0.0/0"),
            "everybody by IPv6": put("it", "vpcConfig.publicAccessCidrs[1]", "::/0"),
            "everybody in two halves": put("it", "vpcConfig.publicAccessCidrs", ["0.0.0.0/1", "128.0.0.0/1"]),
            "everybody, written as an address": put("it", "vpcConfig.publicAccessCidrs[0]", "10.1.2.3/0"),
            "the endpoint is public by default": both(
                drop("it", "vpcConfig.endpointPublicAccess"), drop("it", "vpcConfig.publicAccessCidrs")
            ),
            "nothing is said at all": drop("it", "vpcConfig"),
            "an unknown stands beside everybody": put(
                "it", "vpcConfig.publicAccessCidrs", [UNKNOWN, "0.0.0.0/0"]
            ),
        },
        fine={
            "the endpoint is closed": both(PRIVATE, drop("it", "vpcConfig.publicAccessCidrs")),
            "a list that is not in force": both(PRIVATE, put("it", "vpcConfig.publicAccessCidrs[0]", "::/0")),
        },
        open={
            "one network is unknown": put("it", "vpcConfig.publicAccessCidrs[1]", UNKNOWN),
            "one is none": put("it", "vpcConfig.publicAccessCidrs[1]", "the office"),
        },
    ),
)
