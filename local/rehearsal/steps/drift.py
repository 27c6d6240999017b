"""Somebody changes the account by hand: a refresh shows it, an up puts it back."""

from __future__ import annotations

from typing import Any

from local.progress import Progress
from local.rehearsal.stage import Stage, expect, listed, refuted, succeeded, unchanged

RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def rule_changed_by_hand(stage: Stage, progress: Progress) -> str:
    """A security group rule narrowed to one address, as in a hurried incident."""
    rule = _https_rule(stage)
    ec2 = stage.client("ec2")
    outputs = rule["outputs"]
    ec2.modify_security_group_rules(
        GroupId=outputs["securityGroupId"],
        SecurityGroupRules=[
            {
                "SecurityGroupRuleId": rule["id"],
                "SecurityGroupRule": {
                    "IpProtocol": outputs["ipProtocol"],
                    "FromPort": outputs["fromPort"],
                    "ToPort": outputs["toPort"],
                    "CidrIpv4": "198.51.100.7/32",
                    "Description": outputs["description"],
                },
            }
        ],
    )
    name = rule["urn"].rsplit("::", 1)[-1]
    said = f"update SecurityGroupIngressRule {name}"
    seen = expect(stage.workspace.refresh(progress), {said})
    expect(stage.workspace.up(progress), {said})
    now = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule["id"]])["SecurityGroupRules"][0]
    if now["CidrIpv4"] != outputs["cidrIpv4"]:
        raise refuted(f"the rule still says {now['CidrIpv4']}")
    return f"{listed(seen.changes)} seen by refresh, put back by up"


def rule_removed_by_hand(stage: Stage, progress: Progress) -> str:
    """The same rule removed: it is made again."""
    rule = _https_rule(stage)
    stage.client("ec2").revoke_security_group_ingress(
        GroupId=rule["outputs"]["securityGroupId"], SecurityGroupRuleIds=[rule["id"]]
    )
    name = rule["urn"].rsplit("::", 1)[-1]
    succeeded(stage.workspace.refresh(progress))
    expect(stage.workspace.up(progress), {f"create SecurityGroupIngressRule {name}"})
    unchanged(stage.workspace.preview(progress, "--expect-no-changes"))
    return f"SecurityGroupIngressRule {name} missed by refresh, made again by up"


def _https_rule(stage: Stage) -> dict[str, Any]:
    """The rule that lets the world reach the load balancer."""
    found = [
        entry
        for entry in stage.workspace.resources()
        if entry["type"] == RULE
        and entry["outputs"].get("fromPort") == 443
        and entry["outputs"].get("cidrIpv4")
    ]
    if not found:
        raise refuted("the state has no rule for port 443 from an address range")
    return found[0]
