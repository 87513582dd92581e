"""The scheduler: every minute, and on request, dispatch what is due."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cache
from typing import Any

from publishing import logs
from publishing.adapters import clock
from publishing.adapters.audit_heads import HeadBucket
from publishing.adapters.transports import transport_of
from publishing.config import HINTS
from publishing.services.dispatching import TickReport, TickRules, dispatch_slice, tick
from publishing.services.keeping_heads import HeadKeeper
from publishing.services.performing_ticks import TickPerformer
from publishing.services.steps import drive
from publishing.store.binding import open_client
from workers.runtime import LambdaContext, remaining, runtime, starts_function

log = logging.getLogger(__name__)


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Run a tick; or, asked with `message_ids`, dispatch those. Answers with what was done.

    Raises UnavailableError when the table is out of reach: the next tick comes in a minute.
    """
    shared = runtime(HINTS)
    rules = TickRules(
        timing=shared.timing,
        random=shared.random,
        review_on=shared.config.review_on,
        series_horizon=shared.config.series_horizon,
    )
    performer = TickPerformer(
        remaining=lambda: remaining(context),
        hints=transport_of(shared.config),
        scheduler_function=shared.config.scheduler_function,
    )
    message_ids = tuple(str(message_id) for message_id in event.get("message_ids") or ())
    with logs.correlated(context.aws_request_id):
        if message_ids:
            report: TickReport = drive(dispatch_slice(message_ids, rules=rules), performer)
        else:
            until = event.get("serves_until")
            serves_until = datetime.fromisoformat(until) if isinstance(until, str) else None
            is_wake = event.get("source") == "omnipub" and serves_until is None
            report = drive(tick(rules=rules, is_wake=is_wake, serves_until=serves_until), performer)
        if report != TickReport(polls=report.polls):
            log.info("scheduler.tick", extra=asdict(report))
        keeper = head_keeper()
        if keeper is not None:
            # After what is due; once an hour.
            keeper.keep(now=clock.now())
    return asdict(report)


@cache
def head_keeper() -> HeadKeeper | None:
    """Return what copies the audit log's heads; None where no bucket is configured."""
    bucket = runtime(HINTS).config.audit_bucket
    return HeadKeeper(HeadBucket(bucket)) if bucket else None


def initialise() -> None:
    """Build the clients before the first invocation, which would otherwise wait for them."""
    shared = runtime(HINTS)
    open_client()
    transport_of(shared.config).open()


if starts_function():
    initialise()
