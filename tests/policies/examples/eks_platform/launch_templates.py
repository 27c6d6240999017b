"""How machines start: their metadata service, disks, addresses and scripts."""

import base64

from tests.policies.examples.case import Bad, Example
from tests.support.policies import UNKNOWN, R, add, both, drop, put

TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
INSTANCE = "aws:ec2/instance:Instance"
CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"
VOLUME = "aws:ebs/volume:Volume"
KEY = "arn:aws:kms:eu-central-1:111122223333:key/5d1c5e5c-0000-0000-0000-000000000000"
OPTIONS = {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 1}
ACCESS_KEY = "AKIA" + "IOSFODNN7EXAMPLE"


def encoded(script: str) -> str:
    return base64.b64encode(script.encode()).decode()


NODES = (
    R(
        TEMPLATE,
        {
            "blockDeviceMappings": [
                {"deviceName": "/dev/xvda", "ebs": {"encrypted": "true", "kmsKeyId": KEY}},
                {"deviceName": "/dev/xvdb", "ebs": {"encrypted": "true", "kmsKeyId": KEY}},
                {"deviceName": "/dev/sdb", "virtualName": "ephemeral0"},
            ],
            "networkInterfaces": [{"associatePublicIpAddress": "false"}, {}],
            "userData": encoded("#!/bin/sh\nTOKEN=$(aws secretsmanager get-secret-value)\n"),
        },
        name="template",
    ),
    R(VOLUME, {"encrypted": True, "kmsKeyId": KEY}, name="volume"),
)

EXAMPLES = (
    Example(
        "eks-imdsv2",
        good=(
            R(TEMPLATE, {"metadataOptions": OPTIONS}, name="template"),
            R(INSTANCE, {"metadataOptions": OPTIONS}, name="machine"),
            R(CONFIGURATION, {"metadataOptions": OPTIONS}, name="old"),
            R(INSTANCE, {"launchTemplate": {"id": "lt-1"}}, name="from-template"),
        ),
        bad={
            "no token is needed": put("template", "metadataOptions.httpTokens", "optional"),
            "no token is needed by default": drop("template", "metadataOptions.httpTokens"),
            "pods reach it": put("template", "metadataOptions.httpPutResponseHopLimit", 2),
            "pods reach it by default": drop("template", "metadataOptions.httpPutResponseHopLimit"),
            "nothing is said": Bad(drop("template", "metadataOptions"), 2),
            "nothing is said of a machine": Bad(drop("machine", "metadataOptions"), 2),
            "nothing is said of a launch configuration": Bad(drop("old", "metadataOptions"), 2),
            "a machine overrides its template": put(
                "from-template",
                "metadataOptions",
                {"httpTokens": "optional", "httpPutResponseHopLimit": 1},
            ),
        },
        fine={
            "it is on by default": drop("template", "metadataOptions.httpEndpoint"),
            "it is off": put("template", "metadataOptions", {"httpEndpoint": "disabled"}),
        },
        open={"it may be off": put("template", "metadataOptions", {"httpEndpoint": UNKNOWN})},
    ),
    Example(
        "eks-node-disk-encrypted",
        good=NODES,
        bad={
            "a disk is not encrypted": put("template", "blockDeviceMappings[0].ebs.encrypted", "false"),
            "the second is not": put("template", "blockDeviceMappings[1].ebs.encrypted", False),
            "encryption is not named": drop("template", "blockDeviceMappings[0].ebs.encrypted"),
            "neither is named": Bad(put("template", "blockDeviceMappings[1].ebs", {"volumeSize": 20}), 2),
            "the machine gets a public address": put(
                "template", "networkInterfaces[0].associatePublicIpAddress", "true"
            ),
            "it gets one on its second interface": put(
                "template", "networkInterfaces[1].associatePublicIpAddress", True
            ),
        },
    ),
    Example(
        "eks-node-disk-encrypted",
        good=NODES,
        bad={
            "the key is AWS's": drop("template", "blockDeviceMappings[0].ebs.kmsKeyId"),
            "no disk is declared": drop("template", "blockDeviceMappings"),
            "only a disk that goes with the machine is": put(
                "template", "blockDeviceMappings", [{"virtualName": "ephemeral0"}]
            ),
            "an access key in the script": put("template", "userData", encoded(f"export KEY={ACCESS_KEY}")),
            "a password in the script": put("template", "userData", encoded("DB_PASSWORD=correct-horse")),
            "a password in a URL of the script": put(
                "template", "userData", encoded("curl https://bot:" + "hunter22@example.com/")
            ),
            "a private key in a script that is not encoded": put(
                "template", "userData", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"
            ),
            "a volume is not encrypted": put("volume", "encrypted", False),
            "a volume says nothing": Bad(both(drop("volume", "encrypted"), drop("volume", "kmsKeyId")), 2),
            "a second template is bare": add(R(TEMPLATE, {"instanceType": "m7g.large"}, name="second")),
        },
        fine={
            "a key that is made in the same update": put(
                "template", "blockDeviceMappings[0].ebs.kmsKeyId", UNKNOWN
            ),
            "no script and no interface": both(
                drop("template", "userData"), drop("template", "networkInterfaces")
            ),
            "a script that asks for a session token": put(
                "template", "userData", encoded('curl -H "X-aws-ec2-metadata-token: $TOKEN" http://x')
            ),
            "a password by reference": put("template", "userData", encoded('PASSWORD="$(cat /run/pw)"')),
        },
        open={
            "the disks are unknown": put("template", "blockDeviceMappings", UNKNOWN),
            "one disk is unknown": put("template", "blockDeviceMappings[0].ebs", UNKNOWN),
            "the script is unknown": put("template", "userData", UNKNOWN),
        },
        by_hand=True,
    ),
)
