"""Monitoring: alarms on what loses, delays or doubles a publication, a dashboard, a budget, and the topic they tell.

Each alarm has a page in `docs/runbooks/` under its own name, which says what to do.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from aws_cdk import CfnOutput, Duration, Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as schedules
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from infra.commands import commands_of
from infra.constructs.context import Context
from infra.constructs.function import function_arn
from infra.names import resource, web_function
from infra.stacks.api import ApiStack
from infra.stacks.data import DataStack
from infra.stacks.scheduler import SchedulerStack
from infra.stacks.worker import WorkerStack

_MINUTE: Final = Duration.minutes(1)
_FIVE: Final = Duration.minutes(5)
#: A message that goes out this much after its due time is an alarm; in a quiet system the most is 4 seconds.
LATE_MS: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The stacks that are watched."""

    data: DataStack
    api: ApiStack
    worker: WorkerStack
    scheduler: SchedulerStack


class MonitoringStack(Stack):
    """Ten alarms, which is what AWS gives for nothing, and one dashboard of the three that it does."""

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        context: Context,
        watched: Watched,
        **kwargs: Any,  # noqa: ANN401 - CDK's
    ) -> None:
        super().__init__(scope, id_, **kwargs)
        self._context = context
        self._watched = watched
        self._namespace = f"Omnipub/{context.stage.name}"
        self.topic = self._topic()
        self._functions()
        self._transport()
        self._lateness()
        self._deliveries()
        self._doubt()
        self._commands()
        self._gateway()
        self._dashboard()
        self._budget()
        CfnOutput(self, "AlarmTopicArn", value=self.topic.topic_arn)

    def _topic(self) -> sns.Topic:
        topic = sns.Topic(self, "Alarms", topic_name=resource(self._context.stage.name, "alarms"), enforce_ssl=True)
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[
                    iam.ServicePrincipal("cloudwatch.amazonaws.com"),
                    iam.ServicePrincipal("budgets.amazonaws.com"),
                ],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        if self._context.stage.site.alarm_email:
            topic.add_subscription(subscriptions.EmailSubscription(self._context.stage.site.alarm_email))
        return topic

    def _alarm(self, name: str, metric: cloudwatch.IMetric, *, sentence: str, **options: Any) -> None:  # noqa: ANN401 - CDK's
        alarm = cloudwatch.Alarm(
            self,
            name.title().replace("-", ""),
            alarm_name=resource(self._context.stage.name, name),
            alarm_description=f"{sentence} See docs/runbooks/{name}.md.",
            metric=metric,
            **{
                "threshold": 1,
                "evaluation_periods": 1,
                "comparison_operator": cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
                "treat_missing_data": cloudwatch.TreatMissingData.NOT_BREACHING,
                **options,
            },
        )
        alarm.add_alarm_action(actions.SnsAction(self.topic))

    def _functions(self) -> None:
        worker, scheduler = self._watched.worker.worker.function, self._watched.scheduler.scheduler.function
        self._alarm(
            "worker-errors",
            worker.metric_errors(period=_FIVE),
            sentence="The worker function failed: deliveries wait for the watchdog.",
        )
        self._alarm(
            "scheduler-silent",
            scheduler.metric_invocations(period=_FIVE),
            sentence="The scheduler did not run: nothing is dispatched.",
            comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        )
        self._alarm(
            "scheduler-failures",
            self._watched.scheduler.failures.metric_approximate_number_of_messages_visible(period=_MINUTE),
            sentence="A tick failed or waited too long.",
        )

    def _transport(self) -> None:
        self._alarm(
            "worker-failures",
            self._watched.worker.failures.metric_approximate_number_of_messages_visible(period=_MINUTE),
            sentence="Hints to the worker were given up.",
        )
        self._alarm(
            "table-throttled",
            cloudwatch.Metric(
                namespace="AWS/DynamoDB",
                metric_name="WriteThrottleEvents",
                dimensions_map={"TableName": self._watched.data.table.table_name},
                period=_FIVE,
                statistic="Sum",
            ),
            sentence="The table refused writes for a while.",
            threshold=10,
        )

    def _lateness(self) -> None:
        """Put everything that says how late publications are into one metric: an alarm is paid for each metric.

        The worker says it of what it sends, the scheduler of what nobody sends, and the web function of canaries. A
        stream that nobody reads has no age and its mapping, switched off, no errors: only the scheduler knows then.
        """
        sources = (
            ("Sent", self._watched.worker.worker.log_group, "delivery.committed", "late_ms"),
            ("Overdue", self._watched.scheduler.scheduler.log_group, "scheduler.tick", "overdue_ms"),
            ("Canary", self._watched.api.logs, "canary.failed", "late_ms"),
        )
        for name, group, event, fact in sources:
            self._measure(f"{name}Lateness", group, event, metric="Lateness", value=f"$.{fact}")
        self._alarm(
            "publications-late",
            self._fact("Lateness", period=_MINUTE, statistic="Maximum"),
            sentence="Something went out 20 seconds or more after its due time, or is due and did not go out.",
            threshold=LATE_MS,
        )

    def _doubt(self) -> None:
        """Count deliveries in doubt whose time to look for evidence had come; one that stays so ends `unconfirmed`."""
        group = self._watched.scheduler.scheduler.log_group
        self._measure("InDoubtFilter", group, "scheduler.tick", metric="InDoubt", value="$.in_doubt")

    def _measure(self, id_: str, group: logs.ILogGroup, event: str, *, metric: str, value: str) -> None:
        """Turn a fact of a log line into a metric."""
        positive = logs.FilterPattern.number_value(value, ">=", 0)
        logs.MetricFilter(
            self,
            id_,
            log_group=group,
            filter_pattern=logs.FilterPattern.all(logs.FilterPattern.string_value("$.event", "=", event), positive),
            metric_namespace=self._namespace,
            metric_name=metric,
            metric_value=value,
        )

    def _fact(self, name: str, **options: Any) -> cloudwatch.Metric:  # noqa: ANN401 - CDK's
        return cloudwatch.Metric(namespace=self._namespace, metric_name=name, **options)

    def _deliveries(self) -> None:
        """Count log lines: no metric has to be sent for that, and none is paid for each user or account."""
        worker, web = self._watched.worker.worker.log_group, self._watched.api.logs
        for name, groups, pattern, sentence in (
            (
                "records-parked",
                {"": worker},
                logs.FilterPattern.string_value("$.event", "=", "worker.record_parked"),
                "A record could not be read and was parked.",
            ),
            (
                "critical-logs",
                {"": worker, "Web": web},
                logs.FilterPattern.string_value("$.level", "=", "CRITICAL"),
                "Something happened, or was left undone, that a person has to look at.",
            ),
            (
                "unconfirmed",
                {"": worker},
                logs.FilterPattern.string_value("$.event", "=", "delivery.unconfirmed"),
                "A delivery could not be settled: a person has to look.",
            ),
        ):
            metric_name = name.title().replace("-", "")
            for whose, group in groups.items():
                logs.MetricFilter(
                    self,
                    f"{metric_name}{whose}Filter",
                    log_group=group,
                    filter_pattern=pattern,
                    metric_namespace=self._namespace,
                    metric_name=metric_name,
                    metric_value="1",
                )
            self._alarm(
                name,
                self._fact(metric_name, period=_FIVE, statistic="Sum"),
                sentence=sentence,
            )

    def _commands(self) -> None:
        """Run by themselves what the stage asks for: canaries, whose failure counts as lateness, and retention.

        EventBridge's scheduler invokes by a role, so that this stack needs nothing of the function, which comes later.
        """
        commands = commands_of(self._context.stage.site)
        if not commands:
            return
        target = function_arn(self, web_function(self._context.stage.name))
        role = iam.Role(
            self,
            "CommandsRole",
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": self.account}}
            ),
            inline_policies={
                "Own": iam.PolicyDocument(
                    statements=[iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[target])]
                )
            },
        )
        for command in commands:
            schedules.CfnSchedule(
                self,
                command.name.title(),
                name=resource(self._context.stage.name, command.name),
                schedule_expression=command.expression,
                flexible_time_window=schedules.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
                target=schedules.CfnSchedule.TargetProperty(
                    arn=target,
                    role_arn=role.role_arn,
                    input=json.dumps({"manage": command.line}),
                    retry_policy=schedules.CfnSchedule.RetryPolicyProperty(maximum_retry_attempts=0),
                ),
            )

    def _gateway(self) -> None:
        self._alarm(
            "api-errors",
            self._watched.api.api.metric_server_error(period=_FIVE),
            sentence="The API answered with errors of its own.",
            threshold=5,
        )

    def _dashboard(self) -> None:
        worker, scheduler = self._watched.worker.worker.function, self._watched.scheduler.scheduler.function
        api, data = self._watched.api.api, self._watched.data

        def graph(title: str, *metrics: cloudwatch.IMetric) -> cloudwatch.GraphWidget:
            return cloudwatch.GraphWidget(title=title, left=list(metrics), width=8)

        cloudwatch.Dashboard(
            self,
            "Dashboard",
            dashboard_name=resource(self._context.stage.name),
            widgets=[
                [
                    cloudwatch.GraphWidget(
                        title="Lateness of publications, in milliseconds",
                        left=[self._fact("Lateness", statistic=statistic) for statistic in ("p50", "p95", "Maximum")],
                        left_annotations=[cloudwatch.HorizontalAnnotation(value=LATE_MS, label="alarm")],
                        width=24,
                    )
                ],
                [
                    graph(
                        "API: requests and errors",
                        api.metric_count(),
                        api.metric_client_error(),
                        api.metric_server_error(),
                    ),
                    graph("API: latency p99", api.metric_latency(statistic="p99")),
                    graph("Scheduler: runs and errors", scheduler.metric_invocations(), scheduler.metric_errors()),
                ],
                [
                    graph(
                        "Worker: runs, errors, throttles",
                        worker.metric_invocations(),
                        worker.metric_errors(),
                        worker.metric_throttles(),
                    ),
                    graph("Worker: duration p99", worker.metric_duration(statistic="p99")),
                    graph("Hints: age of the oldest", self._age_of_hints()),
                ],
                [
                    graph(
                        "Table: units used",
                        data.table.metric_consumed_read_capacity_units(),
                        data.table.metric_consumed_write_capacity_units(),
                    ),
                    graph(
                        "Given up and parked",
                        self._watched.worker.failures.metric_approximate_number_of_messages_visible(),
                        self._watched.scheduler.failures.metric_approximate_number_of_messages_visible(),
                        self._fact("RecordsParked", statistic="Sum"),
                    ),
                    graph(
                        "In doubt, and left to a person",
                        self._fact("InDoubt", statistic="Sum"),
                        self._fact("Unconfirmed", statistic="Sum"),
                    ),
                ],
            ],
        )

    def _age_of_hints(self) -> cloudwatch.IMetric:
        """Return how long the oldest hint waited for the worker: on the stream or, without one, inside Lambda."""
        stream = self._watched.data.stream
        if stream is None:
            return self._watched.worker.worker.function.metric("AsyncEventAge", statistic="Maximum")
        return stream.metric_get_records_iterator_age_milliseconds(statistic="Maximum")

    def _budget(self) -> None:
        """Tell when the month's cost will pass what the stage is expected to cost. The first two budgets are free."""
        dollars = self._context.stage.monthly_budget
        budgets.CfnBudget(
            self,
            "Budget",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=resource(self._context.stage.name),
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(amount=dollars, unit="USD"),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        comparison_operator="GREATER_THAN",
                        notification_type="FORECASTED",
                        threshold=100,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(subscription_type="SNS", address=self.topic.topic_arn)
                    ],
                )
            ],
        )
