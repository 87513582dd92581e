"""From nothing to a published message and back: bootstrap, stacks, packages, gateway, functions, roles, destroy.

One story in one order, because each step is a deployment: what it asserts is where it happens.
"""

import re
import sys
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from local.api import Client
from local.aws.token import sign_in
from local.picture import upload_picture
from local.platforms import start
from local.seed import ACCOUNTS
from tests.e2e.deployed import STAGE, Deployment
from tests.emulator import Emulator
from tests.pool import build_token

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("deployed")]
#: Channels that the function's own role signs for.
SIGNED = {"email", "sms"}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    emulator = Emulator(tmp_path_factory.mktemp("deployed") / "state", enforces_roles=True)
    yield Deployment(emulator=emulator)
    emulator.stop()


@pytest.fixture(scope="module")
def wall(tmp_path_factory):
    with start(port=0, state_dir=tmp_path_factory.mktemp("wall")) as platforms:
        yield platforms


def wait_for(deployment, message_id, token, *, within=150.0):
    """Ask until a message has ended; return it."""
    give_up_at = time.monotonic() + within
    while True:
        message = deployment.get(f"/api/v1/messages/{message_id}/", token=token).json
        states = {delivery["channel"]: delivery["state"] for delivery in message["deliveries"]}
        if message["status"] not in {"scheduled", "publishing"}:
            return message
        assert time.monotonic() < give_up_at, (message["status"], states)
        time.sleep(1)


def canaries(wall):
    """How many canaries the simulated receiver took."""
    posts = Client(url=wall.url).get("/_control/posts")["posts"]
    return len([post for post in posts if post["text"].startswith("omnipub canary")])


class TestADeployment:
    def test_goes_from_an_empty_account_to_a_published_message_and_back(self, deployment, wall):
        self.refuses_the_web_function_before_its_infrastructure(deployment)
        self.deploys(deployment)
        token = self.lets_in_whom_the_pool_knows_and_nobody_else(deployment)
        self.publishes(deployment, wall, token)
        self.publishes_a_picture(deployment, wall, token)
        self.opens_the_desk(deployment)
        self.enforces_the_functions_roles(deployment)
        self.is_examined_with_an_operators_rights(deployment)
        self.flies_a_canary(deployment, wall, token)
        self.schedules_commands(deployment, token)
        self.updates(deployment, token)
        self.runs_commands_by_their_schedules(deployment, wall)
        self.leaves_only_what_is_retained(deployment)

    def refuses_the_web_function_before_its_infrastructure(self, deployment):
        said = deployment.zappa("deploy", STAGE, fails=True)

        assert "OmnichannelDataStack is not deployed. Type: uv run cdk deploy --all" in said
        assert deployment.emulator.client("lambda").list_functions()["Functions"] == []

    def deploys(self, deployment):
        deployment.cdk("bootstrap", "aws://000000000000/us-east-1")
        deployment.cdk("deploy", "--all", "--require-approval", "never", "--concurrency", "4")
        deployment.zappa("deploy", STAGE)
        deployment.read_outputs()

        assert "omnipub-prod-web" in deployment.zappa("status", STAGE)
        # What schedules run is not repeated, as AWS would.
        bounds = deployment.emulator.client("lambda").get_function_event_invoke_config(FunctionName="omnipub-prod")
        assert (bounds["MaximumRetryAttempts"], bounds["MaximumEventAgeInSeconds"]) == (0, 300)
        health = deployment.get("/health")
        assert (health.status, health.json["application"]) == (200, "omnipub"), health.text

    def lets_in_whom_the_pool_knows_and_nobody_else(self, deployment):
        for forged in ("", "garbage", build_token(), build_token(token_use="id")):
            refused = deployment.get("/api/v1/messages/", token=forged)
            assert refused.status == 401
            assert refused.headers["content-type"] == "application/problem+json"
        tokens = sign_in(deployment.pool, user=deployment.add_user("approver"))

        # The token of a log-in is not for the API.
        assert deployment.get("/api/v1/me/", token=tokens.id).status == 401
        assert deployment.get("/api/v1/me/", token=tokens.access).status == 200
        # The way around the authorizer: a path that only Zappa would take for the API's.
        assert deployment.get(f"/{STAGE}/api/v1/me/").status == 404
        assert deployment.get(f"/{STAGE}/api/v1/me/", token=tokens.access).status == 404
        # Links begin where the application is, behind this gateway.
        schema = deployment.get("/api/v1/openapi.json")
        assert schema.status == 200
        assert deployment.base_path in deployment.get("/api/v1/docs/").text
        return tokens.access

    def publishes(self, deployment, wall, token):
        deployment.seed(wall.url)
        self.connects(deployment, wall)
        connected = deployment.get("/api/v1/accounts/", token=token).json["results"]
        assert len(connected) == len(ACCOUNTS) + 3
        # The simulated SES and SNS know one signature only, and the function signs with its role's: those accounts
        # are at the emulator's own services instead.
        accounts = [
            account["id"]
            for account in connected
            if account["channel"] not in SIGNED or account["name"].startswith("Deployed ")
        ]
        due = datetime.now(UTC) + timedelta(seconds=5)
        text = f"Published by the deployed functions at {due.isoformat()}"
        body = {"text": text, "accounts": accounts, "schedule": {"at": due.isoformat()}}

        created = deployment.get("/api/v1/messages/", token=token, method="POST", body=body)
        assert created.status == 201, created.text
        message = wait_for(deployment, created.json["id"], token)

        undone = [delivery for delivery in message["deliveries"] if delivery["state"] != "published"]
        receipts = [
            deployment.get(f"/api/v1/messages/{message['id']}/deliveries/{delivery['id']}/", token=token).text
            for delivery in undone
        ]
        assert message["status"] == "published", receipts
        posts = [post for post in Client(url=wall.url).get("/_control/posts")["posts"] if post["text"] == text]
        assert len(posts) == len(accounts) - len(SIGNED)
        assert text in deployment.inbox("ses/messages")
        assert text in deployment.inbox("sns/sms-messages")

    def publishes_a_picture(self, deployment, wall, token):
        """Decoded by the deployed web function, sent as bytes by the deployed worker."""
        api = Client(url=f"{deployment.emulator.url}{deployment.base_path}", token=token)
        connected = api.get("/api/v1/accounts/")["results"]
        accounts = [account["id"] for account in connected if account["channel"] in {"bluesky", "mastodon"}]
        body = {"text": "A picture by the deployed functions", "accounts": accounts}
        written = api.post("/api/v1/messages/", {**body, "media": [{"id": upload_picture(api)}]})
        api.post(f"/api/v1/messages/{written['id']}/publish/", {})

        message = wait_for(deployment, written["id"], token)

        assert message["status"] == "published", message
        posts = [post for post in Client(url=wall.url).get("/_control/posts")["posts"] if post["text"] == body["text"]]
        assert len(posts) == len(accounts) > 0
        assert all(post["images"] for post in posts), posts

    def opens_the_desk(self, deployment):
        """Its door, behind the gateway's base path: the redirect, the page, and what the page is made of."""
        status, headers, _ = deployment.ask("/admin/")
        base = deployment.base_path
        assert status == 302
        assert headers["location"].startswith(f"{base}/auth/login/?next={quote(f'{base}/admin/', safe='/')}"), headers

        page = deployment.get("/auth/login/")
        assert page.status == 200
        assert page.headers["content-type"].startswith("text/html")
        assert "content-security-policy" in page.headers
        files = set(re.findall(r'(?:href|src)="([^"]+/static/[^"]+)"', page.text))
        assert files
        for address in files:
            assert re.search(r"\.[0-9a-f]{12}\.", address), address
            status, headers, _ = deployment.ask(address.removeprefix(base))
            assert (status, headers["cache-control"]) == (200, "max-age=315360000, public, immutable"), address

    def connects(self, deployment, wall):
        """Through the API, whose function may seal a credential; and at the emulator's own SES and SNS."""
        token = sign_in(deployment.pool, user=deployment.add_user("admin")).access
        deployment.emulator.client("sesv2").create_email_identity(EmailIdentity="deployed@example.org")
        settings = {
            "email": {"region": "us-east-1", "sender": "deployed@example.org", "recipient": "readers@example.org"},
            "sms": {"region": "us-east-1", "number": "+12065550123"},
        }
        webhook = {"base_url": f"{wall.url}/webhook/deployed", "credential": "webhook-deployed-secret"}
        for body in (
            {"channel": "email", "base_url": deployment.emulator.url, "settings": settings["email"]},
            {"channel": "sms", "base_url": deployment.emulator.url, "settings": settings["sms"]},
            {"channel": "webhook", **webhook},
        ):
            named = {**body, "name": f"Deployed {body['channel']}"}
            made = deployment.get("/api/v1/accounts/", token=token, method="POST", body=named)
            assert made.status == 201, made.text

    def enforces_the_functions_roles(self, deployment):
        policies = deployment.emulator.client("iam").get_role_policy(RoleName="omnipub-prod-web", PolicyName="Own")

        assert "kms:Decrypt" not in str(policies["PolicyDocument"])
        # With the function's own rights: whatever it needs, and none of Django's commands.
        assert "All is well." in deployment.zappa("manage", STAGE, "doctor")
        assert "RefusedEventError" in deployment.zappa("manage", STAGE, "check", fails=True)

    def is_examined_with_an_operators_rights(self, deployment):
        """The demonstration's sender is not verified, and this emulator turns no recovery on: both are found.

        They are put right here, and examined again when all the rest is there.
        """
        before = deployment.run(sys.executable, "manage.py", "doctor", "--stage", STAGE, fails=True)
        deployment.emulator.client("dynamodb").update_continuous_backups(
            TableName=deployment.outputs["TableName"],
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
        deployment.emulator.client("sesv2").create_email_identity(EmailIdentity="news@example.org")

        assert "SES does not know as verified: news@example.org" in before
        assert "Point-in-time recovery is off" in before

    def flies_a_canary(self, deployment, wall, token):
        """As an operator does after each deployment: the deployed functions publish it and say so."""
        webhooks = [
            account["id"]
            for account in deployment.get("/api/v1/accounts/", token=token).json["results"]
            if account["name"] == "Deployed webhook"
        ]
        said = deployment.zappa("manage", STAGE, f"canary --account {webhooks[0]}")
        refused = deployment.zappa("manage", STAGE, "canary --account nobody", fails=True)

        assert "arrived" in said
        assert "no such" in refused
        assert canaries(wall) == 1

    def schedules_commands(self, deployment, token):
        """By the operator's settings; `zappa update`, which comes next, tells the function. Nothing else changes."""
        (webhook,) = [
            account["id"]
            for account in deployment.get("/api/v1/accounts/", token=token).json["results"]
            if account["name"] == "Deployed webhook"
        ]
        deployment.settings = deployment.emulator.state.parent / "deploy.toml"
        deployment.settings.write_text(f'[{STAGE}]\ncanary_account = "{webhook}"\naudit_retention_days = 30\n')
        stacks = ("OmnichannelMonitoringStack", "OmnichannelWorkerStack")
        said = deployment.cdk("deploy", *stacks, "--exclusively", "--require-approval", "never")

        assert re.findall(r"(Omnichannel\w+Stack) \(no changes\)", said) == ["OmnichannelWorkerStack"], said

        schedules = deployment.emulator.client("scheduler")
        made = {name: schedules.get_schedule(Name=f"omnipub-prod-{name}") for name in ("canary", "retention")}
        assert {name: (each["ScheduleExpression"], each["State"]) for name, each in made.items()} == {
            "canary": ("rate(1 hour)", "ENABLED"),
            "retention": ("cron(7 0-5 * * ? *)", "ENABLED"),
        }
        target = made["canary"]["Target"]
        may = {
            arn: deployment.emulator.client("iam").simulate_principal_policy(
                PolicySourceArn=target["RoleArn"], ActionNames=["lambda:InvokeFunction"], ResourceArns=[arn]
            )["EvaluationResults"][0]["EvalDecision"]
            for arn in (target["Arn"], f"{target['Arn']}-worker")
        }
        assert [decision == "allowed" for decision in may.values()] == [True, False]

    def runs_commands_by_their_schedules(self, deployment, wall):
        """EventBridge invokes the deployed function with what the stack says; only the times are made minutes here."""
        schedules = deployment.emulator.client("scheduler")
        for name in ("canary", "retention"):
            made = schedules.get_schedule(Name=f"omnipub-prod-{name}")
            unchanged = {"FlexibleTimeWindow": made["FlexibleTimeWindow"], "Target": made["Target"]}
            schedules.update_schedule(Name=made["Name"], ScheduleExpression="rate(1 minute)", **unchanged)
        # With an operator's rights, and with everything in its place.
        examined = deployment.run(sys.executable, "manage.py", "doctor", "--stage", STAGE)
        for what in (
            "backups of the table", "worker's and scheduler's rights", "stream's reader", "mail", "functions",
            "scheduler's minute", "canary's hour", "retention's nights", "who is told of alarms", "key's state",
            "secret's version", "quota of the table",
        ):  # fmt: skip
            assert re.search(rf"^(ok|note) +{what}$", examined, re.MULTILINE), examined
        assert "ok      canary's hour" in examined
        assert "ok      retention's nights" in examined
        give_up_at = time.monotonic() + 200
        while canaries(wall) < 2 or not self.logged(deployment, "Audit log: nothing older than 30 days"):
            assert time.monotonic() < give_up_at, "EventBridge ran no command."
            time.sleep(1)
        # The function may do what retention needs.
        assert not self.logged(deployment, "retention.failed")

    @staticmethod
    def logged(deployment, text):
        """Whether the web function's log has a line with this."""
        found = deployment.emulator.client("logs").filter_log_events(logGroupName="/aws/lambda/omnipub-prod")
        return [event for event in found["events"] if text in event["message"]]

    def updates(self, deployment, token):
        deployment.zappa("update", STAGE)

        assert deployment.get("/api/v1/me/", token=token).status == 200
        assert "already deployed" in deployment.zappa("deploy", STAGE, fails=True)

    def leaves_only_what_is_retained(self, deployment):
        deployment.zappa("undeploy", STAGE, "--yes")
        deployment.cdk("destroy", "--all", "--force")

        stacks = deployment.emulator.client("cloudformation").list_stacks()["StackSummaries"]
        left = {stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"}
        assert left == {"CDKToolkit"}
        assert deployment.emulator.client("lambda").list_functions()["Functions"] == []
        assert deployment.emulator.client("kinesis").list_streams()["StreamNames"] == []
        assert len(deployment.emulator.client("dynamodb").list_tables()["TableNames"]) == 1
        assert deployment.emulator.client("sqs").list_queues().get("QueueUrls", []) == []
        assert deployment.emulator.client("events").list_rules()["Rules"] == []
        assert deployment.emulator.client("scheduler").list_schedules()["Schedules"] == []
        assert len(deployment.emulator.client("cognito-idp").list_user_pools(MaxResults=10)["UserPools"]) == 1
