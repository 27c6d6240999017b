"""The AWS provider: one account, one region, the tags of everything, and where AWS answers."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from infra.settings.aws import AwsSettings
from infra.settings.settings import ProfileName
from infra.tags import default_tags

EMULATED_SERVICES = (
    "acm",
    "backup",
    "budgets",
    "ce",
    "chatbot",
    "cloudwatch",
    "cloudwatchlogs",
    "ec2",
    "ecr",
    "eks",
    "elasticache",
    "elbv2",
    "events",
    "iam",
    "kms",
    "rds",
    "route53",
    "s3",
    "scheduler",
    "secretsmanager",
    "sns",
    "ssm",
    "sts",
    "wafv2",
)
"""Every service that the stack calls, as the provider names them."""


def account_provider(settings: AwsSettings, *, profile: ProfileName) -> aws.Provider:
    """The provider of all AWS resources. With `emulator` set, no request leaves this machine."""
    emulator = settings.emulator
    emulated = emulator is not None or None  # None leaves the provider's own default
    return aws.Provider(
        "aws",
        region=settings.region,
        # The account is pinned: with someone else's credentials in the environment nothing happens at all.
        allowed_account_ids=[settings.account],
        default_tags=aws.ProviderDefaultTagsArgs(
            tags=default_tags(
                stack=pulumi.get_stack(),
                profile=profile,
                owner=settings.owner,
                cost_center=settings.cost_center,
            )
        ),
        endpoints=[aws.ProviderEndpointArgs(**dict.fromkeys(EMULATED_SERVICES, emulator))]
        if emulator
        else None,
        s3_use_path_style=emulated,  # buckets have no host names of their own there
        skip_credentials_validation=emulated,
        skip_metadata_api_check=emulated,
    )
