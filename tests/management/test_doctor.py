"""The doctor, on an emulator where all is there, and where something is not."""

import json
import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import ClassVar

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from django.core.management import CommandError, call_command

from publishing.adapters import aws
from publishing.adapters.hints import Hints
from publishing.config import Config
from publishing.domain.draft import AccountDraft
from publishing.domain.events import decode
from publishing.domain.permissions import SYSTEM
from publishing.management import quotas, standing
from publishing.management import surroundings as around
from publishing.management.doctor import examine
from publishing.management.findings import NotedError, UnwellError
from publishing.services.connecting import connect_account
from publishing.services.context import Context
from publishing.services.halting import set_stop_switch
from publishing.store.binding import bind
from tests.emulator import Emulator
from tests.system import LOCAL, QuietWaker, forget_processes_past


def create_function(emulator, name):
    emulator.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role="arn:aws:iam::000000000000:role/any",
        Handler="any.handler",
        Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
    )


@pytest.fixture
def surroundings(emulator, monkeypatch):
    """A process that has all it needs, and has kept no clients and secrets of another one."""
    forget_processes_past()
    functions = emulator.client("lambda")
    if not any(each["FunctionName"] == "doctored" for each in functions.list_functions()["Functions"]):
        create_function(emulator, "doctored")
    for name, value in {**emulator.environment, "OMNIPUB_SCHEDULER_FUNCTION": "doctored"}.items():
        monkeypatch.setenv(name, value)
    yield monkeypatch
    forget_processes_past()


def examined():
    out = StringIO()
    try:
        call_command("doctor", stdout=out)
    except CommandError as error:
        return out.getvalue() + str(error)
    return out.getvalue()


def assert_fails(what, sentence, command):
    """A check is said to have failed, with what was found and, in the same line, what to type."""
    said = examined().splitlines()
    found = said[said.index(f"FAILED  {what}") + 1]
    assert found.startswith(f"        {sentence}"), found
    assert found.endswith(command), found


class TestTheHint:
    def test_is_one_that_the_worker_does_not_park(self, surroundings, monkeypatch):
        sent = []
        monkeypatch.setattr(Hints, "put_events", lambda _, events: sent.append(events[0]))

        examined()

        (hint,) = sent
        assert decode(hint.encode()) == hint


class TestTheDoctor:
    def test_finds_nothing_where_all_is_there(self, surroundings):
        said = examined()

        assert said.endswith("All is well.\n"), said
        for what in ("clock", "table", "stream", "key of the credentials", "secret", "media bucket", "user pool"):
            assert f"ok      {what}\n" in said

    @pytest.mark.parametrize(
        ("variable", "what"),
        [
            ("TABLE_NAME", "table"),
            ("KINESIS_STREAM_NAME", "stream"),
            ("OMNIPUB_KMS_KEY_ID", "key of the credentials"),
            ("SECRETS_ARN", "secret"),
            ("MEDIA_BUCKET", "media bucket"),
            ("OMNIPUB_SCHEDULER_FUNCTION", "scheduler"),
        ],
    )
    def test_names_the_one_thing_that_is_missing_and_what_to_do(self, surroundings, variable, what):
        surroundings.setenv(variable, "not-there")

        said = examined()

        assert f"FAILED  {what}\n" in said
        assert said.count("FAILED") == 1
        assert "1 of the checks failed" in said

    def test_names_all_variables_that_are_missing_at_once(self, surroundings):
        surroundings.delenv("TABLE_NAME")
        surroundings.delenv("MEDIA_BUCKET")

        assert "TABLE_NAME is not set; MEDIA_BUCKET is not set" in examined()

    def test_asks_about_the_surroundings_once_the_rest_is_well(self, surroundings):
        surroundings.setenv("MEDIA_BUCKET", "not-there")

        said = examined()

        assert "note    backups, rights, quotas, mail\n" in said
        assert "backups of the table" not in said


POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["dynamodb:*", "kinesis:*", "kms:*", "s3:*"], "Resource": "*"}],
}


@pytest.fixture
def account(emulator, emulator_table, surroundings):
    """A deployment's account: a table of its own, and the worker and scheduler by their names."""
    surroundings.setenv("TABLE_NAME", emulator_table)
    prefix = f"omnipub-{emulator_table}"
    surroundings.setenv("OMNIPUB_SCHEDULER_FUNCTION", f"{prefix}-scheduler")
    create_function(emulator, prefix)
    for part in ("worker", "scheduler"):
        create_function(emulator, f"{prefix}-{part}")
        emulator.client("iam").create_role(RoleName=f"{prefix}-{part}", AssumeRolePolicyDocument="{}")
        permit(emulator, f"{prefix}-{part}", POLICY)
    stream = emulator.client("kinesis").describe_stream_summary(StreamName=emulator.environment["KINESIS_STREAM_NAME"])[
        "StreamDescriptionSummary"
    ]["StreamARN"]
    mapping = emulator.client("lambda").create_event_source_mapping(
        FunctionName=f"{prefix}-worker", EventSourceArn=stream, StartingPosition="LATEST", Enabled=False
    )["UUID"]
    emulator.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=True, FunctionName=f"{prefix}-worker")
    emulator.client("events").put_rule(Name=f"{prefix}-tick", ScheduleExpression="rate(1 minute)", State="DISABLED")
    point_rule_at(emulator, prefix, f"{prefix}-scheduler")
    emulator.client("events").enable_rule(Name=f"{prefix}-tick")
    topic = emulator.client("sns").create_topic(Name=f"{prefix}-alarms")["TopicArn"]
    yield Account(emulator, emulator_table, prefix, mapping, topic)
    emulator.client("events").disable_rule(Name=f"{prefix}-tick")
    emulator.client("lambda").delete_event_source_mapping(UUID=mapping)
    # The table is deleted after the test.
    emulator.client("dynamodb").update_table(TableName=emulator_table, DeletionProtectionEnabled=False)


def point_rule_at(emulator, prefix, function):
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
    emulator.client("events").put_targets(Rule=f"{prefix}-tick", Targets=[{"Id": "Scheduler", "Arn": arn}])


def permit(emulator, role, policy):
    emulator.client("iam").put_role_policy(RoleName=role, PolicyName="Own", PolicyDocument=json.dumps(policy))


@dataclass
class Account:
    emulator: Emulator
    table: str
    prefix: str
    mapping: str
    topic: str

    def protect(self):
        client = self.emulator.client("dynamodb")
        client.update_continuous_backups(
            TableName=self.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        client.update_table(TableName=self.table, DeletionProtectionEnabled=True)


def connect(account, channel, *, credential="", **settings):
    """An account at the emulator's own services."""
    draft = AccountDraft(
        channel=channel,
        name=f"Doctored {channel}",
        base_url=account.emulator.url,
        settings=settings,
        credential=credential,
    )
    context = Context(waker=QuietWaker(), outgoing=LOCAL)
    return connect_account(actor=SYSTEM, draft=draft, now=datetime.now(UTC), context=context)


class TestTheSurroundings:
    def test_are_well_in_a_deployment_that_lacks_nothing(self, account):
        account.protect()

        said = examined()

        assert said.endswith("All is well.\n"), said
        for what in (
            "evolutions of the table", "backups of the table", "worker's and scheduler's rights", "stream's reader",
            "concurrency", "mail", "functions", "scheduler's minute", "secret's version", "quota of the table",
            "quota of mails", "quota of texts",
        ):  # fmt: skip
            assert f"ok      {what}\n" in said, said

    def test_lack_backups(self, account):
        said = examined()

        assert "FAILED  backups of the table" in said
        assert f"aws dynamodb update-continuous-backups --table-name {account.table}" in said

    def test_may_lack_protection_from_deletion_in_dev_only(self, account):
        account.protect()
        account.emulator.client("dynamodb").update_table(TableName=account.table, DeletionProtectionEnabled=False)

        said = examined()

        assert "note    backups of the table\n        The table can be deleted by accident" in said
        assert "All is well." in said

    def test_lack_a_right_of_another_function(self, account):
        account.protect()
        denied = {"Effect": "Deny", "Action": "kinesis:GetRecords", "Resource": "*"}
        permit(account.emulator, f"{account.prefix}-worker", {**POLICY, "Statement": [*POLICY["Statement"], denied]})

        said = examined()

        assert f"Rights are missing: {account.prefix}-worker kinesis:GetRecords. Type: uv run cdk deploy --all" in said

    def test_include_a_stream_that_is_not_read(self, account):
        account.protect()
        account.emulator.client("lambda").update_event_source_mapping(
            UUID=account.mapping, Enabled=False, FunctionName=f"{account.prefix}-worker"
        )

        said = examined()

        assert "FAILED  stream's reader" in said
        assert f"aws lambda update-event-source-mapping --enabled --uuid {account.mapping}" in said

    def test_include_an_evolution_that_was_not_carried_out(self, account):
        account.protect()
        bind(account.table)
        set_stop_switch(actor=SYSTEM, is_on=False, now=datetime(2026, 5, 1, tzinfo=UTC))

        before = examined()
        call_command("evolve", stdout=StringIO())

        assert "FAILED  evolutions of the table\n        Not carried out yet: 0001_attempts_by_account." in before
        assert f"TABLE_NAME={account.table} .venv/bin/python manage.py evolve" in before
        assert "ok      evolutions of the table" in examined()

    def test_include_how_much_runs_at_a_time(self, account, monkeypatch):
        monkeypatch.setattr(around, "CONCURRENCY", 1_000_000)

        assert "aws service-quotas request-service-quota-increase --service-code lambda" in examined()

    def test_include_senders_that_are_not_verified(self, account):
        account.protect()
        bind(account.table)
        mailer = account.emulator.client("sesv2")
        mailer.create_email_identity(EmailIdentity="known@example.org")
        for sender in ("known@example.org", "unknown@example.net"):
            connect(account, "email", region="us-east-1", sender=sender, recipient="readers@example.org")

        said = examined()

        assert "SES does not know as verified: unknown@example.net. Type: aws sesv2 create-email-identity" in said

    @pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException"])
    def test_that_a_role_may_not_ask_about_are_left_to_an_operator(self, surroundings, monkeypatch, code):
        def refuse(_):
            raise ClientError({"Error": {"Code": code}}, "DescribeContinuousBackups")

        monkeypatch.setattr(around, "_backups", refuse)

        said = examined()

        assert "note    backups of the table\n        A function may not ask this." in said
        assert "All is well." in said


class TestWhatWasDeployed:
    def test_lacks_a_function(self, account):
        account.emulator.client("lambda").delete_function(FunctionName=account.prefix)

        assert f"There is no function {account.prefix}. Type: zappa deploy <stage>" in examined()

    def test_has_a_function_that_may_not_run(self, account):
        worker = f"{account.prefix}-worker"
        account.emulator.client("lambda").put_function_concurrency(FunctionName=worker, ReservedConcurrentExecutions=0)

        assert f"aws lambda delete-function-concurrency --function-name {worker}" in examined()

    def test_has_a_function_whose_update_failed(self, account):
        client = aws.client("lambda")
        with Stubber(client) as stub:
            answer = {"State": "Active", "LastUpdateStatus": "Failed", "LastUpdateStatusReason": "No rights."}
            stub.add_response("get_function_configuration", answer)
            with pytest.raises(UnwellError, match=r"last update Failed: No rights\. Type: uv run cdk deploy"):
                standing._functions(Config.from_environment(os.environ))

    def test_has_a_scheduler_that_nothing_runs(self, account):
        events = account.emulator.client("events")
        events.disable_rule(Name=f"{account.prefix}-tick")
        disabled = examined()
        point_rule_at(account.emulator, account.prefix, "another")
        events.enable_rule(Name=f"{account.prefix}-tick")
        elsewhere = examined()
        events.remove_targets(Rule=f"{account.prefix}-tick", Ids=["Scheduler"])
        events.delete_rule(Name=f"{account.prefix}-tick")
        gone = examined()

        assert f"its rule is DISABLED. Type: aws events enable-rule --name {account.prefix}-tick" in disabled
        assert f"runs something else than {account.prefix}-scheduler. Type: uv run cdk deploy --all" in elsewhere
        assert f"there is no rule {account.prefix}-tick. Type: uv run cdk deploy --all" in gone

    def test_may_have_nobody_who_is_told_of_alarms(self, account):
        account.protect()

        said = examined()

        assert "note    who is told of alarms\n        Nobody is told of alarms. Set alarm_email" in said
        assert "All is well." in said

    def test_has_somebody_who_did_not_confirm(self, account):
        answer = {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation", "Endpoint": "on-call@example.org"}]}
        with Stubber(aws.client("sns")) as stub:
            stub.add_response("list_subscriptions_by_topic", answer)
            with pytest.raises(UnwellError, match=r"^on-call@example.org did not confirm .* aws sns subscribe"):
                standing._alarms(Config.from_environment(os.environ))

    def test_has_somebody_who_is_told_of_alarms(self, account):
        queue = "arn:aws:sqs:us-east-1:000000000000:told"
        account.emulator.client("sns").subscribe(TopicArn=account.topic, Protocol="sqs", Endpoint=queue)

        assert "ok      who is told of alarms\n" in examined()

    def test_lacks_the_topic_of_the_alarms(self, account):
        account.emulator.client("sns").delete_topic(TopicArn=account.topic)

        assert f"Alarms have nowhere to go: there is no topic {account.topic}. Type: uv run" in examined()


def put_schedule(account, name, state):
    """A schedule of a command of the stage, in the state in which somebody left it."""
    account.emulator.client("scheduler").create_schedule(
        Name=f"{account.prefix}-{name}",
        ScheduleExpression="rate(1 hour)",
        State=state,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": f"arn:aws:lambda:us-east-1:000000000000:function:{account.prefix}",
            "RoleArn": "arn:aws:iam::000000000000:role/any",
        },
    )


class TestTheCanarysHour:
    @pytest.fixture
    def canary(self, account, surroundings):
        bind(account.table)
        connected = connect(account, "webhook", credential="a secret of the receiver")
        surroundings.setenv("OMNIPUB_CANARY_ACCOUNT", connected.id)
        return account

    def test_is_there(self, canary):
        put_schedule(canary, "canary", "ENABLED")

        assert "ok      canary's hour\n" in examined()

    def test_is_switched_off(self, canary):
        put_schedule(canary, "canary", "DISABLED")

        assert (
            f"FAILED  canary's hour\n        Nothing sends the canary: the schedule {canary.prefix}-canary is DISABLED."
        ) in examined()

    def test_was_never_deployed(self, canary):
        said = examined()

        assert (
            f"there is no schedule {canary.prefix}-canary. Type: uv run cdk deploy OmnichannelMonitoringStack" in said
        )

    def test_is_for_an_account_that_there_is_not(self, account, surroundings):
        surroundings.setenv("OMNIPUB_CANARY_ACCOUNT", "01KBCD0000000000000000000B")

        assert "canary_account names 01KBCD0000000000000000000B, which is no account." in examined()

    def test_is_noted_where_no_account_is_named(self, account):
        assert "note    canary's hour\n        No canary is sent" in examined()


@pytest.mark.parametrize("setting", ["OMNIPUB_RETENTION_DAYS", "OMNIPUB_AUDIT_RETENTION_DAYS"])
class TestTheNightsOfRetention:
    def test_are_there(self, account, surroundings, setting):
        surroundings.setenv(setting, "90")
        put_schedule(account, "retention", "ENABLED")

        assert "ok      retention's nights\n" in examined()

    @pytest.mark.parametrize("state", [None, "DISABLED"])
    def test_are_missed_where_something_is_to_be_removed(self, account, surroundings, setting, state):
        surroundings.setenv(setting, "90")
        if state:
            put_schedule(account, "retention", state)

        said = examined()

        schedule = f"{account.prefix}-retention"
        trouble = f"the schedule {schedule} is DISABLED." if state else f"there is no schedule {schedule}. Type: uv run"
        assert f"FAILED  retention's nights\n        What is over is never removed: {trouble}" in said

    def test_are_not_spoken_of_where_everything_is_kept(self, account, surroundings, setting):
        surroundings.delenv(setting, raising=False)

        assert "retention" not in examined()


class TestTheKey:
    @pytest.fixture
    def key(self, emulator, surroundings):
        made = emulator.client("kms").create_key()["KeyMetadata"]["KeyId"]
        surroundings.setenv("OMNIPUB_KMS_KEY_ID", made)
        return made

    def test_that_is_disabled_is_enabled_again(self, emulator, key):
        emulator.client("kms").disable_key(KeyId=key)

        assert_fails("key of the credentials", "The key is disabled", f"Type: aws kms enable-key --key-id {key}")

    def test_that_waits_to_be_deleted_is_saved(self, emulator, key):
        emulator.client("kms").schedule_key_deletion(KeyId=key, PendingWindowInDays=7)

        assert_fails(
            "key of the credentials",
            "The key waits to be deleted, and every credential would be lost with it.",
            f"aws kms cancel-key-deletion --key-id {key} && aws kms enable-key --key-id {key}",
        )

    def test_that_is_never_changed_is_noted(self, emulator, key):
        before = examined()
        emulator.client("kms").enable_key_rotation(KeyId=key)

        assert (
            f"note    key's state\n        The key is never changed. Type: aws kms enable-key-rotation --key-id {key}"
            in before
        )
        assert "ok      key's state\n" in examined()

    def test_in_another_state_is_named_with_what_shows_more(self):
        assert standing.state_of_key("PendingImport", "k").endswith("See: aws kms describe-key --key-id k")


class TestTheSecret:
    @pytest.fixture
    def secret(self, emulator, surroundings, account):
        held = json.dumps({"django_secret_key": "k" * 50})
        made = emulator.client("secretsmanager").create_secret(Name=f"{account.prefix}-secret", SecretString=held)
        surroundings.setenv("SECRETS_ARN", made["ARN"])
        return made["ARN"]

    def test_that_waits_to_be_deleted_is_restored(self, emulator, secret):
        emulator.client("secretsmanager").delete_secret(SecretId=secret)

        assert_fails(
            "secret", "The secret waits to be deleted", f"aws secretsmanager restore-secret --secret-id {secret}"
        )

    def test_that_is_newer_than_the_function_has_to_be_read(self, emulator, secret):
        time.sleep(1.0)  # AWS says when a secret was changed in whole seconds.
        held = json.dumps({"django_secret_key": "n" * 50})
        emulator.client("secretsmanager").put_secret_value(SecretId=secret, SecretString=held)

        said = examined()

        assert "note    secret's version\n        The secret was changed after the web function was deployed" in said

    def test_that_was_half_changed_is_noted(self, emulator, secret):
        emulator.client("secretsmanager").put_secret_value(
            SecretId=secret, SecretString="{}", VersionStages=["AWSPENDING"]
        )

        assert "A new version of the secret was begun and not made the current one." in examined()

    def test_without_a_key_to_sign_with_is_named(self, emulator, secret):
        emulator.client("secretsmanager").put_secret_value(SecretId=secret, SecretString='{"other": "x"}')

        assert "The secret lacks django_secret_key. Put it in: aws secretsmanager put-secret-value" in examined()


class TestAQuota:
    def test_of_the_table_is_named_with_who_raises_it(self, surroundings, monkeypatch):
        monkeypatch.setattr(quotas, "WRITE_UNITS", 50_000)

        assert "Tables of this AWS account take 40000 write units a second; a busy minute needs 50000." in examined()

    def test_of_shards_is_noted_when_they_are_all_in_use(self, surroundings):
        others = {"OnDemandStreamCount": 0, "OnDemandStreamCountLimit": 50}
        with Stubber(aws.client("kinesis")) as stub:
            for open_ in (499, 500):
                stub.add_response("describe_limits", {"ShardLimit": 500, "OpenShardCount": open_, **others})
            quotas._stream()
            with pytest.raises(NotedError, match="All 500 shards of this AWS account are in use"):
                quotas._stream()

    def test_of_mails_is_asked_in_the_regions_of_the_senders(self, account, monkeypatch):
        bind(account.table)
        account.emulator.client("sesv2").create_email_identity(EmailIdentity="known@example.org")
        before = examined()
        connect(account, "email", region="us-east-1", sender="known@example.org", recipient="readers@example.org")
        monkeypatch.setattr(quotas, "ALMOST", 0)

        assert "ok      quota of mails\n" in before
        # Other tests send mails, too.
        assert re.search(r"FAILED  quota of mails\n        SES sent \d+ of the 50000 mails", examined())

    @pytest.mark.parametrize(
        ("changes", "kind", "sentence"),
        [
            (
                {"SendingEnabled": False},
                UnwellError,
                "put-account-sending-attributes --sending-enabled --region eu-west-1",
            ),
            ({"EnforcementStatus": "SHUTDOWN"}, UnwellError, "SES has stopped sending in eu-west-1"),
            ({"EnforcementStatus": "PROBATION"}, NotedError, "SES watches this AWS account"),
            ({"SendQuota": {"Max24HourSend": 200.0, "SentLast24Hours": 180.0}}, UnwellError, "180 of the 200 mails"),
        ],
    )
    def test_of_mails_says_what_is_the_matter(self, changes, kind, sentence):
        well = {"SendingEnabled": True, "SendQuota": {"Max24HourSend": 200.0, "SentLast24Hours": 179.0}}
        quotas.judge_mails("eu-west-1", well)

        with pytest.raises(kind, match=sentence):
            quotas.judge_mails("eu-west-1", {**well, **changes})

    def test_of_mails_may_be_none(self):
        unlimited = {"SendingEnabled": True, "SendQuota": {"Max24HourSend": -1.0, "SentLast24Hours": 9e9}}

        quotas.judge_mails("eu-west-1", unlimited)

    @pytest.mark.parametrize(
        ("attributes", "is_in_sandbox", "sentence"),
        [
            ({"MonthlySpendLimit": "100"}, True, "SNS is in its sandbox in us-east-1"),
            ({}, False, r"when they cost \$1 in a month"),
            ({"MonthlySpendLimit": "1"}, False, "aws sns set-sms-attributes --region us-east-1"),
            ({"MonthlySpendLimit": "100"}, False, ""),
        ],
    )
    def test_of_texts_is_asked_where_texts_are_sent(self, account, attributes, is_in_sandbox, sentence):
        bind(account.table)
        connect(account, "sms", region="us-east-1", number="+12065550123")
        with Stubber(aws.client("sns", "us-east-1")) as stub:
            stub.add_response("get_sms_attributes", {"attributes": attributes})
            stub.add_response("get_sms_sandbox_account_status", {"IsInSandbox": is_in_sandbox})
            config = Config.from_environment(os.environ)
            if sentence:
                with pytest.raises(NotedError, match=sentence):
                    quotas._texts(config)
            else:
                quotas._texts(config)
            stub.assert_no_pending_responses()

    def test_that_aws_does_not_tell_here_is_a_note(self, account):
        account.protect()
        bind(account.table)
        connect(account, "sms", region="us-east-1", number="+12065550123")

        said = examined()

        assert "note    quota of texts\n        AWS does not answer GetSMSAttributes here" in said
        assert "All is well." in said


POLICY_OF_OPERATORS = json.loads((Path(__file__).parents[2] / "docs/operator-policy.json").read_text())


class TestTheOperatorsPolicy:
    """`docs/operator-policy.json`, which an operator attaches to whoever runs the doctor."""

    #: Operations that IAM calls otherwise, or asks no right for.
    NAMES: ClassVar = {"lambda:Invoke": "lambda:InvokeFunction", "sts:GetCallerIdentity": ""}

    @pytest.fixture
    def asked(self, account, surroundings):
        """What the doctor asks AWS about a deployment that uses everything, in IAM's words."""
        account.protect()
        bind(account.table)
        account.emulator.client("sesv2").create_email_identity(EmailIdentity="known@example.org")
        connect(account, "email", region="us-east-1", sender="known@example.org", recipient="readers@example.org")
        connect(account, "sms", region="us-east-1", number="+12065550123")
        canary = connect(account, "webhook", credential="a secret of the receiver")
        surroundings.setenv("OMNIPUB_CANARY_ACCOUNT", canary.id)
        operations = set()
        call = vars(BaseClient)["_make_api_call"]

        def record(client, operation, arguments):
            operations.add(f"{client.meta.service_model.signing_name}:{operation}")
            return call(client, operation, arguments)

        surroundings.setattr(BaseClient, "_make_api_call", record)
        examined()
        return {self.NAMES.get(each, each) for each in operations} - {""}

    def test_allows_what_the_doctor_asks(self, asked):
        # SNS's second question comes after the first, which the emulator does not answer.
        asked |= {"sns:GetSMSSandboxAccountStatus", "cloudformation:DescribeStacks"}
        allowed = {action for each in POLICY_OF_OPERATORS["Statement"] for action in each["Action"]}

        assert asked <= allowed
        assert len(asked) > 25

    def test_changes_nothing_where_it_reaches_everything(self):
        for each in POLICY_OF_OPERATORS["Statement"]:
            assert each["Effect"] == "Allow"
            if each["Resource"] == "*":
                verbs = ("Describe", "Get", "List", "Simulate")
                assert all(action.partition(":")[2].startswith(verbs) for action in each["Action"])
                assert not any("SecretValue" in action or "GetObject" in action for action in each["Action"])


class TestTheClock:
    @pytest.mark.parametrize(("ahead", "is_well"), [(0, True), (45, False), (-45, False)])
    def test_is_compared_with_that_of_aws(self, surroundings, ahead, is_well):
        config = Config.from_environment(os.environ, needs=("KINESIS_STREAM_NAME",))

        finding = next(examine(config, lambda: datetime.now(UTC) + timedelta(seconds=ahead)))

        assert finding.what == "clock"
        assert (finding.trouble == "") is is_well
        if not is_well:
            assert re.match(r"This clock is 4\d s off AWS's. Set it by NTP", finding.trouble)


@pytest.fixture
def direct(account, surroundings):
    """The same deployment without a stream: the worker is invoked, and what fails goes to a queue."""
    worker = f"{account.prefix}-worker"
    surroundings.setenv("KINESIS_STREAM_NAME", "")
    surroundings.setenv("OMNIPUB_WORKER_FUNCTION", worker)
    keep_failures(account, {"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:000000000000:failures"}})
    permit(account.emulator, f"{account.prefix}-scheduler", {**POLICY, "Statement": [*POLICY["Statement"], INVOKES]})
    account.protect()
    return account


INVOKES = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}


def keep_failures(account, destinations):
    account.emulator.client("lambda").put_function_event_invoke_config(
        FunctionName=f"{account.prefix}-worker", Qualifier="$LATEST", MaximumRetryAttempts=0,
        MaximumEventAgeInSeconds=120, DestinationConfig=destinations,
    )  # fmt: skip


class TestAStageWithoutAStream:
    def test_is_well_when_it_lacks_nothing(self, direct):
        said = examined()

        assert said.endswith("All is well.\n"), said
        for what in ("worker function", "worker's and scheduler's rights", "worker's invocations"):
            assert f"ok      {what}\n" in said, said
        assert "stream" not in said

    def test_misses_its_worker(self, direct, surroundings):
        surroundings.setenv("OMNIPUB_WORKER_FUNCTION", "not-there")

        said = examined()

        assert "FAILED  worker function\n        The worker function not-there did not take a hint." in said
        assert said.count("FAILED") == 1

    def test_misses_the_right_to_invoke_it(self, direct):
        permit(direct.emulator, f"{direct.prefix}-scheduler", POLICY)

        assert f"Rights are missing: {direct.prefix}-scheduler lambda:InvokeFunction. Type" in examined()

    def test_misses_a_place_for_invocations_that_fail(self, direct):
        keep_failures(direct, {})
        without = examined()
        direct.emulator.client("lambda").delete_function_event_invoke_config(
            FunctionName=f"{direct.prefix}-worker", Qualifier="$LATEST"
        )

        for said in (without, examined()):
            assert f"FAILED  worker's invocations\n        Invocations of {direct.prefix}-worker that fail" in said

    def test_says_what_to_set_when_it_has_no_worker_either(self, surroundings):
        surroundings.setenv("KINESIS_STREAM_NAME", "")

        assert "neither KINESIS_STREAM_NAME nor OMNIPUB_WORKER_FUNCTION is set: set the first" in examined()


class TestAStage:
    @pytest.mark.parametrize(
        ("stage", "sentence"),
        [("staging", "There is no stage 'staging'"), ("dev", "Type: uv run cdk deploy --all -c stage=dev")],
    )
    def test_that_is_not_deployed_is_named_with_the_command_that_deploys_it(self, surroundings, stage, sentence):
        surroundings.setenv("AWS_DEFAULT_REGION", "us-east-1")

        with pytest.raises(CommandError, match=re.escape(sentence)):
            call_command("doctor", "--stage", stage)
