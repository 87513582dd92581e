"""What the doctor asks about AWS's quotas that the main job can run into, beside those on functions.

Only quotas that an API tells without a charge. No function's role may ask; an operator may.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from publishing.adapters import aws
from publishing.config import Config
from publishing.domain.permissions import SYSTEM
from publishing.management.findings import NotedError, UnwellError
from publishing.services.queries import list_accounts
from publishing.store.binding import bind

#: Write units a second of one table: 33 for a message on one channel, so 100 messages a second and room for as much.
WRITE_UNITS: Final = 6_600
_TABLE_QUOTA: Final = "Table-level write throughput limit"
#: Share of a day's mails after which the rest of the day is at risk.
ALMOST: Final = 0.9
#: What AWS spends on texts in a month unless it is asked for more.
FIRST_SPEND: Final = 1.0


def checks(config: Config) -> Sequence[tuple[str, Callable[[], None]]]:
    """Return the checks, by name."""
    return (
        ("quota of the table", _table),
        ("quota of the stream", lambda: _stream(config)),
        ("quota of mails", lambda: _mails(config)),
        ("quota of texts", lambda: _texts(config)),
    )


def _table() -> None:
    limit = aws.client("dynamodb").describe_limits()["TableMaxWriteCapacityUnits"]
    if limit < WRITE_UNITS:
        raise UnwellError(
            f"Tables of this AWS account take {limit} write units a second; a busy minute needs {WRITE_UNITS}. Ask "
            f"for more in the console of Service Quotas: DynamoDB, {_TABLE_QUOTA}."
        )


def _stream(config: Config) -> None:
    if not config.kinesis_stream_name:
        return
    limits = aws.client("kinesis").describe_limits()
    if limits["OpenShardCount"] >= limits["ShardLimit"]:
        raise NotedError(
            f"All {limits['ShardLimit']} shards of this AWS account are in use: the stream cannot grow. Before you set "
            "`shards` higher, ask for more in the console of Service Quotas: Kinesis Data Streams, Shards per Region."
        )


def _regions(config: Config, channel: str) -> list[str]:
    """Return the regions that the accounts of a channel send from."""
    bind(config.table_name, timer_shards=config.timer_shards)
    return sorted({
        account.settings.get("region", "") for account in list_accounts(actor=SYSTEM) if account.channel == channel
    })  # fmt: skip


def _mails(config: Config) -> None:
    for region in _regions(config, "email"):
        judge_mails(region, aws.client("sesv2", region).get_account())


def judge_mails(region: str, account: Mapping[str, Any]) -> None:
    """Raise UnwellError where SES sends nothing in a region, or soon nothing for today."""
    if not account["SendingEnabled"] or account.get("EnforcementStatus", "HEALTHY") == "SHUTDOWN":
        raise UnwellError(
            f"SES has stopped sending in {region}. AWS wrote why to the account's address; answer there, then type: "
            f"aws sesv2 put-account-sending-attributes --sending-enabled --region {region}"
        )
    quota = account["SendQuota"]
    # -1 is SES's word for no limit.
    if 0 <= quota["Max24HourSend"] * ALMOST <= quota["SentLast24Hours"]:
        raise UnwellError(
            f"SES sent {quota['SentLast24Hours']:.0f} of the {quota['Max24HourSend']:.0f} mails that it sends in 24 "
            f"hours in {region}; what comes now may wait. Ask for more in the console of Service Quotas: Amazon SES, "
            "Sending quota."
        )
    if account.get("EnforcementStatus") == "PROBATION":
        raise NotedError(
            f"SES watches this AWS account in {region}, because of returned mails or complaints. Accounts whose mails "
            f"come back are blocked by themselves; see: aws sesv2 get-account --region {region}"
        )


def _texts(config: Config) -> None:
    for region in _regions(config, "sms"):
        client = aws.client("sns", region)
        attributes = client.get_sms_attributes()["attributes"]
        judge_texts(region, attributes, is_in_sandbox=client.get_sms_sandbox_account_status()["IsInSandbox"])


def judge_texts(region: str, attributes: Mapping[str, str], *, is_in_sandbox: bool) -> None:
    """Raise NotedError where SNS sends texts to few numbers only, or few texts."""
    if is_in_sandbox:
        raise NotedError(
            f"SNS is in its sandbox in {region}: it sends texts to verified numbers only. Leave it in the console of "
            "SNS: Text messaging (SMS), Exit SMS sandbox."
        )
    spend = float(attributes.get("MonthlySpendLimit") or FIRST_SPEND)
    if spend <= FIRST_SPEND:
        raise NotedError(
            f"SNS stops sending texts in {region} when they cost ${spend:g} in a month: some dozens. Ask for more in "
            "the console of Service Quotas (SNS, Account spend threshold), then type: aws sns set-sms-attributes "
            f"--region {region} --attributes MonthlySpendLimit=<dollars>"
        )
