"""What a stage costs a month: units that tests measure, times prices of a dated file. Standard library only."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from infra.stages import Stage

_PRICES: Final[Mapping[str, Any]] = json.loads(Path(__file__).with_name("prices.json").read_text())
_DAYS: Final = _PRICES["hours_a_month"] / 24
_SECONDS: Final = _PRICES["hours_a_month"] * 3600

#: Write units of one message on one channel, and of each further channel: the budget in `docs/delivery.md`.
WRITE_UNITS: Final = 33
WRITE_UNITS_EACH_FURTHER: Final = 12
#: Read units of a message's tick and request, and of each delivery; generous.
READ_UNITS: Final = 10
READ_UNITS_EACH: Final = 12
#: Seconds that functions run. A delivery waits for its platform, alone in its lane.
WEB_SECONDS: Final = 0.025
DELIVERY_SECONDS: Final = 0.55
TICK_SECONDS: Final = 0.15
#: A tick that has something due within its minute is awake this long on average.
AWAKE_SECONDS: Final = 30.0
#: Kilobytes of logs for a request, a delivery and a tick.
LOG_KB: Final = (0.6, 1.5, 0.4)
#: Kilobytes of the table's items for a message and each delivery, with index copies.
ITEM_KB: Final = (4.0, 3.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is asked of the deployment."""

    requests_a_day: int
    messages_a_day: int
    channels: int
    #: Share of messages with an image, and its megabytes.
    with_media: float = 0.5
    media_mb: float = 1.0
    #: Share of deliveries that are tried once more.
    retried: float = 0.1
    users: int = 50
    #: Which month since the start: items and media are kept.
    month: int = 1

    @property
    def deliveries(self) -> float:
        """Attempts a month."""
        return float(self.messages_a_day * self.channels * (1 + self.retried) * _DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the estimate."""

    service: str
    what: str
    #: Name of the price.
    price: str
    units: float

    @property
    def full(self) -> float:
        """Dollars without free tiers."""
        return self.units * float(_PRICES["prices"][self.price])


def estimate(stage: Stage, load: Load) -> tuple[Item, ...]:
    """Return the items of a month."""
    return tuple(item for item in _items(stage, load) if item.units)


def with_free_tiers(items: tuple[Item, ...]) -> Mapping[Item, float]:
    """Return each item's dollars after the always-free tiers; items of one price share its tier in their order."""
    left = dict(_PRICES["always_free"])
    dollars = {}
    for item in items:
        free = min(left.get(item.price, 0.0), item.units)
        left[item.price] = left.get(item.price, 0.0) - free
        dollars[item] = (item.units - free) * float(_PRICES["prices"][item.price])
    return dollars


def totals(stage: Stage, load: Load) -> tuple[float, float]:
    """Return the month's dollars with the always-free tiers, and without."""
    items = estimate(stage, load)
    return sum(with_free_tiers(items).values()), sum(item.full for item in items)


def _items(stage: Stage, load: Load) -> Iterator[Item]:
    yield from _functions(stage, load)
    yield from _data(stage, load)
    yield from _edge(stage, load)
    yield from _watching(stage, load)


def _functions(stage: Stage, load: Load) -> Iterator[Item]:
    requests, ticks = load.requests_a_day * _DAYS, _SECONDS / 60
    awake = min(load.messages_a_day / 1440, 1.0) * AWAKE_SECONDS
    invoked = (requests + ticks + load.deliveries) / 1e6
    yield Item(service="Lambda", what="invocations", price="lambda_million_requests", units=invoked)
    gigabyte_seconds = {
        "web, 512 MB": requests * WEB_SECONDS * 0.5,
        "scheduler, 256 MB": ticks * (TICK_SECONDS + awake) * 0.25,
        "worker, 1,024 MB": load.deliveries * DELIVERY_SECONDS,
    }
    for what, units in gigabyte_seconds.items():
        yield Item(service="Lambda", what=what, price="lambda_gb_second", units=units)
    if stage.tracing:
        traced = (requests + ticks) * 0.05 / 1e6
        yield Item(service="X-Ray", what="traces, 5 %", price="xray_million_traces", units=traced)


def _data(stage: Stage, load: Load) -> Iterator[Item]:
    messages = load.messages_a_day * _DAYS
    writes = messages * (WRITE_UNITS + WRITE_UNITS_EACH_FURTHER * (load.channels - 1)) + load.deliveries * 9 * 0.1
    reads = messages * READ_UNITS + load.deliveries * READ_UNITS_EACH + load.requests_a_day * _DAYS * 2
    stored = messages * load.month * (ITEM_KB[0] + ITEM_KB[1] * load.channels) / 1e6
    media = messages * load.with_media * load.media_mb / 1e3 * load.month
    yield Item(service="DynamoDB", what="writes", price="dynamodb_million_write_units", units=writes / 1e6)
    yield Item(service="DynamoDB", what="reads", price="dynamodb_million_read_units", units=reads / 1e6)
    yield Item(service="DynamoDB", what="items kept", price="dynamodb_gb", units=stored)
    yield Item(service="DynamoDB", what="point-in-time recovery", price="dynamodb_recovery_gb", units=stored)
    if stage.stream:
        hours = stage.shards * _PRICES["hours_a_month"]
        yield Item(service="Kinesis", what=f"{stage.shards} shard(s)", price="kinesis_shard_hour", units=hours)
        yield Item(service="Kinesis", what="hints", price="kinesis_million_puts", units=load.deliveries / 1e6)
    yield Item(service="S3", what="media kept", price="s3_gb", units=media)
    uploads = messages * load.with_media * 3 / 1e6
    yield Item(service="S3", what="uploads", price="s3_million_puts", units=uploads)
    yield Item(service="KMS", what="key of the credentials", price="kms_key", units=1)
    # A process opens each account's credential once; one in twenty deliveries meets a new process.
    yield Item(
        service="KMS", what="opening credentials", price="kms_million_requests", units=load.deliveries * 0.05 / 1e6
    )
    yield Item(service="Secrets Manager", what="signing key", price="secret", units=1)


def _edge(stage: Stage, load: Load) -> Iterator[Item]:
    requests = load.requests_a_day * _DAYS / 1e6
    shown = load.messages_a_day * _DAYS * load.with_media * load.media_mb / 1e3 * load.channels
    yield Item(service="API Gateway", what="requests", price="rest_api_million_requests", units=requests)
    yield Item(service="CloudFront", what="requests", price="cloudfront_million_requests", units=requests * 1.2)
    # Platforms fetch each image once or twice; answers have about 5 KB.
    yield Item(service="CloudFront", what="media and answers", price="cloudfront_gb", units=shown * 1.5 + requests * 5)
    yield Item(service="Transfer", what="calls to platforms", price="egress_gb", units=load.deliveries * 8 / 1e6)
    price = "cognito_plus_user" if stage.threat_protection else "cognito_lite_user"
    yield Item(service="Cognito", what="users who sign in", price=price, units=load.users)
    if stage.firewall:
        yield Item(service="WAF", what="web ACL", price="web_acl", units=1)
        yield Item(service="WAF", what="rules", price="web_acl_rule", units=4)
        yield Item(service="WAF", what="requests", price="web_acl_million_requests", units=requests)


def _watching(stage: Stage, load: Load) -> Iterator[Item]:
    kilobytes = (load.requests_a_day * _DAYS, load.deliveries, _SECONDS / 60)
    logs = sum(count * size for count, size in zip(kilobytes, LOG_KB, strict=True)) / 1e6
    yield Item(service="CloudWatch", what="logs", price="logs_gb", units=logs)
    yield Item(service="CloudWatch", what="alarms", price="alarm", units=10)
    yield Item(service="CloudWatch", what="metrics of our own", price="metric", units=5)
    yield Item(service="CloudWatch", what="dashboard", price="dashboard", units=1)
    if stage.guard_duty:
        yield Item(service="GuardDuty", what="events, roughly", price="guard_duty_million_events", units=0.25)
    if stage.security_hub:
        yield Item(service="Security Hub", what="checks, roughly", price="security_hub_check", units=10_000)
    if stage.data_trail:
        events = load.messages_a_day * _DAYS * load.with_media * (3 + load.channels) / 1e6
        yield Item(service="CloudTrail", what="data events", price="trail_million_events", units=events)
