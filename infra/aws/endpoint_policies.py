"""What may pass through the VPC's endpoints: no way out for data to accounts that are not ours."""

from __future__ import annotations

from infra.aws.documents import Statement, document
from infra.aws.place import Place


def s3_endpoint_policy(place: Place) -> str:
    """Our own buckets, and the AWS-owned ones that image layers and node packages come from."""
    aws_owned = (
        f"arn:{place.partition}:s3:::prod-{place.region}-starport-layer-bucket/*",
        f"arn:{place.partition}:s3:::al2023-repos-{place.region}-*/*",
    )
    return document(
        Statement(
            sid="OwnBuckets",
            actions=["s3:*"],
            resources=["*"],
            principals="*",
            conditions={"StringEquals": {"aws:ResourceAccount": place.account}},
        ),
        Statement(sid="ImagesAndPackages", actions=["s3:GetObject"], resources=aws_owned, principals="*"),
    )


def interface_endpoint_policy(place: Place) -> str:
    """Principals of this account only."""
    return document(
        Statement(
            sid="OwnPrincipals",
            actions=["*"],
            resources=["*"],
            principals="*",
            conditions={"StringEquals": {"aws:PrincipalAccount": place.account}},
        )
    )
