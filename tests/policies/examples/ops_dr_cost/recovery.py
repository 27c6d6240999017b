"""What a region's end leaves of the databases."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

DB = "aws:rds/instance:Instance"
COPY = "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication"
REPLICA_KEY = "aws:kms/replicaKey:ReplicaKey"
_HERE = {"region": "eu-central-1"}
_SOURCE = "arn:aws:rds:eu-central-1:111122223333:db:letters"
_KEY = "arn:aws:kms:eu-west-1:111122223333:key/there"

EXAMPLES = (
    Example(
        "dr-second-region",
        good=(
            R(
                DB,
                {"arn": _SOURCE, "engine": "postgres", "backupRetentionPeriod": 35},
                name="db",
                provider=_HERE,
            ),
            R(REPLICA_KEY, {"arn": _KEY, "region": "eu-west-1"}, name="key", provider=_HERE),
            R(
                COPY,
                {
                    "sourceDbInstanceArn": _SOURCE,
                    "region": "eu-west-1",
                    "kmsKeyId": _KEY,
                    "retentionPeriod": 35,
                },
                name="copy",
                depends={"sourceDbInstanceArn": ["db"], "kmsKeyId": ["key"]},
                provider=_HERE,
            ),
        ),
        bad={
            "nothing is copied": without("copy"),
            "it is another database's": both(
                put("copy", "sourceDbInstanceArn", f"{_SOURCE}-other"), options("copy", depends={})
            ),
            "the copy is in the same region": Bad(put("copy", "region", "eu-central-1"), 2),
            "the copy has the same provider": Bad(drop("copy", "region"), 2),
            "the copy has the same provider, and the source is unknown": Bad(
                both(
                    drop("copy", "region"),
                    put("copy", "sourceDbInstanceArn", UNKNOWN),
                    put("db", "arn", UNKNOWN),
                ),
                2,
            ),
            "no key is named": drop("copy", "kmsKeyId"),
            "the key is of the first region": put(
                "copy", "kmsKeyId", "arn:aws:kms:eu-central-1:111122223333:key/here"
            ),
            "the key is of the first region, and unknown": both(
                put("copy", "kmsKeyId", UNKNOWN),
                put("key", "region", "eu-central-1"),
                put("key", "arn", UNKNOWN),
            ),
            "a day less is kept": put("copy", "retentionPeriod", 34),
            "nothing is said of how long": drop("copy", "retentionPeriod"),
            "a second database is not copied": add(
                R(DB, {"arn": f"{_SOURCE}-two", "backupRetentionPeriod": 7}, name="second", provider=_HERE)
            ),
        },
        fine={
            "it is linked by its ARN alone": options("copy", depends={}),
            "the ARN and key are not known yet": both(
                put("copy", "sourceDbInstanceArn", UNKNOWN), put("copy", "kmsKeyId", UNKNOWN)
            ),
            "another provider says where it is": both(
                drop("copy", "region"), options("copy", provider={"region": "eu-west-1"})
            ),
            "the ARN says where the database is": options("db", provider=None),
            "a foreign key": both(
                put("copy", "kmsKeyId", "alias/there"),
                options("copy", depends={"sourceDbInstanceArn": ["db"]}),
            ),
            "as short as the database's": both(
                put("db", "backupRetentionPeriod", 7), drop("copy", "retentionPeriod")
            ),
            "a replica": add(R(DB, {"replicateSourceDb": "db"}, name="follower")),
            "an instance of Aurora": add(R(DB, {"engine": "aurora-postgresql"}, name="aurora")),
        },
        open={
            "nobody knows whose it is": both(
                put("copy", "sourceDbInstanceArn", UNKNOWN), options("copy", depends={})
            ),
            "nothing says where the copy is": both(drop("copy", "region"), options("copy", provider=None)),
        },
        companions_hide=True,
    ),
)
