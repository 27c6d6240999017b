"""What a stack may cost a month at its largest."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, put, without

NODES = "aws:eks/nodeGroup:NodeGroup"
BUDGET = "aws:budgets/budget:Budget"
ANOMALY = "aws:costexplorer/anomalySubscription:AnomalySubscription"


def _nodes(name: str, type_: str, largest: int, smallest: int = 0) -> R:
    return R(
        NODES,
        {"instanceTypes": [type_], "scalingConfig": {"minSize": smallest, "maxSize": largest}},
        name=name,
    )


EXAMPLES = (
    Example(
        "cost-bounds",
        good=(
            _nodes("app", "m7g.xlarge", 10),
            _nodes("gpu", "g6.xlarge", 1),
            R(
                BUDGET,
                {"timeUnit": "MONTHLY", "notifications": [{"subscriberEmailAddresses": ["a@example.com"]}]},
                name="budget",
            ),
            R(ANOMALY, {"frequency": "DAILY"}, name="anomaly"),
        ),
        bad={
            "one group can grow too far": put("app", "scalingConfig.maxSize", 11),
            "the dearest of its machines counts": put("app", "instanceTypes", ["t4g.large", "m7g.2xlarge"]),
            "one group too many": add(_nodes("more", "t4g.medium", 1)),
            "accelerated nodes stay": put("gpu", "scalingConfig.minSize", 1),
            "nothing is said of the least": drop("gpu", "scalingConfig.minSize"),
            "no budget": without("budget"),
            "a budget of a year": put("budget", "timeUnit", "ANNUALLY"),
            "a budget that tells nobody": drop("budget", "notifications"),
            "no alert": without("anomaly"),
            "neither": Bad(both(without("budget"), without("anomaly")), 2),
        },
        fine={
            "smaller": put("app", "scalingConfig.maxSize", 3),
            "told by a topic": put(
                "budget", "notifications", [{"subscriberSnsTopicArns": ["arn:aws:sns:x"]}]
            ),
        },
        open={
            "a machine without a price": put("app", "instanceTypes", ["u7i-12tb.224xlarge"]),
            "machines of the launch template": both(
                drop("app", "instanceTypes"), put("app", "launchTemplate", {"id": "lt-1"})
            ),
            "a size that is not known": put("app", "scalingConfig.maxSize", UNKNOWN),
        },
        # 10 of 0.1632 and one of 0.8048, for 730 hours, are 1778.86.
        config={"dollarsPerMonth": 1780, "acceleratorsToZero": True},
        companions_hide=True,
        vocabulary="MONTHLY",
    ),
    Example(
        "cost-bounds",
        good=(_nodes("app", "x1.large", 2), _nodes("gpu", "g5.xlarge", 1, smallest=1)),
        bad={
            "by a price of one's own": put("app", "scalingConfig.maxSize", 3),
            "two are too much": add(_nodes("more", "x1.large", 2)),
        },
        config={
            "dollarsPerMonth": 2500,
            "dollarsPerHour": {"x1.large": 1.0, "g5.xlarge": 1.0},
            "alerts": False,
        },
        open={"a price that is not named": put("app", "instanceTypes", ["m7g.large"])},
    ),
)
