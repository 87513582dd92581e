"""What the web function needs of its surroundings, asked one by one with its own rights. Each finding says what to do.

A check leaves nothing behind: it makes a data key and forgets it, puts a file where uploads wait and removes it, and
puts a hint about a message that there is not.
"""

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError, UnknownServiceError

from publishing import table
from publishing.adapters import aws, secrets
from publishing.adapters.transports import transport_of
from publishing.config import Config
from publishing.domain.errors import UnavailableError
from publishing.domain.events import Deliver
from publishing.domain.ids import new_id
from publishing.identity.keys import KeySet, KeysUnavailableError
from publishing.identity.tokens import keys_url_of
from publishing.management import standing, surroundings
from publishing.management.findings import Finding, NotedError, UnwellError

#: Tokens are taken this much before and after their time, and AWS takes signatures of five minutes.
SKEW: Final = timedelta(seconds=30)
#: What AWS says to a role that may not ask; services differ.
_DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
#: What AWS says where it does not have an operation, which is so in some regions.
_UNKNOWN: Final = frozenset({"InvalidAction", "UnknownOperationException"})
_ASK_YOURSELF: Final = (
    "A function may not ask this. Ask with your own rights, in a checkout: .venv/bin/python manage.py doctor --stage …"
)
#: What the application reads from its secret.
SECRETS: Final = ("django_secret_key",)
_NOBODY: Final = "doctor"
_ROLE: Final = "The role lacks a right, or the resource is gone. Type: uv run cdk deploy --all"


def examine(config: Config, now: Callable[[], datetime]) -> Iterator[Finding]:
    """Carry out the checks, one after the other; one that fails does not keep the others from being made."""
    checks: tuple[tuple[str, Callable[[], None]], ...] = (
        ("clock", lambda: _clock(now)),
        ("table", lambda: _table(config)),
        (transport_of(config).kind, lambda: _hints(config, now())),
        ("key of the credentials", lambda: _key(config)),
        ("secret", lambda: _secret(config)),
        ("media bucket", lambda: _media(config, now())),
        ("user pool", lambda: _pool(config)),
        ("scheduler", lambda: _scheduler(config)),
    )
    is_well = True
    for what, check in checks:
        finding = _carry_out(what, check)
        is_well &= not finding.trouble
        yield finding
    if not is_well:
        yield Finding(what="backups, rights, quotas, mail", note="They are asked about once all of the above is well.")
        return
    for what, check in surroundings.checks(config):
        yield _carry_out(what, check, is_operators=True)


def _carry_out(what: str, check: Callable[[], None], *, is_operators: bool = False) -> Finding:
    """Make one check; what a function's role may not ask is a note where it is an operator's to ask."""
    trouble = note = ""
    try:
        check()
    except UnwellError as error:
        trouble = str(error)
    except NotedError as error:
        note = str(error)
    except ClientError as error:
        note = _operators_note(error) if is_operators else ""
        trouble = "" if note else f"AWS answered {_code_of(error)} to {error.operation_name}. {_ROLE}"
    except UnknownServiceError:
        # The functions' packages hold the descriptions of the services that functions use, and of no other.
        note = _ASK_YOURSELF
    except (BotoCoreError, UnavailableError, KeysUnavailableError) as error:
        trouble = f"It is out of reach: {error} Try again; then look at AWS's status."
        if code := _code_of(error.__cause__):
            trouble = f"{error} AWS answered {code}. {_ROLE}"
    return Finding(what=what, trouble=trouble, note=note)


def _operators_note(error: ClientError) -> str:
    """Return what a refusal of an operator's question says about the question, and nothing about the deployment."""
    code = _code_of(error)
    if code in _DENIED:
        return _ASK_YOURSELF
    if code in _UNKNOWN:
        return f"AWS does not answer {error.operation_name} here, so this could not be asked."
    return ""


def _clock(now: Callable[[], datetime]) -> None:
    headers = aws.client("sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]
    skew = abs(now() - parsedate_to_datetime(headers["date"]))
    if skew > SKEW:
        raise UnwellError(
            f"This clock is {skew.total_seconds():.0f} s off AWS's. Set it by NTP: due times depend on it."
        )


def _table(config: Config) -> None:
    described = aws.client("dynamodb").describe_table(TableName=config.table_name)["Table"]
    found = described.get("GlobalSecondaryIndexes", ())
    indexes = {index["IndexName"]: index.get("IndexStatus", "ACTIVE") for index in found}
    missing = [name for name in (table.BY_OWNER, table.TIMERS, table.BY_MONTH) if indexes.get(name) != "ACTIVE"]
    if described["TableStatus"] != "ACTIVE" or missing:
        raise UnwellError(
            f"The table is {described['TableStatus']} and lacks {missing}. Wait, or: uv run cdk deploy --all"
        )
    for name in indexes:
        partition, _ = table.index_keys(name)
        aws.client("dynamodb").query(
            TableName=config.table_name,
            IndexName=name,
            KeyConditionExpression="#key = :key",
            ExpressionAttributeNames={"#key": partition},
            ExpressionAttributeValues={":key": {"S": _NOBODY}},
            Limit=1,
        )


def _hints(config: Config, now: datetime) -> None:
    """Send a hint that the worker can read, else it would park it, about a message that there is not."""
    transport = transport_of(config)
    hint = Deliver(message_id=new_id(now), delivery_id=_NOBODY, account_id=new_id(now), gen=0)
    if transport.put_events([hint]):
        raise UnwellError(f"The {transport.kind} {transport.name} did not take a hint. {_ROLE}")


def _key(config: Config) -> None:
    try:
        secrets.seal("nothing", account_id=_NOBODY, version=1, key_id=config.kms_key_id)
    except UnavailableError as error:
        state = _KEY_STATES.get(_code_of(error.__cause__))
        if state is None:
            raise
        raise UnwellError(standing.state_of_key(state, config.kms_key_id)) from error


#: How KMS refuses to use a key -> the state that the key is in.
_KEY_STATES: Final = {"DisabledException": "Disabled", "KMSInvalidStateException": "PendingDeletion"}


def _code_of(error: BaseException | None) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _secret(config: Config) -> None:
    if not config.secrets_arn:
        if not os.environ.get("OMNIPUB_SECRET_KEY"):
            raise UnwellError("Neither SECRETS_ARN nor OMNIPUB_SECRET_KEY is set. Type: zappa update <stage>")
        return
    try:
        held = secrets.application_secrets(config.secrets_arn)
    except UnavailableError as error:
        # Its only use by Secrets Manager for something that is there.
        if _code_of(error.__cause__) == "InvalidRequestException":
            raise UnwellError(standing.restore_secret(config.secrets_arn)) from error
        raise
    missing = [name for name in SECRETS if not held.get(name)]
    if missing:
        raise UnwellError(f"The secret lacks {', '.join(missing)}. Put it in: aws secretsmanager put-secret-value")


def _media(config: Config, now: datetime) -> None:
    where = {"Bucket": config.media_bucket, "Key": f"uploads/{_NOBODY}/{new_id(now)}"}
    aws.client("s3").put_object(**where, Body=b"doctor")
    aws.client("s3").get_object(**where)["Body"].close()
    aws.client("s3").delete_object(**where)


def _pool(config: Config) -> None:
    KeySet(keys_url_of(config)).find(_NOBODY)


def _scheduler(config: Config) -> None:
    if not config.scheduler_function:
        raise UnwellError(
            "OMNIPUB_SCHEDULER_FUNCTION is not set: what is due at once waits a minute. Type: zappa update"
        )
    aws.client("lambda").invoke(FunctionName=config.scheduler_function, InvocationType="DryRun", Payload=b"{}")
