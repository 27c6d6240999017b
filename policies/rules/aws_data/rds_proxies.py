"""What stands beside databases: proxies in front of them, and snapshots of them."""

from __future__ import annotations

from collections.abc import Sequence

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.remedy import Draft, is_unknown
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined

PROXY = "aws:rds/proxy:Proxy"
COPIES = types("aws:rds/snapshotCopy:SnapshotCopy", "aws:rds/clusterSnapshotCopy:ClusterSnapshotCopy")
SNAPSHOTS = types("aws:rds/snapshot:Snapshot", "aws:rds/clusterSnapshot:ClusterSnapshot") | COPIES
_EVERYBODY = "all"
_IAM_ONLY, _REQUIRED = "IAM_AUTH", "REQUIRED"


def _close(draft: Draft, _: Settings) -> None:
    if draft.type == PROXY:
        draft.put("requireTls", value=True)
        if draft.get("defaultAuthScheme") != _IAM_ONLY:
            for auth in draft.members("auths"):
                auth.put("iamAuth", _REQUIRED)
        return
    accounts = draft.get("sharedAccounts")
    if isinstance(accounts, Sequence) and not isinstance(accounts, str):
        kept = [one for one in accounts if is_unknown(one) or str(one).lower() != _EVERYBODY]
        if len(kept) < len(accounts):
            draft.put("sharedAccounts", kept)


@resource_rule(
    "rds-proxy-snapshot",
    types(PROXY) | SNAPSHOTS,
    title="Proxies take only encrypted IAM logins, and snapshots are not public",
    why="A proxy is a second door to the database, and a snapshot is all of its data: a public one is "
    "copied by strangers within hours.",
    fix="Set requireTls and iamAuth REQUIRED on the proxy; share snapshots with named accounts only, and "
    "give copies a kmsKeyId.",
    severity=Severity.HIGH,
    refs="FSBP RDS.1, FSBP RDS.4, FSBP RDS.43, CKV AWS_302, CKV AWS_266",
    dev="mandatory",
    prod="mandatory",
    remedy=_close,
)
def proxies_and_snapshots(resource: Resource, check: Check) -> None:
    if resource.type == PROXY:
        _judge_proxy(resource, check)
        return
    with check.part():
        _judge_accounts(resource, check)
    key = resource["kmsKeyId"]
    if resource.type in COPIES and not key.present:
        check.violation("the copy is not under a key of its own", key)


def _judge_proxy(proxy: Resource, check: Check) -> None:
    with check.part():
        tls = proxy["requireTls"]
        if not tls.truth(default=False):
            check.violation("the proxy lets connections be plain", tls)
    with check.part():
        auths = proxy["auths"]
        scheme = proxy["defaultAuthScheme"]
        if scheme.present and scheme.text() == _IAM_ONLY:
            return
        for auth in auths.items():
            with check.part():
                if auth["iamAuth"].text().upper() != _REQUIRED:
                    check.violation("the proxy accepts logins without IAM", auth["iamAuth"])


def _judge_accounts(snapshot: Resource, check: Check) -> None:
    unknown: Undetermined | None = None
    for account in snapshot["sharedAccounts"].items():
        try:
            if account.text().strip().lower() == _EVERYBODY:
                check.violation("the snapshot is public", account)
        except Undetermined as reason:
            unknown = unknown or reason
    if unknown:
        raise unknown
