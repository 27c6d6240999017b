"""Sizes and kinds that an environment may pay for."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

DB = "aws:rds/instance:Instance"
NODES = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
VOLUME = "aws:ebs/volume:Volume"

EXAMPLES = (
    Example(
        "cost-allow-list",
        good=(
            R(DB, {"instanceClass": "db.r7g.large", "storageType": "gp3", "iops": 3000}, name="db"),
            R(NODES, {"instanceTypes": ["m7g.large"], "capacityType": "ON_DEMAND"}, name="nodes"),
            R(NODES, {"instanceTypes": ["g6.xlarge"], "labels": {"pool": "gpu"}}, name="gpu"),
            R(NODES, {"launchTemplate": {"id": "lt-1"}}, name="templated"),
            R(
                TEMPLATE,
                {"instanceType": "m7g.large", "blockDeviceMappings": [{"ebs": {"volumeType": "gp3"}}]},
                name="template",
            ),
            R(VOLUME, {"type": "gp3"}, name="volume"),
        ),
        bad={
            "a huge database": put("db", "instanceClass", "db.x2iedn.32xlarge"),
            "an old class": put("db", "instanceClass", "db.t3.medium"),
            "a class that looks like one": put("db", "instanceClass", "xdb.r7g.large"),
            "dear storage": put("db", "storageType", "io1"),
            "old storage, since nothing is said": drop("db", "storageType"),
            "dear storage, since operations are asked for": both(
                drop("volume", "type"), put("volume", "iops", 4000)
            ),
            "another machine": put("nodes", "instanceTypes", ["m5.large"]),
            "the second machine": put("nodes", "instanceTypes", ["m7g.large", "x1e.32xlarge"]),
            "the machine of AWS's own choice": drop("nodes", "instanceTypes"),
            "a dear accelerator": put("gpu", "instanceTypes", ["p5.48xlarge"]),
            "another machine, in the template": put("template", "instanceType", "m5.large"),
            "an old disk, in the template": put("template", "blockDeviceMappings[0].ebs.volumeType", "gp2"),
            "the second disk": put("template", "blockDeviceMappings[1]", {"ebs": {"volumeSize": 10}}),
            "a magnetic volume": put("volume", "type", "standard"),
            "nodes with data are Spot": both(
                put("nodes", "capacityType", "SPOT"), put("nodes", "labels", {"roost.dev/pool": "data"})
            ),
            "two things": Bad(
                both(put("db", "instanceClass", "db.m5.large"), put("db", "storageType", "gp2")), 2
            ),
        },
        fine={
            "Spot for what can go away": put("gpu", "capacityType", "SPOT"),
            "another size": put("nodes", "instanceTypes", ["c8g.4xlarge", "m8g.xlarge"]),
            "operations, where they may be paid for": both(
                put("db", "iops", 12000), put("db", "storageType", "io2")
            ),
            "a device without a disk": put("template", "blockDeviceMappings[1]", {"noDevice": "true"}),
        },
        open={
            "a class that is not known": put("db", "instanceClass", UNKNOWN),
            "machines that are not known": put("nodes", "instanceTypes", UNKNOWN),
        },
    ),
    Example(
        "cost-allow-list",
        good=(
            R(DB, {"instanceClass": "db.t4g.medium", "storageType": "gp3"}, name="db"),
            R(NODES, {"instanceTypes": ["t4g.medium"]}, name="nodes"),
            R(NODES, {"instanceTypes": ["g6.xlarge"]}, name="gpu"),
            R(VOLUME, {"type": "gp3"}, name="volume"),
        ),
        bad={
            "production's class": put("db", "instanceClass", "db.r7g.large"),
            "operations that are paid for": put("db", "iops", 12000),
            "of a volume": put("volume", "iops", 3001),
            "a larger accelerator": put("gpu", "instanceTypes", ["g6.12xlarge"]),
        },
        fine={"what gp3 has anyhow": put("db", "iops", 3000)},
        config={
            "databaseClasses": ["db.t4g.*"],
            "nodeTypes": ["t4g.*"],
            "acceleratedTypes": ["g6.xlarge"],
            "storageTypes": ["gp3"],
            "provisionedIops": False,
        },
    ),
)
