"""The firewall before CloudFront: AWS's rule groups for the OWASP Top 10, and a limit to what one address may ask."""

from typing import Final

from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

#: AWS's rule groups for the OWASP Top 10, in their order. A message is longer than 8 KB and its text may look like
#: anything, so the two rules that judge bodies by that count only.
_GROUPS: Final = (
    ("AWSManagedRulesCommonRuleSet", ("SizeRestrictions_BODY", "CrossSiteScripting_BODY")),
    ("AWSManagedRulesKnownBadInputsRuleSet", ()),
    ("AWSManagedRulesAmazonIpReputationList", ()),
)
#: Requests of one address within five minutes.
RATE_LIMIT: Final = 2_000


def firewall(scope: Construct, id_: str, *, name: str) -> wafv2.CfnWebACL:
    """Return the web ACL. Its stack has to be in us-east-1: CloudFront takes it from nowhere else."""
    rules = [
        wafv2.CfnWebACL.RuleProperty(
            name=group,
            priority=number,
            override_action=wafv2.CfnWebACL.OverrideActionProperty(none={}),
            statement=wafv2.CfnWebACL.StatementProperty(
                managed_rule_group_statement=wafv2.CfnWebACL.ManagedRuleGroupStatementProperty(
                    vendor_name="AWS",
                    name=group,
                    rule_action_overrides=[
                        wafv2.CfnWebACL.RuleActionOverrideProperty(
                            name=rule, action_to_use=wafv2.CfnWebACL.RuleActionProperty(count={})
                        )
                        for rule in counted
                    ]
                    or None,
                )
            ),
            visibility_config=_visible(group),
        )
        for number, (group, counted) in enumerate(_GROUPS, start=1)
    ]
    rate = wafv2.CfnWebACL.RuleProperty(
        name="Rate",
        priority=0,
        action=wafv2.CfnWebACL.RuleActionProperty(block={}),
        statement=wafv2.CfnWebACL.StatementProperty(
            rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(limit=RATE_LIMIT, aggregate_key_type="IP")
        ),
        visibility_config=_visible("Rate"),
    )
    return wafv2.CfnWebACL(
        scope,
        id_,
        name=name,
        scope="CLOUDFRONT",
        default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
        visibility_config=_visible(name),
        rules=[rate, *rules],
    )


def _visible(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
