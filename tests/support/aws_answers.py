"""What AWS would answer: ids, ARNs and computed outputs of each resource type that the stack uses."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support import realism
from tests.support.realism import Answer, Outputs, digest

ACCOUNT = "111122223333"
REGION = "eu-central-1"
REBUILT_IN = "eu-west-1"
"""Where the stack prod-dr is, and the copies of prod."""

Inputs = dict[str, Any]


def _arn(service: str, resource: str, inputs: Inputs, *, regional: bool = True) -> str:
    region = inputs.get("region", REGION) if regional else ""
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{resource}"


def _physical(name: str, inputs: Inputs, key: str = "name") -> str:
    return inputs.get(key) or f"{inputs.get(key + 'Prefix', name + '-')}{digest(name, length=7)}"


def _ec2(prefix: str, kind: str) -> Outputs:
    def answer(name: str, inputs: Inputs) -> Answer:
        id_ = f"{prefix}-{digest(kind, name, length=17)}"
        return id_, {"arn": _arn("ec2", f"{kind}/{id_}", inputs)}

    return answer


def _plain(kind: str) -> Outputs:
    """Nothing computed but an id."""
    return lambda name, _: (digest(kind, name, length=12), {})


def _eip(name: str, _: Inputs) -> Answer:
    id_ = f"eipalloc-{digest(name, length=17)}"
    return id_, {"allocationId": id_, "publicIp": "203.0.113.10"}


def _launch_template(name: str, inputs: Inputs) -> Answer:
    id_ = f"lt-{digest(name, length=17)}"
    return id_, {
        "arn": _arn("ec2", f"launch-template/{id_}", inputs),
        "latestVersion": 1,
        "name": _physical(name, inputs),
    }


IPV6_BLOCK = "2a05:d014:1:ff00::/56"
"""What Amazon gives a VPC that asks for IPv6."""


def _vpc_endpoint(name: str, inputs: Inputs) -> Answer:
    id_ = f"vpce-{digest('vpc-endpoint', name, length=17)}"
    ranges = ["52.216.0.0/15", "3.5.0.0/19"] if inputs.get("vpcEndpointType") == "Gateway" else []
    return id_, {"arn": _arn("ec2", f"vpc-endpoint/{id_}", inputs), "cidrBlocks": ranges}


def _node_group(name: str, inputs: Inputs) -> Answer:
    group = _physical(name, inputs, "nodeGroupName")
    arn = _arn("eks", f"nodegroup/{inputs['clusterName']}/{group}/{digest(name, length=16)}", inputs)
    return f"{inputs['clusterName']}:{group}", {"arn": arn, "nodeGroupName": group}


def _vpc(name: str, inputs: Inputs) -> Answer:
    id_, computed = _ec2("vpc", "vpc")(name, inputs)
    six = {"ipv6CidrBlock": IPV6_BLOCK} if inputs.get("assignGeneratedIpv6CidrBlock") else {}
    return id_, computed | six


def _zone(name: str, inputs: Inputs) -> Answer:
    id_ = f"Z{digest(name, length=20).upper()}"
    servers = [f"ns-{n}.awsdns-0{n}.{tld}" for n, tld in enumerate(("com", "net", "org", "co.uk"), start=1)]
    return id_, {"zoneId": id_, "arn": f"arn:aws:route53:::hostedzone/{id_}", "nameServers": servers}


def _key(name: str, inputs: Inputs) -> Answer:
    id_ = digest("key", name, length=32)
    return id_, {"keyId": id_, "arn": _arn("kms", f"key/{id_}", inputs)}


def _named(service: str, path: str, *, regional: bool = True) -> Outputs:
    def answer(name: str, inputs: Inputs) -> Answer:
        physical = _physical(name, inputs)
        return physical, {
            "name": physical,
            "arn": _arn(service, f"{path}{physical}", inputs, regional=regional),
        }

    return answer


def _bucket(name: str, inputs: Inputs) -> Answer:
    physical = _physical(name, inputs, "bucket")
    return physical, {
        "bucket": physical,
        "arn": f"arn:aws:s3:::{physical}",
        "bucketRegionalDomainName": f"{physical}.s3.{inputs.get('region', REGION)}.amazonaws.com",
    }


def _instance(name: str, inputs: Inputs) -> Answer:
    identifier = _physical(name, inputs, "identifier")
    secret = {
        "secretArn": _arn("secretsmanager", f"secret:rds!db-{digest(identifier)}-AbCdEf", inputs),
        "secretStatus": "active",
        "kmsKeyId": inputs.get("masterUserSecretKmsKeyId"),
    }
    return f"db-{digest(identifier, length=26).upper()}", {
        "identifier": identifier,
        "arn": _arn("rds", f"db:{identifier}", inputs),
        "address": f"{identifier}.{digest(name, length=12)}.{REGION}.rds.amazonaws.com",
        "resourceId": f"db-{digest(identifier, length=26).upper()}",
        "masterUserSecrets": [secret] if inputs.get("manageMasterUserPassword") else [],
    }


def _identified(kind: str, key: str) -> Outputs:
    return lambda _, inputs: (inputs[key], {"arn": _arn("elasticache", f"{kind}:{inputs[key]}", inputs)})


def _replication_group(_: str, inputs: Inputs) -> Answer:
    id_ = inputs["replicationGroupId"]
    domain = f"{id_}.abc123.euc1.cache.amazonaws.com"
    return id_, {
        "arn": _arn("elasticache", f"replicationgroup:{id_}", inputs),
        "primaryEndpointAddress": f"master.{domain}",
        "readerEndpointAddress": f"replica.{domain}",
        "memberClusters": [f"{id_}-{n:03}" for n in range(1, 1 + inputs["numCacheClusters"])],
    }


def _cluster(name: str, inputs: Inputs) -> Answer:
    physical = _physical(name, inputs)
    vpc = dict(inputs["vpcConfig"]) | {"clusterSecurityGroupId": f"sg-{digest('cluster', name, length=17)}"}
    return physical, {
        "name": physical,
        "arn": _arn("eks", f"cluster/{physical}", inputs),
        "endpoint": f"https://{digest(physical, length=32).upper()}.gr7.{REGION}.eks.amazonaws.com",
        "certificateAuthority": {"data": "LS0tLS1CRUdJTg=="},
        "vpcConfig": vpc,
    }


def _load_balancer(name: str, inputs: Inputs) -> Answer:
    arn = _arn("elasticloadbalancing", f"loadbalancer/app/{name}/{digest(name, length=16)}", inputs)
    return arn, {
        "arn": arn,
        "arnSuffix": arn.partition("loadbalancer/")[2],
        "dnsName": f"{name}-{digest(name)}.{REGION}.elb.amazonaws.com",
        "zoneId": "Z215JYRZR1TBD5",
    }


def _target_group(name: str, inputs: Inputs) -> Answer:
    arn, computed = _arn_as_id("elasticloadbalancing", "targetgroup")(name, inputs)
    return arn, {**computed, "arnSuffix": f"targetgroup{arn.partition('targetgroup')[2]}"}


def _topic(name: str, inputs: Inputs) -> Answer:
    _, computed = _named("sns", "")(name, inputs)
    return computed["arn"], computed


def _certificate(name: str, inputs: Inputs) -> Answer:
    arn = _arn("acm", f"certificate/{digest(name, length=32)}", inputs)
    domain = inputs["domainName"]
    option = {
        "domainName": domain,
        "resourceRecordName": f"_{digest(domain, length=32)}.{domain}.",
        "resourceRecordType": "CNAME",
        "resourceRecordValue": f"_{digest(domain, 'v', length=32)}.acm-validations.aws.",
    }
    return arn, {"arn": arn, "domainValidationOptions": [option]}


def _arn_as_id(service: str, kind: str) -> Outputs:
    def answer(name: str, inputs: Inputs) -> Answer:
        arn = _arn(service, f"{kind}/{_physical(name, inputs)}/{digest(name, length=16)}", inputs)
        return arn, {"arn": arn, "name": _physical(name, inputs)}

    return answer


def _secret(name: str, inputs: Inputs) -> Answer:
    arn = _arn("secretsmanager", f"secret:{_physical(name, inputs)}-{digest(name, length=6)}", inputs)
    return arn, {"arn": arn, "name": _physical(name, inputs)}


def _backup_plan(name: str, inputs: Inputs) -> Answer:
    id_ = digest("backup-plan", name, length=32)
    return id_, {"arn": _arn("backup", f"backup-plan:{id_}", inputs), "name": _physical(name, inputs)}


def _repository(name: str, inputs: Inputs) -> Answer:
    physical = _physical(name, inputs)
    return physical, {
        "name": physical,
        "arn": _arn("ecr", f"repository/{physical}", inputs),
        "registryId": ACCOUNT,
        "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{inputs.get('region', REGION)}.amazonaws.com/{physical}",
    }


def _built(name: str, inputs: Inputs) -> Answer:
    hash_ = digest("image", name, length=64)
    tag = inputs["tags"][0] if "tags" in inputs else inputs["tag"]
    return f"sha256:{hash_}", {
        "ref": f"{tag}@sha256:{hash_}",
        "digest": f"sha256:{hash_}",
        "contextHash": digest(name),
    }


def _random_string(name: str, inputs: Inputs) -> Answer:
    return "none", {"result": digest(name, length=64)[: int(inputs["length"])]}


_EC2: dict[str, tuple[str, str]] = {
    "ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": ("eigw", "egress-only-internet-gateway"),
    "ec2/subnet:Subnet": ("subnet", "subnet"),
    "ec2/internetGateway:InternetGateway": ("igw", "internet-gateway"),
    "ec2/natGateway:NatGateway": ("nat", "natgateway"),
    "ec2/routeTable:RouteTable": ("rtb", "route-table"),
    "ec2/routeTableAssociation:RouteTableAssociation": ("rtbassoc", "route-table-association"),
    "ec2/route:Route": ("r", "route"),
    "ec2/networkAcl:NetworkAcl": ("acl", "network-acl"),
    "ec2/securityGroup:SecurityGroup": ("sg", "security-group"),
    "ec2/defaultSecurityGroup:DefaultSecurityGroup": ("sg", "security-group"),
    "ec2/flowLog:FlowLog": ("fl", "vpc-flow-log"),
    "vpc/securityGroupIngressRule:SecurityGroupIngressRule": ("sgr", "security-group-rule"),
    "vpc/securityGroupEgressRule:SecurityGroupEgressRule": ("sgr", "security-group-rule"),
}

_OTHERS: dict[str, Outputs] = {
    "ec2/vpc:Vpc": _vpc,
    "ec2/vpcEndpoint:VpcEndpoint": _vpc_endpoint,
    "scheduler/schedule:Schedule": _named("scheduler", "schedule/default/"),
    "ec2/eip:Eip": _eip,
    "ec2/launchTemplate:LaunchTemplate": _launch_template,
    "kms/key:Key": _key,
    "kms/replicaKey:ReplicaKey": _key,
    "kms/alias:Alias": _named("kms", ""),
    "iam/role:Role": _named("iam", "role/", regional=False),
    "iam/rolePolicy:RolePolicy": _plain("role-policy"),
    "iam/rolePolicyAttachment:RolePolicyAttachment": _plain("attachment"),
    "cloudwatch/logGroup:LogGroup": _named("logs", "log-group:"),
    "rds/subnetGroup:SubnetGroup": _named("rds", "subgrp:"),
    "rds/parameterGroup:ParameterGroup": _named("rds", "pg:"),
    "rds/instance:Instance": _instance,
    "rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": _plain("backups"),
    "elasticache/subnetGroup:SubnetGroup": _named("elasticache", "subnetgroup:"),
    "elasticache/parameterGroup:ParameterGroup": _named("elasticache", "parametergroup:"),
    "elasticache/user:User": _identified("user", "userId"),
    "elasticache/userGroup:UserGroup": _identified("usergroup", "userGroupId"),
    "elasticache/replicationGroup:ReplicationGroup": _replication_group,
    "backup/vault:Vault": _named("backup", "backup-vault:"),
    "backup/vaultLockConfiguration:VaultLockConfiguration": _plain("lock"),
    "backup/vaultNotifications:VaultNotifications": _plain("notifications"),
    "backup/plan:Plan": _backup_plan,
    "backup/selection:Selection": _plain("selection"),
    "backup/restoreTestingPlan:RestoreTestingPlan": _named("backup", "restore-testing-plan:"),
    "backup/restoreTestingSelection:RestoreTestingSelection": _plain("restore-testing-selection"),
    "secretsmanager/secret:Secret": _secret,
    "secretsmanager/secretVersion:SecretVersion": _plain("secret-version"),
    "eks/cluster:Cluster": _cluster,
    "eks/accessEntry:AccessEntry": _plain("entry"),
    "eks/accessPolicyAssociation:AccessPolicyAssociation": _plain("policy"),
    "eks/addon:Addon": _plain("addon"),
    "eks/nodeGroup:NodeGroup": _node_group,
    "eks/podIdentityAssociation:PodIdentityAssociation": _plain("association"),
    "ecr/repository:Repository": _repository,
    "ecr/lifecyclePolicy:LifecyclePolicy": _plain("lifecycle"),
    "ecr/replicationConfiguration:ReplicationConfiguration": _plain("replication"),
    "s3/bucket:Bucket": _bucket,
    "lb/loadBalancer:LoadBalancer": _load_balancer,
    "lb/targetGroup:TargetGroup": _target_group,
    "lb/listener:Listener": _arn_as_id("elasticloadbalancing", "listener/app"),
    "acm/certificate:Certificate": _certificate,
    "acm/certificateValidation:CertificateValidation": lambda _, inputs: (
        "valid",
        {"certificateArn": inputs["certificateArn"]},
    ),
    "route53/zone:Zone": _zone,
    "route53/record:Record": lambda _, inputs: (
        f"{inputs['name']}_{inputs['type']}",
        {"fqdn": str(inputs["name"]).rstrip(".")},
    ),
    "budgets/budget:Budget": lambda name, inputs: (
        f"{ACCOUNT}:{inputs['name']}",
        {"name": inputs["name"], "arn": _arn("budgets", f"budget/{inputs['name']}", inputs, regional=False)},
    ),
    "costexplorer/anomalyMonitor:AnomalyMonitor": _arn_as_id("ce", "anomalymonitor"),
    "costexplorer/anomalySubscription:AnomalySubscription": _arn_as_id("ce", "anomalysubscription"),
    "costexplorer/costAllocationTag:CostAllocationTag": lambda _, inputs: (
        inputs["tagKey"],
        {"type": "UserDefined"},
    ),
    "sns/topic:Topic": _topic,
    "sns/topicSubscription:TopicSubscription": _plain("subscription"),
    "cloudwatch/metricAlarm:MetricAlarm": _named("cloudwatch", "alarm:"),
    "cloudwatch/compositeAlarm:CompositeAlarm": lambda _, inputs: (inputs["alarmName"], {}),
    "cloudwatch/eventRule:EventRule": _named("events", "rule/"),
    "cloudwatch/eventTarget:EventTarget": _plain("event-target"),
    "rds/eventSubscription:EventSubscription": _named("rds", "es:"),
    "chatbot/slackChannelConfiguration:SlackChannelConfiguration": _plain("slack-channel"),
    "wafv2/webAcl:WebAcl": _arn_as_id("wafv2", "regional/webacl"),
    "wafv2/webAclAssociation:WebAclAssociation": _plain("waf-association"),
    "wafv2/webAclLoggingConfiguration:WebAclLoggingConfiguration": _plain("waf-logging"),
}

_BUCKET_PARTS = (
    "BucketVersioning",
    "BucketServerSideEncryptionConfiguration",
    "BucketPublicAccessBlock",
    "BucketOwnershipControls",
    "BucketPolicy",
    "BucketLifecycleConfiguration",
    "BucketLogging",
    "BucketObjectLockConfiguration",
    "BucketReplicationConfig",
)

AWS_RESOURCES: dict[str, Callable[[str, Inputs], Answer]] = {
    **{f"aws:{token}": _ec2(*parts) for token, parts in _EC2.items()},
    **{f"aws:{token}": answer for token, answer in _OTHERS.items()},
    **{f"aws:s3/{part[0].lower()}{part[1:]}:{part}": _plain(part) for part in _BUCKET_PARTS},
    "random:index/randomString:RandomString": _random_string,
    "docker-build:index:Image": _built,
    "docker-build:index:Index": _built,
}


def _ecr_login(args: Inputs) -> dict[str, Any]:
    host = f"https://{args['registryId']}.dkr.ecr.{REGION}.amazonaws.com"
    return {"id": REGION, "userName": "AWS", "password": "ecr-token-of-twelve-hours", "proxyEndpoint": host}


def _key_state(args: Inputs) -> dict[str, Any]:
    return {"id": args["keyId"], "arn": args["keyId"], "keyState": "Enabled", "enabled": True}


def _bucket_region(args: Inputs) -> dict[str, Any]:
    name = args["bucket"]
    region = REBUILT_IN if "-copy-" in name else "eu-central-1"
    return {"id": name, "bucket": name, "arn": f"arn:aws:s3:::{name}", "bucketRegion": region}


def _secret_version(args: Inputs) -> dict[str, Any]:
    kept = {"password": "the-lost-stacks-password", "encryptionKey": "the-lost-stacks-key"}
    return {"id": "kept", "arn": args["secretId"], "secretString": json.dumps(kept), "versionId": "1"}


AWS_INVOKES: dict[str, Callable[[Inputs], dict[str, Any]]] = {
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": _ecr_login,
    "aws:kms/getKey:getKey": _key_state,
    "aws:s3/getBucket:getBucket": _bucket_region,
    "aws:secretsmanager/getSecretVersion:getSecretVersion": _secret_version,
}


@contextlib.contextmanager
def answering_for_aws(stack: str = "prod") -> Iterator[None]:
    """The mock engine answers for AWS, too, in the stack's region."""
    with pytest.MonkeyPatch.context() as context:
        context.setattr(sys.modules[__name__], "REGION", REBUILT_IN if stack == "prod-dr" else REGION)
        for token, answer in AWS_RESOURCES.items():
            context.setitem(realism.RESOURCES, token, answer)
        for token, result in AWS_INVOKES.items():
            context.setitem(realism.INVOKES, token, result)
        yield
