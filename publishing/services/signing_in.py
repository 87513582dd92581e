"""Sign in, stay signed in, sign out: users' profiles and their web sessions."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from publishing.domain.errors import ConflictError, NotAllowedError, NotFoundError
from publishing.domain.limits import SIGN_IN
from publishing.domain.permissions import Action, Actor, demand
from publishing.domain.user import ProvenIdentity, User, UserStatus
from publishing.domain.web_session import (
    NOTE_AFTER,
    SessionLimits,
    SessionToken,
    WebSession,
    is_session_key,
    new_session_token,
)
from publishing.services.api_keys import follow_roles
from publishing.services.limits import spend, unnamed
from publishing.store import users
from publishing.store.audit import AuditRecord, transact_with_audit
from publishing.store.errors import TransactionRefusedError
from publishing.store.writes import Write

#: Tries of a change that met another one on the same profile.
_TRIES: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A user and the web session by which they are known."""

    user: User
    session: WebSession
    #: Only of a session that just began: what the browser is to keep.
    token: SessionToken | None = field(default=None, repr=False)


class DisabledUserError(NotAllowedError):
    """An administrator disabled this user."""

    code = "user_disabled"


def sign_in(*, identity: ProvenIdentity, browser: str, limits: SessionLimits, now: datetime) -> SignedIn:
    """Begin a web session for whom a provider vouched; the first one creates their profile.

    Name, address and roles of the profile become those of the identity; the user's API keys lose the roles that are
    gone. Raises DisabledUserError, and LimitedError for who signs in again and again.
    """
    spend(SIGN_IN, unnamed(identity.id), now=now)
    for _ in range(_TRIES):
        read = users.find_user(identity.id)
        if read is not None and not read.is_active:
            raise DisabledUserError("This user is disabled. An administrator can enable it again.")
        user = _created(identity, now) if read is None else _seen_again(read, identity, now)
        token = new_session_token(user.id)
        session = WebSession(
            user_id=user.id,
            key=token.key,
            epoch=user.epoch,
            created_at=now,
            seen_at=now,
            ends_at=now + limits.lifetime,
            browser=browser,
        )
        profile = users.put_user(user) if read is None else users.change_user(user, read=read)
        record = _record("user.create" if read is None else "user.sign_in", user.id, user, now, read=read)
        # Between reading and writing, an administrator may disable the user or another browser sign in: the profile's
        # revision then is another one, and all is looked at again.
        if _transacted([profile, users.put_session(session)], record):
            if read is not None and not read.roles <= identity.roles:
                follow_roles(user_id=user.id, roles=identity.roles, now=now)
            return SignedIn(user=user, session=session, token=token)
    raise ConflictError("Your profile is being changed just now. Sign in again.")


def resume(*, token: SessionToken, limits: SessionLimits, now: datetime) -> SignedIn | None:
    """Return who a token proves, or None when its session is over, was ended, or never was. One read."""
    session, user = users.find_session(token.user_id, token.key)
    if session is None or user is None or session.is_over(user, limits, now):
        return None
    if now - session.seen_at >= NOTE_AFTER:
        if not users.note_seen(session, now=now):
            return None
        session = replace(session, seen_at=now)
    return SignedIn(user=user, session=session)


def begin_once(*, state_hash: str, now: datetime) -> bool:
    """Tell whether a sign-in came back from the provider for the first time; it is marked as used by this."""
    return users.use_sign_in(state_hash, now=now)


def sign_out(*, token: SessionToken, now: datetime) -> None:
    """End the session of a token, at once. One that is over already is no error."""
    session, user = users.find_session(token.user_id, token.key)
    if session is not None and user is not None:
        _end(session, user, actor_id=user.id, now=now)


def end_session(*, actor: Actor, key: str, now: datetime) -> None:
    """End one of the actor's own web sessions, at once. Raises NotFoundError when they have no such session."""
    session, user = users.find_session(actor.id, key) if is_session_key(key) else (None, None)
    if session is None or user is None:
        raise NotFoundError("There is no such session any more.")
    _end(session, user, actor_id=actor.id, now=now)


def sign_out_everywhere(*, actor: Actor, user_id: str, now: datetime) -> None:
    """End all web sessions of a user, at once: the actor's own, or for administrators anybody's."""
    if actor.id != user_id:
        demand(actor, Action.MANAGE_USERS)
    _change(user_id, "user.sign_out_everywhere", actor, now, status=None)


def disable_user(*, actor: Actor, user_id: str, now: datetime) -> User:
    """Keep a user out: their web sessions end at once and no new one begins; their API keys may do nothing from now on.

    Raises NotFoundError.
    """
    demand(actor, Action.MANAGE_USERS)
    if actor.id == user_id:
        raise ConflictError("Nobody disables themselves. Ask another administrator.")
    user = _change(user_id, "user.disable", actor, now, status=UserStatus.DISABLED)
    follow_roles(user_id=user_id, roles=frozenset(), now=now)
    return user


def enable_user(*, actor: Actor, user_id: str, now: datetime) -> User:
    """Let a user in again; their earlier web sessions stay ended. Raises NotFoundError."""
    demand(actor, Action.MANAGE_USERS)
    return _change(user_id, "user.enable", actor, now, status=UserStatus.ACTIVE)


def get_user(*, actor: Actor, user_id: str) -> User:
    """Return a user's profile: one's own, or for administrators anybody's. Raises NotFoundError."""
    if actor.id != user_id:
        demand(actor, Action.MANAGE_USERS)
    return users.get_user(user_id)


def list_sessions(*, actor: Actor, limits: SessionLimits, now: datetime) -> tuple[WebSession, ...]:
    """Return the actor's own web sessions that are not over, the latest used first."""
    user = users.find_user(actor.id)
    if user is None:
        return ()
    running = [one for one in users.list_sessions(actor.id) if not one.is_over(user, limits, now)]
    return tuple(sorted(running, key=lambda one: one.seen_at, reverse=True))


def _created(identity: ProvenIdentity, now: datetime) -> User:
    return User(
        id=identity.id,
        name=identity.name,
        email=identity.email,
        roles=identity.roles,
        created_at=now,
        updated_at=now,
        signed_in_at=now,
    )


def _seen_again(read: User, identity: ProvenIdentity, now: datetime) -> User:
    user = replace(read, name=identity.name, email=identity.email, roles=identity.roles, signed_in_at=now)
    return replace(user, rev=read.rev + 1, updated_at=read.updated_at if _same_person(user, read) else now)


def _same_person(user: User, read: User) -> bool:
    return (user.name, user.email, user.roles) == (read.name, read.email, read.roles)


def _end(session: WebSession, user: User, *, actor_id: str, now: datetime) -> None:
    # Refused only where the session ended meanwhile, which is what was asked for.
    _transacted([users.delete_session(session)], _record("user.sign_out", actor_id, user, now))


def _change(user_id: str, action: str, actor: Actor, now: datetime, *, status: UserStatus | None) -> User:
    """Change a user's status and end all of their web sessions."""
    for _ in range(_TRIES):
        read = users.get_user(user_id)
        user = replace(
            read, status=status or read.status, epoch=read.epoch + 1, rev=read.rev + 1, updated_at=now
        )  # fmt: skip
        if _transacted([users.change_user(user, read=read)], _record(action, actor.id, user, now)):
            return user
    raise ConflictError("The user's profile is being changed just now. Try again.")


def _record(action: str, actor_id: str, user: User, now: datetime, *, read: User | None = None) -> AuditRecord:
    facts: dict[str, str | int | bool] = {"rev": user.rev}
    if action == "user.create" or (read is not None and read.roles != user.roles):
        facts["roles"] = ",".join(sorted(user.roles))
    return AuditRecord(actor=actor_id, action=action, target=f"user:{user.id}", at=now, facts=facts)


def _transacted(changes: Sequence[Write], record: AuditRecord) -> bool:
    """Carry out changes with their audit record; return False when something was changed meanwhile."""
    try:
        transact_with_audit(changes, record)
    except TransactionRefusedError:
        return False
    return True
