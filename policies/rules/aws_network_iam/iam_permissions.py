"""What principals may do: no more than they need."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.iam import Condition, Statement, statements
from policies.lib.iam_actions import RESTRICTABLE
from policies.lib.logic import all_hold, every, first, some
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.types import types
from policies.lib.values import Value

_ROLE = "aws:iam/role:Role"
_DOCUMENTS = {
    "aws:iam/policy:Policy": "policy",
    "aws:iam/rolePolicy:RolePolicy": "policy",
    "aws:iam/groupPolicy:GroupPolicy": "policy",
    "aws:iam/userPolicy:UserPolicy": "policy",
    "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": "inlinePolicy",
}
PERMISSIONS = types(_ROLE, *_DOCUMENTS)
_KINDS = frozenset(
    {
        *("aws:resourcetag/*", "*:resourcetag/*", "kms:resourcealiases", "kms:requestalias"),
        *("ec2:vpc", "ec2:subnet", "iam:permissionsboundary"),
    }
)
"""Condition keys that leave a part of all resources, however many they are."""
_DECRYPTING = ("kms:Decrypt", "kms:ReEncryptFrom")
_ADMINISTRATORS = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")
_ATTACHMENTS = {
    _ROLE: "managedPolicyArns",
    **{
        f"aws:iam/{kind}PolicyAttachment:{kind.title()}PolicyAttachment": "policyArn"
        for kind in ("role", "group", "user")
    },
    **{
        f"aws:iam/{kind}PolicyAttachmentsExclusive:{kind.title()}PolicyAttachmentsExclusive": "policyArns"
        for kind in ("role", "group", "user")
    },
    "aws:iam/policyAttachment:PolicyAttachment": "policyArn",
    "aws:ssoadmin/managedPolicyAttachment:ManagedPolicyAttachment": "managedPolicyArn",
}


def _documents(holder: Resource) -> Iterator[Value]:
    if holder.type == _ROLE:
        yield from (one["policy"] for one in holder["inlinePolicies"].items())
    else:
        yield holder[_DOCUMENTS[holder.type]]


def _granted(holder: Resource, check: Check) -> list[Statement]:
    """The statements that allow something, as far as one can read them."""
    found: list[Statement] = []
    for document in _documents(holder):
        with check.part():
            for statement in statements(document):
                with check.part():
                    if statement.allows:
                        found.append(statement)
    return found


def _narrows_resources(statement: Statement) -> bool:
    def narrows(condition: Condition) -> bool:
        if condition.passes_when_missing or not condition.is_on(_KINDS):
            return False
        if condition.operator == "null":  # false: the tag must be there
            return every(condition.values.items(), lambda one: not one.truth(default=True))
        return condition.compares

    return some(statement.conditions(), narrows)


@resource_rule(
    "iam-no-admin-star",
    PERMISSIONS,
    title="No policy allows everything on everything",
    why="Whoever gets hold of one such principal owns the account, and all but a few actions is hardly less.",
    fix="Name the actions and resources that are needed, and use no NotAction in an Allow.",
    severity=Severity.CRITICAL,
    refs="FSBP IAM.1, CIS 1.15, CKV AWS_62, CKV AWS_63, CKV 2_AWS_40",
    dev="mandatory",
    prod="mandatory",
)
def no_admin_star(holder: Resource, check: Check) -> None:
    for statement in _granted(holder, check):
        with check.part():
            if all_hold(
                lambda one=statement: one.excepts_actions or one.covers("*:*"),
                lambda one=statement: one.spans("*"),
            ):
                but = ", but for those that it names," if statement.excepts_actions else ""
                check.violation(f"a statement allows every action{but} on every resource", statement.at)


@resource_rule(
    "iam-no-service-star",
    PERMISSIONS,
    title="No policy allows a whole service, or writing, on every resource",
    why="A workload that may write to every bucket, role or secret turns a bug of its own into everybody's.",
    fix="Name the actions and the ARNs that the statement is for, or narrow it by resource tags.",
    severity=Severity.HIGH,
    refs="FSBP IAM.21, CKV AWS_286, CKV AWS_287, CKV AWS_288, CKV AWS_289, CKV AWS_290, CKV AWS_355",
    dev="advisory",
    prod="mandatory",
    departs="Actions that can name resources are a table of the commonest and most harmful, with reads of "
    "secrets among them, and not every write of every service; conditions on resource tags narrow it enough.",
)
def no_service_star(holder: Resource, check: Check) -> None:
    for statement in _granted(holder, check):
        with check.part():
            whole = _whole_services(statement)
            for action, service in whole:
                if all_hold(
                    lambda one=statement, service=service: one.spans(service),
                    lambda one=statement: not _narrows_resources(one),
                ):
                    check.violation("a statement allows a whole service on all that is in it", action)
            if name := _restrictable(statement, without={service for _, service in whole}):
                check.violation(f"a statement allows {name} on every resource that there is", statement.at)


def _whole_services(statement: Statement) -> list[tuple[Value, str]]:
    """Where it says `service:*`, and for which one."""
    actions = statement.at["Action"]
    if not actions.known:
        return []
    named = [(one, one.text().lower().partition(":")) for one in actions.items() if one.known]
    return [(one, service) for one, (service, _, name) in named if set(name) == {"*"} != set(service)]


def _restrictable(statement: Statement, *, without: set[str]) -> str | None:
    """The first action that it allows on every resource and could allow on some."""

    def named(form: tuple[str, str]) -> list[str]:
        return [name for name in RESTRICTABLE[form] if name.partition(":")[0] not in without]

    def granted(form: tuple[str, str]) -> bool:
        return all_hold(
            lambda: statement.spans(*form),
            lambda: some(named(form), statement.covers),
            lambda: not _narrows_resources(statement),
        )

    form = first(RESTRICTABLE, granted)
    return first(named(form), statement.covers) if form else None


@resource_rule(
    "iam-kms-decrypt-scoped",
    PERMISSIONS,
    title="Nobody may decrypt with every key",
    why="With all keys in one hand, encryption by separate keys separates nothing.",
    fix="Name the key's ARN as the resource of kms:Decrypt and kms:ReEncrypt*.",
    severity=Severity.HIGH,
    refs="FSBP KMS.1, FSBP KMS.2",
    dev="advisory",
    prod="mandatory",
)
def decrypt_scoped(holder: Resource, check: Check) -> None:
    for statement in _granted(holder, check):
        with check.part():
            if all_hold(
                lambda one=statement: some(_DECRYPTING, one.covers),
                lambda one=statement: one.spans("kms", "key/*"),
                lambda one=statement: not _narrows_resources(one),
            ):
                check.violation("a statement allows decryption with every key", statement.at)


@resource_rule(
    "iam-passrole-scoped",
    PERMISSIONS,
    title="Roles are passed by name, and to a named service",
    why="Whoever may pass any role to any service can run code as the most powerful role of the account.",
    fix="Name the roles of iam:PassRole, and the service in a condition on iam:PassedToService.",
    severity=Severity.HIGH,
    refs="CKV AWS_286",
    url="https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html",
    dev="advisory",
    prod="mandatory",
)
def passrole_scoped(holder: Resource, check: Check) -> None:
    for statement in _granted(holder, check):
        with check.part():
            if all_hold(
                lambda one=statement: one.covers("iam:PassRole"),
                lambda one=statement: one.spans("iam", "role/*"),
            ):
                check.violation("a statement allows passing every role", statement.at)
        with check.part():
            if all_hold(
                lambda one=statement: one.covers("iam:PassRole"),
                lambda one=statement: one.touches("iam"),
                lambda one=statement: not some(one.conditions(), _names_service),
            ):
                check.violation("a statement allows passing a role to any service", statement.at)


def _names_service(condition: Condition) -> bool:
    # The key is in every request to pass a role, so that `IfExists` changes nothing.
    return replace(condition, passes_when_missing=False).narrows(frozenset({"iam:passedtoservice"}))


@resource_rule(
    "iam-no-admin-managed",
    types(*_ATTACHMENTS),
    title="Nobody has AWS's policies for administrators",
    why="These policies allow nearly everything, and whoever takes over one such principal owns the account.",
    fix="Attach a policy with the actions and resources that are needed.",
    severity=Severity.CRITICAL,
    refs="CKV AWS_274, CKV 2_AWS_56",
    url="https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AdministratorAccess.html",
    dev="mandatory",
    prod="mandatory",
)
def no_admin_managed(holder: Resource, check: Check) -> None:
    for arn in holder[_ATTACHMENTS[holder.type]].items():
        with check.part():
            owner, _, path = arn.text().rpartition(":policy/")
            if owner.endswith("::aws") and path.rpartition("/")[2] in _ADMINISTRATORS:
                check.violation("a policy for administrators is attached", arn)
