"""`Idempotency-Key`: the same key with the same request gives the same answer, however often it is sent.

A create stores its answer in the transaction that creates. An action is registered before it starts and completed
after it; one that raises is forgotten again, for it may be repeated: actions are conditional writes, so that doing one
twice changes nothing more.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from django.http import HttpResponse
from django.utils.crypto import salted_hmac
from rest_framework.request import Request

from publishing.api.answers import Answer
from publishing.api.problems import FieldError, invalid
from publishing.domain.draft import StoredAnswer
from publishing.domain.errors import AnsweredError, DomainError, UnavailableError
from publishing.domain.ids import digest
from publishing.domain.permissions import Actor
from publishing.services import answers

Created = TypeVar("Created")

log = logging.getLogger(__name__)

_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")
_SALT: Final = "publishing.api.idempotency"
REPLAYED: Final = {"Idempotency-Replayed": "true"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestKey:
    """A request under a key: whose, which key, and what was asked for."""

    user_id: str
    key_sha: str
    request_sha: str

    def store(self, answer: Answer) -> StoredAnswer:
        """Return an answer as it is kept under this key."""
        return StoredAnswer(
            user_id=self.user_id,
            key_sha=self.key_sha,
            request_sha=self.request_sha,
            status=answer.status,
            body=answer.body,
            headers=answer.headers,
        )


def read_key(request: Request, *, actor: Actor) -> RequestKey | None:
    """Return the request's key, None without the header. Raises ProblemError for one that cannot be a key.

    Each program has keys of its own, apart from those of the user whom it acts for.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        detail = "The key should be 1 to 255 visible ASCII characters without spaces; a UUID will do."
        raise invalid(FieldError(header="Idempotency-Key", code="bad_key", detail=detail))
    body = request._request.body  # noqa: SLF001 - DRF's body cannot be read before its data
    return RequestKey(
        user_id=actor.id,
        key_sha=digest(key) if actor.key_id is None else digest(key, actor.key_id),
        request_sha=fingerprint(str(request.method), request.get_full_path(), body),
    )


def fingerprint(method: str, path: str, body: bytes) -> str:
    """Return by what a request is known again: a hash under the application's own secret.

    Bodies hold credentials and other texts that could be guessed; without the secret, no guess can be tried against
    the hash. Once the secret was replaced, repetitions of earlier requests are refused and never carried out twice.
    """
    parts = f"{len(method)}:{method}{len(path)}:{path}".encode()
    return salted_hmac(_SALT, parts + body, algorithm="sha256").hexdigest()


def create_once(
    key: RequestKey | None,
    *,
    create: Callable[[Callable[[Created], StoredAnswer] | None], Created],
    render: Callable[[Created], Answer],
) -> HttpResponse:
    """Create something under a key, or give the answer that it had. Without a key just create it.

    `create` is handed what builds the answer to keep in its own transaction, or None.
    """
    if key is None:
        return render(create(None)).response()
    try:
        created = create(lambda made: key.store(render(made)))
    except AnsweredError as error:
        return replayed(error.stored)
    return render(created).response()


def act_once(key: RequestKey | None, *, now: datetime, act: Callable[[], Answer]) -> HttpResponse:
    """Carry out an action under a key, or give the answer that it had. Without a key just carry it out."""
    if key is None:
        return act().response()
    stored = answers.begin(user_id=key.user_id, key_sha=key.key_sha, request_sha=key.request_sha, now=now)
    if stored is not None:
        return replayed(stored)
    try:
        answer = act()
    except BaseException:
        _forget(key)
        raise
    _complete(key, answer, now)
    return answer.response()


def replayed(stored: object) -> HttpResponse:
    """Answer as the same request was answered before; `services.answers` made sure that it is the same."""
    assert isinstance(stored, StoredAnswer)  # noqa: S101 - as AnsweredError says
    return Answer(status=stored.status, body=stored.body, headers={**stored.headers, **REPLAYED}).response()


def _forget(key: RequestKey) -> None:
    try:
        answers.abandon(user_id=key.user_id, key_sha=key.key_sha)
    except (DomainError, UnavailableError):
        # The record expires by itself; what went wrong with the action matters more.
        log.warning("Idempotency key not released", exc_info=True)


def _complete(key: RequestKey, answer: Answer, now: datetime) -> None:
    try:
        answers.finish(answer=key.store(answer), now=now)
    except (DomainError, UnavailableError):
        # The action is done, and saying so is worth more than that a repetition be answered alike.
        log.warning("Idempotent answer not kept", exc_info=True)
