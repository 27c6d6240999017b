"""Bucket policies: TLS or nothing, and exactly the AWS services that deliver logs."""

from __future__ import annotations

from collections.abc import Sequence

from infra.aws.documents import Statement, document
from infra.aws.place import Place

ALB_LOGS_PREFIX = "alb"
BUCKET_LOGS_PREFIX = "s3"


def bucket_policy(bucket_arn: str, *allowed: Statement) -> str:
    """Refuse plain HTTP and old TLS to everybody; then what `allowed` grants."""
    both: Sequence[str] = (bucket_arn, f"{bucket_arn}/*")
    return document(
        Statement(
            sid="TlsOnly",
            effect="Deny",
            actions=["s3:*"],
            resources=both,
            principals={"AWS": "*"},
            conditions={"Bool": {"aws:SecureTransport": "false"}},
        ),
        Statement(
            sid="ModernTlsOnly",
            effect="Deny",
            actions=["s3:*"],
            resources=both,
            principals={"AWS": "*"},
            conditions={"NumericLessThan": {"s3:TlsVersion": "1.2"}},
        ),
        *allowed,
    )


def flow_log_delivery(bucket_arn: str, place: Place) -> tuple[Statement, Statement]:
    """The flow logs of this account and region may be written.

    AWS's example also asks for the canned ACL `bucket-owner-full-control`. Where ACLs are off, as in all our
    buckets, that protects nothing, and deliveries that carry no ACL would be refused without a word
    (cloudposse/terraform-aws-vpc-flow-logs-s3-bucket#101).
    """
    conditions = {
        "StringEquals": {"aws:SourceAccount": place.account},
        "ArnLike": {"aws:SourceArn": place.arn("logs", "*")},
    }
    principals = {"Service": "delivery.logs.amazonaws.com"}
    return (
        Statement(
            sid="AWSLogDeliveryWrite",
            actions=["s3:PutObject"],
            resources=[f"{bucket_arn}/AWSLogs/{place.account}/*"],
            principals=principals,
            conditions=conditions,
        ),
        Statement(
            sid="AWSLogDeliveryAclCheck",
            actions=["s3:GetBucketAcl", "s3:ListBucket"],
            resources=[bucket_arn],
            principals=principals,
            conditions=conditions,
        ),
    )


def access_log_delivery(bucket_arn: str, place: Place) -> tuple[Statement, Statement]:
    """Load balancers and buckets of this account may write their access logs, each below its prefix."""
    return (
        Statement(
            sid="LoadBalancerLogs",
            actions=["s3:PutObject"],
            resources=[f"{bucket_arn}/{ALB_LOGS_PREFIX}/AWSLogs/{place.account}/*"],
            principals={"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
            conditions={"ArnLike": {"aws:SourceArn": place.arn("elasticloadbalancing", "loadbalancer/*")}},
        ),
        Statement(
            sid="BucketLogs",
            actions=["s3:PutObject"],
            resources=[f"{bucket_arn}/{BUCKET_LOGS_PREFIX}/*"],
            principals={"Service": "logging.s3.amazonaws.com"},
            conditions={"StringEquals": {"aws:SourceAccount": place.account}},
        ),
    )


def replication_policy(
    source_arn: str, target_arn: str, *, source_key: str, target_key: str, place: Place
) -> str:
    """What S3 needs to copy every version of one bucket into another, from one key to the other."""
    dr_region = place.dr_region or place.region
    return document(
        Statement(
            sid="ReadSource",
            actions=["s3:GetReplicationConfiguration", "s3:ListBucket"],
            resources=[source_arn],
        ),
        Statement(
            sid="ReadVersions",
            actions=[
                "s3:GetObjectVersionForReplication",
                "s3:GetObjectVersionAcl",
                "s3:GetObjectVersionTagging",
                "s3:GetObjectRetention",
                "s3:GetObjectLegalHold",
            ],
            resources=[f"{source_arn}/*"],
        ),
        Statement(
            sid="WriteCopies",
            actions=["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
            resources=[f"{target_arn}/*"],
        ),
        Statement(
            sid="DecryptSource",
            actions=["kms:Decrypt"],
            resources=[source_key],
            conditions={"StringEquals": {"kms:ViaService": f"s3.{place.region}.amazonaws.com"}},
        ),
        Statement(
            sid="EncryptCopies",
            actions=["kms:Encrypt", "kms:GenerateDataKey"],
            resources=[target_key],
            conditions={"StringEquals": {"kms:ViaService": f"s3.{dr_region}.amazonaws.com"}},
        ),
    )
