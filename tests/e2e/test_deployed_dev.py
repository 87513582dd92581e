"""A stage without a stream, deployed: web function and scheduler invoke the deployed worker, under enforced roles."""

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from local.api import Client
from local.aws.token import sign_in
from local.platforms import RunningPlatforms, start
from tests.e2e.deployed import Deployment
from tests.emulator import Emulator

pytestmark = [pytest.mark.e2e_full, pytest.mark.xdist_group("deployed")]
STAGE = "dev"


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    emulator = Emulator(tmp_path_factory.mktemp("deployed") / "state", enforces_roles=True)
    yield Deployment(emulator=emulator, stage=STAGE)
    emulator.stop()


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPlatforms]:
    with start(port=0, state_dir=tmp_path_factory.mktemp("wall")) as platforms:
        yield platforms


def ended(deployment: Deployment, message_id: str, token: str, *, within: float = 120) -> dict[str, object]:
    """Ask until a message has ended; return it."""
    give_up_at = time.monotonic() + within
    while True:
        message: dict[str, object] = deployment.get(f"/api/v1/messages/{message_id}/", token=token).json
        if message["status"] not in {"scheduled", "publishing"}:
            return message
        assert time.monotonic() < give_up_at, message
        time.sleep(1)


class TestAStageWithoutAStream:
    def test_publishes_and_reads_back(self, deployment: Deployment, wall: RunningPlatforms):
        self.deploys(deployment)
        token = sign_in(deployment.pool, user=deployment.add_user("admin")).access
        accounts = self.connects(deployment, wall, token)
        self.publishes(deployment, wall, token, accounts)
        self.checks_an_account(deployment, token, accounts[0])
        self.lets_its_functions_invoke_no_other(deployment)
        self.is_well(deployment)
        self.leaves_nothing(deployment)

    def deploys(self, deployment: Deployment) -> None:
        deployment.cdk("bootstrap", "aws://000000000000/us-east-1")
        deployment.cdk("deploy", "--all", "--require-approval", "never", "--concurrency", "4")
        deployment.zappa("deploy", STAGE)
        deployment.read_outputs()

        functions = deployment.emulator.client("lambda")
        web = functions.get_function_configuration(FunctionName="omnipub-dev")["Environment"]["Variables"]
        assert web["OMNIPUB_WORKER_FUNCTION"] == "omnipub-dev-worker"
        assert "KINESIS_STREAM_NAME" not in web
        assert deployment.emulator.client("kinesis").list_streams()["StreamNames"] == []
        assert functions.list_event_source_mappings()["EventSourceMappings"] == []

    def connects(self, deployment: Deployment, wall: RunningPlatforms, token: str) -> list[str]:
        made = []
        for number in range(12):
            body = {
                "channel": "webhook", "name": f"room{number}", "base_url": f"{wall.url}/webhook/room{number}",
                "credential": f"webhook-room{number}-secret",
            }  # fmt: skip
            answer = deployment.get("/api/v1/accounts/", token=token, method="POST", body=body)
            assert answer.status == 201, answer.text
            made.append(answer.json["id"])
        return made

    def publishes(self, deployment: Deployment, wall: RunningPlatforms, token: str, accounts: list[str]) -> None:
        due = datetime.now(UTC) + timedelta(seconds=5)
        body = {"text": f"Without a stream, {due}", "accounts": accounts, "schedule": {"at": due.isoformat()}}
        created = deployment.get("/api/v1/messages/", token=token, method="POST", body=body)
        assert created.status == 201, created.text

        message = ended(deployment, created.json["id"], token)

        posts = [post for post in Client(url=wall.url).get("/_control/posts")["posts"] if post["text"] == body["text"]]
        assert message["status"] == "published", message
        assert len(posts) == len(accounts)

    def checks_an_account(self, deployment: Deployment, token: str, account: str) -> None:
        """What the web function itself invokes the worker for."""
        asked = deployment.get(f"/api/v1/accounts/{account}/check/", token=token, method="POST")
        assert asked.status == 202, asked.text
        give_up_at = time.monotonic() + 60
        while deployment.get(f"/api/v1/accounts/{account}/", token=token).json["checked_at"] is None:
            assert time.monotonic() < give_up_at
            time.sleep(1)

    def lets_its_functions_invoke_no_other(self, deployment: Deployment) -> None:
        iam = deployment.emulator.client("iam")
        for role, allowed in (("web", {"worker", "scheduler"}), ("scheduler", {"worker", "scheduler"})):
            policy = iam.get_role_policy(RoleName=f"omnipub-dev-{role}", PolicyName="Own")["PolicyDocument"]
            document = policy if isinstance(policy, dict) else json.loads(policy)
            invoked = {
                arn.rpartition("-")[2]
                for each in document["Statement"]
                if each["Action"] == "lambda:InvokeFunction"
                for arn in (each["Resource"] if isinstance(each["Resource"], list) else [each["Resource"]])
            }
            assert invoked == allowed, document
            assert "kinesis" not in json.dumps(document)

    def is_well(self, deployment: Deployment) -> None:
        """With the function's own rights, and with an operator's."""
        assert "All is well." in deployment.zappa("manage", STAGE, "doctor")
        deployment.emulator.client("dynamodb").update_continuous_backups(
            TableName=deployment.outputs["TableName"],
            PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True},
        )
        said = deployment.run(sys.executable, "manage.py", "doctor", "--stage", STAGE)
        assert "ok      worker's invocations" in said
        # The doctor's own hints are understood by the worker.
        assert "Nothing is parked" in deployment.zappa("manage", STAGE, "parked list")

    def leaves_nothing(self, deployment: Deployment) -> None:
        deployment.zappa("undeploy", STAGE, "--yes")
        deployment.cdk("destroy", "--all", "--force")

        assert deployment.emulator.client("lambda").list_functions()["Functions"] == []
        assert deployment.emulator.client("dynamodb").list_tables()["TableNames"] == []
