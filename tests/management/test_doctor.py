"""The doctor, on an emulator where all is there, and where something is not."""

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO

import pytest
from botocore.exceptions import ClientError
from django.core.management import CommandError, call_command

from publishing.adapters.hints import Hints
from publishing.domain.draft import AccountDraft
from publishing.domain.events import decode
from publishing.domain.permissions import SYSTEM
from publishing.management import surroundings as around
from publishing.services.connecting import connect_account
from publishing.services.context import Context
from publishing.services.halting import set_stop_switch
from publishing.store.binding import bind
from tests.emulator import Emulator
from tests.system import LOCAL, QuietWaker, forget_processes_past


@pytest.fixture
def surroundings(emulator, monkeypatch):
    """A process that has all it needs, and has kept no clients and secrets of another one."""
    forget_processes_past()
    functions = emulator.client("lambda")
    if not any(each["FunctionName"] == "doctored" for each in functions.list_functions()["Functions"]):
        functions.create_function(
            FunctionName="doctored",
            Runtime="python3.11",
            Role="arn:aws:iam::000000000000:role/any",
            Handler="any.handler",
            Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
        )
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
    for part in ("worker", "scheduler"):
        emulator.client("lambda").create_function(
            FunctionName=f"{prefix}-{part}",
            Runtime="python3.11",
            Role="arn:aws:iam::000000000000:role/any",
            Handler="any.handler",
            Code={"ZipFile": b"PK\x05\x06" + bytes(18)},
        )
        emulator.client("iam").create_role(RoleName=f"{prefix}-{part}", AssumeRolePolicyDocument="{}")
        permit(emulator, f"{prefix}-{part}", POLICY)
    stream = emulator.client("kinesis").describe_stream_summary(StreamName=emulator.environment["KINESIS_STREAM_NAME"])[
        "StreamDescriptionSummary"
    ]["StreamARN"]
    mapping = emulator.client("lambda").create_event_source_mapping(
        FunctionName=f"{prefix}-worker", EventSourceArn=stream, StartingPosition="LATEST", Enabled=False
    )["UUID"]
    emulator.client("lambda").update_event_source_mapping(UUID=mapping, Enabled=True, FunctionName=f"{prefix}-worker")
    yield Account(emulator, emulator_table, prefix, mapping)
    emulator.client("lambda").delete_event_source_mapping(UUID=mapping)
    # The table is deleted after the test.
    emulator.client("dynamodb").update_table(TableName=emulator_table, DeletionProtectionEnabled=False)


def permit(emulator, role, policy):
    emulator.client("iam").put_role_policy(RoleName=role, PolicyName="Own", PolicyDocument=json.dumps(policy))


@dataclass
class Account:
    emulator: Emulator
    table: str
    prefix: str
    mapping: str

    def protect(self):
        client = self.emulator.client("dynamodb")
        client.update_continuous_backups(
            TableName=self.table, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
        )
        client.update_table(TableName=self.table, DeletionProtectionEnabled=True)


class TestTheSurroundings:
    def test_are_well_in_a_deployment_that_lacks_nothing(self, account):
        account.protect()

        said = examined()

        assert said.endswith("All is well.\n"), said
        for what in (
            "evolutions of the table", "backups of the table", "worker's and scheduler's rights", "stream's reader",
            "concurrency", "mail",
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
            settings = {"region": "us-east-1", "sender": sender, "recipient": "readers@example.org"}
            draft = AccountDraft(channel="email", name=sender, base_url=account.emulator.url, settings=settings)
            context = Context(waker=QuietWaker(), outgoing=LOCAL)
            connect_account(actor=SYSTEM, draft=draft, now=datetime.now(UTC), context=context)

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
