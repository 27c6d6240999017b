"""Managed node groups: where their machines are, how they start, and who can log in."""

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, options, put, without

GROUP = "aws:eks/nodeGroup:NodeGroup"
TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
SUBNET = "aws:ec2/subnet:Subnet"
VPC = "aws:ec2/vpc:Vpc"
TABLE = "aws:ec2/routeTable:RouteTable"
DEFAULT_TABLE = "aws:ec2/defaultRouteTable:DefaultRouteTable"
ROUTE = "aws:ec2/route:Route"
ASSOCIATION = "aws:ec2/routeTableAssociation:RouteTableAssociation"
MAIN = "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation"
GATEWAY = "aws:ec2/internetGateway:InternetGateway"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/5d1c5e5c-0000-0000-0000-000000000000"

NETWORK = (
    R(VPC, {"id": "vpc-1", "defaultRouteTableId": "rtb-0"}, name="vpc"),
    R(SUBNET, {"id": "subnet-a", "vpcId": "vpc-1", "tags": {"tier": "workers"}}, name="a"),
    R(SUBNET, {"id": "subnet-b", "vpcId": "vpc-1", "mapPublicIpOnLaunch": False}, name="b"),
    R(SUBNET, {"id": "subnet-p", "vpcId": "vpc-1", "tags": {"tier": "public"}}, name="public"),
    R(TABLE, {"id": "rtb-1", "vpcId": "vpc-1"}, name="table"),
    R(
        ROUTE,
        {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0", "natGatewayId": "nat-1"},
        name="route",
    ),
    R(ASSOCIATION, {"subnetId": "subnet-a", "routeTableId": "rtb-1"}, name="association"),
    R(GATEWAY, {"id": "igw-1", "vpcId": "vpc-1"}, name="gateway"),
)
TO_THE_INTERNET = {"routeTableId": "rtb-1", "gatewayId": "igw-1"}

HARDENED = R(
    TEMPLATE,
    {
        "id": "lt-1",
        "name": "nodes",
        "latestVersion": 3,
        "blockDeviceMappings": [
            {"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "kmsKeyId": KEY}},
        ],
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1},
    },
    name="template",
)

EXAMPLES = (
    Example(
        "eks-private-nodes",
        good=(*NETWORK, R(GROUP, {"subnetIds": ["subnet-a", "subnet-b"]}, name="nodes")),
        bad={
            "one of its subnets is public": put("nodes", "subnetIds[1]", "subnet-p"),
            "all of them are": put("nodes", "subnetIds", ["subnet-p"]),
            "a subnet gives addresses": put("b", "mapPublicIpOnLaunch", True),
            "a subnet leads to the internet": put("route", "gatewayId", "igw-1"),
            "it does beside the way through the NAT": add(R(ROUTE, TO_THE_INTERNET, name="second")),
            "it does for half of the internet": add(
                R(ROUTE, {**TO_THE_INTERNET, "destinationCidrBlock": "128.0.0.0/1"}, name="second")
            ),
            "it does by IPv6, in the table itself": put(
                "table", "routes", [{"ipv6CidrBlock": "::/0", "gatewayId": "igw-1"}]
            ),
            "it does through a table whose routes are made in the same update": both(
                put("table", "routes", UNKNOWN), options("table", depends={"routes": ["gateway"]})
            ),
            "it does through a gateway made in the same update": add(
                R(
                    ROUTE,
                    {"routeTableId": UNKNOWN, "gatewayId": UNKNOWN},
                    name="second",
                    depends={"routeTableId": ["table"], "gatewayId": ["gateway"]},
                )
            ),
            "both of them do, through the main table": Bad(
                both(
                    without("association"),
                    add(
                        R(
                            DEFAULT_TABLE,
                            {"defaultRouteTableId": "rtb-0", "routes": [{"gatewayId": "igw-1"}]},
                            name="main",
                        )
                    ),
                ),
                2,
            ),
            "both of them do, through the main table of a VPC made in the same update": Bad(
                both(
                    both(without("association"), put("vpc", "defaultRouteTableId", UNKNOWN)),
                    add(
                        R(
                            DEFAULT_TABLE,
                            {"defaultRouteTableId": UNKNOWN, "routes": [{"gatewayId": "igw-1"}]},
                            name="main",
                            depends={"defaultRouteTableId": ["vpc"]},
                        )
                    ),
                ),
                2,
            ),
            "one does, through another main table": both(
                add(R(MAIN, {"vpcId": "vpc-1", "routeTableId": "rtb-1"}, name="main")),
                both(without("association"), put("a", "vpcId", "vpc-2")),
                put("route", "gatewayId", "igw-1"),
            ),
            "a second group is in a public one": add(R(GROUP, {"subnetIds": ["subnet-p"]}, name="second")),
            "a public one beside one from elsewhere": put("nodes", "subnetIds", ["subnet-p", "subnet-x"]),
        },
        fine={
            "the ids are not known yet": both(
                put("nodes", "subnetIds", [UNKNOWN, UNKNOWN]),
                options("nodes", depends={"subnetIds": ["a", "b"]}),
            ),
            "another subnet is public": put("public", "mapPublicIpOnLaunch", True),
        },
        open={
            "a subnet is from elsewhere": put("nodes", "subnetIds[1]", "subnet-x"),
            "a route is unknown": put("route", "gatewayId", UNKNOWN),
            "nobody knows which subnets": put("nodes", "subnetIds", UNKNOWN),
        },
        companions_hide=True,
    ),
    Example(
        "eks-node-no-ssh",
        good=(
            R(GROUP, {"diskSize": 20}, name="closed"),
            R(
                GROUP,
                {"remoteAccess": {"ec2SshKey": "team", "sourceSecurityGroupIds": ["sg-1"]}},
                name="bastion",
            ),
        ),
        bad={
            "a key and no source": put("closed", "remoteAccess", {"ec2SshKey": "team"}),
            "the list of sources is empty": put("bastion", "remoteAccess.sourceSecurityGroupIds", []),
            "the key is made in the same update": put("closed", "remoteAccess", {"ec2SshKey": UNKNOWN}),
        },
        fine={"sources and no key": drop("bastion", "remoteAccess.ec2SshKey")},
        open={"the sources are unknown": put("bastion", "remoteAccess.sourceSecurityGroupIds", UNKNOWN)},
        removed=("remoteAccess.ec2SshKey",),
    ),
    Example(
        "eks-ng-uses-hardened-lt",
        good=(
            HARDENED,
            R(GROUP, {"diskSize": 20, "launchTemplate": {"id": "lt-1", "version": "3"}}, name="nodes"),
            R(
                GROUP,
                {"diskSize": 20, "launchTemplate": {"name": "nodes", "version": "$Latest"}},
                name="by-name",
            ),
        ),
        bad={
            "a group has no template": drop("nodes", "launchTemplate"),
            "pods reach the credentials, in both groups": Bad(
                put("template", "metadataOptions.httpPutResponseHopLimit", 2), 2
            ),
            "its disks are not encrypted": Bad(
                put("template", "blockDeviceMappings[0].ebs.encrypted", "false"), 2
            ),
            "it declares no disk": Bad(drop("template", "blockDeviceMappings"), 2),
            "it gives public addresses": Bad(
                put("template", "networkInterfaces", [{"associatePublicIpAddress": True}]), 2
            ),
            "one group has another template": both(
                add(R(TEMPLATE, {"id": "lt-2", "metadataOptions": {}}, name="bare")),
                put("nodes", "launchTemplate.id", "lt-2"),
            ),
            "the template has no id yet": both(
                put("nodes", "launchTemplate", {"id": UNKNOWN, "version": UNKNOWN}),
                options("nodes", depends={"launchTemplate": ["bare"]}),
                add(R(TEMPLATE, {"instanceType": "m7g.large"}, name="bare")),
            ),
        },
        fine={
            "the default version, which is the latest": both(
                put("nodes", "launchTemplate.version", "$Default"),
                put("template", "updateDefaultVersion", True),
            ),
            "no version, and the default is the latest": both(
                drop("nodes", "launchTemplate.version"), put("template", "defaultVersion", 3)
            ),
            "nothing has a number before the update": both(
                put("nodes", "launchTemplate.version", UNKNOWN), put("template", "latestVersion", UNKNOWN)
            ),
        },
        open={
            "the template is from elsewhere": put("nodes", "launchTemplate.id", "lt-9"),
            "an older version": put("nodes", "launchTemplate.version", "2"),
            "the default version, which is an older one": both(
                put("nodes", "launchTemplate.version", "$Default"), put("template", "defaultVersion", 1)
            ),
        },
    ),
    Example(
        "eks-ami-family",
        good=(
            R(GROUP, {"amiType": "AL2023_ARM_64_STANDARD", "instanceTypes": ["m7g.large"]}, name="plain"),
            R(
                GROUP,
                {"amiType": "AL2023_x86_64_NVIDIA", "instanceTypes": ["g6e.xlarge", "g5.xlarge"]},
                name="gpu",
            ),
        ),
        bad={
            "Amazon Linux 2": put("plain", "amiType", "AL2_ARM_64"),
            "Amazon Linux 2 for GPUs": put("gpu", "amiType", "AL2_x86_64_GPU"),
            "Windows": put("plain", "amiType", "WINDOWS_CORE_2022_x86_64"),
            "an image of one's own": put("plain", "amiType", "CUSTOM"),
            "none is named": drop("plain", "amiType"),
            "GPUs without drivers": put("gpu", "amiType", "AL2023_x86_64_STANDARD"),
            "GPUs with the drivers of others": put("gpu", "amiType", "AL2023_x86_64_NEURON"),
            "the second type has GPUs": put("plain", "instanceTypes[1]", "gr6.4xlarge"),
            "Trainium without drivers": put("plain", "instanceTypes[0]", "trn2.48xlarge"),
        },
        fine={
            "Bottlerocket": put("plain", "amiType", "BOTTLEROCKET_ARM_64"),
            "Bottlerocket with NVIDIA's drivers": put("gpu", "amiType", "BOTTLEROCKET_x86_64_NVIDIA"),
            "Inferentia on Bottlerocket": both(
                put("plain", "amiType", "BOTTLEROCKET_x86_64"), put("plain", "instanceTypes", ["inf2.xlarge"])
            ),
            "AMD's GPUs": put("plain", "instanceTypes", ["g4ad.xlarge"]),
            "no types": drop("plain", "instanceTypes"),
        },
    ),
)
