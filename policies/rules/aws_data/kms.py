"""Encryption keys: rotated, in few hands, and hard to lose."""

from __future__ import annotations

from fnmatch import fnmatchcase

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.iam import Principal, Statement, own_accounts, statements
from policies.lib.logic import all_hold
from policies.lib.remedy import Draft, is_unknown
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import types

KEY = "aws:kms/key:Key"
_COPIES = ("aws:kms/replicaKey:ReplicaKey", "aws:kms/replicaExternalKey:ReplicaExternalKey")
_EXTERNAL = "aws:kms/externalKey:ExternalKey"
_DEFAULT_WINDOW = 30


def _symmetric(spec: str, usage: str) -> bool:
    return spec in ("", "SYMMETRIC_DEFAULT") and usage in ("", "ENCRYPT_DECRYPT")


def _rotate(draft: Draft, _: Settings) -> None:
    kind = [draft.get(prop) or "" for prop in ("customerMasterKeySpec", "keyUsage")]
    if not draft.get("customKeyStoreId") and not any(map(is_unknown, kind)) and _symmetric(*map(str, kind)):
        draft.put("enableKeyRotation", value=True)


@resource_rule(
    "kms-rotation",
    types(KEY),
    title="A key's material changes every year",
    why="The longer one key encrypts, the more is lost with it.",
    fix="Set enableKeyRotation to true.",
    severity=Severity.HIGH,
    refs="FSBP KMS.4, CIS 3.6, CKV AWS_7",
    dev="mandatory",
    prod="remediate",
    remedy=_rotate,
    departs="Keys in a store of one's own cannot be rotated by AWS and are left out, as asymmetric ones are.",
)
def rotation(key: Resource, check: Check) -> None:
    if all_hold(
        lambda: not key["enableKeyRotation"].truth(default=False),
        lambda: not key["customKeyStoreId"].present,
        lambda: (
            _symmetric(key["customerMasterKeySpec"].text(), "") and _symmetric("", key["keyUsage"].text())
        ),
    ):
        check.violation("the key is not rotated", key["enableKeyRotation"])


class Administrators(Settings):
    administrators: tuple[str, ...] = Field(
        default=(),
        description="Globs over ARNs of principals that may do everything with a key, as its account may.",
    )


@resource_rule(
    "kms-policy-tight",
    types(KEY, _COPIES, _EXTERNAL, "aws:kms/keyPolicy:KeyPolicy"),
    title="A key's policy lets no stranger in, and only the account and administrators do everything",
    why="Who may use a key reads what it encrypts; who may do everything with it can also delete it.",
    fix="Name principals or add a condition such as kms:CallerAccount; grant kms:* to the account's root "
    "only, and leave bypassPolicyLockoutSafetyCheck out.",
    severity=Severity.CRITICAL,
    refs="FSBP KMS.5, CKV AWS_33, CKV 2_AWS_64",
    dev="mandatory",
    prod="mandatory",
    settings=Administrators,
    departs="A key without a policy has AWS's default one, which gives it to the account alone, and is fine.",
)
def policy_tight(key: Resource, check: Check) -> None:
    with check.part():
        bypass = key["bypassPolicyLockoutSafetyCheck"]
        if bypass.truth(default=False):
            check.violation("nothing keeps the policy from locking everybody out of the key", bypass)
    for statement in statements(key["policy"]):
        with check.part():
            if all_hold(
                lambda one=statement: one.allows,
                lambda one=statement: one.for_anyone,
                lambda one=statement: not one.narrowed_by(),
            ):
                check.violation("anybody may use the key", statement.at)
                continue
        with check.part():
            if all_hold(
                lambda one=statement: one.allows,
                lambda one=statement: one.excepts_actions or one.covers("kms:*"),
            ):
                _few_may_do_everything(key, statement, check)


def _few_may_do_everything(key: Resource, statement: Statement, check: Check) -> None:
    administrators = check.settings(Administrators).administrators
    if statement.at["NotPrincipal"].present:
        check.violation("all principals but those that it names may do everything", statement.at)
    for principal in statement.principals():
        with check.part():
            if not _is_root(principal, key) and not any(
                fnmatchcase(principal.text, glob) for glob in administrators
            ):
                check.violation("a principal that is no administrator may do everything", principal.at)


def _is_root(principal: Principal, key: Resource) -> bool:
    """Whether it is an account as a whole, and none that is known to be another's."""
    account = principal.account
    whole = principal.text == account or principal.text.endswith(f":{account}:root")
    own = own_accounts(key) if whole and account else frozenset[str]()
    return bool(account) and whole and (not own or account in own)


class Window(Settings):
    minimum_days: int = Field(
        default=30, ge=7, le=30, description="Days between asking for a key's deletion and the deletion."
    )


def _widen(draft: Draft, settings: Settings) -> None:
    assert isinstance(settings, Window)
    given = draft.get("deletionWindowInDays")
    if isinstance(given, (int, float)) and given < settings.minimum_days:
        draft.put("deletionWindowInDays", settings.minimum_days)


@resource_rule(
    "kms-deletion-window",
    types(KEY, _COPIES, _EXTERNAL),
    title="A key's deletion can be taken back for weeks, and the key is enabled",
    why="Without its key all that it encrypted is gone; a key that is off makes it unreadable at once.",
    fix="Raise deletionWindowInDays to the environment's minimum, and leave the key enabled.",
    severity=Severity.MEDIUM,
    refs="FSBP KMS.3, CKV AWS_227",
    dev="advisory",
    prod="mandatory",
    settings=Window,
    remedy=_widen,
)
def deletion_window(key: Resource, check: Check) -> None:
    with check.part():
        minimum = check.settings(Window).minimum_days
        window = key["deletionWindowInDays"]
        if window.number(default=_DEFAULT_WINDOW) < minimum:
            check.violation(f"the key can be gone in less than {minimum} days", window)
    with check.part():
        enabled = key["isEnabled" if key.type == KEY else "enabled"]
        if not enabled.truth(default=True):
            check.violation("the key is switched off", enabled)
