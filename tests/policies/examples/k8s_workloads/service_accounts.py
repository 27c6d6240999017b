"""As whom pods run, and who of them can talk to the Kubernetes API."""

from __future__ import annotations

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, both, drop, put

DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CRON_JOB = "kubernetes:batch/v1:CronJob"
POD = "kubernetes:core/v1:Pod"
ACCOUNT = "kubernetes:core/v1:ServiceAccount"
SPEC = "spec.template.spec"
TOKEN = "automountServiceAccountToken"
POD_SPEC = {"serviceAccountName": "account", TOKEN: False}
METADATA = {"name": "own", "namespace": "roost"}

GOOD = (
    R(DEPLOYMENT, {"metadata": METADATA, "spec": {"template": {"spec": POD_SPEC}}}),
    R(
        CRON_JOB,
        {"metadata": METADATA, "spec": {"jobTemplate": {"spec": {"template": {"spec": POD_SPEC}}}}},
        name="nightly",
    ),
    R(POD, {"metadata": METADATA, "spec": POD_SPEC}, name="pod"),
    R(ACCOUNT, {"metadata": {"name": "account", "namespace": "roost"}, TOKEN: False}, name="account-of-it"),
    R(
        DEPLOYMENT,
        {
            "metadata": {"namespace": "kube-system"},
            "spec": {"template": {"spec": {"serviceAccountName": "caller"}}},
        },
        name="controller",
    ),
    R(
        ACCOUNT,
        {"metadata": {"name": "caller", "namespace": "kube-system"}, TOKEN: True},
        name="account-of-controller",
    ),
)
CONFIG = {"callers": ["kube-system/caller"]}

EXAMPLES = (
    Example(
        "k8s-sa-token",
        good=GOOD,
        bad={
            "a pod asks for a token": put("it", f"{SPEC}.{TOKEN}", True),
            "a CronJob's pods do": put("nightly", f"spec.jobTemplate.{SPEC}.{TOKEN}", True),
            "an account gives one": put("account-of-it", TOKEN, True),
            "the caller's name in another namespace": put(
                "account-of-controller", "metadata.namespace", "roost"
            ),
            "the caller's namespace under another name": both(
                put("controller", f"{SPEC}.serviceAccountName", "other"),
                put("controller", f"{SPEC}.{TOKEN}", True),
            ),
            "the account that all share": put("it", f"{SPEC}.serviceAccountName", "default"),
            "by the old name of the property": both(
                drop("it", f"{SPEC}.serviceAccountName"), put("it", f"{SPEC}.serviceAccount", "default")
            ),
        },
        fine={
            "by the old name of the property": both(
                drop("it", f"{SPEC}.serviceAccountName"), put("it", f"{SPEC}.serviceAccount", "account")
            ),
        },
        open={"nobody knows who it is": put("controller", f"{SPEC}.serviceAccountName", UNKNOWN)},
        config=CONFIG,
        by_hand=True,
    ),
    Example(
        "k8s-sa-token",
        good=GOOD,
        bad={
            "a pod says nothing": drop("it", f"{SPEC}.{TOKEN}"),
            "a bare Pod says nothing": drop("pod", f"spec.{TOKEN}"),
            "an account says nothing": drop("account-of-it", TOKEN),
            "no account is named": drop("it", f"{SPEC}.serviceAccountName"),
            "nothing is said": Bad(put("it", SPEC, {}), 2),
        },
        config=CONFIG,
        patches=False,
        by_hand=True,
    ),
)
