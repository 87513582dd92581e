"""Worker: the function that delivers, and how hints come to it, with every bound that AWS leaves open."""

from typing import Any

from aws_cdk import ArnFormat, CfnOutput, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.context import Context
from infra.constructs.function import Function, failure_queue, invoked_asynchronously
from infra.constructs.rights import reads_and_writes, sends_mail, sends_texts
from infra.constructs.waivers import accept
from infra.names import resource, worker_function
from infra.stacks.data import PUBLIC_MEDIA, DataStack
from publishing import table


class WorkerStack(Stack):
    """Carries deliveries out."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        context: Context,
        data: DataStack,
        media_url: str,
        **kwargs: Any,  # noqa: ANN401 - CDK's
    ) -> None:
        super().__init__(scope, id_, **kwargs)
        stage = context.stage
        self.failures = failure_queue(self, "Failures", name=resource(stage.name, "worker", "failures"))
        self.worker = Function(
            self,
            "Worker",
            context=context,
            name=worker_function(stage.name),
            handler="workers.delivery.handler",
            memory=1024,
            timeout=Duration.minutes(5),
            environment={
                "TABLE_NAME": data.table.table_name,
                "MEDIA_BUCKET": data.media.bucket_name,
                "OMNIPUB_MEDIA_URL": media_url,
                "OMNIPUB_KMS_KEY_ID": data.key.key_arn,
                "SECRETS_ARN": data.secret.secret_arn,
                "USE_AI_AGENT": str(stage.use_ai_agent).lower(),
                "BEDROCK_MODEL_ID": stage.bedrock_model_id,
            },
            rights=self._rights(context, data),
        )
        accept(
            self.worker.role,
            {
                f"IAM5[Resource::{data.media_in_findings}/{PUBLIC_MEDIA}]": "Media get their names later.",
                "IAM5[Resource::*]": "Phone numbers have no ARN, and X-Ray has no resources; topics are denied.",
                "IAM5[Resource::arn:<AWS::Partition>:ses:*:<AWS::AccountId>:identity/*]": (
                    "Each email account names its own sender; all verified identities of this AWS account may send."
                ),
                "IAM5[Resource::arn:<AWS::Partition>:ses:*:<AWS::AccountId>:configuration-set/*]": (
                    "An email account may name a configuration set of this AWS account."
                ),
            },
        )
        if data.stream is None:
            # The table's timers bring back what is given up here, after 90 seconds: one repeat comes earlier, a second
            # one would not. What is throttled waits no longer than a record of the stream would.
            invoked_asynchronously(self, self.worker, retries=1, age=Duration.minutes(2), failures=self.failures)
        else:
            self._mapping(context, data.stream)
        CfnOutput(self, "WorkerFunction", value=self.worker.name)
        CfnOutput(self, "FailuresQueueUrl", value=self.failures.queue_url)

    def _rights(self, context: Context, data: DataStack) -> list[iam.PolicyStatement]:
        statements = [
            # Evidence it adds only; where a network shows what was posted, an index tells it whose posts those are.
            *reads_and_writes(data.table, indexes=[table.BY_MONTH], deletes=False),
            # Credentials are opened here only; refreshed ones are sealed again.
            iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[data.key.key_arn]),
            iam.PolicyStatement(actions=["s3:GetObject"], resources=[data.media.arn_for_objects(PUBLIC_MEDIA)]),
            *([_reads(data.stream)] if data.stream else []),
            iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[self.failures.queue_arn]),
            sends_mail(self),
            *sends_texts(),
        ]
        if context.stage.use_ai_agent:
            model = self.format_arn(
                service="bedrock", account="", resource="foundation-model",
                resource_name=context.stage.bedrock_model_id, arn_format=ArnFormat.SLASH_RESOURCE_NAME,
            )  # fmt: skip
            statements.append(iam.PolicyStatement(actions=["bedrock:InvokeModel"], resources=[model]))
        return statements

    def _mapping(self, context: Context, stream: kinesis.Stream) -> None:
        mapping = lambda_.CfnEventSourceMapping(
            self,
            "Mapping",
            event_source_arn=stream.stream_arn,
            function_name=self.worker.function.function_arn,
            batch_size=10,
            starting_position="TRIM_HORIZON",
            parallelization_factor=context.stage.parallelization,
            function_response_types=["ReportBatchItemFailures"],
            bisect_batch_on_function_error=True,
            # AWS's own bounds are "for ever": one bad record would block its shard. The table's timers bring back
            # whatever is given up here, so both bounds are small.
            maximum_retry_attempts=2,
            maximum_record_age_in_seconds=120,
            destination_config=lambda_.CfnEventSourceMapping.DestinationConfigProperty(
                on_failure=lambda_.CfnEventSourceMapping.OnFailureProperty(destination=self.failures.queue_arn)
            ),
        )
        mapping.node.add_dependency(self.worker.role)


def _reads(stream: kinesis.Stream) -> iam.PolicyStatement:
    """Return the rights with which Lambda reads the stream for the function."""
    actions = ["DescribeStreamSummary", "GetRecords", "GetShardIterator", "ListShards"]
    return iam.PolicyStatement(actions=[f"kinesis:{action}" for action in actions], resources=[stream.stream_arn])
