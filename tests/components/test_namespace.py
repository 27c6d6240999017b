"""The namespace: who may run in it, and how much."""

from __future__ import annotations

from tests.support.monitor import Recording


def test_restricted_pods_are_enforced_audited_and_warned_about(local: Recording) -> None:
    metadata = local.one("kubernetes:core/v1:Namespace").inputs["metadata"]
    assert metadata["name"] == "roost"
    for mode in ("enforce", "audit", "warn"):
        assert metadata["labels"][f"pod-security.kubernetes.io/{mode}"] == "restricted"


def test_everything_together_is_bounded_and_makes_no_load_balancer(local: Recording) -> None:
    hard = local.one("kubernetes:core/v1:ResourceQuota").inputs["spec"]["hard"]
    assert set(hard) == {
        "requests.cpu",
        "requests.memory",
        "limits.memory",
        "pods",
        "requests.storage",
        "services.loadbalancers",
    }
    assert hard["services.loadbalancers"] == "0", "a controller's load balancer would survive a destroy"


def test_a_container_that_says_nothing_is_bounded(local: Recording) -> None:
    limit = local.one("kubernetes:core/v1:LimitRange").inputs["spec"]["limits"][0]
    assert set(limit["default"]) == {"memory"}
    assert set(limit["defaultRequest"]) == {"cpu", "memory"}
