"""Repositories of images."""

import json
from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

REPOSITORY = "aws:ecr/repository:Repository"
LIFECYCLE = "aws:ecr/lifecyclePolicy:LifecyclePolicy"
POLICY = "aws:ecr/repositoryPolicy:RepositoryPolicy"
SCANNING = "aws:ecr/registryScanningConfiguration:RegistryScanningConfiguration"
HARDENED: dict[str, Any] = {
    "name": "app/server",
    "imageTagMutability": "IMMUTABLE",
    "imageScanningConfiguration": {"scanOnPush": True},
    "encryptionConfigurations": [{"encryptionType": "KMS"}],
    "forceDelete": False,
}
EXPIRY = json.dumps({"rules": [{"rulePriority": 1, "action": {"type": "expire"}}]})
PULL = ["ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]


def allowing(principal: Any, **more: Any) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Principal": principal, "Action": PULL, **more}]})


def scanning(**rule: Any) -> R:
    filters = [{"filterType": "WILDCARD", "filter": rule.pop("filter", "*")}]
    return R(
        SCANNING,
        {"rules": [{"scanFrequency": "SCAN_ON_PUSH", "repositoryFilters": filters, **rule}]},
        name="scanning",
        provider={"region": "eu-central-1"},
    )


REGISTRY = (
    R(REPOSITORY, HARDENED, name="images", provider={"region": "eu-central-1"}),
    R(
        LIFECYCLE,
        {"repository": "app/server", "policy": EXPIRY},
        name="expiry",
        depends={"repository": ["images"]},
        provider={"region": "eu-central-1"},
    ),
    R(
        REPOSITORY,
        {**HARDENED, "region": "eu-west-1"},
        name="copy",
        provider={"region": "eu-central-1"},
    ),
    R(
        LIFECYCLE,
        {"repository": "app/server", "region": "eu-west-1", "policy": EXPIRY},
        name="copy-expiry",
        depends={"repository": ["copy"]},
        provider={"region": "eu-central-1"},
    ),
    R(
        POLICY,
        {"repository": "app/server", "policy": allowing({"AWS": "arn:aws:iam::111122223333:root"})},
        name="policy",
        provider={"region": "eu-central-1"},
    ),
)

EXAMPLES = (
    Example(
        "ecr-hardened",
        good=REGISTRY,
        bad={
            "tags move": put("images", "imageTagMutability", "MUTABLE"),
            "tags move by default": drop("images", "imageTagMutability"),
            "nothing is scanned": put("images", "imageScanningConfiguration.scanOnPush", False),
            "nothing is scanned by default": drop("images", "imageScanningConfiguration"),
            "the registry scans others": both(
                put("images", "imageScanningConfiguration.scanOnPush", False), add(scanning(filter="web"))
            ),
            "the registry scans when asked": both(
                put("images", "imageScanningConfiguration.scanOnPush", False),
                add(scanning(scanFrequency="MANUAL")),
            ),
            "the registry of another region scans": both(
                put("copy", "imageScanningConfiguration.scanOnPush", False), add(scanning())
            ),
            "it goes with all its images": put("images", "forceDelete", True),
            "everything is wrong": Bad(
                both(
                    both(drop("images", "imageTagMutability"), drop("images", "imageScanningConfiguration")),
                    both(put("images", "forceDelete", True), drop("images", "encryptionConfigurations")),
                ),
                4,
            ),
        },
        companions_hide=True,
        vocabulary="IMMUTABLE",
    ),
    Example(
        "ecr-hardened",
        good=REGISTRY,
        bad={
            "some tags move that are not agreed": both(
                put("images", "imageTagMutability", "IMMUTABLE_WITH_EXCLUSION"),
                put("images", "imageTagMutabilityExclusionFilters", [{"filter": "v*"}]),
            ),
            "all tags move but some": both(
                put("images", "imageTagMutability", "MUTABLE_WITH_EXCLUSION"),
                put("images", "imageTagMutabilityExclusionFilters", [{"filter": "v*"}]),
            ),
            "the key is not KMS's": put("images", "encryptionConfigurations[0].encryptionType", "AES256"),
            "the key is not KMS's by default": drop("images", "encryptionConfigurations"),
            "nothing deletes images": without("expiry"),
            "nothing does in the copy": without("copy-expiry"),
            "a policy without rules does": put("expiry", "policy", '{"rules": []}'),
            "everybody may pull": put("policy", "policy", allowing("*")),
            "everybody may, said otherwise": put("policy", "policy", allowing({"AWS": ["*"]})),
            "everybody may, from another statement": put(
                "policy",
                "policy",
                {
                    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "ecr:*"}]
                    + json.loads(allowing("*"))["Statement"]
                },
            ),
        },
        fine={
            "the two-layer encryption": put(
                "images", "encryptionConfigurations[0].encryptionType", "KMS_DSSE"
            ),
            "nothing has a name before the update": both(
                put("images", "name", UNKNOWN), put("expiry", "repository", UNKNOWN)
            ),
            "they are linked by name and region alone": both(
                options("expiry", depends={}), options("copy-expiry", depends={})
            ),
            "the registry scans it": both(
                put("images", "imageScanningConfiguration.scanOnPush", False), add(scanning(filter="app/*"))
            ),
            "the registry scans what has a part of its name": both(
                put("images", "imageScanningConfiguration.scanOnPush", False), add(scanning(filter="server"))
            ),
            "an organisation may pull": put(
                "policy",
                "policy",
                allowing("*", Condition={"StringEquals": {"aws:PrincipalOrgID": "o-example"}}),
            ),
        },
        open={
            "the policy is unknown": put("policy", "policy", UNKNOWN),
            "nobody knows whose images are deleted": both(
                both(put("expiry", "repository", UNKNOWN), put("copy-expiry", "repository", UNKNOWN)),
                both(
                    both(options("expiry", depends={}), options("copy-expiry", depends={})),
                    without("policy"),
                ),
            ),
        },
        companions_hide=True,
        by_hand=True,
        vocabulary="IMMUTABLE",
    ),
    Example(
        "ecr-hardened",
        good=(
            R(
                REPOSITORY,
                {
                    **HARDENED,
                    "imageTagMutability": "IMMUTABLE_WITH_EXCLUSION",
                    "imageTagMutabilityExclusionFilters": [{"filter": "cache*"}, {"filter": "build*"}],
                },
                name="images",
            ),
            R(
                LIFECYCLE,
                {"repository": "app/server", "policy": EXPIRY},
                name="expiry",
                depends={"repository": ["images"]},
            ),
        ),
        config={"movingTags": ["cache*", "build*"]},
        bad={"one is not agreed": put("images", "imageTagMutabilityExclusionFilters[1].filter", "*")},
        companions_hide=True,
        by_hand=True,
    ),
)
