"""Feedback about mail: SES tells a topic what became of each, and the topic tells the application at `/hooks/ses/`."""

from typing import Final

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_ses as ses
from aws_cdk import aws_sns as sns
from constructs import Construct

from infra.constructs.context import Context
from infra.constructs.function import failure_queue
from infra.names import resource

_EVENTS: Final = ["SEND", "REJECT", "DELIVERY", "BOUNCE", "COMPLAINT", "DELIVERY_DELAY", "RENDERING_FAILURE"]


class MailFeedback(Construct):
    """The topic, the configuration set that email accounts name, and the queue of what the application did not take.

    The subscription is made when the web function is deployed, because only then is there somebody to confirm it.
    """

    def __init__(self, scope: Construct, id_: str, *, context: Context) -> None:
        super().__init__(scope, id_)
        stage = context.stage.name
        # The application takes signatures of this version only.
        self.topic = sns.Topic(
            self, "Topic", topic_name=resource(stage, "mail"), signature_version="2", enforce_ssl=True
        )
        account = {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("ses.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions=account,
            )
        )
        self.configuration_set = ses.CfnConfigurationSet(self, "ConfigurationSet", name=resource(stage))
        destination = ses.CfnConfigurationSetEventDestination(
            self,
            "Destination",
            configuration_set_name=self.configuration_set.ref,
            event_destination=ses.CfnConfigurationSetEventDestination.EventDestinationProperty(
                name="application",
                enabled=True,
                matching_event_types=_EVENTS,
                sns_destination=ses.CfnConfigurationSetEventDestination.SnsDestinationProperty(
                    topic_arn=self.topic.topic_arn
                ),
            ),
        )
        destination.node.add_dependency(self.topic)
        self.failures = failure_queue(self, "Failures", name=resource(stage, "mail", "failures"))
        self.failures.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("sns.amazonaws.com")],
                actions=["sqs:SendMessage"],
                resources=[self.failures.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": self.topic.topic_arn}},
            )
        )
