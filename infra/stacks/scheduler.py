"""Scheduler: the function that dispatches what is due, every minute and when it is woken."""

from typing import Any

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.constructs.context import Context
from infra.constructs.function import Function, failure_queue, invoked_asynchronously, invoked_by
from infra.constructs.hints import hint_variables, sends_hints
from infra.constructs.rights import reads_and_writes, wakes_scheduler
from infra.constructs.waivers import accept
from infra.names import resource, scheduler_function
from infra.stacks.data import DataStack
from infra.stacks.security import SecurityStack
from infra.stages import shared_variables
from publishing import table


class SchedulerStack(Stack):
    """Ticks."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        context: Context,
        data: DataStack,
        security: SecurityStack,
        **kwargs: Any,  # noqa: ANN401 - CDK's
    ) -> None:
        super().__init__(scope, id_, **kwargs)
        name = scheduler_function(context.stage.name)
        self.failures = failure_queue(self, "Failures", name=resource(context.stage.name, "scheduler", "failures"))
        self.scheduler = Function(
            self,
            "Scheduler",
            context=context,
            name=name,
            handler="workers.scheduler.handler",
            memory=256,
            timeout=Duration.minutes(1),
            environment={
                "TABLE_NAME": data.table.table_name,
                **hint_variables(context.stage.name, data.stream),
                "OMNIPUB_SCHEDULER_FUNCTION": name,
                "OMNIPUB_AUDIT_BUCKET": security.audit_heads.bucket_name,
                # Both must know the same of review, which is a condition of the dispatch, and of how far series reach.
                **shared_variables(context.stage.site),
            },
            rights=[
                *reads_and_writes(data.table, indexes=[table.TIMERS]),
                sends_hints(self, context.stage.name, data.stream),
                # It hands over to itself, and fans out to itself when very much is due.
                wakes_scheduler(self, context.stage.name),
                # Once an hour it copies the audit log's heads there, which nobody can delete.
                iam.PolicyStatement(
                    actions=["s3:PutObject"], resources=[security.audit_heads.arn_for_objects("heads/*")]
                ),
                iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[self.failures.queue_arn]),
            ],
        )
        found = f"IAM5[Resource::{security.heads_in_findings}/heads/*]"
        accept(self.scheduler.role, {found: "Heads get their names when they are copied."})
        # A tick that failed or waited is repeated by the next one: neither a retry nor an old event is of use.
        invoked_asynchronously(self, self.scheduler, retries=0, age=Duration.minutes(1), failures=self.failures)
        self._every_minute(rule_name=resource(context.stage.name, "tick"))
        CfnOutput(self, "SchedulerFunction", value=name)

    def _every_minute(self, *, rule_name: str) -> None:
        rule = events.CfnRule(
            self,
            "EveryMinute",
            name=rule_name,
            schedule_expression="rate(1 minute)",
            state="ENABLED",
            targets=[
                events.CfnRule.TargetProperty(
                    id="Scheduler",
                    arn=self.scheduler.function.function_arn,
                    retry_policy=events.CfnRule.RetryPolicyProperty(
                        maximum_retry_attempts=0, maximum_event_age_in_seconds=60
                    ),
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=self.failures.queue_arn),
                )
            ],
        )
        invoked_by(self, "RuleInvokes", self.scheduler, service="events", source_arn=rule.attr_arn)
        self.failures.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("events.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[self.failures.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
            )
        )
