"""`python -m local.plugins.aws`: what the launcher `pulumi-resource-aws` runs."""

from local.plugins.aws.provider import AwsProvider
from local.plugins.base.provider import run

if __name__ == "__main__":
    run(AwsProvider())
