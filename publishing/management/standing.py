"""What the doctor asks about the state of what was deployed: switched on, up to date, not about to be deleted.

As with all of its surroundings, no function's role may ask this; an operator may.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final

from publishing.adapters import aws
from publishing.config import Config
from publishing.domain.errors import NotFoundError
from publishing.domain.permissions import SYSTEM
from publishing.management.findings import NotedError, UnwellError
from publishing.services.queries import get_account
from publishing.store.binding import bind

_DEPLOY: Final = "Type: uv run cdk deploy --all"
_SCHEDULER: Final = "-scheduler"


def checks(config: Config) -> Sequence[tuple[str, Callable[[], None]]]:
    """Return the checks, by name."""
    return (
        ("functions", lambda: _functions(config)),
        ("scheduler's minute", lambda: _minute(config)),
        ("canary's hour", lambda: _canary(config)),
        *([("retention's nights", lambda: _retention(config))] if _keeps_for_a_time(config) else []),
        ("who is told of alarms", lambda: _alarms(config)),
        ("key's state", lambda: _key(config)),
        ("secret's version", lambda: _secret(config)),
    )


def _keeps_for_a_time(config: Config) -> bool:
    return config.retention is not None or config.audit_retention is not None


def _prefix(config: Config) -> str:
    """Return what the names of a stage's things begin with: `omnipub-prod`. It is the web function's name too."""
    if not config.scheduler_function.endswith(_SCHEDULER):
        raise NotedError(
            f"The names of the other parts cannot be told from OMNIPUB_SCHEDULER_FUNCTION "
            f"({config.scheduler_function!r})."
        )
    return config.scheduler_function.removesuffix(_SCHEDULER)


def _functions(config: Config) -> None:
    prefix, client = _prefix(config), aws.client("lambda")
    for name, deploy in (
        (f"{prefix}-worker", _DEPLOY),
        (f"{prefix}{_SCHEDULER}", _DEPLOY),
        (prefix, "Type: zappa deploy <stage>"),
    ):
        try:
            found = client.get_function_configuration(FunctionName=name)
        except client.exceptions.ResourceNotFoundException:
            raise UnwellError(f"There is no function {name}. {deploy}") from None
        state, update = found.get("State", "Active"), found.get("LastUpdateStatus", "Successful")
        if state in {"Failed", "Inactive"} or update == "Failed":
            reason = found.get("StateReason") or found.get("LastUpdateStatusReason") or "AWS gives no reason"
            raise UnwellError(f"{name} is {state}, its last update {update}: {reason.rstrip('.')}. {deploy}")
        if client.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions") == 0:
            raise UnwellError(
                f"{name} was stopped: nothing may run it. Type: aws lambda delete-function-concurrency "
                f"--function-name {name}"
            )


def _minute(config: Config) -> None:
    rule, client = f"{_prefix(config)}-tick", aws.client("events")
    try:
        state = client.describe_rule(Name=rule)["State"]
    except client.exceptions.ResourceNotFoundException:
        raise UnwellError(f"Nothing runs the scheduler every minute: there is no rule {rule}. {_DEPLOY}") from None
    if state != "ENABLED":
        raise UnwellError(
            f"The scheduler does not run: its rule is {state}. Type: aws events enable-rule --name {rule}"
        )
    targets = [target["Arn"] for target in client.list_targets_by_rule(Rule=rule)["Targets"]]
    if not [arn for arn in targets if arn.endswith(f":function:{config.scheduler_function}")]:
        raise UnwellError(f"The rule {rule} runs something else than {config.scheduler_function}. {_DEPLOY}")


def _canary(config: Config) -> None:
    if not config.canary_account:
        raise NotedError(
            "No canary is sent: nobody would notice that publishing has stopped before it is asked of. Connect a "
            "webhook of your own, and set canary_account in infra/deploy.toml: docs/deploy.md"
        )
    bind(config.table_name, timer_shards=config.timer_shards)
    try:
        account = get_account(actor=SYSTEM, account_id=config.canary_account)
    except NotFoundError:
        raise UnwellError(
            f"canary_account names {config.canary_account}, which is no account. Set it in infra/deploy.toml, then "
            "type: zappa update <stage>"
        ) from None
    if not account.may_receive:
        raise UnwellError(f"The canary's account is {account.status.value}: no canary arrives. Connect it anew.")
    _schedule(config, "canary", "Nothing sends the canary")


def _retention(config: Config) -> None:
    _schedule(config, "retention", "What is over is never removed")


def _schedule(config: Config, name: str, trouble: str) -> None:
    """Ask for the schedule of a command that the stage's settings ask for."""
    schedule, client = f"{_prefix(config)}-{name}", aws.client("scheduler")
    deploy = "Type: uv run cdk deploy OmnichannelMonitoringStack"
    try:
        state = client.get_schedule(Name=schedule)["State"]
    except client.exceptions.ResourceNotFoundException:
        raise UnwellError(f"{trouble}: there is no schedule {schedule}. {deploy}") from None
    if state != "ENABLED":
        raise UnwellError(f"{trouble}: the schedule {schedule} is {state}. Switch it on in AWS's console, or {deploy}")


def _alarms(config: Config) -> None:
    parts = aws.client("dynamodb").describe_table(TableName=config.table_name)["Table"]["TableArn"].split(":")
    topic = ":".join([*parts[:2], "sns", *parts[3:5], f"{_prefix(config)}-alarms"])
    client = aws.client("sns")
    try:
        subscriptions = client.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    except client.exceptions.NotFoundException:
        raise UnwellError(f"Alarms have nowhere to go: there is no topic {topic}. {_DEPLOY}") from None
    if not subscriptions:
        raise NotedError(
            "Nobody is told of alarms. Set alarm_email in infra/deploy.toml, then type: uv run cdk deploy "
            "OmnichannelMonitoringStack"
        )
    waiting = [each["Endpoint"] for each in subscriptions if each["SubscriptionArn"] == "PendingConfirmation"]
    if waiting:
        raise UnwellError(
            f"{', '.join(sorted(waiting))} did not confirm and is not told of alarms. Follow the link in AWS's mail; "
            f"for another one type: aws sns subscribe --topic-arn {topic} --protocol email "
            f"--notification-endpoint {waiting[0]}"
        )


def _key(config: Config) -> None:
    client = aws.client("kms")
    key = client.describe_key(KeyId=config.kms_key_id)["KeyMetadata"]
    if key["KeyState"] != "Enabled":
        raise UnwellError(state_of_key(key["KeyState"], key["KeyId"]))
    if not client.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]:
        raise NotedError(f"The key is never changed. Type: aws kms enable-key-rotation --key-id {key['KeyId']}")


def state_of_key(state: str, key_id: str) -> str:
    """Return what a key's state means for the credentials that it seals, and what to type."""
    enable = f"aws kms enable-key --key-id {key_id}"
    if state == "Disabled":
        return f"The key is disabled: no credential opens and none can be sealed. Type: {enable}"
    if state == "PendingDeletion":
        return (
            "The key waits to be deleted, and every credential would be lost with it. Type: aws kms "
            f"cancel-key-deletion --key-id {key_id} && {enable}"
        )
    return f"The key is {state} and cannot be used. See: aws kms describe-key --key-id {key_id}"


def _secret(config: Config) -> None:
    if not config.secrets_arn:
        return  # said above
    found: Any = aws.client("secretsmanager").describe_secret(SecretId=config.secrets_arn)
    if found.get("DeletedDate"):
        raise UnwellError(restore_secret(config.secrets_arn))
    staged = {stage for stages in found["VersionIdsToStages"].values() for stage in stages}
    if "AWSPENDING" in staged:
        raise NotedError(
            "A new version of the secret was begun and not made the current one. See: aws secretsmanager "
            f"list-secret-version-ids --secret-id {config.secrets_arn}"
        )
    functions = aws.client("lambda")
    try:
        web = functions.get_function_configuration(FunctionName=_prefix(config))
    except functions.exceptions.ResourceNotFoundException:
        return  # said above
    if found["LastChangedDate"] > datetime.fromisoformat(web["LastModified"]):
        raise NotedError(
            "The secret was changed after the web function was deployed, whose running processes still have the old "
            "one. Type: zappa update <stage>"
        )


def restore_secret(arn: str) -> str:
    """Return what it means that the secret waits to be deleted, and what to type."""
    return (
        "The secret waits to be deleted: the web function no longer starts. Type: aws secretsmanager restore-secret "
        f"--secret-id {arn}"
    )
