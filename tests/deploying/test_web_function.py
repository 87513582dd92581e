"""What Zappa is told, from the stacks' outputs."""

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from click import ClickException

from infra import web_function
from infra.preflight import NotReadyError, check
from infra.stages import DEV, PROD, Site
from publishing.adapters.direct import Direct
from publishing.adapters.stream import Stream
from publishing.adapters.transports import transport_of
from publishing.config import HINTS, Config
from tests.emulator import Emulator

OUTPUTS = {
    "TableName": "table",
    "StreamName": "stream",
    "MediaBucket": "media",
    "UserPoolId": "eu-central-1_A",
    "ClientId": "client",
    "SecretArn": "arn:secret",
    "KeyArn": "arn:key",
    "MediaUrl": "https://d1.cloudfront.example",
    "GatewayUrl": "https://abc.execute-api.eu-central-1.amazonaws.com/prod/",
    "PublicUrl": "https://d1.cloudfront.example",
    "RestApiId": "abc",
    "AuditBucket": "audit-heads",
    "MailTopicArn": "arn:aws:sns:eu-central-1:111122223333:omnipub-prod-mail",
    "MailFailuresQueueArn": "arn:aws:sqs:eu-central-1:111122223333:omnipub-prod-mail-failures",
}


class TestTheVariables:
    def test_are_what_the_application_reads(self):
        variables = web_function.variables("prod", OUTPUTS)

        config = Config.from_environment(variables, needs=("KINESIS_STREAM_NAME", "COGNITO_USER_POOL_ID"))
        assert config.scheduler_function == "omnipub-prod-scheduler"
        assert config.media_url == "https://d1.cloudfront.example"
        assert config.runs_on_aws
        assert config.audit_bucket == "audit-heads"
        assert config.mail_topics == {OUTPUTS["MailTopicArn"]}
        assert variables["OMNIPUB_ALLOWED_HOSTS"] == "abc.execute-api.eu-central-1.amazonaws.com,d1.cloudfront.example"
        # Behind CloudFront the application is at the root of its address.
        assert "OMNIPUB_BASE_PATH" not in variables

    def test_tell_of_review_what_the_stage_says(self):
        silent = Config.from_environment(web_function.variables("prod", OUTPUTS))
        told = Config.from_environment(web_function.variables("prod", OUTPUTS, site=Site(review=True, review_own=True)))

        assert (silent.review_on, silent.review_own) == (False, False)
        assert (told.review_on, told.review_own) == (True, True)

    def test_tell_how_far_series_reach(self):
        silent = Config.from_environment(web_function.variables("prod", OUTPUTS))
        told = Config.from_environment(web_function.variables("prod", OUTPUTS, site=Site(series_horizon=21)))

        assert silent.series_horizon.days == 7
        assert told.series_horizon.days == 21

    def test_tell_how_long_things_are_kept_where_the_stage_says_so(self):
        silent = Config.from_environment(web_function.variables("prod", OUTPUTS, site=Site()))
        site = Site(retention_days=365, audit_retention_days=90)
        told = Config.from_environment(web_function.variables("prod", OUTPUTS, site=site))

        assert (silent.retention, silent.audit_retention) == (None, None)
        assert told.retention is not None
        assert told.audit_retention is not None
        assert (told.retention.days, told.audit_retention.days) == (365, 90)

    def test_of_an_emulator_say_where_its_gateway_is(self):
        variables = web_function.variables("prod", OUTPUTS, endpoint="http://127.0.0.1:4566")

        assert variables["OMNIPUB_BASE_PATH"] == "/restapis/abc/prod/_user_request_"
        assert variables["OMNIPUB_JWKS_URL"] == "http://127.0.0.1:4566/eu-central-1_A/.well-known/jwks.json"

    def test_name_the_origins_that_the_gateway_lets_ask(self):
        origins = "https://www.example.org"

        assert "OMNIPUB_CORS_ORIGINS" not in web_function.variables("prod", OUTPUTS)
        told = web_function.variables("prod", {**OUTPUTS, "CorsOrigins": origins})
        assert told["OMNIPUB_CORS_ORIGINS"] == origins

    def test_name_the_account_of_the_canary_where_the_stage_has_one(self):
        named = web_function.variables("prod", OUTPUTS, site=Site(canary_account="01KBCD0000000000000000000B"))

        assert Config.from_environment(named).canary_account == "01KBCD0000000000000000000B"
        assert "OMNIPUB_CANARY_ACCOUNT" not in web_function.variables("prod", OUTPUTS)


class TestTheWayToTheWorker:
    def test_is_the_stream_that_is_deployed(self):
        config = Config.from_environment(web_function.variables("prod", OUTPUTS), needs=(HINTS,))

        assert transport_of(config) == Stream("stream")

    def test_is_the_worker_itself_where_no_stream_is(self):
        outputs = {name: value for name, value in OUTPUTS.items() if name != "StreamName"}

        config = Config.from_environment(web_function.variables("dev", outputs), needs=(HINTS,))

        assert transport_of(config) == Direct("omnipub-dev-worker")


class TestTheSubscription:
    def test_goes_to_the_address_that_takes_feedback(self):
        asked = web_function.subscription(OUTPUTS)

        assert asked["Endpoint"] == "https://d1.cloudfront.example/hooks/ses/"
        assert asked["Attributes"]["RawMessageDelivery"] == "false"
        assert OUTPUTS["MailFailuresQueueArn"] in asked["Attributes"]["RedrivePolicy"]


class Session:
    """A session of boto3's, as far as it is asked."""

    def __init__(self, emulator: Emulator, region: str = "us-east-1") -> None:
        self.region_name = region
        self.client = emulator.client


class TestTheOutputs:
    def test_are_asked_for_in_the_stages_own_region(self, emulator):
        with pytest.raises(ClickException, match="export AWS_DEFAULT_REGION=us-east-1"):
            web_function._outputs(Session(emulator, "eu-central-1"), "prod", region="us-east-1")

    def test_are_missed_with_the_command_that_makes_them(self, emulator):
        with pytest.raises(ClickException, match="Type: uv run cdk deploy --all -c stage=dev"):
            web_function._outputs(Session(emulator), "dev", region="us-east-1")


class Formation:
    """CloudFormation with one stack in a state that no emulator gets into."""

    def __init__(self, status: str) -> None:
        self.region_name = "us-east-1"
        self._status = status

    def client(self, _: str) -> "Formation":
        return self

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - AWS's
        if StackName == "OmnichannelDataStack":
            return {"Stacks": [{"StackStatus": self._status, "Outputs": []}]}
        message = f"Stack with id {StackName} does not exist"
        raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "DescribeStacks")


@pytest.fixture
def bootstrapped(emulator):
    ssm = emulator.client("ssm")
    ssm.put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="28", Type="String", Overwrite=True)
    yield emulator
    ssm.delete_parameter(Name="/cdk-bootstrap/hnb659fds/version")


class TestAHalfDeployment:
    @pytest.mark.parametrize(
        ("status", "command"),
        [
            ("UPDATE_IN_PROGRESS", "describe-stack-events"),
            ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
            ("UPDATE_FAILED", "rollback-stack"),
            ("ROLLBACK_FAILED", "delete-stack"),
            ("CREATE_FAILED", "delete-stack"),
            ("DELETE_FAILED", "delete-stack"),
        ],
    )
    def test_is_mended_before_the_next_one_begins(self, bootstrapped, status, command):
        formation = Formation(status)

        def client(service: str, _: str) -> Any:
            return formation if service == "cloudformation" else bootstrapped.client(service)

        with pytest.raises(NotReadyError, match=f"aws cloudformation {command} --stack-name OmnichannelDataStack"):
            check(PROD, client)

    @pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE"])
    def test_that_the_cdk_goes_on_from_is_let_through(self, bootstrapped, status):
        formation = Formation(status)

        check(PROD, lambda service, _: formation if service == "cloudformation" else bootstrapped.client(service))

    @pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"])
    def test_keeps_the_web_function_from_being_deployed_onto_it(self, status):
        with pytest.raises(ClickException, match=rf"OmnichannelDataStack is {status}.*uv run cdk deploy --all"):
            web_function._outputs(Formation(status), "prod", region="us-east-1")


class Streaming:
    """CloudFormation with a stage whose Data stack exports a stream, and the stacks that import it."""

    ARN = "arn:aws:kinesis:us-east-1:111122223333:stream/hints-1"

    def __init__(self, *importing: str) -> None:
        self._importing = importing

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803 - AWS's
        outputs = [
            {"OutputKey": "StreamName", "OutputValue": "hints-1"},
            {"OutputKey": "ExportsStreamArn", "OutputValue": self.ARN, "ExportName": f"{StackName}:StreamArn"},
            {"OutputKey": "ExportsTableArn", "OutputValue": "arn:table/t", "ExportName": f"{StackName}:TableArn"},
        ]
        return {"Stacks": [{"StackStatus": "CREATE_COMPLETE", "Outputs": outputs}]}

    def list_imports(self, *, ExportName: str) -> dict[str, Any]:  # noqa: N803 - AWS's
        if ExportName == "OmnichannelDataStack-dev:StreamArn" and self._importing:
            return {"Imports": [*self._importing]}
        message = f"Export '{ExportName}' is not imported by any stack."
        raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "ListImports")


class TestAStreamThatIsTakenAway:
    IMPORTING = ("OmnichannelWorkerStack-dev", "OmnichannelApiStack-dev")

    def checked(self, stage, emulator, *importing, **how):
        formation = Streaming(*importing)
        check(stage, lambda service, _: formation if service == "cloudformation" else emulator.client(service), **how)

    def test_is_let_go_by_those_who_use_it_first(self, bootstrapped):
        command = "uv run cdk deploy -c stage=dev --exclusively OmnichannelApiStack OmnichannelWorkerStack"

        with pytest.raises(NotReadyError, match=f"still uses the stream that it had.*type: {command}$"):
            self.checked(DEV, bootstrapped, *self.IMPORTING)

    def test_may_be_let_go(self, bootstrapped):
        self.checked(DEV, bootstrapped, *self.IMPORTING, is_exclusive=True)

    def test_that_nobody_uses_goes(self, bootstrapped):
        self.checked(DEV, bootstrapped)

    def test_is_not_asked_about_where_it_stays(self, bootstrapped):
        self.checked(replace(DEV, stream=True), bootstrapped, *self.IMPORTING)


class TestPreflight:
    def test_asks_for_credentials_that_aws_knows(self):
        def nobody(*_: str) -> Any:
            raise NoCredentialsError

        with pytest.raises(NotReadyError, match="Type: aws sts get-caller-identity"):
            check(PROD, nobody)

    def test_asks_for_the_bootstrap_first(self, emulator):
        with pytest.raises(NotReadyError, match=r"Type: uv run cdk bootstrap aws://\d+/us-east-1"):
            check(PROD, lambda service, _: emulator.client(service))

    def test_misses_the_secret_of_a_provider(self, emulator):
        ssm = emulator.client("ssm")
        ssm.put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="28", Type="String", Overwrite=True)
        site = Site(identity_providers={"Google": "omnipub/google"})

        with pytest.raises(NotReadyError, match="aws secretsmanager create-secret --name omnipub/google"):
            check(replace(PROD, site=site), lambda service, _: emulator.client(service))
        emulator.client("secretsmanager").create_secret(Name="omnipub/google", SecretString="{}")
        check(replace(PROD, site=site), lambda service, _: emulator.client(service))
        ssm.delete_parameter(Name="/cdk-bootstrap/hnb659fds/version")

    def test_says_what_the_secret_of_the_bridge_to_github_is_to_hold(self, emulator):
        ssm = emulator.client("ssm")
        ssm.put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="28", Type="String", Overwrite=True)
        stage = replace(PROD, site=Site(identity_providers={"GitHub": "omnipub/github"}))

        with pytest.raises(NotReadyError, match='"github_signing_key": "…", "github_sealing_key": "…"'):
            check(stage, lambda service, _: emulator.client(service))
        ssm.delete_parameter(Name="/cdk-bootstrap/hnb659fds/version")
