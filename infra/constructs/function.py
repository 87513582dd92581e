"""A function of ours: its role lists its own actions on its own resources, its logs end, its failures are kept."""

from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.context import Context
from infra.constructs.waivers import accept

#: AWS keeps logs for these numbers of days only.
_RETENTION: Final = {
    7: logs.RetentionDays.ONE_WEEK,
    14: logs.RetentionDays.TWO_WEEKS,
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
}


def log_group(scope: Construct, id_: str, context: Context, *, name: str) -> logs.LogGroup:
    """Return a log group that keeps lines as long as the stage says."""
    return logs.LogGroup(
        scope,
        id_,
        log_group_name=name,
        retention=_RETENTION[context.stage.log_days],
        removal_policy=RemovalPolicy.DESTROY,
    )


def writes_logs(group_name: str, scope: Construct) -> iam.PolicyStatement:
    """Return the right to write one log group, instead of AWS's managed policy for all of them."""
    arn = Stack.of(scope).format_arn(
        service="logs", resource="log-group", resource_name=f"{group_name}:*", arn_format=ArnFormat.COLON_RESOURCE_NAME
    )
    return iam.PolicyStatement(actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[arn])


def traces() -> iam.PolicyStatement:
    """Return the right to send traces, which AWS grants on everything or not at all."""
    return iam.PolicyStatement(actions=["xray:PutTraceSegments", "xray:PutTelemetryRecords"], resources=["*"])


def function_arn(scope: Construct, name: str) -> str:
    """Return the ARN of a function by its name, whoever deploys it."""
    return Stack.of(scope).format_arn(
        service="lambda", resource="function", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )


def failure_queue(scope: Construct, id_: str, *, name: str) -> sqs.Queue:
    """Return a queue for what could not be processed; it keeps that for two weeks."""
    queue = sqs.Queue(
        scope,
        id_,
        queue_name=name,
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
        retention_period=Duration.days(14),
    )
    accept(queue, {"SQS3": "This is the dead-letter queue."})
    return queue


def invoked_asynchronously(
    scope: Construct, function: "Function", *, retries: int, age: Duration, failures: sqs.IQueue
) -> None:
    """Bound what Lambda does with invocations that nobody waits for; its own bounds are two repeats and six hours."""
    lambda_.CfnEventInvokeConfig(
        scope,
        "Invocations",
        function_name=function.function.function_name,
        qualifier="$LATEST",
        maximum_retry_attempts=retries,
        maximum_event_age_in_seconds=age.to_seconds(),
        destination_config=lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
            on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=failures.queue_arn)
        ),
    ).node.add_dependency(function.role)


def invoked_by(scope: Construct, id_: str, function: "Function", *, service: str, source_arn: str) -> None:
    """Let one thing of a service of AWS's invoke a function, and nothing else of that service."""
    lambda_.CfnPermission(
        scope,
        id_,
        action="lambda:InvokeFunction",
        function_name=function_arn(scope, function.name),
        principal=f"{service}.amazonaws.com",
        source_arn=source_arn,
    ).node.add_dependency(function.function)


class Function(Construct):
    """A Python function from the package that `make build` wrote."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        context: Context,
        name: str,
        handler: str,
        memory: int,
        timeout: Duration,
        environment: Mapping[str, str],
        rights: Sequence[iam.PolicyStatement],
    ) -> None:
        super().__init__(scope, id_)
        stage = context.stage
        self.name = name
        self.log_group = log_group(self, "Logs", context, name=f"/aws/lambda/{name}")
        statements = [writes_logs(f"/aws/lambda/{name}", self), *rights, *([traces()] if stage.tracing else [])]
        self.role = iam.Role(
            self,
            "Role",
            role_name=name,
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"Own": iam.PolicyDocument(statements=statements)},
        )
        self.function = lambda_.Function(
            self,
            "Function",
            function_name=name,
            runtime=context.runtime,
            architecture=context.architecture,
            handler=handler,
            code=lambda_.Code.from_asset(str(context.package)),
            memory_size=memory,
            timeout=timeout,
            role=self.role.without_policy_updates(),
            environment={**environment, **context.extra_environment},
            log_group=self.log_group,
            tracing=lambda_.Tracing.ACTIVE if stage.tracing else lambda_.Tracing.DISABLED,
        )
        self.function.node.add_dependency(self.role)
        accept(self.function, {"L1": "The runtime is the Python that the package was built and tested with."})
        accept_own_logs(self.role, name, has_tracing=stage.tracing)


def accept_own_logs(role: iam.Role, name: str, *, has_tracing: bool) -> None:
    """Accept what the rights to write logs and traces look like to cdk-nag."""
    group = f"arn:<AWS::Partition>:logs:<AWS::Region>:<AWS::AccountId>:log-group:/aws/lambda/{name}:*"
    accept(role, {f"IAM5[Resource::{group}]": "Log streams of this function's own group get names when it starts."})
    accept(
        role, {f"IAM5[Resource::{group.replace('<AWS::Region>', Stack.of(role).region)}]": "The same, region fixed."}
    )
    if has_tracing:
        accept(role, {"IAM5[Resource::*]": "X-Ray has no resources: traces are sent to all of it."})
