"""Security: the firewall before CloudFront, threat detection, and the bucket that audit heads cannot leave."""

from typing import Any

from aws_cdk import CfnOutput, CfnResource, Duration, Fn, RemovalPolicy, Stack
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_guardduty as guardduty
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_securityhub as securityhub
from constructs import Construct

from infra.constructs.bucket import private_bucket
from infra.constructs.context import Context
from infra.constructs.firewall import firewall
from infra.constructs.waivers import accept
from infra.names import EDGE_REGION, resource
from infra.stacks.data import DataStack


class SecurityStack(Stack):
    """What watches and refuses."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        context: Context,
        data: DataStack,
        edge: "SecurityEdgeStack | None" = None,
        **kwargs: Any,  # noqa: ANN401 - CDK's
    ) -> None:
        super().__init__(scope, id_, **kwargs)
        self._context = context
        stage = context.stage
        self.audit_heads = self._audit_heads()
        self.web_acl_arn = edge.web_acl_arn if edge else self._firewall() if stage.firewall else None
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
        return firewall(self, "Firewall", name=resource(self._context.stage.name, "edge")).attr_arn

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
        trail.add_s3_event_selector(
            [cloudtrail.S3EventSelector(bucket=each) for each in (data.media, self.audit_heads)]
        )
        # The CDK's construct knows no tables.
        recorded = {"Type": "AWS::DynamoDB::Table", "Values": [data.table.table_arn]}
        made = trail.node.default_child
        assert isinstance(made, CfnResource)  # noqa: S101 - what every construct of this kind consists of
        made.add_property_override("EventSelectors.0.DataResources.1", recorded)


class SecurityEdgeStack(Stack):
    """The firewall of a stage that lives in another region than us-east-1, where this stack is.

    Its ARN ends in an id that AWS makes up. The Api stack reads it from this stack's output, across regions, by
    CloudFormation's own `Fn::GetStackOutput`: no function has to run for that (`docs/adr/0016`).
    """

    def __init__(self, scope: Construct, id_: str, *, context: Context, **kwargs: Any) -> None:  # noqa: ANN401 - CDK's
        super().__init__(scope, id_, **kwargs)
        acl = firewall(self, "Firewall", name=resource(context.stage.name, "edge"))
        output = CfnOutput(self, "FirewallArn", value=acl.attr_arn)
        #: What a stack in another region says to mean the web ACL.
        self.web_acl_arn = Fn.get_stack_output(self.stack_name, output.logical_id, EDGE_REGION)
