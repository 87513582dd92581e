"""What the functions may do, in the words of their work. Each returns statements on the resources it names only."""

from collections.abc import Sequence

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.function import function_arn
from infra.names import scheduler_function
from publishing import table

#: A transaction asks for the right of each of its parts. Nobody may scan.
_ITEMS = (
    "dynamodb:GetItem",
    "dynamodb:BatchGetItem",
    "dynamodb:Query",
    "dynamodb:PutItem",
    "dynamodb:UpdateItem",
    "dynamodb:ConditionCheckItem",
    "dynamodb:DescribeTable",
)


def reads_and_writes(
    owned: dynamodb.ITable, *, indexes: Sequence[str], deletes: bool = True
) -> list[iam.PolicyStatement]:
    """Return the right to items of the table, and to query these of its indexes."""
    actions = [*_ITEMS, *(["dynamodb:DeleteItem"] if deletes else [])]
    return [
        iam.PolicyStatement(actions=actions, resources=[owned.table_arn]),
        iam.PolicyStatement(
            actions=["dynamodb:Query"], resources=[f"{owned.table_arn}/index/{index}" for index in indexes]
        ),
    ]


def all_indexes() -> tuple[str, ...]:
    """Return the names of the table's indexes."""
    return (table.BY_OWNER, table.TIMERS, table.BY_MONTH)


def wakes_scheduler(scope: Construct, stage: str) -> iam.PolicyStatement:
    """Return the right to invoke the scheduler function."""
    return iam.PolicyStatement(
        actions=["lambda:InvokeFunction"], resources=[function_arn(scope, scheduler_function(stage))]
    )


def sends_mail(scope: Construct) -> iam.PolicyStatement:
    """Return the right to send mail from the identities of this AWS account, in whatever region they were verified."""
    arns = [
        Stack.of(scope).format_arn(service="ses", region="*", resource=resource, resource_name="*")
        for resource in ("identity", "configuration-set")
    ]
    return iam.PolicyStatement(actions=["ses:SendEmail"], resources=arns)


def sends_texts() -> list[iam.PolicyStatement]:
    """Return the right to publish to phone numbers, which have no ARN, and to no topic."""
    return [
        iam.PolicyStatement(actions=["sns:Publish"], resources=["*"]),
        iam.PolicyStatement(effect=iam.Effect.DENY, actions=["sns:Publish"], resources=["arn:*:sns:*:*:*"]),
    ]
