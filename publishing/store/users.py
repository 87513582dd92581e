"""Users in the table: profiles, their web sessions, and the marks of sign-ins that were used."""

from datetime import datetime, timedelta
from typing import Final

from publishing.domain.errors import NotFoundError
from publishing.domain.permissions import Role
from publishing.domain.user import User, UserStatus
from publishing.domain.web_session import WebSession
from publishing.items import keys
from publishing.items.base import TableItem
from publishing.items.user import UsedSignInItem, UserItem, WebSessionItem
from publishing.store import writes
from publishing.store.errors import ConditionFailedError
from publishing.store.reads import batch_get, query
from publishing.store.writes import Write

#: For longer than a sign-in may take, its mark stays.
_MARK_FOR: Final = timedelta(hours=1)
#: How many web sessions of one user a page shows.
_SESSIONS: Final = 50


def find_user(user_id: str) -> User | None:
    """Return a user's profile, strongly consistent, or None where nobody with this id ever signed in."""
    return next((_user(item) for item in _read((keys.user(user_id), keys.PROFILE)) if isinstance(item, UserItem)), None)


def get_user(user_id: str) -> User:
    """Return a user's profile; raise NotFoundError when there is none."""
    found = find_user(user_id)
    if found is None:
        raise NotFoundError("There is no such user.")
    return found


def find_session(user_id: str, key: str) -> tuple[WebSession | None, User | None]:
    """Return a web session and its user as far as they exist, strongly consistent, in one request."""
    partition = keys.user(user_id)
    items = _read((partition, keys.PROFILE), (partition, keys.session(key)))
    user = next((_user(item) for item in items if isinstance(item, UserItem)), None)
    session = next((_session(item) for item in items if isinstance(item, WebSessionItem)), None)
    return session, user


def list_sessions(user_id: str) -> tuple[WebSession, ...]:
    """Return a user's web sessions, those that are over included; strongly consistent, one query."""
    own = TableItem.SK.startswith(keys.SESSION_PREFIX)
    found = query(TableItem, keys.user(user_id), own, consistent_read=True, limit=_SESSIONS)
    return tuple(_session(item) for item in found if isinstance(item, WebSessionItem))


def note_seen(session: WebSession, *, now: datetime) -> bool:
    """Note that a session was used; return False when it was ended meanwhile, which this never undoes."""
    try:
        writes.run(writes.update(_key(session), [WebSessionItem.seen_at.set(now)], WebSessionItem.PK.exists()))
    except ConditionFailedError:
        return False
    return True


def use_sign_in(state_hash: str, *, now: datetime) -> bool:
    """Mark a sign-in as used; return False when it was used before."""
    item = UsedSignInItem(keys.used_sign_in(state_hash), keys.METADATA)
    item.at, item.ttl = now, int((now + _MARK_FOR).timestamp())
    try:
        writes.run(writes.put_new(item))
    except ConditionFailedError:
        return False
    return True


def delete_rest(user_id: str) -> int:
    """Delete what else is kept below a user: web sessions, answers to their requests; return how many rows."""
    found = [item for item in query(TableItem, keys.user(user_id), consistent_read=True) if keys.PROFILE != item.SK]
    for item in found:
        writes.run(writes.delete(item, TableItem.PK.exists() | TableItem.PK.does_not_exist()))
    return len(found)


# --- parts of a transaction -------------------------------------------------------------------------------------------


def put_user(user: User) -> Write:
    """Build the put of a profile that does not exist yet."""
    return writes.put_new(_user_item(user))


def change_user(user: User, *, read: User) -> Write:
    """Build the change of a profile that nobody changed since it was read."""
    return writes.put(_user_item(user), UserItem.rev == read.rev)


def delete_user(read: User) -> Write:
    """Build the delete of a profile that nobody changed since it was read."""
    return writes.delete(UserItem(keys.user(read.id), keys.PROFILE), UserItem.rev == read.rev)


def put_session(session: WebSession) -> Write:
    """Build the put of a new web session; the table forgets it by itself once it is over."""
    item = _key(session)
    item.epoch, item.browser = session.epoch, session.browser or None
    item.created_at, item.seen_at, item.ends_at = session.created_at, session.seen_at, session.ends_at
    item.ttl = int(session.ends_at.timestamp())
    return writes.put_new(item)


def delete_session(session: WebSession) -> Write:
    """Build the delete of a web session that is there."""
    return writes.delete(_key(session), WebSessionItem.PK.exists())


def _read(*wanted: tuple[str, str]) -> list[TableItem]:
    return [TableItem.from_raw_data(raw) for raw in batch_get(wanted)]


def _key(session: WebSession) -> WebSessionItem:
    return WebSessionItem(keys.user(session.user_id), keys.session(session.key))


def _user(item: UserItem) -> User:
    known = {role.value for role in Role}
    return User(
        id=item.id,
        name=item.name or "",
        email=item.email or "",
        roles=frozenset(Role(role) for role in item.roles if role in known),
        status=UserStatus(item.status),
        epoch=int(item.epoch),
        rev=int(item.rev),
        created_at=item.created_at,
        updated_at=item.updated_at,
        signed_in_at=item.signed_in_at,
    )


def _user_item(user: User) -> UserItem:
    item = UserItem(keys.user(user.id), keys.PROFILE)
    item.id, item.name, item.email = user.id, user.name or None, user.email or None
    item.roles, item.status = sorted(role.value for role in user.roles), user.status.value
    item.epoch, item.rev = user.epoch, user.rev
    item.created_at, item.updated_at, item.signed_in_at = user.created_at, user.updated_at, user.signed_in_at
    # Cut, because folding can triple a name, and a sort key has 1,024 bytes.
    item.GSI3PK, item.GSI3SK = keys.USER_LIST, f"{user.name.casefold()[:100]}#{user.id}"
    return item


def _session(item: WebSessionItem) -> WebSession:
    return WebSession(
        user_id=item.PK.removeprefix(keys.user("")),
        key=item.SK.removeprefix(keys.SESSION_PREFIX),
        epoch=int(item.epoch),
        created_at=item.created_at,
        seen_at=item.seen_at,
        ends_at=item.ends_at,
        browser=item.browser or "",
    )
