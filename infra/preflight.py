"""What is looked at before a deployment changes anything. Each refusal ends with the command to type next."""

import importlib
import json
from collections.abc import Callable
from typing import Any, Final

from infra.names import STACKS, stack_id, stack_name
from infra.stages import Stage

#: How the CDK's bootstrap is found, by its default name.
_BOOTSTRAP: Final = "/cdk-bootstrap/hnb659fds/version"
#: The first version that can deploy templates of this CDK.
_BOOTSTRAP_VERSION: Final = 6

MakeClient = Callable[[str, str], Any]


class NotReadyError(Exception):
    """The account is not ready for this deployment. The message says what to type."""


def check(stage: Stage, client: MakeClient, *, is_exclusive: bool = False) -> None:
    """Raise NotReadyError when credentials, bootstrap or a secret are missing, or a stack is half way.

    `is_exclusive`: the deployment is of the stacks that it names, and not of those that they need.
    """
    exceptions = importlib.import_module("botocore.exceptions")
    region = stage.site.region
    try:
        account = client("sts", region).get_caller_identity()["Account"]
    except (exceptions.BotoCoreError, exceptions.ClientError) as error:
        raise NotReadyError(
            f"AWS does not know these credentials ({type(error).__name__}). Type: aws sts get-caller-identity"
        ) from error
    try:
        version = int(client("ssm", region).get_parameter(Name=_BOOTSTRAP)["Parameter"]["Value"])
    except exceptions.ClientError as error:
        if error.response.get("Error", {}).get("Code") != "ParameterNotFound":
            raise NotReadyError(f"The account's bootstrap cannot be read: {error}") from error
        version = 0
    if version < _BOOTSTRAP_VERSION:
        raise NotReadyError(
            f"Account {account} was not prepared for the CDK in {region}. Type: uv run cdk bootstrap aws://{account}/{region}"
        )
    _check_stacks(stage, client("cloudformation", region), exceptions.ClientError)
    if not (stage.stream or is_exclusive):
        _check_stream(stage, client("cloudformation", region), exceptions.ClientError)
    secrets = [*stage.site.identity_providers.items()]
    if stage.site.frontend_token_secret:
        secrets.append(("Amplify", stage.site.frontend_token_secret))
    for whose, secret in secrets:
        _check_secret(client("secretsmanager", region), whose, secret, exceptions.ClientError)


def _check_stacks(stage: Stage, formation: Any, refused: type[Exception]) -> None:  # noqa: ANN401 - a client
    """Refuse what CloudFormation would refuse in the middle: a stack that another deployment left half way."""
    for part in STACKS:
        name = stack_name(part, stage.name)
        try:
            (stack,) = formation.describe_stacks(StackName=name)["Stacks"]
        except refused:
            continue  # not there yet
        status = str(stack["StackStatus"])
        if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
            raise NotReadyError(
                f"{name} is {status}: another deployment is at work. Wait for it, then type the same again; see: "
                f"aws cloudformation describe-stack-events --stack-name {name}"
            )
        if status in _MENDED_BY:
            command = _MENDED_BY[status].format(name=name)
            raise NotReadyError(f"{name} is {status}: an earlier deployment did not end. Type: {command}")


def _check_stream(stage: Stage, formation: Any, refused: type[Exception]) -> None:  # noqa: ANN401 - a client
    """Refuse to take away a stream that other stacks still import; CloudFormation would, half-way."""
    try:
        (data,) = formation.describe_stacks(StackName=stack_name("Data", stage.name))["Stacks"]
    except refused:
        return  # not there yet
    outputs = data.get("Outputs", ())
    streams = [output["OutputValue"] for output in outputs if output["OutputKey"] == "StreamName"]
    exports = [
        output["ExportName"]
        for output in outputs
        if "ExportName" in output and output["OutputValue"].endswith(tuple(streams))
    ]
    importing = {name for export in exports for name in _importing(formation, export, refused)}
    stacks = [stack_id(part) for part in STACKS if stack_name(part, stage.name) in importing]
    if stacks:
        context = "" if stage.name == "prod" else f" -c stage={stage.name}"
        raise NotReadyError(
            f"Stage {stage.name} has no stream any more, and {', '.join(stacks)} still uses the stream that it had. "
            f"Those first; type: uv run cdk deploy{context} --exclusively {' '.join(stacks)}"
        )


def _importing(formation: Any, export: str, refused: type[Exception]) -> list[str]:  # noqa: ANN401 - a client
    try:
        imports: list[str] = formation.list_imports(ExportName=export)["Imports"]
    except refused:
        return []  # which is how CloudFormation says that nobody does
    return imports


#: What brings a stack back to where a deployment can begin. After a first deployment that failed (ROLLBACK_COMPLETE)
#: the CDK replaces the stack by itself.
_MENDED_BY: Final = {
    "UPDATE_ROLLBACK_FAILED": "aws cloudformation continue-update-rollback --stack-name {name}",
    "UPDATE_FAILED": "aws cloudformation rollback-stack --stack-name {name}",
    "ROLLBACK_FAILED": "aws cloudformation delete-stack --stack-name {name}",
    "CREATE_FAILED": "aws cloudformation delete-stack --stack-name {name}",
    "DELETE_FAILED": "aws cloudformation delete-stack --stack-name {name}",
}


def _check_secret(manager: Any, whose: str, secret: str, refused: type[Exception]) -> None:  # noqa: ANN401 - a client
    keys: tuple[str, ...] = ("client_id", "client_secret")
    if whose == "GitHub":
        keys = ("github_client_id", "github_client_secret", "github_signing_key", "github_sealing_key")
    form = json.dumps(dict.fromkeys(keys, "…"), ensure_ascii=False)
    try:
        manager.describe_secret(SecretId=secret)
    except refused as error:
        raise NotReadyError(
            f"The secret {secret} of {whose} cannot be found. Type: aws secretsmanager create-secret --name {secret} "
            f"--secret-string '{form}'"
        ) from error


def make_client(service: str, region: str) -> Any:  # noqa: ANN401 - botocore makes its clients at run time
    """Return a client of the SDK."""
    return importlib.import_module("botocore.session").get_session().create_client(service, region_name=region)
