"""WAFv2 in front of the load balancer."""

from __future__ import annotations

import pulumi
from pulumi_aws import wafv2

from infra.aws.keys import Keys
from infra.aws.log_group import log_group
from infra.aws.place import Place
from infra.aws.waf_rules import MANAGED_GROUPS, ManagedGroup, oversized
from infra.options import Options
from infra.settings.aws_edge import WafSettings

REDACTED_HEADERS = ("authorization", "cookie", "x-bare-password")


class Firewall(pulumi.ComponentResource):
    """Blocks known attacks, floods from one address and oversized bodies; logs without credentials."""

    def __init__(
        self,
        name: str,
        settings: WafSettings,
        *,
        load_balancer_arn: pulumi.Output[str],
        keys: Keys,
        place: Place,
        options: Options,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("roost:aws:Firewall", name, None, opts)
        self._metric = place.prefix
        acl = wafv2.WebAcl(
            name,
            scope="REGIONAL",
            default_action=wafv2.WebAclDefaultActionArgs(allow=wafv2.WebAclDefaultActionAllowArgs()),
            rules=[
                self._flood(settings.requests_per_5_minutes),
                self._body(settings.max_body_megabytes),
                *(self._managed(priority, group) for priority, group in enumerate(MANAGED_GROUPS, start=10)),
            ],
            visibility_config=self._visible("all"),
            tags={"Name": place.prefix},
            opts=options.child(self),
        )
        # Both are known to AWS by what they belong to: removing an old one after making the new one would
        # remove the new one.
        old_first = pulumi.ResourceOptions(delete_before_replace=True)
        self.association = wafv2.WebAclAssociation(
            name,
            resource_arn=load_balancer_arn,
            web_acl_arn=acl.arn,
            opts=pulumi.ResourceOptions.merge(options.child(self), old_first),
        )
        # WAF writes only to groups whose name starts like this.
        group = log_group(
            name,
            physical_name=f"aws-waf-logs-{place.prefix}",
            key_arn=keys.logs,
            retention_days=settings.log_retention_days,
            opts=options.child(self),
        )
        wafv2.WebAclLoggingConfiguration(
            name,
            resource_arn=acl.arn,
            log_destination_configs=[group.arn],
            redacted_fields=[
                wafv2.WebAclLoggingConfigurationRedactedFieldArgs(
                    single_header=wafv2.WebAclLoggingConfigurationRedactedFieldSingleHeaderArgs(name=header)
                )
                for header in REDACTED_HEADERS
            ],
            opts=pulumi.ResourceOptions.merge(options.child(self), old_first),
        )
        self.arn = acl.arn
        self.register_outputs({"arn": self.arn})

    def _visible(self, rule: str) -> wafv2.WebAclVisibilityConfigArgs:
        return wafv2.WebAclVisibilityConfigArgs(
            cloudwatch_metrics_enabled=True,
            metric_name=f"{self._metric}-{rule}",
            sampled_requests_enabled=False,
        )

    def _rule_visible(self, rule: str) -> wafv2.WebAclRuleVisibilityConfigArgs:
        # No samples: they would keep request headers, passwords among them, for three hours.
        return wafv2.WebAclRuleVisibilityConfigArgs(
            cloudwatch_metrics_enabled=True,
            metric_name=f"{self._metric}-{rule}",
            sampled_requests_enabled=False,
        )

    def _flood(self, limit: int) -> wafv2.WebAclRuleArgs:
        return wafv2.WebAclRuleArgs(
            name="flood",
            priority=0,
            action=wafv2.WebAclRuleActionArgs(block=wafv2.WebAclRuleActionBlockArgs()),
            statement=wafv2.WebAclRuleStatementArgs(
                rate_based_statement=wafv2.WebAclRuleStatementRateBasedStatementArgs(
                    aggregate_key_type="IP", limit=limit, evaluation_window_sec=300
                )
            ),
            visibility_config=self._rule_visible("flood"),
        )

    def _body(self, megabytes: int) -> wafv2.WebAclRuleArgs:
        length = wafv2.WebAclRuleStatementRegexMatchStatementFieldToMatchArgs(
            single_header=wafv2.WebAclRuleStatementRegexMatchStatementFieldToMatchSingleHeaderArgs(
                name="content-length"
            )
        )
        return wafv2.WebAclRuleArgs(
            name="body",
            priority=1,
            action=wafv2.WebAclRuleActionArgs(block=wafv2.WebAclRuleActionBlockArgs()),
            statement=wafv2.WebAclRuleStatementArgs(
                regex_match_statement=wafv2.WebAclRuleStatementRegexMatchStatementArgs(
                    regex_string=oversized(megabytes),
                    field_to_match=length,
                    text_transformations=[
                        wafv2.WebAclRuleStatementRegexMatchStatementTextTransformationArgs(
                            priority=0, type="NONE"
                        )
                    ],
                )
            ),
            visibility_config=self._rule_visible("body"),
        )

    def _managed(self, priority: int, group: ManagedGroup) -> wafv2.WebAclRuleArgs:
        counted = [
            wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideArgs(
                name=rule,
                action_to_use=wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseArgs(
                    count=wafv2.WebAclRuleStatementManagedRuleGroupStatementRuleActionOverrideActionToUseCountArgs()
                ),
            )
            for rule in group.counted
        ]
        return wafv2.WebAclRuleArgs(
            name=group.name,
            priority=priority,
            override_action=wafv2.WebAclRuleOverrideActionArgs(none=wafv2.WebAclRuleOverrideActionNoneArgs()),
            statement=wafv2.WebAclRuleStatementArgs(
                managed_rule_group_statement=wafv2.WebAclRuleStatementManagedRuleGroupStatementArgs(
                    name=group.name, vendor_name="AWS", rule_action_overrides=counted or None
                )
            ),
            visibility_config=self._rule_visible(group.name),
        )
