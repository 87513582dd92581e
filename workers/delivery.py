"""The Kinesis worker: a batch of hints in, deliveries and checks carried out, concurrently by account.

It never fails for a platform's behaviour. It reports a record as failed only when the table was out of reach or working
time ran out, and then the lowest one of the batch, because everything from there comes again.
"""

import base64
import logging
import os
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, assert_never

from publishing import logs
from publishing.adapters import aws, clock
from publishing.channels.base.registry import get_channel
from publishing.domain.errors import UnavailableError
from publishing.domain.events import CheckAccount, Deliver, ForeignEventError, StreamEvent, decode
from publishing.http import HttpClient, OutgoingPolicy
from publishing.services.delivering import Report, Rules, deliver
from publishing.services.performing import Performer
from publishing.services.steps import drive
from publishing.services.verifying import check
from publishing.store.binding import open_client
from publishing.store.parked import park_record
from workers.runtime import LambdaContext, Runtime, remaining, runtime, starts_function

log = logging.getLogger(__name__)

#: A batch has at most ten records, so no more lanes than that are worked on at once.
_LANES: Final = 10
#: What is left for answering when all lanes have stopped.
_MARGIN: Final = timedelta(seconds=2)

_clients: dict[int, HttpClient] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record of a batch, in its place."""

    sequence_number: str
    partition_key: str
    data: bytes


def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Carry out a batch of stream events as AWS sends it; answer with the first record that must come again, if any."""
    shared = _shared()
    records = [_record(raw) for raw in event.get("Records", ())]
    lanes = _lanes(records)
    # Here, and not by whichever lanes ask first: two of them would make two, and one would be lost with what it opened.
    http_client(shared)
    done = _work(lanes, shared, context)
    failed = [record.sequence_number for record in records if record.sequence_number not in done]
    # AWS takes the lowest one; naming only that says what happens.
    return {"batchItemFailures": [{"itemIdentifier": failed[0]}] if failed else []}


def _shared() -> Runtime:
    needs = ("MEDIA_BUCKET", "OMNIPUB_MEDIA_URL")
    return runtime(*needs, "SECRETS_ARN") if os.environ.get("SECRETS_ARN") else runtime(*needs)


def _work(lanes: Sequence[Sequence[Record]], shared: Runtime, context: LambdaContext) -> set[str]:
    """Work on all lanes side by side and return the records that are dealt with. No thread is left behind."""
    done: set[str] = set()
    executor = ThreadPoolExecutor(max_workers=_LANES, thread_name_prefix="lane")
    try:
        futures: list[Future[None]] = [executor.submit(_lane, lane, shared, context, done) for lane in lanes]
        _, late = wait(futures, timeout=max((remaining(context) - _MARGIN).total_seconds(), 0))
        if late:
            # A thread that outlives its invocation is frozen with the sandbox and could go on, mid-request, in a later
            # one, long after its lease. Better no process than that one.
            log.critical("worker.lane_stuck", extra={"lanes": len(late)})
            logging.shutdown()
            os._exit(1)
        for future in futures:
            future.result()
    finally:
        executor.shutdown(wait=True)
    return done


def _lane(lane: Sequence[Record], shared: Runtime, context: LambdaContext, done: set[str]) -> None:
    """Deal with one account's records in their order; stop at the first that must come again."""
    for record in lane:
        if not _deal_with(record, shared, context):
            return
        done.add(record.sequence_number)


def _deal_with(record: Record, shared: Runtime, context: LambdaContext) -> bool:
    try:
        event = decode(record.data)
    except ForeignEventError as error:
        return _park(record, str(error))
    with logs.correlated(event.correlation_id):
        try:
            return _carry_out(event, shared, context)
        except UnavailableError as error:
            log.warning("worker.table_unavailable", extra={"reason": str(error)})
            return False
        except Exception:
            # A fault of ours must not block the lane: the claim was counted, and the watchdog comes back to it.
            log.exception("worker.event_broke", extra={"kind": event.KIND})
            return True


def _carry_out(event: StreamEvent, shared: Runtime, context: LambdaContext) -> bool:
    config = shared.config
    rules = Rules(timing=shared.timing, random=shared.random, get_channel=get_channel, media_url=config.media_url)
    performer = Performer(
        remaining=lambda: remaining(context) - _MARGIN,
        media_bucket=config.media_bucket,
        http=http_client(shared),
    )
    report: Report
    match event:
        case Deliver(account_id=account_id, gen=gen):
            report = drive(deliver(event, rules=rules), performer)
            log.info("delivery.step", extra={"what": report.what, "account": account_id, "gen": gen})
        case CheckAccount(account_id=account_id):
            report = drive(check(event, rules=rules), performer)
            log.info("account.check", extra={"what": report.what, "account": account_id})
        case _:
            assert_never(event)
    return report.is_done


def http_client(shared: Runtime) -> HttpClient:
    """Return the process's HTTP client: one connection pool and one TLS context for all threads."""
    key = id(shared)
    if key not in _clients:
        policy = OutgoingPolicy(allow_private=shared.config.allow_private_networks)
        _clients[key] = HttpClient(policy, call_seconds=shared.timing.call.total_seconds())
    return _clients[key]


def _park(record: Record, reason: str) -> bool:
    try:
        park_record(
            data=record.data,
            reason=reason,
            partition_key=record.partition_key,
            sequence_number=record.sequence_number,
            now=clock.now(),
        )
    except UnavailableError:
        return False
    log.error("worker.record_parked", extra={"reason": reason, "sequence_number": record.sequence_number})
    return True


def _record(raw: Mapping[str, Any]) -> Record:
    kinesis = raw["kinesis"]
    return Record(
        sequence_number=kinesis["sequenceNumber"],
        partition_key=kinesis["partitionKey"],
        data=base64.b64decode(kinesis["data"]),
    )


def _lanes(records: Sequence[Record]) -> list[list[Record]]:
    """Return the records by lane, each lane in the stream's order."""
    lanes: dict[str, list[Record]] = {}
    for record in records:
        lanes.setdefault(record.partition_key, []).append(record)
    return list(lanes.values())


def initialise() -> None:
    """Build clients and the TLS context before the first invocation, which would otherwise wait for them."""
    http_client(_shared())
    open_client()
    aws.client("kms")


if starts_function():
    initialise()
