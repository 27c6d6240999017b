"""Who can reach a database."""

from tests.policies.examples.case import Example
from tests.support.policies import R, drop, put

DB = "aws:rds/instance:Instance"

EXAMPLES = (
    Example(
        "rds-private",
        good=(R(DB, {"publiclyAccessible": False}),),
        bad={"it is public": put("it", "publiclyAccessible", True)},
        fine={"nothing is said": drop("it", "publiclyAccessible")},
    ),
)
