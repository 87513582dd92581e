"""Answers kept under idempotency keys, for 48 hours: the same request gets the same answer."""

from datetime import datetime, timedelta
from typing import Final

from pynamodb.expressions.condition import Condition

from publishing.domain.draft import StoredAnswer
from publishing.domain.ids import new_token
from publishing.items import keys
from publishing.items.base import TableItem
from publishing.items.records import AnswerItem
from publishing.store import writes
from publishing.store.errors import ConditionFailedError, RawItem
from publishing.store.reads import batch_get
from publishing.store.writes import Write

KEPT_FOR: Final = timedelta(hours=48)
#: A request that has not answered after this long died; the next one with the same key may go on.
RUNS_FOR: Final = timedelta(seconds=60)


def put_answer(answer: StoredAnswer, *, now: datetime) -> Write:
    """Build the put of an answer that belongs into its change's own transaction."""
    item = _key(answer.user_id, answer.key_sha)
    item.req_sha, item.status_code, item.body = answer.request_sha, answer.status, answer.body
    item.headers = dict(answer.headers) or None
    item.ttl = _ttl(now)
    return writes.put(item, _is_free(now))


def begin(*, user_id: str, key_sha: str, request_sha: str, now: datetime) -> AnswerItem | None:
    """Take a key for a request that begins; return None, or the row that holds the key already."""
    item = _key(user_id, key_sha)
    item.req_sha, item.running_until, item.ttl = request_sha, now + RUNS_FOR, _ttl(now)
    item.owner = new_token()
    died = AnswerItem.status_code.does_not_exist() & (AnswerItem.running_until < now)
    try:
        writes.run(writes.put(item, _is_free(now) | (died & (AnswerItem.req_sha == request_sha))))
    except ConditionFailedError as refusal:
        held = answer_item(refusal.old)
        # Ours already: an earlier try whose answer was lost.
        return None if held is not None and held.owner == item.owner else held
    return None


def finish(answer: StoredAnswer, *, now: datetime) -> None:
    """Keep the answer of a request that took its key with `begin`, unless another one took it over meanwhile."""
    item = _key(answer.user_id, answer.key_sha)
    item.req_sha, item.status_code, item.body = answer.request_sha, answer.status, answer.body
    item.headers = dict(answer.headers) or None
    item.ttl = _ttl(now)
    try:
        writes.run(writes.put(item, AnswerItem.req_sha == answer.request_sha))
    except ConditionFailedError:
        return


def abandon(*, user_id: str, key_sha: str) -> None:
    """Give a key back: the request that took it changed nothing."""
    try:
        writes.run(writes.delete(_key(user_id, key_sha), AnswerItem.status_code.does_not_exist()))
    except ConditionFailedError:
        return


def find(user_id: str, key_sha: str) -> AnswerItem | None:
    """Return the row that holds a key, or None; strongly consistent."""
    raws = batch_get([(keys.user(user_id), keys.answer(key_sha))])
    return answer_item(raws[0]) if raws else None


def answer_item(raw: RawItem | None) -> AnswerItem | None:
    """Return the row of a kept answer as the low-level client has it."""
    item = TableItem.from_raw_data(dict(raw)) if raw else None
    return item if isinstance(item, AnswerItem) else None


def stored(item: AnswerItem, *, user_id: str, key_sha: str) -> StoredAnswer | None:
    """Return the answer of a row, or None while its request is being carried out."""
    status: float | None = item.status_code
    if status is None:
        return None
    return StoredAnswer(
        user_id=user_id,
        key_sha=key_sha,
        request_sha=item.req_sha,
        status=int(status),
        body=item.body or "",
        headers=item.headers or {},
    )


def _key(user_id: str, key_sha: str) -> AnswerItem:
    return AnswerItem(keys.user(user_id), keys.answer(key_sha))


def _is_free(now: datetime) -> Condition:
    free: Condition = AnswerItem.PK.does_not_exist() | (AnswerItem.ttl < int(now.timestamp()))
    return free


def _ttl(now: datetime) -> int:
    return int((now + KEPT_FOR).timestamp())
