"""The bridge to GitHub out of the package that is deployed, as a function, with its role's rights alone."""

import base64
import json
import sys
from pathlib import Path
from typing import Any

import jwt
import pytest

from infra.packaging.build import build
from infra.packaging.recipes import WORKER
from tests.emulator import Emulator
from tests.workers.test_github import ISSUER, POOL, asked, secret

ROOT = Path(__file__).parents[2]
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"},
    ],
}


class TestThePackagedBridge:
    @pytest.fixture
    def emulator(self, tmp_path):
        emulator = Emulator(tmp_path / "state", enforces_roles=True)
        yield emulator
        emulator.stop()

    @pytest.mark.e2e
    def test_answers_with_its_one_secret_and_has_no_other_right(self, emulator):
        # Built anew only if it is another than the one that the walk through a deployment deployed.
        build(WORKER, "emulator", root=ROOT, output=ROOT / "build")
        manager = emulator.client("secretsmanager")
        own = manager.create_secret(Name="omnipub/github", SecretString=json.dumps(secret()))["ARN"]
        other = manager.create_secret(Name="omnipub/other", SecretString=json.dumps(secret()))["ARN"]
        self.deploy(emulator, ROOT / "build/emulator/worker.zip", own=own, reads=own)

        described = self.ask(emulator, "/.well-known/openid-configuration")
        keys = self.ask(emulator, "/jwks")
        leaving = self.ask(emulator, "/authorize", query=asked())
        stray = self.ask(emulator, "/anything")

        assert json.loads(described["body"])["issuer"] == ISSUER
        assert jwt.PyJWKSet.from_json(keys["body"]).keys
        assert leaving["statusCode"] == 302
        assert leaving["headers"]["location"].startswith("https://github.com/login/oauth/authorize?")
        assert stray["statusCode"] == 404
        assert secret()["github_client_secret"] not in json.dumps([described, keys, leaving])
        variables = self.variables(other)
        emulator.client("lambda").update_function_configuration(
            FunctionName="github", Environment={"Variables": {**variables, "AWS_ENDPOINT_URL": emulator.url}}
        )
        assert "errorType" in self.ask(emulator, "/jwks")

    @staticmethod
    def variables(arn: str) -> dict[str, str]:
        return {"SECRETS_ARN": arn, "OMNIPUB_GITHUB_ISSUER": ISSUER, "OMNIPUB_GITHUB_REDIRECT_URI": POOL}

    def deploy(self, emulator: Emulator, package: Path, *, own: str, reads: str) -> None:
        roles = emulator.client("iam")
        role = roles.create_role(RoleName="github", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        allowed = {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": reads}
        policy = {"Version": "2012-10-17", "Statement": [allowed]}
        roles.put_role_policy(RoleName="github", PolicyName="Own", PolicyDocument=json.dumps(policy))
        emulator.client("lambda").create_function(
            FunctionName="github", Handler="workers.github.handler", Role=role, Timeout=30, MemorySize=512,
            Runtime=f"python3.{sys.version_info.minor}", Code={"ZipFile": package.read_bytes()},
            Environment={"Variables": {**self.variables(own), "AWS_ENDPOINT_URL": emulator.url}},
        )  # fmt: skip

    def ask(self, emulator: Emulator, path: str, query: str = "") -> Any:
        event = {
            "version": "2.0", "rawPath": path, "rawQueryString": query, "headers": {}, "isBase64Encoded": True,
            "requestContext": {"http": {"method": "GET", "path": path}}, "body": base64.b64encode(b"").decode(),
        }  # fmt: skip
        answer = emulator.client("lambda").invoke(FunctionName="github", Payload=json.dumps(event).encode())
        return json.load(answer["Payload"])
