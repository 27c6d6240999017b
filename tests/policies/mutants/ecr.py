"""Repositories of these stacks made worse."""

from __future__ import annotations

import json

from tests.policies.mutants.mutant import each, mutant
from tests.support.policies import R, add, both, drop, put, without

REPOSITORY = "aws:ecr/repository:Repository::images-server"
COPY = "aws:ecr/repository:Repository::images-server-copy"
EXPIRY = "aws:ecr/lifecyclePolicy:LifecyclePolicy::images-server"
COPY_EXPIRY = "aws:ecr/lifecyclePolicy:LifecyclePolicy::images-server-copy"


MUTANTS = (
    *each(
        "a repository",
        [
            ("lets tags move", put(REPOSITORY, "imageTagMutability", "MUTABLE")),
            ("lets tags move by default", drop(REPOSITORY, "imageTagMutability")),
            (
                "lets some tags move",
                both(
                    put(REPOSITORY, "imageTagMutability", "IMMUTABLE_WITH_EXCLUSION"),
                    put(
                        REPOSITORY,
                        "imageTagMutabilityExclusionFilters",
                        [{"filterType": "WILDCARD", "filter": "*"}],
                    ),
                ),
            ),
            ("is not scanned", put(REPOSITORY, "imageScanningConfiguration.scanOnPush", False)),
            (
                "is not encrypted with KMS",
                put(REPOSITORY, "encryptionConfigurations", [{"encryptionType": "AES256"}]),
            ),
            ("goes with its images", put(REPOSITORY, "forceDelete", True)),
            ("keeps everything", without(EXPIRY)),
            ("keeps everything in the second region", without(COPY_EXPIRY)),
            ("is not scanned in the second region", drop(COPY, "imageScanningConfiguration")),
            (
                "is everybody's",
                add(
                    R(
                        "aws:ecr/repositoryPolicy:RepositoryPolicy",
                        {
                            "repository": "roost-prod/server",
                            "region": "eu-central-1",
                            "policy": json.dumps(
                                {
                                    "Statement": [
                                        {"Effect": "Allow", "Principal": "*", "Action": "ecr:BatchGetImage"}
                                    ]
                                }
                            ),
                        },
                        name="open",
                    )
                ),
            ),
        ],
        "ecr-hardened",
    ),
    mutant(
        "dev lets more tags move",
        put(REPOSITORY, "imageTagMutabilityExclusionFilters[2]", {"filterType": "WILDCARD", "filter": "v*"}),
        "ecr-hardened",
        stack="dev",
    ),
)
