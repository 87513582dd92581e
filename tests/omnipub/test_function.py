"""The web function's handler, in a process of its own: whoever may invoke it can still run nothing of their own."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from infra.commands import commands_of
from infra.stages import Site

ROOT = Path(__file__).parents[2]
CONFIGURED = {
    "TABLE_NAME": "t",
    "MEDIA_BUCKET": "media",
    "OMNIPUB_MEDIA_URL": "https://media.example",
    "KINESIS_STREAM_NAME": "s",
    "COGNITO_USER_POOL_ID": "eu-central-1_A",
    "COGNITO_CLIENT_ID": "c",
    "OMNIPUB_SECRET_KEY": "k" * 50,
    "OMNIPUB_ALLOWED_HOSTS": "api.execute-api.eu-central-1.amazonaws.com",
    "AWS_DEFAULT_REGION": "eu-central-1",
}
ASK = """
import json, sys
from omnipub.function import handler

def ask(event):
    try:
        return {"answer": handler(event, None)}
    except Exception as error:
        return {"refused": type(error).__name__}

for line in sys.stdin:
    print("ANSWERS" + json.dumps([ask(event) for event in json.loads(line)]), flush=True)
"""
#: The command as Django has understood it, in place of carrying it out.
RECORD = """
import json, sys
from django.core.management.base import BaseCommand
from omnipub.function import handler

ran = []

def execute(self, *_, **options):
    own = {name: options[name] for name in ("what", "limit", "seconds", "dry_run", "account") if name in options}
    ran.append([type(self).__module__.rpartition(".")[2], own])

BaseCommand.execute = execute
for event in json.load(sys.stdin):
    handler(event, None)
print("ANSWERS" + json.dumps(ran))
"""


@pytest.fixture(scope="module")
def invoke(tmp_path_factory):
    """What the handler answers each event: one process, as AWS keeps one."""
    with ExitStack() as stack:
        told = stack.enter_context((tmp_path_factory.mktemp("function") / "log").open("w+"))
        process = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-c", ASK], cwd=ROOT, env={"PATH": os.environ["PATH"], **CONFIGURED},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=told, text=True,
            )
        )  # fmt: skip
        given, answered = process.stdin, process.stdout
        assert given is not None
        assert answered is not None

        def ask(*events):
            given.write(json.dumps(events) + "\n")
            given.flush()
            for line in answered:
                if line.startswith("ANSWERS"):
                    return json.loads(line.removeprefix("ANSWERS"))
            told.seek(0)
            raise AssertionError(told.read())

        yield ask
        # Its input ends with that, and so does it.
        process.communicate()
    assert process.returncode == 0


def record(*events):
    """What commands would be run for events."""
    done = subprocess.run(
        [sys.executable, "-c", RECORD],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **CONFIGURED},
        input=json.dumps(events),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.partition("ANSWERS")[2])


def request(path):
    """A request as the gateway passes it on, for AWS's own host."""
    host = "api.execute-api.eu-central-1.amazonaws.com"
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": "GET",
        "headers": {"Host": host, "X-Forwarded-Proto": "https"},
        "multiValueHeaders": {"Host": [host], "X-Forwarded-Proto": ["https"]},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {"stage": "prod", "httpMethod": "GET", "path": f"/prod{path}", "authorizer": {}},
        "body": None,
        "isBase64Encoded": False,
    }


class TestTheWebFunction:
    def test_answers_the_gateway(self, invoke):
        (outcome,) = invoke(request("/health"))

        assert outcome["answer"]["statusCode"] == 200
        assert json.loads(outcome["answer"]["body"])["application"] == "omnipub"

    def test_takes_no_stage_away_from_a_path(self, invoke):
        """`/prod/prod/health` at the gateway's own host: an unlisted path, which must not become a listed one."""
        protected, doubled, staged = invoke(
            request("/api/v1/me/"), request("/prod/api/v1/me/"), request("/prod/health")
        )

        assert protected["answer"]["statusCode"] == 401
        assert doubled["answer"]["statusCode"] == 404
        assert staged["answer"]["statusCode"] == 404

    def test_answers_text_as_text(self, invoke):
        missing, described = invoke(request("/nothing"), request("/api/v1/openapi.json"))

        assert json.loads(missing["answer"]["body"])["code"] == "not_found"
        assert json.loads(described["answer"]["body"])["openapi"].startswith("3.1")

    @pytest.mark.parametrize(
        "event",
        [
            {"raw_command": "import os"},
            {"command": "os.getcwd"},
            {"manage": "shell"},
            {"manage": "flush --noinput"},
            {"manage": "createsuperuser"},
            {"manage": " users invite --email a@example.org --role admin"},
            {"manage": ["users", "invite"]},
            {"manage": "dispatch show", "raw_command": "import os"},
            {"Records": [{"eventSource": "aws:sns", "Sns": {"Message": '{"command": "os.getcwd"}'}}]},
            {"awsRequestId": "x", "detail-type": "Scheduled Event", "resources": ["arn"]},
            {"type": "TOKEN", "methodArn": "arn"},
            {},
        ],
    )
    def test_refuses_whatever_else_it_is_invoked_with(self, invoke, event):
        (outcome,) = invoke(event)

        assert outcome == {"refused": "RefusedEventError"}

    def test_runs_these_commands_and_no_others(self):
        """The list of back doors: commands of the application, for an operator with invoke rights."""
        done = subprocess.run(
            [sys.executable, "-c", "from omnipub.function import COMMANDS; print('COMMANDS', *sorted(COMMANDS))"],
            cwd=ROOT, env={"PATH": os.environ["PATH"], **CONFIGURED}, capture_output=True, text=True, check=True,
        )  # fmt: skip

        assert done.stdout.partition("COMMANDS")[2].split() == [
            "after_restore", "audit", "canary", "cost", "dispatch", "doctor", "evolve", "parked", "retention", "users",
        ]  # fmt: skip

    def test_takes_exactly_the_events_that_the_schedules_send(self):
        timed = commands_of(Site(canary_account="01KBCD0000000000000000000B", retention_days=30))

        assert record(*({"manage": command.line} for command in timed)) == [
            ["canary", {"account": None, "limit": 20.0}],
            ["retention", {"dry_run": False, "limit": 5000, "seconds": 20.0, "what": "run"}],
        ]

    @pytest.mark.parametrize(
        "host", ["evil.example", "api.execute-api.eu-central-1.amazonaws.com.evil.example", "a@evil.example", "", "*"]
    )
    def test_answers_no_request_for_another_host(self, invoke, host):
        """Whatever the path: open, protected, of the desk, a file or nothing at all."""
        paths = [
            "/health",
            "/api/v1/me/",
            "/keyed/v1/messages/",
            "/admin/",
            "/auth/login/",
            "/static/x.css",
            "/nothing",
        ]
        events = [request(path) for path in paths]
        for event in events:
            event["headers"]["Host"] = host
            event["multiValueHeaders"]["Host"] = [host]

        assert [outcome["answer"]["statusCode"] for outcome in invoke(*events)] == [400] * len(paths)
