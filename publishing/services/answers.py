"""Idempotency of requests that act: the same key and request get the same answer, another request is refused."""

import hmac
from datetime import datetime

from publishing.domain.draft import StoredAnswer
from publishing.domain.errors import AnsweredError, ConflictError, KeyReusedError, RunningError
from publishing.store import answers
from publishing.store.errors import TransactionRefusedError


def begin(*, user_id: str, key_sha: str, request_sha: str, now: datetime) -> StoredAnswer | None:
    """Take an idempotency key; return None to go on, or the answer that this request got before.

    Raises KeyReusedError when the key was used for another request, RunningError while the same one is being carried
    out. A key taken by a request that died is free again after a minute.
    """
    held = answers.begin(user_id=user_id, key_sha=key_sha, request_sha=request_sha, now=now)
    if held is None:
        return None
    if not _is_same(held.req_sha, request_sha):
        raise _reused()
    stored = answers.stored(held, user_id=user_id, key_sha=key_sha)
    if stored is None:
        raise RunningError("The same request is being carried out just now. Wait a moment, then send it again.")
    return stored


def finish(*, answer: StoredAnswer, now: datetime) -> None:
    """Keep the answer of a request that took its key with `begin`, for 48 hours."""
    answers.finish(answer, now=now)


def abandon(*, user_id: str, key_sha: str) -> None:
    """Give a key back after a request that changed nothing."""
    answers.abandon(user_id=user_id, key_sha=key_sha)


def find_answer(*, user_id: str, key_sha: str) -> StoredAnswer | None:
    """Return the answer that is kept under a key; None where none is, or its request is still being carried out."""
    item = answers.find(user_id, key_sha)
    return None if item is None else answers.stored(item, user_id=user_id, key_sha=key_sha)


def answered(kept: StoredAnswer | None, refusal: TransactionRefusedError) -> Exception:
    """Return what it means that a new object was not stored together with the answer kept about it.

    New ids are never taken, so the only condition that can fail is the answer's.
    """
    item = answers.answer_item(refusal.old[refusal.failed.index(True)])
    if kept is None or item is None:
        return ConflictError("It could not be stored. Send the request again.")
    if not _is_same(item.req_sha, kept.request_sha):
        return _reused()
    stored = answers.stored(item, user_id=kept.user_id, key_sha=kept.key_sha)
    return AnsweredError(stored) if stored else ConflictError("The same request is being carried out just now.")


def _is_same(taken_by: str, request_sha: str) -> bool:
    """Tell whether a key was taken by this very request. Whoever hands out what is kept relies on this one check."""
    return hmac.compare_digest(taken_by, request_sha)


def _reused() -> KeyReusedError:
    return KeyReusedError("This Idempotency-Key was used for another request. Choose a new one.")
