"""The doctor, on an emulator where all is there, and where something is not."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from publishing.adapters import aws, secrets


@pytest.fixture
def surroundings(emulator, monkeypatch):
    """A process that has all it needs, and has kept no clients and secrets of another one."""
    aws.client.cache_clear()
    secrets.application_secrets.cache_clear()
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
    aws.client.cache_clear()
    secrets.application_secrets.cache_clear()


def examined():
    out = StringIO()
    try:
        call_command("doctor", stdout=out)
    except CommandError as error:
        return out.getvalue() + str(error)
    return out.getvalue()


class TestTheDoctor:
    def test_finds_nothing_where_all_is_there(self, surroundings):
        said = examined()

        assert said.endswith("All is well.\n"), said
        assert said.count("ok ") == 8

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
