"""The doors of a VPC to AWS services."""

import json
from typing import Any

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, Change, R, add, both, drop, options, put, without

VPC = "aws:ec2/vpc:Vpc"
ENDPOINT = "aws:ec2/vpcEndpoint:VpcEndpoint"
SERVICES = ("ecr.api", "ecr.dkr", "sts", "secretsmanager", "kms", "logs")
_ALL = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}
_OURS = {**_ALL, "Condition": {"StringEquals": {"aws:PrincipalAccount": "111122223333"}}}


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def _door(service: str, **more: Any) -> R:
    return R(
        ENDPOINT,
        {
            "vpcId": "vpc-1",
            "serviceName": f"com.amazonaws.eu-central-1.{service}",
            "policy": _document(_OURS),
            **more,
        },
        name=service.replace(".", "-"),
        depends={"vpcId": ["network"]},
    )


def _policy(*statements: dict[str, Any]) -> Change:
    return put("s3", "policy", _document(*statements))


EXAMPLES = (
    Example(
        "net-endpoints",
        good=(
            R(VPC, {"id": "vpc-1"}, name="network"),
            _door("s3", vpcEndpointType="Gateway"),
            *(_door(one, vpcEndpointType="Interface", privateDnsEnabled=True) for one in SERVICES),
        ),
        bad={
            "no door to S3": without("s3"),
            "the one to S3 costs money": put("s3", "vpcEndpointType", "Interface"),
            "no door to the registry": without("ecr-dkr"),
            "none to the registry and to the logs": Bad(both(without("ecr-api"), without("logs")), 2),
            "a door of another network": both(put("kms", "vpcId", "vpc-2"), options("kms", depends={})),
            "names lead outside": put("sts", "privateDnsEnabled", False),
            "nothing is said about names": drop("sts", "privateDnsEnabled"),
            "no policy": drop("s3", "policy"),
            "all to all": _policy(_ALL),
            "all to all, in lists": _policy({**_ALL, "Action": ["*"], "Principal": {"AWS": ["*"]}}),
            "all of the service": _policy({**_ALL, "Action": "s3:*", "Resource": "arn:aws:s3:::*"}),
            "all but nothing": _policy(
                {"Effect": "Allow", "Principal": "*", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::x"}
            ),
            "all to all in the second statement": _policy(_OURS, _ALL),
            "as an object": put("s3", "policy", {"Statement": [_ALL]}),
            "another door that is needed by nobody": add(
                R(
                    ENDPOINT,
                    {
                        "vpcId": "vpc-1",
                        "serviceName": "com.amazonaws.eu-central-1.bedrock-runtime",
                        "vpcEndpointType": "Interface",
                        "policy": _document(_OURS),
                    },
                    name="model",
                )
            ),
        },
        fine={
            "a gateway, as it is without a word": drop("s3", "vpcEndpointType"),
            "linked by ids alone": options("kms", depends={}),
            "all of it, but for strangers": _policy(
                _ALL,
                {**_ALL, "Effect": "Deny", "Condition": {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}},
            ),
            "buckets by name": _policy({**_ALL, "Resource": "arn:aws:s3:::ours/*"}),
            "an interface for S3 without its name": add(
                R(
                    ENDPOINT,
                    {
                        "vpcId": "vpc-1",
                        "serviceName": "com.amazonaws.eu-central-1.s3",
                        "vpcEndpointType": "Interface",
                        "policy": _document(_OURS),
                    },
                    name="from-elsewhere",
                )
            ),
            "somebody else's service": add(
                R(
                    ENDPOINT,
                    {
                        "vpcId": "vpc-1",
                        "serviceName": "com.amazonaws.vpce.eu-central-1.vpce-svc-1",
                        "vpcEndpointType": "Interface",
                    },
                    name="partner",
                )
            ),
        },
        open={
            "a policy that is not known": put("s3", "policy", UNKNOWN),
            "a policy that is none": put("s3", "policy", "{"),
            "a service that is not known": put("kms", "serviceName", UNKNOWN),
            "a condition that is not known": put(
                "s3", "policy", {"Statement": [{**_ALL, "Condition": UNKNOWN}]}
            ),
        },
        companions_hide=True,
    ),
    Example(
        "net-endpoints",
        good=(R(VPC, {"id": "vpc-1"}, name="network"), _door("dynamodb", vpcEndpointType="Gateway")),
        bad={"what the settings ask for": without("dynamodb")},
        config={"gateways": ["dynamodb"], "interfaces": []},
        companions_hide=True,
    ),
)
