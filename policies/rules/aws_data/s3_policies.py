"""Bucket policies: TLS only, not public, and for no accounts but the agreed ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.iam import Condition, Principal, Statement, own_accounts, statements
from policies.lib.logic import all_hold, every, some
from policies.lib.resources import Resource, Stack
from policies.lib.rule import resource_rule, stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Undetermined, Value

BUCKET = "aws:s3/bucket:Bucket"
POLICY = "aws:s3/bucketPolicy:BucketPolicy"
_WITH_POLICY = types(
    BUCKET, POLICY, "aws:s3/accessPoint:AccessPoint", "aws:s3control/accessPointPolicy:AccessPointPolicy"
)
_WITH_ACL = types(
    BUCKET,
    "aws:s3/bucketAcl:BucketAcl",
    "aws:s3/bucketObject:BucketObject",
    "aws:s3/bucketObjectv2:BucketObjectv2",
    "aws:s3/objectCopy:ObjectCopy",
)
_PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read")
_EVERYBODY = ("AllUsers", "AuthenticatedUsers")
_TLS = 1.2
_ADMINISTRATION = (
    *("s3:DeleteBucketPolicy", "s3:PutBucketAcl", "s3:PutBucketPolicy"),
    *("s3:PutEncryptionConfiguration", "s3:PutObjectAcl"),
)
_BY_ACCOUNT = frozenset({"aws:principalaccount"})


@stack_rule(
    "s3-tls-only",
    types(BUCKET, POLICY),
    title="Buckets refuse requests without TLS, and with an old one",
    why="S3 answers plain HTTP, too: one client with the wrong scheme sends data and signatures in clear.",
    fix="Deny s3:* to everybody on the bucket and its objects where aws:SecureTransport is false, and in a "
    "second statement where s3:TlsVersion is below 1.2.",
    severity=Severity.HIGH,
    refs="FSBP S3.5, CIS 2.1.1, CKV AWS_379",
    dev="advisory",
    prod="mandatory",
    departs="The version of TLS is asked for in every environment, since one policy serves all.",
)
def tls_only(stack: Stack, check: Check) -> None:
    for bucket in stack.of(BUCKET):
        with check.on(bucket):
            inline = [bucket["policy"]] if bucket["policy"].present else []
            beside = [one["policy"] for one in stack.companions(bucket, POLICY, "bucket")]
            found = [statement for document in inline + beside for statement in statements(document)]
            for what, is_meant in (("plain HTTP", _is_plain), (f"TLS older than {_TLS}", _is_old)):
                with check.part():
                    if open_ := _not_denied(found, is_meant):
                        check.violation(f"nothing denies {what} on {' and on '.join(open_)}")


def _not_denied(found: Sequence[Statement], is_meant: Callable[[Condition], bool]) -> list[str]:
    """Where what a condition means is allowed; each place may be closed by a statement of its own."""

    def denies(statement: Statement, reaches: Callable[[str], bool]) -> bool:
        return all_hold(
            lambda: statement.denies,
            lambda: statement.for_anyone and not statement.at["NotPrincipal"].present,
            lambda: statement.covers("s3:*"),
            lambda: len(statement.conditions()) == 1 and is_meant(statement.conditions()[0]),
            lambda: some(statement.at["Resource"].items(), lambda one: reaches(one.text())),
        )

    places = {"the bucket": _is_bucket, "its objects": _are_objects}
    return [
        place
        for place, reaches in places.items()
        if not some(found, lambda one, reaches=reaches: denies(one, reaches))
    ]


def _is_bucket(arn: str) -> bool:
    return "/" not in arn


def _are_objects(arn: str) -> bool:
    bucket, slash, key = arn.partition("/")
    return set(key) == {"*"} if slash else bucket.endswith("*")


def _is_plain(condition: Condition) -> bool:
    values = condition.values.items()
    return (
        condition.operator == "bool"
        and condition.key == "aws:securetransport"
        and bool(values)
        and every(values, lambda one: not one.truth(default=True))
    )


def _is_old(condition: Condition) -> bool:
    if condition.operator != "numericlessthan" or condition.key != "s3:tlsversion":
        return False
    return some(condition.values.items(), lambda one: one.number(default=0) >= _TLS)


@resource_rule(
    "s3-no-public-policy",
    _WITH_POLICY | _WITH_ACL,
    title="No bucket policy and no ACL lets the public in",
    why="What everybody may read is copied within hours; what everybody may write costs and harms.",
    fix="Name principals, or add a condition that only the wanted callers can meet; leave ACLs out.",
    severity=Severity.CRITICAL,
    refs="FSBP S3.2, FSBP S3.3, CKV AWS_70, CKV AWS_20, CKV AWS_57",
    dev="mandatory",
    prod="mandatory",
)
def no_public_policy(holder: Resource, check: Check) -> None:
    with check.part():
        if holder.type in _WITH_POLICY:
            _closed_policy(holder["policy"], check)
    if holder.type in _WITH_ACL:
        with check.part():
            if holder["acl"].text() in _PUBLIC_ACLS:
                check.violation("the canned ACL is for the public", holder["acl"])
        for grants, uri in (("grants", "uri"), ("accessControlPolicy.grants", "grantee.uri")):
            with check.part():
                _closed_grants(holder[grants], uri, check)


def _closed_policy(document: Value, check: Check) -> None:
    for statement in statements(document):
        with check.part():
            if all_hold(
                lambda one=statement: one.allows,
                lambda one=statement: one.for_anyone,
                lambda one=statement: not one.narrowed_by(),
            ):
                check.violation("a statement lets anybody in", statement.at)


def _closed_grants(grants: Value, uri: str, check: Check) -> None:
    for grant in grants.items():
        with check.part():
            if grant.at(uri).text().rpartition("/")[2] in _EVERYBODY:
                check.violation("the ACL grants something to a group of everybody", grant)


class Accounts(Settings):
    accounts: tuple[str, ...] = Field(
        default=(), description="Other accounts that may have access to buckets, as twelve digits."
    )


@resource_rule(
    "s3-xaccount",
    _WITH_POLICY,
    title="Only agreed accounts have access to a bucket, none administers it, and nobody is locked out",
    why="An account that nobody remembers keeps reading for years; a Deny for everybody can be taken back by "
    "the root user only.",
    fix="Take the account out, or name it in the rule's accounts; give it no administration; except somebody "
    "from a Deny of everything.",
    severity=Severity.HIGH,
    refs="FSBP S3.6, CKV AWS_93",
    dev="advisory",
    prod="mandatory",
    settings=Accounts,
    departs="Which account is one's own only the provider's allowedAccountIds says; without it a foreign one "
    "cannot be told.",
)
def cross_account(holder: Resource, check: Check) -> None:
    for statement in statements(holder["policy"]):
        with check.part():
            if _locks_out(statement):
                check.violation("a statement denies everybody the change of the policy itself", statement.at)
        with check.part():
            if statement.allows:
                _agreed(holder, statement, check)


def _locks_out(statement: Statement) -> bool:
    return all_hold(
        lambda: statement.denies,
        lambda: statement.for_anyone and not statement.at["NotPrincipal"].present,
        lambda: statement.covers("s3:PutBucketPolicy") or statement.covers("s3:DeleteBucketPolicy"),
        lambda: not statement.conditions(),
    )


def _agreed(holder: Resource, statement: Statement, check: Check) -> None:
    for value, account in _accounts(statement, check):
        with check.part():
            if account in check.settings(Accounts).accounts:
                if some(_ADMINISTRATION, statement.covers):
                    check.violation("another account may administer the bucket", value)
            elif _is_foreign(account, holder, value):
                check.violation("an account that is not agreed on has access", value)


def _accounts(statement: Statement, check: Check) -> list[tuple[Value, str]]:
    """The accounts that the statement names, as principals or in conditions."""
    named: list[Principal] = []
    with check.part():
        named = statement.principals()
    found: list[tuple[Value, str]] = []
    for principal in named:
        with check.part():
            found.append((principal.at, principal.account))
    with check.part():
        for condition in statement.conditions():
            if condition.compares and condition.is_on(_BY_ACCOUNT):
                found += [(one, one.text()) for one in condition.values.items()]
    return [(value, account) for value, account in found if account]


def _is_foreign(account: str, holder: Resource, at: Value) -> bool:
    own = own_accounts(holder)
    if not own:
        raise Undetermined(at.path, "may be another account: the provider has no allowedAccountIds")
    return account not in own
