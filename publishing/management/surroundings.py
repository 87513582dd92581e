"""What the doctor asks about the account around the functions: backups, other functions' rights, quotas, mail.

No function's role may ask all of that. An operator may: `manage.py doctor --stage <stage>` in a checkout.
"""

from collections.abc import Callable, Sequence
from datetime import UTC
from typing import Any, Final

from publishing.adapters import aws
from publishing.config import Config
from publishing.domain.permissions import SYSTEM
from publishing.management import quotas, standing
from publishing.management.findings import NotedError, UnwellError
from publishing.services.evolving import list_pending
from publishing.services.queries import list_accounts
from publishing.store.binding import bind

#: New AWS accounts start with 10 at a time for all functions together, which one burst of a busy minute uses up.
CONCURRENCY: Final = 100
_DEPLOY: Final = "Type: uv run cdk deploy --all"


def checks(config: Config) -> Sequence[tuple[str, Callable[[], None]]]:
    """Return the checks, by name."""
    return (
        ("evolutions of the table", lambda: _evolutions(config)),
        ("backups of the table", lambda: _backups(config)),
        ("worker's and scheduler's rights", lambda: _rights(config)),
        ("stream's reader", lambda: _reader(config))
        if config.kinesis_stream_name
        else ("worker's invocations", lambda: _invocations(config)),
        ("concurrency", _concurrency),
        ("mail", lambda: _mail(config)),
        ("user pool's mail", lambda: _pool_mail(config)),
        *standing.checks(config),
        *quotas.checks(config),
    )


def _table(config: Config) -> Any:  # noqa: ANN401 - botocore's answers have no types
    return aws.client("dynamodb").describe_table(TableName=config.table_name)["Table"]


def _evolutions(config: Config) -> None:
    bind(config.table_name, timer_shards=config.timer_shards)
    made_on = _table(config)["CreationDateTime"].astimezone(UTC).date()
    pending = list_pending(actor=SYSTEM, table_made_on=made_on)
    if pending:
        raise UnwellError(
            f"Not carried out yet: {', '.join(each.id for each in pending)}. In a checkout, type: "
            f"TABLE_NAME={config.table_name} .venv/bin/python manage.py evolve"
        )


def _backups(config: Config) -> None:
    asked = aws.client("dynamodb").describe_continuous_backups(TableName=config.table_name)
    recovery = asked["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    if recovery.get("PointInTimeRecoveryStatus") != "ENABLED":
        raise UnwellError(
            "Point-in-time recovery is off: nothing could be restored. Type: aws dynamodb update-continuous-backups "
            f"--table-name {config.table_name} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true"
        )
    if not _table(config).get("DeletionProtectionEnabled"):
        raise NotedError(
            "The table can be deleted by accident, as is meant for dev. Elsewhere type: aws dynamodb update-table "
            f"--table-name {config.table_name} --deletion-protection-enabled"
        )


def _rights(config: Config) -> None:
    """Ask IAM what the other functions' roles, which bear their functions' names, may do of the main job."""
    worker, account = _worker(config), aws.client("sts").get_caller_identity()["Account"]
    table_arn = _table(config)["TableArn"]
    partition, region = table_arn.split(":")[1], table_arn.split(":")[3]
    rows = ("dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:PutItem")
    wanted = (
        (worker, rows, table_arn),
        (worker, ("kms:Decrypt",), config.kms_key_id),
        (worker, ("s3:GetObject",), f"arn:{partition}:s3:::{config.media_bucket}/media/any"),
        (config.scheduler_function, rows, table_arn),
        *_transport_rights(config, f"arn:{partition}:lambda:{region}:{account}:function:{worker}"),
    )
    denied = []
    for role, actions, resource in wanted:
        if not resource.startswith("arn:"):
            continue  # an alias, which IAM judges by its key only
        asked = aws.client("iam").simulate_principal_policy(
            PolicySourceArn=f"arn:{partition}:iam::{account}:role/{role}",
            ActionNames=list(actions),
            ResourceArns=[resource],
        )
        results = asked["EvaluationResults"]
        denied += [f"{role} {each['EvalActionName']}" for each in results if each["EvalDecision"] != "allowed"]
    if denied:
        raise UnwellError(f"Rights are missing: {', '.join(denied)}. {_DEPLOY}")


def _transport_rights(config: Config, worker_arn: str) -> Sequence[tuple[str, tuple[str, ...], str]]:
    """Return what the functions have to be allowed so that hints reach the worker."""
    if not config.kinesis_stream_name:
        return [(config.scheduler_function, ("lambda:InvokeFunction",), worker_arn)]
    described = aws.client("kinesis").describe_stream_summary(StreamName=config.kinesis_stream_name)
    stream_arn = described["StreamDescriptionSummary"]["StreamARN"]
    return [
        (_worker(config), ("kinesis:GetRecords",), stream_arn),
        (config.scheduler_function, ("kinesis:PutRecords",), stream_arn),
    ]


def _invocations(config: Config) -> None:
    """Ask what Lambda does with invocations that wait, or fail: AWS's own answer is to say nothing, six hours later."""
    client = aws.client("lambda")
    try:
        found = client.get_function_event_invoke_config(FunctionName=_worker(config), Qualifier="$LATEST")
    except client.exceptions.ResourceNotFoundException:
        found = {}
    if not found.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination"):
        raise UnwellError(f"Invocations of {_worker(config)} that fail are told to nobody. {_DEPLOY}")


def _reader(config: Config) -> None:
    worker = _worker(config)
    mappings = aws.client("lambda").list_event_source_mappings(FunctionName=worker)["EventSourceMappings"]
    if not mappings:
        raise UnwellError(f"Nothing hands the stream to {worker}. {_DEPLOY}")
    for mapping in mappings:
        if mapping["State"] not in {"Enabled", "Enabling", "Creating", "Updating"}:
            raise UnwellError(
                f"The stream is not read: the mapping is {mapping['State']}. Type: aws lambda "
                f"update-event-source-mapping --enabled --uuid {mapping['UUID']}"
            )


def _concurrency() -> None:
    limit = aws.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    if limit < CONCURRENCY:
        raise UnwellError(
            f"All functions of this AWS account together run {limit} at a time. Ask for {CONCURRENCY} or more: aws "
            "service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 "
            f"--desired-value {CONCURRENCY * 10}"
        )


def _mail(config: Config) -> None:
    """Ask about the senders of the accounts that AWS mails for, in each account's own region."""
    bind(config.table_name, timer_shards=config.timer_shards)
    senders = {
        (account.settings.get("region", ""), account.settings["sender"])
        for account in list_accounts(actor=SYSTEM)
        if "sender" in account.settings
    }
    unverified = [sender for region, sender in sorted(senders) if not _is_verified(region, sender)]
    if unverified:
        raise UnwellError(
            f"SES does not know as verified: {', '.join(unverified)}. Type: aws sesv2 create-email-identity "
            f"--email-identity {unverified[0]} and follow the mail that comes"
        )
    sandboxed = sorted(
        {region for region, _ in senders if not _mailer(region).get_account()["ProductionAccessEnabled"]}
    )
    if sandboxed:
        raise NotedError(
            f"SES is in its sandbox in {', '.join(sandboxed)}: it mails to verified addresses only. Leave it with: "
            "aws sesv2 put-account-details --production-access-enabled …"
        )


def _is_verified(region: str, sender: str) -> bool:
    """Tell whether the address or its domain may send."""
    mailer = _mailer(region)
    for identity in (sender, sender.rpartition("@")[2]):
        try:
            if mailer.get_email_identity(EmailIdentity=identity)["VerifiedForSendingStatus"]:
                return True
        except mailer.exceptions.NotFoundException:
            continue
    return False


def _mailer(region: str) -> Any:  # noqa: ANN401 - botocore makes its clients at run time
    return aws.client("sesv2", region)


def _pool_mail(config: Config) -> None:
    pool = aws.client("cognito-idp").describe_user_pool(UserPoolId=config.cognito_user_pool_id)["UserPool"]
    if pool.get("EmailConfiguration", {}).get("EmailSendingAccount", "COGNITO_DEFAULT") == "COGNITO_DEFAULT":
        raise NotedError(
            "The pool sends its own mails, 50 a day at most: too few only where many people are invited at once."
        )


def _worker(config: Config) -> str:
    """Return the worker function's name, which differs from the scheduler's in its last word."""
    if config.worker_function:
        return config.worker_function
    if not config.scheduler_function.endswith("-scheduler"):
        raise NotedError(
            f"The worker's name cannot be told from OMNIPUB_SCHEDULER_FUNCTION ({config.scheduler_function!r})."
        )
    return f"{config.scheduler_function.removesuffix('-scheduler')}-worker"
