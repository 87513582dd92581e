"""What is stored about one user: give it to them, and forget it.

Messages, media and evidence are the organisation's and stay; they name their author by an id that says nothing once the
profile is gone. The audit log holds ids only.
"""

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Final

from publishing.domain.draft import MessageFilter
from publishing.domain.errors import ConflictError, NotFoundError
from publishing.domain.permissions import Action, Actor, demand
from publishing.store import api_keys, audit, lists, media, messages, users
from publishing.store.audit import AuditRecord, transact_with_audit
from publishing.store.errors import TransactionRefusedError
from publishing.store.writes import Write

_PAGE: Final = 100
#: Of a key these are secrets, if only as hashes.
_HASHES: Final = frozenset({"secret_sha", "previous_sha"})


def export_user(*, actor: Actor, user_id: str, now: datetime) -> Iterator[dict[str, object]]:
    """Yield all that is stored about a user: profile, web sessions, keys, messages, media, what they did.

    Secrets are left out, hashes of them too. Raises NotFoundError when there is nothing, NotAllowedError.
    """
    demand(actor, Action.MANAGE_USERS)
    profile, keys = users.find_user(user_id), api_keys.list_keys(user_id)
    sessions = users.list_sessions(user_id)
    if profile is None and not keys and not sessions:
        raise NotFoundError("There is no such user.")
    transact_with_audit([], _record(actor, "user.export", user_id, now))
    yield from ({"what": "profile", **asdict(one)} for one in (profile,) if one is not None)
    # A session's key is a hash by which a token is found; it says nothing to a person.
    yield from ({"what": "web_session", **_without(asdict(one), {"key"})} for one in sessions)
    yield from ({"what": "api_key", **_without(asdict(one), _HASHES)} for one in keys)
    yield from ({"what": "message", **asdict(messages.get_message(each))} for each in _message_ids(user_id))
    yield from _media(user_id)
    yield from _deeds(user_id)


def erase_user(*, actor: Actor, user_id: str, now: datetime) -> int:
    """Forget a user: keys, profile, web sessions, answers to their requests; return how many rows were deleted.

    They are out at once. What a try that broke off left is deleted by the next one. Who signs in again is a new user
    with the same id: remove them from the provider too. Raises NotFoundError when there is nothing, ConflictError.
    """
    demand(actor, Action.MANAGE_USERS)
    if actor.id == user_id:
        raise ConflictError("Nobody erases themselves. Ask another administrator.")
    # Keys first: they work without a profile.
    keys = api_keys.list_keys(user_id)
    for key in keys:
        _transact([api_keys.delete_key(key)], _record(actor, "key.erase", user_id, now, key=key.id))
    profile = users.find_user(user_id)
    if profile is not None:
        _transact([users.delete_user(profile)], _record(actor, "user.erase", user_id, now, rev=profile.rev))
    deleted = len(keys) + (profile is not None) + users.delete_rest(user_id)
    if not deleted:
        raise NotFoundError("There is no such user.")
    return deleted


def _message_ids(user_id: str) -> Iterator[str]:
    cursor: str | None = None
    while True:
        page = lists.list_owned(owner=user_id, wanted=MessageFilter(), cursor=cursor, limit=_PAGE)
        yield from (row.id for row in page.rows)
        cursor = page.next_cursor
        if cursor is None:
            return


def _media(user_id: str) -> Iterator[dict[str, object]]:
    cursor: str | None = None
    while True:
        page = media.list_owned(owner=user_id, cursor=cursor, limit=_PAGE)
        # The token is what unguessable addresses are made of.
        yield from ({"what": "medium", **_without(asdict(row), {"token"})} for row in page.rows)
        cursor = page.next_cursor
        if cursor is None:
            return


def _deeds(user_id: str) -> Iterator[dict[str, object]]:
    days = {link.record.target.removeprefix("day:") for link in audit.read_chain(audit.DAYS)}
    for day in sorted(days):
        for link in audit.read_chain(day):
            record = link.record
            is_theirs = record.actor == user_id or record.actor.startswith(f"{user_id}/key:")
            if is_theirs or record.target == f"user:{user_id}":
                yield {"what": "audit", "at": record.at, "action": record.action, "target": record.target}


def _without(values: dict[str, object], names: frozenset[str] | set[str]) -> dict[str, object]:
    return {name: value for name, value in values.items() if name not in names}


def _record(actor: Actor, action: str, user_id: str, now: datetime, **facts: str | int) -> AuditRecord:
    return AuditRecord(actor=actor.recorded_as, action=action, target=f"user:{user_id}", at=now, facts=facts)


def _transact(changes: list[Write], record: AuditRecord) -> None:
    try:
        transact_with_audit(changes, record)
    except TransactionRefusedError as refusal:
        raise ConflictError("The user is being changed just now. Try again.") from refusal
