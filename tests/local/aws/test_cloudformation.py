"""What the launcher adds to the emulator's CloudFormation."""

import json

import pytest
from botocore.exceptions import WaiterError


def create(client, name, template):
    client.create_stack(StackName=name, TemplateBody=json.dumps(template))
    client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 20})


def parameter(value):
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": value}}


def reading(region):
    asked = {"StackName": "producer", "OutputName": "Said", "Region": region}
    return {"Resources": {"Heard": parameter({"Fn::GetStackOutput": asked})}}


class TestAnOutputOfAnotherRegion:
    @pytest.fixture
    def producer(self, emulator):
        client = emulator.client("cloudformation", region="us-east-1")
        template = {"Resources": {"Any": parameter("x")}, "Outputs": {"Said": {"Value": "from us-east-1"}}}
        create(client, "producer", template)
        yield emulator
        client.delete_stack(StackName="producer")

    def test_is_read_there(self, producer):
        client = producer.client("cloudformation", region="eu-central-1")

        create(client, "consumer", reading("us-east-1"))

        resources = client.describe_stack_resources(StackName="consumer")["StackResources"]
        heard = producer.client("ssm", region="eu-central-1").get_parameter(Name=resources[0]["PhysicalResourceId"])
        client.delete_stack(StackName="consumer")
        assert heard["Parameter"]["Value"] == "from us-east-1"

    def test_is_looked_for_nowhere_else(self, producer):
        client = producer.client("cloudformation", region="eu-central-1")

        client.create_stack(StackName="deaf", TemplateBody=json.dumps(reading("eu-west-1")))

        with pytest.raises(WaiterError, match="StackCreateComplete"):
            client.get_waiter("stack_create_complete").wait(
                StackName="deaf", WaiterConfig={"Delay": 1, "MaxAttempts": 20}
            )
        client.delete_stack(StackName="deaf")
