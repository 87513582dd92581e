"""What is looked at before a deployment changes anything. Each refusal ends with the command to type next."""

import importlib
import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from infra.names import (
    EDGE_PART,
    EDGE_REGION,
    STACKS,
    scheduler_function,
    stack_id,
    stack_name,
    web_role,
    worker_function,
)
from infra.stages import Stage

#: How the CDK's bootstrap is found, by its default name.
_BOOTSTRAP: Final = "/cdk-bootstrap/hnb659fds/version"
#: The first version that can deploy templates of this CDK.
_VERSION: Final = 6

MakeClient = Callable[[str, str], Any]


class NotReadyError(Exception):
    """The account is not ready for this deployment. The message says what to type."""


def check(stage: Stage, client: MakeClient, *, is_exclusive: bool = False) -> None:
    """Raise NotReadyError when credentials, bootstrap or a secret are missing, or a stack is half way or elsewhere.

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
    _check_region(stage, client, exceptions.ClientError)
    _check_bootstrap(account, _regions(stage), client, exceptions.ClientError)
    for part in STACKS:
        _check_stack(stack_name(part, stage.name), region, client, exceptions.ClientError)
    if stage.has_edge_stack:
        _check_stack(stack_name(EDGE_PART, stage.name), EDGE_REGION, client, exceptions.ClientError)
    if not (stage.stream or is_exclusive):
        _check_stream(stage, client("cloudformation", region), exceptions.ClientError)
    secrets = [*stage.site.identity_providers.items()]
    if stage.site.frontend_token_secret:
        secrets.append(("Amplify", stage.site.frontend_token_secret))
    for whose, secret in secrets:
        _check_secret(client("secretsmanager", region), whose, secret, exceptions.ClientError)


def left_over(stage: Stage, client: MakeClient) -> str:
    """Return what to type to remove the firewall's own stack where the stage no longer has one; else nothing.

    It can go only after CloudFront has let go of the firewall, so it is asked for when a deployment has ended.
    """
    if stage.has_edge_stack or stage.site.region == EDGE_REGION:
        return ""
    exceptions = importlib.import_module("botocore.exceptions")
    name = stack_name(EDGE_PART, stage.name)
    try:
        client("cloudformation", EDGE_REGION).describe_stacks(StackName=name)
    except (exceptions.BotoCoreError, exceptions.ClientError):
        return ""  # never made, or removed
    return (
        f"The stage has no firewall any more, and {name} still costs for one. Type: aws cloudformation delete-stack "
        f"--stack-name {name} --region {EDGE_REGION}"
    )


def _regions(stage: Stage) -> tuple[str, ...]:
    """Return the regions that the stage's stacks are in."""
    return (stage.site.region, EDGE_REGION) if stage.has_edge_stack else (stage.site.region,)


def _check_bootstrap(account: str, regions: Sequence[str], client: MakeClient, refused: type[Exception]) -> None:
    """Refuse where the CDK could not leave its templates; name all such regions at once."""
    unprepared = [region for region in regions if _bootstrap_version(client("ssm", region), refused) < _VERSION]
    if unprepared:
        raise NotReadyError(
            f"Account {account} was not prepared for the CDK in {' and '.join(unprepared)}. Type: uv run cdk bootstrap "
            + " ".join(f"aws://{account}/{region}" for region in unprepared)
        )


def _bootstrap_version(parameters: Any, refused: type[Exception]) -> int:  # noqa: ANN401 - a client
    """Return the version of the CDK's bootstrap, 0 where there is none."""
    try:
        return int(parameters.get_parameter(Name=_BOOTSTRAP)["Parameter"]["Value"])
    except refused as error:
        if getattr(error, "response", {}).get("Error", {}).get("Code") != "ParameterNotFound":
            raise NotReadyError(
                f"The account's bootstrap cannot be read: {error} Type: aws ssm get-parameter --name {_BOOTSTRAP}"
            ) from error
        return 0


def _check_region(stage: Stage, client: MakeClient, refused: type[Exception]) -> None:
    """Refuse a stage that is deployed in another region: roles have one name space for all of them, and would collide.

    Who may not ask about roles is let through; CloudFormation says it then, later.
    """
    roles = (
        (web_role(stage.name), "Api"),
        (worker_function(stage.name), "Worker"),
        (scheduler_function(stage.name), "Scheduler"),
    )
    for role, part in roles:
        try:
            client("iam", stage.site.region).get_role(RoleName=role)
        except refused:
            continue
        name = stack_name(part, stage.name)
        if _is_there(name, stage.site.region, client, refused) is not False:
            continue
        others = sorted(set(_all_regions()) - {stage.site.region})
        found = next((region for region in others if _is_there(name, region, client, refused)), None)
        raise NotReadyError(_elsewhere(stage, role, name, found))


def _elsewhere(stage: Stage, role: str, name: str, found: str | None) -> str:
    """Return what it means that a role of the stage is there, and its stack is not in the stage's region."""
    if found is None:
        command = f"aws iam get-role --role-name {role}"
        return f"The role {role} is there, and {name} did not make it. Look whose it is: {command}"
    context = "" if stage.name == "prod" else f" -c stage={stage.name}"
    return (
        f"Stage {stage.name} is deployed in {found}, and its settings say {stage.site.region}: the role {role} is "
        'taken for all regions. To move it, see "Moving a stage" in docs/deploy.md; else set '
        f'region = "{found}" for [{stage.name}] in infra/deploy.toml and type: uv run cdk deploy --all{context}'
    )


def _is_there(name: str, region: str, client: MakeClient, refused: type[Exception]) -> bool | None:
    """Tell whether a stack is there with what it consists of; None where that is not told."""
    try:
        (stack,) = client("cloudformation", region).describe_stacks(StackName=name)["Stacks"]
    except refused as error:
        return False if "does not exist" in str(error) else None
    return stack["StackStatus"] not in {"ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS", "DELETE_COMPLETE"}


def _all_regions() -> list[str]:
    session: Any = importlib.import_module("botocore.session").get_session()
    regions: list[str] = session.get_available_regions("cloudformation")
    return regions


def _check_stack(name: str, region: str, client: MakeClient, refused: type[Exception]) -> None:
    """Refuse what CloudFormation would refuse in the middle: a stack that another deployment left half way."""
    try:
        (stack,) = client("cloudformation", region).describe_stacks(StackName=name)["Stacks"]
    except refused:
        return  # not there yet
    status = str(stack["StackStatus"])
    which = f"--stack-name {name} --region {region}"
    if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
        raise NotReadyError(
            f"{name} is {status}: another deployment is at work. Wait for it, then type the same again; see: "
            f"aws cloudformation describe-stack-events {which}"
        )
    if status in _MENDED_BY:
        raise NotReadyError(
            f"{name} is {status}: an earlier deployment did not end. Type: aws cloudformation "
            f"{_MENDED_BY[status]} {which}"
        )


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
    "UPDATE_ROLLBACK_FAILED": "continue-update-rollback",
    "UPDATE_FAILED": "rollback-stack",
    "ROLLBACK_FAILED": "delete-stack",
    "CREATE_FAILED": "delete-stack",
    "DELETE_FAILED": "delete-stack",
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
