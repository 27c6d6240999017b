"""As whom a database lets people and programs in."""

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.databases import CLUSTER, DB, cluster_replica, replica, restored, taken_back
from tests.support.policies import UNKNOWN, Hidden, R, both, drop, put

_KEY = "arn:aws:kms:eu-central-1:111122223333:key/1"
_MANAGED = {"manageMasterUserPassword": True, "masterUserSecretKmsKeyId": _KEY}

EXAMPLES = (
    Example(
        "rds-iam-auth",
        good=(
            R(DB, {"engine": "postgres", "iamDatabaseAuthenticationEnabled": True}),
            R(
                CLUSTER,
                {"engine": "aurora-postgresql", "iamDatabaseAuthenticationEnabled": True},
                name="cluster",
            ),
        ),
        bad={
            "it is off": put("it", "iamDatabaseAuthenticationEnabled", False),
            "nothing is said": drop("it", "iamDatabaseAuthenticationEnabled"),
            "a cluster's is off": put("cluster", "iamDatabaseAuthenticationEnabled", False),
            "a replica's is not on: it is not taken over": replica(),
            "nor is it when something is restored": restored(),
        },
        fine={
            "the engine has no such logins": both(
                drop("it", "iamDatabaseAuthenticationEnabled"), put("it", "engine", "oracle-ee")
            ),
            "it is on for an engine that is not known yet": put("it", "engine", UNKNOWN),
        },
        open={
            "it is off for an engine that is not known yet": both(
                drop("it", "iamDatabaseAuthenticationEnabled"), put("it", "engine", UNKNOWN)
            )
        },
    ),
    Example(
        "rds-managed-password",
        good=(R(DB, _MANAGED), R(CLUSTER, _MANAGED, name="cluster")),
        bad={
            "the program has a password as well": put("it", "password", Hidden("correct horse")),
            "the password is not known yet": put("it", "password", UNKNOWN),
            "it is one that the state does not keep": put("it", "passwordWo", Hidden("correct horse")),
            "there is a password instead": Bad(
                both(drop("it", "manageMasterUserPassword"), put("it", "password", Hidden("correct horse"))),
                2,
            ),
            "nobody makes one": put("it", "manageMasterUserPassword", False),
            "nothing is said": drop("it", "manageMasterUserPassword"),
            "AWS's key encrypts it": drop("it", "masterUserSecretKmsKeyId"),
            "a cluster has a password": put("cluster", "masterPassword", Hidden("correct horse")),
            "a cluster has one that the state does not keep": put("cluster", "masterPasswordWo", "staple"),
            "a cluster's is not made by RDS": drop("cluster", "manageMasterUserPassword"),
            "what is restored gets a password": restored(**_MANAGED, password="correct horse"),
        },
        fine={
            "a replica has the other one's": replica(),
            "a replica of one that is not known yet": replica(replicateSourceDb=UNKNOWN),
            "a cluster that follows has the other one's": cluster_replica(),
            "the key is not known yet": put("it", "masterUserSecretKmsKeyId", UNKNOWN),
            "what is restored gets a new one": restored(**_MANAGED),
        },
        open={
            "what is restored has the password that it had": restored(),
            "so has what is taken back in time": taken_back(),
        },
    ),
    Example(
        "rds-admin-name",
        good=(
            R(DB, {"username": "roost_master"}),
            R(CLUSTER, {"masterUsername": "roost_master"}, name="cluster"),
        ),
        bad={
            "it is Postgres's own": put("it", "username", "postgres"),
            "it is in capitals": put("it", "username", "Admin"),
            "it is a cluster's": put("cluster", "masterUsername", "root"),
        },
        fine={
            "it only begins like one": put("it", "username", "administrators_of_roost"),
            "a replica has the other one's": replica(),
        },
        open={"what is restored has the one that it had": restored()},
    ),
    Example(
        "rds-admin-name",
        good=(R(DB, {"username": "postgres"}),),
        bad={"it is one that this company refuses": put("it", "username", "DBA")},
        config={"names": ["dba"]},
    ),
)
