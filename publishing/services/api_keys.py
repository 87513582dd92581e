"""API keys: make, list, rotate and revoke them, and tell which actor one proves.

A key acts for the user who owns it: with the roles that the owner had when it was made or last rotated, less those
that were taken away since (`follow_roles`), and within its scopes. Keys cannot manage keys.
"""

import logging
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from publishing.domain import api_key
from publishing.domain.api_key import ApiKey, ApiKeyDraft, ApiKeyStatus, NewApiKey
from publishing.domain.draft import StoredAnswer
from publishing.domain.errors import (
    ConflictError,
    FieldProblem,
    InvalidError,
    NotAllowedError,
    StaleError,
    UnavailableError,
)
from publishing.domain.ids import ID_LENGTH, new_id, new_key_secret
from publishing.domain.permissions import Action, Actor, Allowed, Role, demand, may
from publishing.domain.roles import SCOPES
from publishing.services.answers import answered
from publishing.store import answers, api_keys
from publishing.store.audit import AuditRecord, transact_with_audit
from publishing.store.errors import TransactionRefusedError
from publishing.store.writes import Write

log = logging.getLogger(__name__)

#: Tells the present roles of a user.
OwnerRoles = Callable[[str], frozenset[Role]]

_TOKEN: Final = re.compile(rf"([0-9A-Z]{{{ID_LENGTH}}})\.([A-Za-z0-9_-]{{43}})")


class KeyRefusedError(Exception):
    """The API key proves nothing. The message is a sentence for whoever sent it and repeats nothing of the key."""


def create_key(
    *, actor: Actor, draft: ApiKeyDraft, now: datetime, answer: Callable[[NewApiKey], StoredAnswer] | None = None
) -> NewApiKey:
    """Make a key that acts for the actor. Its secret is in the result and nowhere else.

    `answer` makes what is kept under an idempotency key; it must leave the secret out. Raises InvalidError for scopes
    that the actor does not have themselves and for an end that is past or too far, AnsweredError for a repetition.
    """
    demand(actor, Action.MANAGE_KEYS)
    _demand_person(actor)
    ends = draft.expires_at or now + api_key.LIFETIME
    problems = [*_scope_problems(actor, draft), *_end_problems(ends, now)]
    if problems:
        raise InvalidError(*problems)
    key_id, secret = new_id(now), new_key_secret()
    key = ApiKey(
        id=key_id, owner=actor.id, name=draft.name, roles=actor.roles, scopes=draft.scopes,
        secret_sha=api_key.secret_hash(key_id, secret), expires_at=ends, owner_asked_at=now,
        created_at=now, updated_at=now,
    )  # fmt: skip
    made = NewApiKey(key=key, token=api_key.join_token(key_id, secret))
    kept = answer(made) if answer else None
    writes = [api_keys.put_key(key), *([] if kept is None else [answers.put_answer(kept, now=now)])]
    try:
        transact_with_audit(writes, _record(actor, "key.create", key, now, scopes=",".join(sorted(key.scopes))))
    except TransactionRefusedError as refusal:
        raise answered(kept, refusal) from refusal
    return made


def list_keys(*, actor: Actor) -> tuple[ApiKey, ...]:
    """Return all keys for administrators, else the actor's own."""
    demand(actor, Action.MANAGE_KEYS)
    return api_keys.list_keys(None if actor.is_system or actor.has(Role.ADMIN) else actor.id)


def get_key(*, actor: Actor, key_id: str) -> ApiKey:
    """Return a key; NotFoundError when there is none that the actor may see."""
    key = api_keys.get_key(key_id)
    demand(actor, Action.MANAGE_KEYS, key)
    return key


def rotate_key(
    *, actor: Actor, key_id: str, overlap: timedelta, expires_at: datetime | None, now: datetime
) -> NewApiKey:
    """Give a key a new secret; the one before stays good for the overlap. Its roles become those of its owner now.

    Only the owner may: whoever has a secret acts in its owner's name. Raises ConflictError when the key has ended or
    changed meanwhile, InvalidError for an end or an overlap out of bounds.
    """
    read = get_key(actor=actor, key_id=key_id)
    _demand_person(actor)
    if read.owner != actor.id:
        raise NotAllowedError("Only the owner of a key is given its secret. Revoke it, and the owner makes another.")
    _demand_active(read, now)
    ends = expires_at or read.expires_at
    problems = [*_end_problems(ends, now), *_overlap_problems(overlap)]
    if problems:
        raise InvalidError(*problems)
    secret = new_key_secret()
    key = replace(read.rotated(secret, roles=actor.roles, overlap=overlap, now=now), expires_at=ends)
    hours = round(overlap / timedelta(hours=1))
    _transact([api_keys.change_key(key, read=read)], _record(actor, "key.rotate", key, now, overlap_hours=hours))
    return NewApiKey(key=key, token=api_key.join_token(key_id, secret))


def revoke_key(*, actor: Actor, key_id: str, rev: int | None, now: datetime) -> None:
    """End a key at once and for good; its row stays for whoever reads the audit log.

    Raises StaleError when `rev` is given and not the key's own, ConflictError when it was revoked before.
    """
    read = get_key(actor=actor, key_id=key_id)
    _demand_person(actor)
    if rev is not None and rev != read.rev:
        raise StaleError("Somebody changed the key since you read it. Read it again, then repeat your change.")
    if read.revoked_at is not None:
        raise ConflictError("The key is revoked already.")
    key = read.revoked(now)
    _transact([api_keys.change_key(key, read=read)], _record(actor, "key.revoke", key, now))


def follow_roles(*, user_id: str, roles: frozenset[Role], now: datetime) -> int:
    """Take from a user's keys every role that the user no longer has; return how many keys that changed.

    For whoever learns of a user's present roles: a sign-in, a change by an administrator. Keys never gain a role by it.
    """
    changed = 0
    for read in api_keys.list_keys(user_id):
        if read.status(now) is not ApiKeyStatus.ACTIVE or read.roles <= roles:
            continue
        key = replace(read, roles=read.roles & roles, rev=read.rev + 1, updated_at=now)
        lost = ",".join(sorted(read.roles - roles))
        record = AuditRecord(
            actor="system", action="key.follow_roles", target=f"key:{key.id}", at=now, facts={"lost": lost}
        )
        _transact([api_keys.change_key(key, read=read)], record)
        changed += 1
    return changed


def authenticate(*, token: str, now: datetime, owner_roles: OwnerRoles | None = None) -> Actor:
    """Return the actor that a key proves, and note that it was used.

    `owner_roles` tells a user's present roles, or raises UnavailableError; it is asked every 15 minutes of use, and the
    owner's keys lose what is gone. None where nobody can be asked.

    Raises KeyRefusedError when it proves nothing, UnavailableError when that cannot be told just now. One that is
    wrong, revoked or unknown is refused alike; that it has expired is said only to who has its secret.
    """
    form = _TOKEN.fullmatch(token)
    if form is None:
        raise KeyRefusedError("This is not an API key. Send Authorization: Api-Key <id>.<secret>.")
    key_id, secret = form.groups()
    key = api_keys.find_key(key_id)
    if key is None or not key.accepts(secret, now) or key.revoked_at is not None:
        raise KeyRefusedError("The API key is not a valid one. It may have been revoked or rotated.")
    if key.status(now) is ApiKeyStatus.EXPIRED:
        raise KeyRefusedError("The API key has expired. Its owner makes a new one.")
    roles = key.roles if owner_roles is None else _present_roles(key, owner_roles, now)
    _note_use(key, now)
    return Actor(id=key.owner, roles=roles, scopes=key.scopes, key_id=key.id, name=key.name)


def _present_roles(key: ApiKey, owner_roles: OwnerRoles, now: datetime) -> frozenset[Role]:
    """Return the key's roles less those that its owner lost meanwhile, as far as that is known."""
    asked_at = key.owner_asked_at
    if asked_at is not None and now - asked_at < api_key.OWNER_ASKED_EVERY:
        return key.roles
    if not api_keys.claim_question(key.id, now=now, asked_at=asked_at):
        # Another function asks at this very moment; it may have taken roles away already.
        return key.roles & api_keys.get_key(key.id).roles
    try:
        roles = owner_roles(key.owner)
    except UnavailableError:
        # What was known holds on: programs do not stop because the user pool is away for a moment.
        log.warning("Owner of an API key not asked about", exc_info=True)
        again = now - api_key.OWNER_ASKED_EVERY + api_key.OWNER_ASKED_AGAIN_AFTER
        api_keys.claim_question(key.id, now=again, asked_at=now)
        return key.roles
    if not key.roles <= roles:
        follow_roles(user_id=key.owner, roles=roles, now=now)
    return key.roles & roles


def _note_use(key: ApiKey, now: datetime) -> None:
    if key.last_used_at is not None and now - key.last_used_at < api_key.USE_NOTED_EVERY:
        return
    try:
        api_keys.note_use(key.id, now=now)
    except UnavailableError:
        # What the program came for matters more than when it came.
        log.warning("Use of an API key not noted", exc_info=True)


def _demand_person(actor: Actor) -> None:
    """Refuse programs, whatever their scopes: a key that leaked must not make itself others, nor lock out its owner."""
    if actor.key_id is not None:
        raise NotAllowedError("API keys are managed by people. Sign in for this.")


def _demand_active(key: ApiKey, now: datetime) -> None:
    status = key.status(now)
    if status is not ApiKeyStatus.ACTIVE:
        raise ConflictError(f"The key is {status}. Make a new one.")


def _scope_problems(actor: Actor, draft: ApiKeyDraft) -> list[FieldProblem]:
    grantable = {scope for scope in SCOPES if _may_at_all(actor, scope)}
    refused = sorted(draft.scopes - grantable)
    if not refused:
        return []
    detail = f"You cannot give a key what your roles do not allow: {', '.join(refused)}."
    return [FieldProblem(pointer="/scopes", code="not_yours", detail=detail)]


def _may_at_all(actor: Actor, scope: Action) -> bool:
    # Some actions exist on objects only; whether one of them allows it is judged when it comes to that.
    return scope in _ON_OBJECTS or isinstance(may(actor, scope), Allowed)


_ON_OBJECTS: Final = frozenset({
    Action.EDIT_MESSAGE, Action.SCHEDULE_MESSAGE, Action.CANCEL_MESSAGE, Action.DELETE_MESSAGE, Action.USE_ACCOUNT,
    Action.USE_MEDIUM, Action.EDIT_MEDIUM, Action.DELETE_MEDIUM,
})  # fmt: skip


def _end_problems(ends: datetime, now: datetime) -> list[FieldProblem]:
    if now < ends <= now + api_key.LIFETIME_LIMIT:
        return []
    detail = f"A key ends in the future, at most {api_key.LIFETIME_LIMIT.days} days ahead."
    return [FieldProblem(pointer="/expires_at", code="out_of_range", detail=detail)]


def _overlap_problems(overlap: timedelta) -> list[FieldProblem]:
    if timedelta(0) <= overlap <= api_key.OVERLAP_LIMIT:
        return []
    hours = round(api_key.OVERLAP_LIMIT / timedelta(hours=1))
    detail = f"The secret before can stay good for 0 to {hours} hours."
    return [FieldProblem(pointer="/overlap_hours", code="out_of_range", detail=detail)]


def _transact(writes: list[Write], record: AuditRecord) -> None:
    try:
        transact_with_audit(writes, record)
    except TransactionRefusedError as refusal:
        raise ConflictError("The key changed just now. Look at it again.") from refusal


def _record(actor: Actor, action: str, key: ApiKey, now: datetime, **facts: str | int) -> AuditRecord:
    every: dict[str, str | int | bool] = {"rev": key.rev, **facts}
    return AuditRecord(actor=actor.recorded_as, action=action, target=f"key:{key.id}", at=now, facts=every)
