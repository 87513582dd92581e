"""What the web function needs of its surroundings, asked one by one with its own rights. Each finding says what to do.

A check leaves nothing behind: it makes a data key and forgets it, puts a file where uploads wait and removes it, and
puts a hint about a message that there is not.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from botocore.exceptions import BotoCoreError, ClientError

from publishing import table
from publishing.adapters import aws, secrets, stream
from publishing.config import Config
from publishing.domain.errors import UnavailableError
from publishing.domain.events import Deliver
from publishing.domain.ids import new_id
from publishing.identity.keys import KeySet, KeysUnavailableError
from publishing.identity.tokens import keys_url_of

#: Tokens are taken this much before and after their time, and AWS takes signatures of five minutes.
SKEW: Final = timedelta(seconds=30)
_NOBODY: Final = "doctor"
_ROLE: Final = "The role lacks a right, or the resource is gone. Type: uv run cdk deploy --all"


class UnwellError(Exception):
    """A check failed. The message says what was found and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check came to."""

    what: str
    #: Empty where all is well.
    trouble: str = ""


def examine(config: Config, now: Callable[[], datetime]) -> Iterator[Finding]:
    """Carry out the checks, one after the other; one that fails does not keep the others from being made."""
    checks: tuple[tuple[str, Callable[[], None]], ...] = (
        ("clock", lambda: _clock(now)),
        ("table", lambda: _table(config)),
        ("stream", lambda: _stream(config, now())),
        ("key of the credentials", lambda: _key(config)),
        ("secret", lambda: _secret(config)),
        ("media bucket", lambda: _media(config, now())),
        ("user pool", lambda: _pool(config)),
        ("scheduler", lambda: _scheduler(config)),
    )
    for what, check in checks:
        try:
            check()
        except UnwellError as error:
            yield Finding(what=what, trouble=str(error))
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            yield Finding(what=what, trouble=f"AWS answered {code} to {error.operation_name}. {_ROLE}")
        except (BotoCoreError, UnavailableError, KeysUnavailableError) as error:
            yield Finding(what=what, trouble=f"It is out of reach: {error} Try again; then look at AWS's status.")
        else:
            yield Finding(what=what)


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


def _stream(config: Config, now: datetime) -> None:
    hint = Deliver(message_id=new_id(now), delivery_id=_NOBODY, account_id=_NOBODY, gen=0)
    if stream.put_events(config.kinesis_stream_name, [hint]):
        raise UnwellError(f"A hint did not arrive on {config.kinesis_stream_name}. {_ROLE}")


def _key(config: Config) -> None:
    secrets.seal("nothing", account_id=_NOBODY, version=1, key_id=config.kms_key_id)


def _secret(config: Config) -> None:
    if not config.secrets_arn:
        if not os.environ.get("OMNIPUB_SECRET_KEY"):
            raise UnwellError("Neither SECRETS_ARN nor OMNIPUB_SECRET_KEY is set. Type: zappa update <stage>")
    elif not secrets.application_secrets(config.secrets_arn).get("django_secret_key"):
        raise UnwellError("The secret holds no django_secret_key. Put one in: aws secretsmanager put-secret-value")


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
