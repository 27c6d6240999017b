"""What the pack ops-dr-cost notices about tags and cost."""

from tests.policies.mutants.mutant import each, mutant
from tests.support.policies import Change, both, drop, options, put, without

DB = "aws:rds/instance:Instance::database"
KEY = "aws:kms/key:Key::keys-data"
NODES = "aws:eks/nodeGroup:NodeGroup"
SYSTEM, APP = f"{NODES}::cluster-nodes-system", f"{NODES}::cluster-nodes-app"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate::cluster-nodes-app"
SERVER = "kubernetes:apps/v1:Deployment::server"
VOLUME = "aws:ebs/volume:Volume"
BUDGET = "aws:budgets/budget:Budget::budget"
ANOMALIES = "aws:costexplorer/anomalySubscription:AnomalySubscription"


def by_a_bare_provider(which: str, change: Change) -> Change:
    """The change, where the provider has no default tags: those would make up for it."""
    bare = {"region": "eu-central-1", "allowedAccountIds": '["111122223333"]'}
    return both(options(which, provider=bare), change)


MUTANTS = (
    *each(
        "nobody knows whose it is",
        [
            ("no owner", by_a_bare_provider(DB, drop(DB, "tags.owner"))),
            ("an empty owner", put(DB, "tags.owner", "")),
            ("no cost center", by_a_bare_provider(KEY, drop(KEY, "tags.cost-center"))),
            ("a data class that is none", put(DB, "tags.data-class", "whatever")),
        ],
        "tag-required",
    ),
    mutant("no tags at all", by_a_bare_provider(KEY, drop(KEY, "tags")), "tag-required"),
    mutant(
        "a key of dev that names no profile",
        by_a_bare_provider(KEY, drop(KEY, "tags.roost:profile")),
        "tag-required",
        stack="dev",
    ),
    *each(
        "the tags are of another stack",
        [
            ("dev's", put(DB, "tags.roost:stack", "dev")),
            ("of test data", put(KEY, "tags.data-class", "test")),
        ],
        "tag-env-matches",
    ),
    mutant(
        "dev's tags are production's", put(KEY, "tags.roost:stack", "prod"), "tag-env-matches", stack="dev"
    ),
    *each(
        "not on the list",
        [
            ("the database", put(DB, "instanceClass", "db.x2iedn.32xlarge")),
            ("its storage", put(DB, "storageType", "io1")),
            ("a disk of nodes", put(TEMPLATE, "blockDeviceMappings[0].ebs.volumeType", "gp2")),
        ],
        "cost-allow-list",
    ),
    mutant(
        "operations that dev does not need",
        put(TEMPLATE, "blockDeviceMappings[0].ebs.iops", 12000),
        "cost-allow-list",
        stack="dev",
    ),
    mutant(
        "machines that dev does not need",
        put(APP, "instanceTypes", ["m7g.large"]),
        "cost-allow-list",
        stack="dev",
    ),
    mutant(
        "an accelerated machine that stays in dev",
        put(APP, "instanceTypes", ["g6.xlarge"]),
        "cost-bounds",
        "eks-ami-family",
        "gpu-node-isolated",
        stack="dev",
    ),
    mutant(
        "nodes that are not on the list",
        put(APP, "instanceTypes", ["x1e.32xlarge"]),
        "cost-allow-list",
        "cost-bounds",
    ),
    *each(
        "nodes without end",
        [
            ("applications", put(APP, "scalingConfig.maxSize", 100)),
            ("system", put(SYSTEM, "scalingConfig.maxSize", 200)),
        ],
        "cost-bounds",
    ),
    *each(
        "costs that nobody hears of",
        [
            ("no budget", without(BUDGET)),
            ("a budget by the year", put(BUDGET, "timeUnit", "ANNUALLY")),
            ("a budget that tells nobody", put(BUDGET, "notifications", [])),
            (
                "no subscription",
                both(without(f"{ANOMALIES}::budget-topic"), without(f"{ANOMALIES}::budget-email")),
            ),
        ],
        "cost-bounds",
    ),
)
