"""How machines start: their metadata service, disks, addresses and scripts."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pulumi_policy import Severity

from policies.lib.check import Check
from policies.lib.credentials import has_credential
from policies.lib.logic import all_hold, some
from policies.lib.remedy import Draft
from policies.lib.resources import Resource
from policies.lib.rule import resource_rule
from policies.lib.settings import Settings
from policies.lib.types import types
from policies.lib.values import Value

LAUNCH_TEMPLATE = "aws:ec2/launchTemplate:LaunchTemplate"
INSTANCE = "aws:ec2/instance:Instance"
LAUNCH_CONFIGURATION = "aws:ec2/launchConfiguration:LaunchConfiguration"
VOLUME = "aws:ebs/volume:Volume"


@dataclass(frozen=True)
class Fault:
    """Something that may be wrong, and the question whether it is."""

    what: str
    at: Value
    there: Callable[[], bool]


def metadata_faults(machine: Resource) -> Iterator[Fault]:
    """What lets others than the machine itself use its credentials."""
    options = machine["metadataOptions"]
    endpoint, tokens, hops = (
        options[key] for key in ("httpEndpoint", "httpTokens", "httpPutResponseHopLimit")
    )

    def serves() -> bool:
        return endpoint.text(default="enabled") != "disabled"

    yield Fault(
        "the metadata service answers without a token",
        tokens,
        lambda: all_hold(serves, lambda: tokens.text(default="optional") != "required"),
    )
    # Absent it is 2 for the images of EKS.
    yield Fault(
        "pods reach the machine's credentials",
        hops,
        lambda: all_hold(serves, lambda: hops.number(default=2) != 1),
    )


def disk_faults(template: Resource) -> Iterator[Fault]:
    """Which disks of a launch template somebody else could read.

    Raises:
        Undetermined: it is not known which disks there are.
    """
    mappings = template["blockDeviceMappings"]
    disks = [mapping["ebs"] for mapping in mappings.items() if mapping["ebs"].present]
    if not disks:
        yield Fault("no disk is declared, so the image decides about encryption", mappings, lambda: True)
    for disk in disks:
        yield from _encryption_faults(disk)


def _encryption_faults(disk: Value) -> Iterator[Fault]:
    encrypted, key = disk["encrypted"], disk["kmsKeyId"]
    yield Fault("a disk is not encrypted", encrypted, lambda: not encrypted.truth(default=False))
    yield Fault("a disk is not encrypted with a key of one's own", key, lambda: not key.present)


def exposure_faults(template: Resource) -> Iterator[Fault]:
    """What a launch template shows to others.

    Raises:
        Undetermined: its network interfaces are unknown.
    """
    script = template["userData"]
    yield Fault(
        "the start script holds a credential, which every process on the machine can read",
        script,
        lambda: _holds_credential(_decoded(script.text())),
    )
    for interface in template["networkInterfaces"].items():
        public = interface["associatePublicIpAddress"]
        yield Fault(
            "the machine gets a public address", public, lambda public=public: public.truth(default=False)
        )


def _decoded(text: str) -> str:
    """What a start script in base64 says; one that is not encoded as it is."""
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode()
    except ValueError:
        return text


def _holds_credential(script: str) -> bool:
    # Word by word, too: `export PASSWORD=…` and `--password=…` do not begin a line.
    return has_credential(script) or has_credential("\n".join(script.split()))


def is_hardened(template: Resource) -> bool:
    """Whether none of these faults is there.

    Raises:
        Undetermined: none is known to be, and one may be.
    """
    kinds = (metadata_faults, disk_faults, exposure_faults)
    return not some(kinds, lambda kind: some(kind(template), lambda fault: fault.there()))


def _report(faults: Iterator[Fault], check: Check) -> None:
    with check.part():
        for fault in faults:
            with check.part():
                if fault.there():
                    check.violation(fault.what, fault.at)


def _session_tokens(draft: Draft, _: Settings) -> None:
    if draft.get("metadataOptions.httpEndpoint") == "disabled":
        return
    draft.put("metadataOptions.httpEndpoint", "enabled")
    draft.put("metadataOptions.httpTokens", "required")
    draft.put("metadataOptions.httpPutResponseHopLimit", 1)


@resource_rule(
    "eks-imdsv2",
    types(LAUNCH_TEMPLATE, INSTANCE, LAUNCH_CONFIGURATION),
    title="Only the machine itself reads its credentials",
    why="A pod, or a request that a pod was talked into, gets the node's role from a metadata service that "
    "asks for no token or answers over a second hop.",
    fix="Set metadataOptions to httpEndpoint enabled, httpTokens required and httpPutResponseHopLimit 1.",
    severity=Severity.CRITICAL,
    refs="FSBP EC2.8, FSBP EC2.170, FSBP AutoScaling.3, FSBP AutoScaling.4, CIS 5.7, CKV AWS_79, CKV AWS_341",
    dev="mandatory",
    prod="mandatory",
    departs="A metadata service that is switched off is fine, too: it gives nothing away.",
    remedy=_session_tokens,
)
def imdsv2(machine: Resource, check: Check) -> None:
    if machine["launchTemplate"].present and not machine["metadataOptions"].present:
        return  # an instance that takes its options from a template, which is judged itself
    _report(metadata_faults(machine), check)


def _encrypted_and_private(draft: Draft, _: Settings) -> None:
    for mapping in draft.members("blockDeviceMappings"):
        if mapping.get("ebs") is not None:
            mapping.put("ebs.encrypted", "true")
    for interface in draft.members("networkInterfaces"):
        if interface.get("associatePublicIpAddress") is not None:
            interface.put("associatePublicIpAddress", "false")


@resource_rule(
    "eks-node-disk-encrypted",
    types(LAUNCH_TEMPLATE, VOLUME),
    title="Nodes have encrypted disks, no public address and no credential in their start script",
    why="Images, logs and files of pods lie on a node's disk, and a snapshot of it is a file like any other.",
    fix="Set ebs.encrypted to true and ebs.kmsKeyId for every disk, associatePublicIpAddress to "
    "false, and let the start script fetch its secrets.",
    severity=Severity.HIGH,
    refs="FSBP EC2.3, FSBP EC2.25, FSBP EC2.181, CIS 5.1.1, CKV AWS_3, CKV AWS_88, CKV AWS_46",
    dev="mandatory",
    prod="mandatory",
    remedy=_encrypted_and_private,
    departs="The remedy leaves volumes alone: encrypting one replaces it, and what is on it is lost.",
)
def node_disk_encrypted(resource: Resource, check: Check) -> None:
    if resource.type == VOLUME:
        _report(_encryption_faults(resource.props), check)
        return
    _report(disk_faults(resource), check)
    _report(exposure_faults(resource), check)
