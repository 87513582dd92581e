"""By what hints reach the worker in a stage: its stream, or the worker function itself (`docs/adr/0015-*`)."""

from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from constructs import Construct

from infra.constructs.function import function_arn
from infra.names import worker_function


def sends_hints(scope: Construct, stage: str, stream: kinesis.IStream | None) -> iam.PolicyStatement:
    """Return the right to put records on the stream or, without one, to invoke the worker: by name, it comes later."""
    if stream is None:
        return iam.PolicyStatement(
            actions=["lambda:InvokeFunction"], resources=[function_arn(scope, worker_function(stage))]
        )
    return iam.PolicyStatement(actions=["kinesis:PutRecord", "kinesis:PutRecords"], resources=[stream.stream_arn])


def hint_variables(stage: str, stream: kinesis.IStream | None) -> dict[str, str]:
    """Return what a function that sends hints is told."""
    if stream is None:
        return {"OMNIPUB_WORKER_FUNCTION": worker_function(stage)}
    return {"KINESIS_STREAM_NAME": stream.stream_name}
