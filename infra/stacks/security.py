"""Security: the firewall before CloudFront, threat detection, and the bucket that audit heads cannot leave."""

from typing import Any, Final

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_guardduty as guardduty
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_securityhub as securityhub
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from infra.constructs.bucket import private_bucket
from infra.constructs.context import Context
from infra.constructs.waivers import accept
from infra.names import resource
from infra.stacks.data import DataStack

#: AWS's rule groups for the OWASP Top 10, in their order. A message is longer than 8 KB and its text may look like
#: anything, so the two rules that judge bodies by that count only.
_GROUPS: Final = (
    ("AWSManagedRulesCommonRuleSet", ("SizeRestrictions_BODY", "CrossSiteScripting_BODY")),
    ("AWSManagedRulesKnownBadInputsRuleSet", ()),
    ("AWSManagedRulesAmazonIpReputationList", ()),
)
#: Requests of one address within five minutes.
RATE_LIMIT: Final = 2_000


class SecurityStack(Stack):
    """What watches and refuses."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        context: Context,
        data: DataStack,
        **kwargs: Any,  # noqa: ANN401 - CDK's
    ) -> None:
        super().__init__(scope, id_, **kwargs)
        self._context = context
        stage = context.stage
        self.audit_heads = self._audit_heads()
        self.web_acl_arn = self._firewall() if stage.firewall else None
        if stage.guard_duty:
            guardduty.CfnDetector(self, "GuardDuty", enable=True, finding_publishing_frequency="FIFTEEN_MINUTES")
        if stage.security_hub:
            securityhub.CfnHub(self, "SecurityHub", enable_default_standards=True)
        if stage.data_trail:
            self._trail(data)
        CfnOutput(self, "AuditHeadsBucket", value=self.audit_heads.bucket_name)

    @property
    def heads_in_findings(self) -> str:
        """What cdk-nag calls the bucket of audit heads in its findings about other stacks."""
        return f"{self.stack_name}:ExportsOutputFnGetAttAuditHeads7A106801Arn1A3AD5AB"

    def _audit_heads(self) -> s3.Bucket:
        stage = self._context.stage
        bucket = private_bucket(
            self,
            "AuditHeads",
            versioned=True,
            # Nobody deletes a head before its time: in compliance mode not even the account's owner.
            object_lock_enabled=True,
            object_lock_default_retention=s3.ObjectLockRetention.compliance(Duration.days(stage.site.audit_days))
            if stage.is_protected
            else s3.ObjectLockRetention.governance(Duration.days(1)),
            removal_policy=RemovalPolicy.RETAIN if stage.is_protected else RemovalPolicy.DESTROY,
        )
        accept(bucket, {"S1": "One small object a day is written here by one function, whose log says so."})
        return bucket

    def _firewall(self) -> str:
        """Return the ARN of the web ACL, which CloudFront takes from us-east-1 only."""
        name = resource(self._context.stage.name, "edge")
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
                rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                    limit=RATE_LIMIT, aggregate_key_type="IP"
                )
            ),
            visibility_config=_visible("Rate"),
        )
        acl = wafv2.CfnWebACL(
            self,
            "Firewall",
            name=name,
            scope="CLOUDFRONT",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_visible(name),
            rules=[rate, *rules],
        )
        return acl.attr_arn

    def _trail(self, data: DataStack) -> None:
        bucket = private_bucket(
            self,
            "TrailLog",
            versioned=True,
            removal_policy=RemovalPolicy.RETAIN,
            lifecycle_rules=[s3.LifecycleRule(id="old", expiration=Duration.days(self._context.stage.site.audit_days))],
        )
        accept(bucket, {"S1": "This is the log of accesses; a log of its own accesses would have no end."})
        trail = cloudtrail.Trail(
            self,
            "Trail",
            bucket=bucket,
            trail_name=resource(self._context.stage.name),
            is_multi_region_trail=False,
            enable_file_validation=True,
            send_to_cloud_watch_logs=False,
        )
        trail.add_s3_event_selector([cloudtrail.S3EventSelector(bucket=data.media)])


def _visible(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )
