"""Which platform a stack runs on."""

from __future__ import annotations

from infra.ports import Platform
from infra.settings import Settings


def build_platform(settings: Settings) -> Platform:
    """The platform of the settings' profile, its cluster declared."""
    if settings.local is not None:
        from infra.local.platform import LocalPlatform

        return LocalPlatform(settings)
    # Importing pulumi_aws takes seconds, which a local stack need not spend.
    from infra.aws.platform import AwsPlatform

    return AwsPlatform(settings)
