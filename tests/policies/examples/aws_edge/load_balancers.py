"""Attributes, logs, protection and firewall of load balancers."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

BALANCER = "aws:lb/loadBalancer:LoadBalancer"
ASSOCIATION = "aws:wafv2/webAclAssociation:WebAclAssociation"
ARN = "arn:aws:elasticloadbalancing:eu-central-1:111122223333:loadbalancer/app/edge/1"
EDGE = R(
    BALANCER,
    {
        "arn": ARN,
        "loadBalancerType": "application",
        "internal": False,
        "subnets": ["subnet-1", "subnet-2"],
        "dropInvalidHeaderFields": True,
        "desyncMitigationMode": "defensive",
        "accessLogs": {"enabled": True, "bucket": "balancer-logs", "prefix": "alb"},
        "enableDeletionProtection": True,
    },
    name="edge",
)
FIREWALL = R(
    ASSOCIATION,
    {"resourceArn": ARN, "webAclArn": "arn:aws:wafv2:::webacl/w"},
    name="firewall",
    depends={"resourceArn": ["edge"]},
)

EXAMPLES = (
    Example(
        "alb-attributes",
        good=(EDGE,),
        bad={
            "invalid headers are kept": put("edge", "dropInvalidHeaderFields", False),
            "nothing is said about headers": drop("edge", "dropInvalidHeaderFields"),
            "the mode only watches": put("edge", "desyncMitigationMode", "monitor"),
            "an application load balancer by default": both(
                drop("edge", "loadBalancerType"), drop("edge", "dropInvalidHeaderFields")
            ),
            "both are wrong": Bad(
                both(
                    put("edge", "dropInvalidHeaderFields", False),
                    put("edge", "desyncMitigationMode", "monitor"),
                ),
                2,
            ),
        },
        fine={
            "the strictest mode": put("edge", "desyncMitigationMode", "strictest"),
            "the mode is left out": drop("edge", "desyncMitigationMode"),
            "a network load balancer reads no headers": both(
                put("edge", "loadBalancerType", "network"), drop("edge", "dropInvalidHeaderFields")
            ),
        },
        vocabulary="application",
    ),
    Example(
        "alb-access-logs",
        good=(EDGE,),
        bad={
            "they are off": put("edge", "accessLogs.enabled", False),
            "a bucket alone turns nothing on": drop("edge", "accessLogs.enabled"),
            "no bucket is named": drop("edge", "accessLogs.bucket"),
            "nothing is said": Bad(drop("edge", "accessLogs"), 2),
            "a network load balancer writes none": both(
                put("edge", "loadBalancerType", "network"), put("edge", "accessLogs.enabled", False)
            ),
        },
        fine={
            "a gateway load balancer has none": both(
                put("edge", "loadBalancerType", "gateway"), drop("edge", "accessLogs")
            ),
            "the bucket comes with the update": put("edge", "accessLogs.bucket", UNKNOWN),
        },
    ),
    Example(
        "alb-deletion-protection",
        good=(EDGE,),
        bad={
            "it is off": put("edge", "enableDeletionProtection", False),
            "nothing is said": drop("edge", "enableDeletionProtection"),
            "there is one subnet": put("edge", "subnets", ["subnet-1"]),
            "the same subnet is there twice": put("edge", "subnets", ["subnet-1", "subnet-1"]),
            "there is no subnet": drop("edge", "subnets"),
            "a mapping of one subnet": both(
                drop("edge", "subnets"), put("edge", "subnetMappings", [{"subnetId": "subnet-1"}])
            ),
        },
        fine={
            "subnets that are not known yet are two": put("edge", "subnets", [UNKNOWN, UNKNOWN]),
            "subnets with addresses of their own": both(
                drop("edge", "subnets"),
                put("edge", "subnetMappings", [{"subnetId": "subnet-1"}, {"subnetId": "subnet-2"}]),
            ),
        },
        open={"the subnets as a whole are not known": put("edge", "subnets", UNKNOWN)},
        by_hand=True,
    ),
    Example(
        "alb-waf",
        good=(EDGE, FIREWALL),
        bad={
            "there is no association": without("firewall"),
            "the association is of something else": both(
                put("firewall", "resourceArn", f"{ARN}2"), options("firewall", depends={})
            ),
            "a second load balancer has none": add(
                R(BALANCER, {"internal": False, "arn": f"{ARN}3"}, name="second")
            ),
            "nothing says that it is internal": both(drop("edge", "internal"), without("firewall")),
            "a public one by default": both(drop("edge", "loadBalancerType"), without("firewall")),
        },
        fine={
            "they are linked by ARN alone": options("firewall", depends={}),
            "an internal one needs none": both(put("edge", "internal", True), without("firewall")),
            "a network load balancer can have none": both(
                put("edge", "loadBalancerType", "network"), without("firewall")
            ),
        },
        open={
            "nobody knows what the association is of": both(
                put("firewall", "resourceArn", UNKNOWN), options("firewall", depends={})
            ),
        },
        companions_hide=True,
        vocabulary="application",
    ),
)
