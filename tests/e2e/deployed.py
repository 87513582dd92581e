"""A deployment of one's own: the stacks and the packages on an emulator that enforces roles, as AWS does."""

import http.client
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.aws import demo
from local.aws.provision import CREDENTIALS, REGION, Pool
from local.plan import without_aws
from tests.emulator import Emulator

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
STAGE = "prod"
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class CommandFailedError(AssertionError):
    """A command that was to succeed did not. The text is the end of what it said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What an HTTP request was answered."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@dataclass(kw_only=True)
class Deployment:
    """The commands that operators type, and what they made."""

    emulator: Emulator
    stage: str = STAGE
    region: str = REGION
    #: In place of `infra/deploy.toml`.
    settings: Path | None = None
    outputs: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """An operator's shell: credentials and a region, and nothing of this machine's own AWS settings."""
        return {
            **without_aws(os.environ),
            **CREDENTIALS,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ENDPOINT_URL": self.emulator.url,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
            "CI": "1",
            **({"OMNIPUB_DEPLOY_SETTINGS": str(self.settings)} if self.settings else {}),
        }

    def run(self, *command: str, fails: bool = False, more: Mapping[str, str] | None = None) -> str:
        """Run a command in the project's root; return what it said."""
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**self.environment, **(more or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if (done.returncode != 0) != fails:
            raise CommandFailedError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout[-4000:]}")
        return done.stdout

    def cdk(self, *arguments: str, fails: bool = False) -> str:
        """`uv run cdk …`, on the emulator."""
        context = f"emulator={self.emulator.url}"
        return self.run(
            sys.executable, "-m", "infra.cli", *arguments, "-c", context, "-c", f"stage={self.stage}", fails=fails
        )

    def zappa(self, *arguments: str, fails: bool = False) -> str:
        """`zappa …`, as its script in the environment."""
        return self.run(str(BIN / "zappa"), *arguments, fails=fails)

    def read_outputs(self) -> None:
        """Ask CloudFormation what was made."""
        stacks = self.emulator.client("cloudformation").describe_stacks()["Stacks"]
        self.outputs = {
            output["OutputKey"]: output["OutputValue"] for stack in stacks for output in stack.get("Outputs", ())
        }

    @property
    def base_path(self) -> str:
        """Where the emulator's gateway has the application. Its other forms answer `/health` by themselves."""
        return f"/restapis/{self.outputs['RestApiId']}/{self.stage}/_user_request_"

    def get(self, path: str, *, token: str = "", method: str = "GET", body: object = None) -> Reply:
        """Ask the gateway."""
        content = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.emulator.url}{self.base_path}{path}", data=content, method=method)
        request.add_header("Accept", "application/json")
        if content is not None:
            request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with _opener.open(request, timeout=120) as answer:
                return Reply(status=answer.status, headers=_lower(answer.headers), text=answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Reply(status=error.code, headers=_lower(error.headers), text=error.read().decode())

    def ask(self, path: str) -> tuple[int, Mapping[str, str], bytes]:
        """Ask the gateway as a browser does, without following what it answers."""
        host = urlsplit(self.emulator.url)
        connection = http.client.HTTPConnection(host.hostname or "", host.port, timeout=120)
        try:
            connection.request("GET", f"{self.base_path}{path}", headers={"Accept": "text/html,*/*"})
            answer = connection.getresponse()
            return answer.status, _lower(answer.headers), answer.read()
        finally:
            connection.close()

    def inbox(self, name: str) -> str:
        """What the emulator's own services took."""
        with _opener.open(f"{self.emulator.url}/_ministack/{name}", timeout=30) as answer:
            return json.dumps(json.load(answer), ensure_ascii=False)

    @property
    def pool(self) -> Pool:
        return Pool(
            endpoint=self.emulator.url,
            id=self.outputs["UserPoolId"],
            client_id=self.outputs["ClientId"],
            callback_url=f"{self.outputs['PublicUrl']}/auth/callback/",
        )

    def add_user(self, role: str) -> str:
        """Make a user with a role, as an admin of the pool does; return the name to sign in with."""
        cognito, name = self.emulator.client("cognito-idp"), demo.email(role)
        who = {"UserPoolId": self.outputs["UserPoolId"], "Username": name}
        attributes = [{"Name": "email", "Value": name}, {"Name": "email_verified", "Value": "true"}]
        cognito.admin_create_user(**who, MessageAction="SUPPRESS", UserAttributes=attributes)
        cognito.admin_set_user_password(**who, Password=demo.PASSWORD, Permanent=True)
        cognito.admin_add_user_to_group(**who, GroupName=role)
        return name

    def seed(self, wall_url: str) -> None:
        """Connect the demonstration accounts at the simulated platforms, in the deployed table."""
        self.run(sys.executable, "-m", "local.seed", more={"OMNIPUB_WALL_URL": wall_url, **self._variables})

    @property
    def _variables(self) -> dict[str, str]:
        return {
            "TABLE_NAME": self.outputs["TableName"],
            "OMNIPUB_KMS_KEY_ID": self.outputs["KeyArn"],
            "OMNIPUB_SCHEDULER_FUNCTION": self.outputs["SchedulerFunction"],
            "OMNIPUB_ALLOW_PRIVATE_NETWORKS": "true",
        }
