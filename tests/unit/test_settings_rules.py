"""Every combination that cannot work is refused, with a sentence that says what to do."""

from __future__ import annotations

import sys

import pytest

from infra.settings.rules import RULES
from infra.settings.settings import Settings
from tests.unit.refusals import EMBEDDING, EXTERNAL, Refusal, elsewhere
from tests.unit.refusals_clickhouse import CLICKHOUSE
from tests.unit.refusals_inference import INFERENCE
from tests.unit.refusals_recovery import RECOVERY
from tests.unit.stacks import nested, problems_of, settings_of

POOLER = f"example.com/pgbouncer@sha256:{'0' * 64}"


REFUSALS = {
    "more replicas at least than at most": Refusal(
        "local", nested("server.replicas", {"min": 5, "max": 3}), ("min` (5)", "max` (3)", "raise max")
    ),
    "an image that shares a cache, and none to share": Refusal(
        "local",
        nested("server.usesCache", True),
        ("usesCache` is true", "replicas.max` is 3", "cache of its own", "`roost:cache.enabled` to true"),
    ),
    "a local cache before make up": Refusal(
        "local",
        nested("cache.enabled", True),
        ("no image of a cache yet", "run `make up`"),
    ),
    "prod without an image": Refusal("prod", nested("server.image", None), ("is missing", "by digest")),
    "prod with a tag": Refusal(
        "prod", nested("server.image", "example.com/roost:1.2.3"), ("sha256", "'example.com/roost:1.2.3'")
    ),
    "a build that the nodes cannot run": Refusal(
        "dev", nested("aws.images.platforms", ["linux/amd64"]), ("lacks linux/arm64", "t4g.large")
    ),
    "prod with half a digest": Refusal(
        "prod", nested("server.image", "example.com/roost@sha256:ab"), ("sha256",)
    ),
    "latest": Refusal("dev", nested("server.image", "example.com/roost:latest"), ("no fixed version",)),
    "no tag, with a port": Refusal(
        "dev", nested("server.image", "example.com:5000/roost"), ("no fixed version",)
    ),
    "pools beyond max_connections": Refusal(
        "prod",
        nested("server.poolSize", 60),
        ("10 running + 1 new + 10 draining", "= 1314", "maxConnections` to 1317", "poolSize` to 44"),
    ),
    "a pooler's pools beyond max_connections": Refusal(
        "prod",
        nested("aws.database.pooler", {"image": POOLER, "poolSize": 300}),
        ("2 running + 1 new + 2 draining", "= 1512", "`roost:aws.database.pooler.poolSize` to 197"),
    ),
    "a quota without room for the pooler": Refusal(
        "dev",
        {
            "aws": {"database": {"pooler": {"image": POOLER, "replicas": 10, "poolSize": 5}}},
            "namespace": {"quota": {"pods": 29}},
        },
        ("quota.pods` is 29", "21 pooler"),
    ),
    "reserve beyond max_connections": Refusal(
        "local",
        {"database": {"reservedConnections": {"admin": 97}}, "server": {"poolSize": 1}},
        ("`roost:local.database.maxConnections`",),
    ),
    "an edge that hears nothing in time": Refusal(
        "local", nested("edge.idleTimeoutSeconds", 30), ("is 30", "every 20 s", "at least 40")
    ),
    "a server that hangs up first": Refusal(
        "local", nested("server.keepAliveSeconds", 300), ("502", "keepAliveSeconds` is 300", "then is 315")
    ),
    "a grace period shorter than the drain": Refusal(
        "local", nested("server.terminationGraceSeconds", 100), ("is 100", "take 305", "Remove")
    ),
    "a drain shorter than a stream": Refusal(
        "local", nested("server.drainSeconds", 10), ("drainSeconds` is 10", "longestStreamSeconds` 300")
    ),
    "a deadline before the last attempt": Refusal(
        "local",
        nested("migration", {"deadlineSeconds": 30, "attempts": 20}),
        ("20 attempts x lockTimeoutSeconds 2 = 40",),
    ),
    "the stand-in for users": Refusal(
        "prod", elsewhere(kind="scripted", baseUrl=None), ("must never face users", "in profile prod")
    ),
    "the stand-in in dev": Refusal("dev", elsewhere(kind="scripted", baseUrl=None), ("in profile dev",)),
    "an external model nowhere": Refusal(
        "local", nested("model", {"kind": "external", "name": "x"}), ("baseUrl` must say where",)
    ),
    "an external model without a name": Refusal(
        "local", nested("model", {**EXTERNAL, "name": "scripted-stand-in"}), ("still the stand-in's",)
    ),
    "a URL that the stand-in ignores": Refusal(
        "local", nested("model.baseUrl", "http://localhost:1/v1"), ("`roost:model.baseUrl` would be ignored",)
    ),
    "a key that the stand-in ignores": Refusal(
        "local", nested("model.apiKey", "hunter2"), ("`roost:model.apiKey` would be ignored",)
    ),
    "a model on the host, from the cloud": Refusal(
        "dev",
        elsewhere(baseUrl="http://localhost:11434/v1"),
        ("localhost", "the pod itself"),
    ),
    "an external model in prod without embeddings": Refusal(
        "prod", elsewhere(embedding={"name": "bge-m3"}), ("embedding.baseUrl` is missing",)
    ),
    "an embedding key without a URL": Refusal(
        "local", nested("model.embedding.apiKey", "hunter2"), ("embedding.apiKey` would be ignored",)
    ),
    "another model than the stand-in embeds with": Refusal(
        "local", nested("model.embedding.dimensions", 768), ("384 dimensions", "(768)")
    ),
    "a key in the clear": Refusal(
        "prod",
        elsewhere(baseUrl="http://x/v1", apiKey="k"),
        ("unencrypted", "use https"),
    ),
    "two providers of one name": Refusal(
        "prod",
        elsewhere(hosted={"openaiApiKey": "k"}),
        ("`roost:model.provider` is openai", "another name, as `gateway`"),
    ),
    "a quota below the stack": Refusal(
        "local", nested("namespace.quota.memoryLimits", "2Gi"), ("is 2048Mi", "7 server", "1 postgres")
    ),
    "a quota of few pods": Refusal("local", nested("namespace.quota.pods", 5), ("quota.pods` is 5", "14")),
    "a quota of little storage": Refusal(
        "local", nested("local.database.storageGib", 500), ("quota.storage` is 51200Mi", "512000Mi")
    ),
    "defaults above limits": Refusal(
        "local", nested("namespace.defaultLimits.memoryRequest", "1Gi"), ("(1Gi)", "(256Mi)")
    ),
    "a certificate that outlives its authority": Refusal(
        "local", nested("local.edge.certificateAuthorityDays", 30), ("(30)", "(90)", "expired authority")
    ),
    "a VPC too large": Refusal(
        "dev", nested("aws.network.cidr", "10.0.0.0/8"), ("/8", "between /16 and /20")
    ),
    "a VPC range with host bits": Refusal("dev", nested("aws.network.cidr", "10.0.0.1/16"), ("host bits",)),
    "a public VPC range": Refusal("dev", nested("aws.network.cidr", "8.8.0.0/16"), ("is not private",)),
    "Services inside the VPC": Refusal(
        "dev", nested("aws.cluster.serviceCidr", "10.32.128.0/20"), ("overlaps the VPC",)
    ),
    "Services nowhere": Refusal("dev", nested("aws.cluster.serviceCidr", "ten"), ("is not an IPv4 range",)),
    "a month beyond the limit": Refusal(
        "prod",
        nested("aws.budget.monthlyLimit", 4500),
        ("USD a month at list prices (inference ", "monthlyLimit` is 4500", "acknowledgedOverrun: "),
    ),
    "a limit, and a machine without a price": Refusal(
        "prod",
        nested("aws.cluster.appNodes.instanceTypes", ["x2gd.large"]),
        ("cannot be compared", "no price of the family x2gd", "prices_*.py"),
    ),
    "more nodes than addresses": Refusal(
        "prod",
        {"aws": {"network": {"cidr": "10.0.0.0/20"}, "cluster": {"appNodes": {"maxNodes": 80}}}},
        ("gives nodes and pods 1521 addresses", "88 nodes can ask for 2640"),
    ),
    "a load balancer with IPv6 in a VPC without": Refusal(
        "dev",
        nested("aws.edge", {"dualStack": True, "allowedCidrs": ["0.0.0.0/0", "::/0"]}),
        ("no IPv6 range", "set `network.ipv6` to true"),
    ),
    "more connections than memory": Refusal(
        "prod",
        nested("aws.database.instanceClass", "db.t4g.medium"),
        ("1000", "db.t4g.medium", "at most 405"),
    ),
    **CLICKHOUSE,
    **INFERENCE,
    **RECOVERY,
}


DATED = {"gpu_prices_are_recent", "prices_are_recent"}
"""Rules that look at the calendar alone; they have tests of their own."""


@pytest.mark.parametrize("name", REFUSALS)
def test_refused_with_a_sentence_that_helps(name: str) -> None:
    case = REFUSALS[name]
    (problem,) = problems_of(case.stack, case.changes)
    for fragment in case.says:
        assert fragment in problem
    assert problem.endswith(".")
    assert "hunter2" not in problem


def test_every_rule_refuses_something_here() -> None:
    refusing: set[str] = set()
    for case in REFUSALS.values():
        refusing |= _rules_that_refuse(case)
    assert refusing | DATED == {rule.__name__ for rule in RULES}, "each rule needs a case in REFUSALS"


def _rules_that_refuse(case: Refusal) -> set[str]:
    seen: set[str] = set()

    def watch(settings: Settings) -> list[str]:
        seen.update(rule.__name__ for rule in RULES if list(rule(settings)))
        return ["watched."]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys.modules["infra.settings.build"], "contradictions", watch)
        problems_of(case.stack, case.changes)
    return seen


def test_the_host_is_unknown_in_a_cluster_of_ones_own() -> None:
    changes = nested("model", {**EXTERNAL, "baseUrl": "http://localhost:11434/v1"})
    (problem,) = problems_of("local", changes, embedded=False, node=None, volumesDir=None, hostAddress=None)
    assert "nobody knows under which address" in problem


def test_several_contradictions_are_told_at_once() -> None:
    changes = {
        "server": {"replicas": {"min": 9, "max": 3}, "keepAliveSeconds": 10},
        "edge": {"idleTimeoutSeconds": 30},
    }
    problems = problems_of("local", changes)
    assert len(problems) == 3, problems


def test_an_external_model_is_accepted_with_all_that_it_needs() -> None:
    model = settings_of(
        "prod",
        elsewhere(provider=None, apiKey="k", embedding={**EMBEDDING, "provider": None}),
    ).model
    assert (model.handle, model.embedding.handle) == ("openai/big-model", "openai/bge-m3")
    assert not model.needs_stand_in


def test_behind_a_pooler_the_servers_own_pools_may_be_many() -> None:
    pooler = {"image": POOLER}
    changes = {"server": {"poolSize": 100}, "aws": {"database": {"pooler": pooler}}}
    assert settings_of("prod", changes).connection_budget.needed == 5 * 40 + 12


def test_the_stand_in_embeds_for_an_external_model_locally() -> None:
    assert settings_of("local", nested("model", EXTERNAL)).model.needs_stand_in
