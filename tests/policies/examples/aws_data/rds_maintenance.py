"""Databases of a version that AWS mends, changed when it is agreed."""

from tests.policies.examples.case import Bad, Example
from tests.policies.examples.databases import CLUSTER, DB, MEMBER, replica, restored
from tests.support.policies import UNKNOWN, R, add, both, drop, put

_PLANNED = {"autoMinorVersionUpgrade": True, "allowMajorVersionUpgrade": False, "applyImmediately": False}
_NO_EXTENSION = "open-source-rds-extended-support-disabled"

EXAMPLES = (
    Example(
        "rds-minor-upgrades",
        good=(
            R(DB, _PLANNED),
            R(CLUSTER, {"allowMajorVersionUpgrade": False, "applyImmediately": False}, name="cluster"),
            R(MEMBER, {"autoMinorVersionUpgrade": True, "applyImmediately": False}, name="member"),
        ),
        bad={
            "it gets none": put("it", "autoMinorVersionUpgrade", False),
            "it may get a major one": put("it", "allowMajorVersionUpgrade", True),
            "changes come at once": put("it", "applyImmediately", True),
            "all of it": Bad(
                both(
                    put("it", "autoMinorVersionUpgrade", False),
                    put("it", "allowMajorVersionUpgrade", True),
                    put("it", "applyImmediately", "true"),
                ),
                3,
            ),
            "a cluster may get a major one": put("cluster", "allowMajorVersionUpgrade", True),
            "a member gets none": put("member", "autoMinorVersionUpgrade", False),
            "a replica gets none": replica(autoMinorVersionUpgrade=False),
        },
        fine={
            "nothing is said": both(
                drop("it", "autoMinorVersionUpgrade"),
                drop("it", "allowMajorVersionUpgrade"),
                drop("it", "applyImmediately"),
            )
        },
    ),
    Example(
        "rds-minor-upgrades",
        good=(R(DB, {"allowMajorVersionUpgrade": True, "applyImmediately": True}),),
        bad={"it gets none": put("it", "autoMinorVersionUpgrade", False)},
        open={"whether it gets any is not known": put("it", "autoMinorVersionUpgrade", UNKNOWN)},
        config={"onlyWhenPlanned": False},
    ),
    Example(
        "rds-ca",
        good=(
            R(DB, {"caCertIdentifier": "rds-ca-rsa2048-g1"}),
            R(MEMBER, {"caCertIdentifier": "rds-ca-ecc384-g1"}, name="member"),
        ),
        bad={
            "it expired": put("it", "caCertIdentifier", "rds-ca-2019"),
            "nobody knows it": put("it", "caCertIdentifier", "rds-ca-rsa2048-g10"),
            "a member's expired": put("member", "caCertIdentifier", "rds-ca-2015"),
        },
        fine={
            "it is the default, which is current": drop("it", "caCertIdentifier"),
            "it is another current one": put("it", "caCertIdentifier", "rds-ca-rsa4096-g1"),
        },
    ),
    Example(
        "rds-engine-supported",
        good=(
            R(DB, {"engine": "postgres", "engineVersion": "17.2", "engineLifecycleSupport": _NO_EXTENSION}),
            R(
                CLUSTER,
                {
                    "engine": "aurora-postgresql",
                    "engineVersion": "16.10",
                    "engineLifecycleSupport": _NO_EXTENSION,
                },
                name="cluster",
            ),
        ),
        bad={
            "it is another engine": put("it", "engine", "mysql"),
            "its major version has no support": put("it", "engineVersion", "12.22"),
            "its version has no pgvector that is new enough": put("it", "engineVersion", "16.4"),
            "so has another major version": put("it", "engineVersion", "15.8"),
            "the major version only begins like one": put("it", "engineVersion", "170.1"),
            "the version is left to AWS": drop("it", "engineVersion"),
            "it would be extended": put("it", "engineLifecycleSupport", "open-source-rds-extended-support"),
            "it is extended by default": drop("it", "engineLifecycleSupport"),
            "engine and extension": Bad(
                both(put("it", "engine", "oracle-ee"), drop("it", "engineLifecycleSupport")), 2
            ),
            "a cluster's version is too old": put("cluster", "engineVersion", "16.7"),
            "what is restored would be extended": restored(engine="postgres", engineVersion="17"),
        },
        fine={
            "16.10 comes after 16.9": put("it", "engineVersion", "16.10"),
            "it is the newest of a major version": put("it", "engineVersion", "16"),
            "it is a release of RDS's own": put("it", "engineVersion", "17.4-R2"),
            "a replica is what the other one is": replica(),
            "a replica names its version": replica(engineVersion="17.2"),
        },
        open={
            "the version is none": put("it", "engineVersion", "latest"),
            "what is restored is what it was": restored(engineLifecycleSupport=_NO_EXTENSION),
            "what is restored has the version that it had": restored(
                engine="postgres", engineLifecycleSupport=_NO_EXTENSION
            ),
        },
    ),
    Example(
        "rds-engine-supported",
        good=(R(DB, {"engine": "mysql", "engineVersion": "8.4", "engineLifecycleSupport": _NO_EXTENSION}),),
        bad={
            "it is not on this company's list": put("it", "engine", "postgres"),
            "it is too old for it": put("it", "engineVersion", "8.0"),
            "another one is too old": add(
                R(
                    DB,
                    {"engine": "mysql", "engineVersion": "5.7", "engineLifecycleSupport": _NO_EXTENSION},
                    name="another",
                )
            ),
        },
        config={"versions": {"mysql": ["8.4"]}},
    ),
)
