"""Repositories of images: what was tested is what runs."""

from __future__ import annotations

from pulumi_policy import Severity
from pydantic import Field

from policies.lib.check import Check
from policies.lib.iam import matches, statements
from policies.lib.logic import all_hold, any_holds, some
from policies.lib.regions import are_apart, region_of
from policies.lib.remedy import Draft
from policies.lib.resources import Resource, Stack
from policies.lib.rule import stack_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Value

REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
REPOSITORY_POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
SCANNING = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
_SCANNED = frozenset({"SCAN_ON_PUSH", "CONTINUOUS_SCAN"})
_KMS = frozenset({"KMS", "KMS_DSSE"})


class Tags(Settings):
    """Which tags may be pushed again."""

    moving_tags: tuple[str, ...] = Field(
        default=(), description="Patterns of tags that may move, as in a repository's exclusion filters."
    )


def _hardened(draft: Draft, _: Settings) -> None:
    if draft.type != REPOSITORY:
        return
    if not draft.get("imageTagMutabilityExclusionFilters"):
        draft.put("imageTagMutability", "IMMUTABLE")
    draft.put("imageScanningConfiguration.scanOnPush", value=True)
    if draft.get("forceDelete") is not None:
        draft.put("forceDelete", value=False)


@stack_rule(
    "ecr-hardened",
    types(REPOSITORY, LIFECYCLE, REPOSITORY_POLICY, SCANNING),
    title="Images in a registry stay what they are, are scanned, encrypted, tidied up and private",
    why="Whoever can move a tag decides what runs; what nobody scans or deletes is an old hole, kept.",
    fix="Give the repository IMMUTABLE tags, scanOnPush, KMS encryption and a lifecycle policy, no "
    "forceDelete, and no policy for everybody.",
    severity=Severity.HIGH,
    refs="FSBP ECR.1, FSBP ECR.2, FSBP ECR.3, CISEKS 5.1.1, CKV AWS_51, CKV AWS_136, CKV AWS_163, CKV AWS_32",
    dev="advisory",
    prod="mandatory",
    settings=Tags,
    remedy=_hardened,
)
def hardened_repository(stack: Stack, check: Check) -> None:
    for repository in stack.of(REPOSITORY):
        with check.on(repository):
            _judge_settings(stack, repository, check)
            with check.part():
                policies = _beside(stack, repository, LIFECYCLE)
                if not some(policies, lambda one: bool(one["policy"].document()["rules"].items())):
                    check.violation("nothing deletes its old images")
            for policy in _beside(stack, repository, REPOSITORY_POLICY):
                with check.on(policy):
                    _judge_policy(policy, check)


def _judge_settings(stack: Stack, repository: Resource, check: Check) -> None:
    with check.part():
        _judge_tags(repository, check)
    with check.part():
        scanned = repository["imageScanningConfiguration.scanOnPush"]
        if not any_holds(lambda: scanned.truth(default=False), lambda: _registry_scans(stack, repository)):
            check.violation("nothing scans its images", scanned)
    with check.part():
        encryption = repository["encryptionConfigurations"]
        if not some(encryption.items(), lambda one: one["encryptionType"].text() in _KMS):
            check.violation("it is not encrypted with KMS", encryption)
    with check.part():
        force = repository["forceDelete"]
        if force.truth(default=False):
            check.violation("it can be deleted with all its images", force)


def _judge_tags(repository: Resource, check: Check) -> None:
    mutability = repository["imageTagMutability"]
    mode = mutability.text(default="MUTABLE")
    if mode not in ("IMMUTABLE", "IMMUTABLE_WITH_EXCLUSION"):
        check.violation("a tag can be moved to another image", mutability)
    elif mode == "IMMUTABLE_WITH_EXCLUSION":
        for one in repository["imageTagMutabilityExclusionFilters"].items():
            with check.part():
                if one["filter"].text() not in check.settings(Tags).moving_tags:
                    check.violation("tags can be moved that need not be", one["filter"])


def _registry_scans(stack: Stack, repository: Resource) -> bool:
    """Whether the registry scans it, whatever the repository says."""

    def named(rule: Value) -> bool:
        name = repository["name"]
        filters = (one["filter"] for one in rule["repositoryFilters"].items())
        return some(filters, lambda one: _selects(one.text(), name))

    def scans(rule: Value) -> bool:
        return all_hold(lambda: rule["scanFrequency"].text() in _SCANNED, lambda: named(rule))

    return some(
        stack.of(SCANNING),
        lambda one: all_hold(
            lambda: not are_apart(region_of(one), region_of(repository)),
            lambda: some(one["rules"].items(), scans),
        ),
    )


def _selects(pattern: str, name: Value) -> bool:
    """Without a wildcard a filter selects every name that contains it."""
    return pattern == "*" or matches(pattern if "*" in pattern else f"*{pattern}*", name.text())


def _beside(stack: Stack, repository: Resource, type_: str) -> list[Resource]:
    """Its companions; a copy in another region has the same name, and others."""
    found = stack.companions(repository, type_, "repository")
    return [one for one in found if not are_apart(region_of(one), region_of(repository))]


def _judge_policy(policy: Resource, check: Check) -> None:
    for statement in statements(policy["policy"]):
        with check.part():
            if all_hold(
                lambda one=statement: one.allows,
                lambda one=statement: one.for_anyone,
                lambda one=statement: not one.narrowed_by(),
            ):
                check.violation("everybody may use the repository", statement.at)
