"""API keys in the table."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeVar

from pynamodb.attributes import Attribute
from pynamodb.expressions.update import Action

from publishing.domain import roles
from publishing.domain.api_key import USE_NOTED_EVERY, ApiKey
from publishing.domain.errors import NotFoundError
from publishing.items import keys
from publishing.items.api_key import ApiKeyItem
from publishing.items.base import MonthIndex, TableItem
from publishing.store import reads, writes
from publishing.store.errors import ConditionFailedError
from publishing.store.writes import Write

Value = TypeVar("Value")


def find_key(key_id: str) -> ApiKey | None:
    """Return a key, strongly consistent, so that a revoked one is seen to be at once."""
    raws = reads.batch_get([(keys.api_key(key_id), keys.METADATA)])
    items = [TableItem.from_raw_data(raw) for raw in raws]
    return next((_api_key(item) for item in items if isinstance(item, ApiKeyItem)), None)


def get_key(key_id: str) -> ApiKey:
    """Return a key; raise NotFoundError when there is none."""
    found = find_key(key_id)
    if found is None:
        raise NotFoundError("There is no such key.")
    return found


def list_keys(owner: str | None = None) -> tuple[ApiKey, ...]:
    """Return all keys, or those of one owner, by owner and the oldest first."""
    condition = None if owner is None else MonthIndex.GSI3SK.startswith(f"{owner}#")
    listed = reads.query(TableItem.by_month, keys.API_KEY_LIST, condition)
    ids = [item.id for item in listed if isinstance(item, ApiKeyItem)]
    wanted = [(keys.api_key(key_id), keys.METADATA) for key_id in ids]
    found = {item.id: _api_key(item) for item in reads.get_all(ApiKeyItem, wanted)} if wanted else {}
    return tuple(found[key_id] for key_id in ids if key_id in found)


def put_key(key: ApiKey) -> Write:
    """Build the put of a new key."""
    return writes.put_new(_item(key))


def delete_key(read: ApiKey) -> Write:
    """Build the delete of a key that nobody changed since it was read."""
    return writes.delete(_row(read.id), ApiKeyItem.rev == read.rev)


def change_key(key: ApiKey, *, read: ApiKey) -> Write:
    """Build the change of a key that nobody changed since it was read; when it was last used stays as it is."""
    item = _item(key)
    actions = [
        ApiKeyItem.roles.set(item.roles),
        ApiKeyItem.secret_sha.set(key.secret_sha),
        _set_or_remove(ApiKeyItem.previous_sha, key.previous_sha),
        _set_or_remove(ApiKeyItem.previous_until, key.previous_until),
        _set_or_remove(ApiKeyItem.revoked_at, key.revoked_at),
        ApiKeyItem.rev.set(key.rev),
        ApiKeyItem.updated_at.set(key.updated_at),
    ]
    return writes.update(_row(key.id), actions, ApiKeyItem.rev == read.rev)


def note_use(key_id: str, *, now: datetime) -> None:
    """Note that a key was used, unless that was noted lately."""
    is_old = ApiKeyItem.last_used_at.does_not_exist() | (ApiKeyItem.last_used_at < now - USE_NOTED_EVERY)
    try:
        writes.run(writes.update(_row(key_id), [ApiKeyItem.last_used_at.set(now)], ApiKeyItem.PK.exists() & is_old))
    except ConditionFailedError:
        # Another function noted it just now.
        return


def claim_question(key_id: str, *, now: datetime, asked_at: datetime | None) -> bool:
    """Note that the owner's roles are being asked for; return False when somebody else noted so since `asked_at`."""
    asked = ApiKeyItem.owner_asked_at
    unmoved = asked.does_not_exist() if asked_at is None else asked == asked_at
    try:
        writes.run(writes.update(_row(key_id), [asked.set(now)], ApiKeyItem.PK.exists() & unmoved))
    except ConditionFailedError:
        return False
    return True


def _set_or_remove(attribute: Attribute[Value], value: Value | None) -> Action:
    return attribute.remove() if value is None else attribute.set(value)


def _row(key_id: str) -> ApiKeyItem:
    return ApiKeyItem(keys.api_key(key_id), keys.METADATA)


def _item(key: ApiKey) -> ApiKeyItem:
    item = _row(key.id)
    item.id, item.user_id, item.name, item.rev = key.id, key.owner, key.name, key.rev
    item.roles, item.scopes = _words(key.roles), _words(key.scopes)
    item.secret_sha, item.previous_sha, item.previous_until = key.secret_sha, key.previous_sha, key.previous_until
    item.expires_at, item.revoked_at, item.last_used_at = key.expires_at, key.revoked_at, key.last_used_at
    item.created_at, item.updated_at, item.owner_asked_at = key.created_at, key.updated_at, key.owner_asked_at
    item.GSI3PK, item.GSI3SK = keys.API_KEY_LIST, f"{key.owner}#{key.id}"
    return item


def _words(values: Iterable[roles.Role] | Iterable[roles.Action]) -> list[str]:
    return sorted(value.value for value in values)


def _api_key(item: ApiKeyItem) -> ApiKey:
    known = {action.value for action in roles.Action}
    return ApiKey(
        id=item.id,
        owner=item.user_id,
        name=item.name,
        roles=frozenset(roles.Role(word) for word in item.roles),
        # A scope that this version does not know allows nothing.
        scopes=frozenset(roles.Action(word) for word in item.scopes if word in known),
        secret_sha=item.secret_sha,
        previous_sha=item.previous_sha,
        previous_until=item.previous_until,
        expires_at=item.expires_at,
        revoked_at=item.revoked_at,
        last_used_at=item.last_used_at,
        owner_asked_at=item.owner_asked_at,
        rev=int(item.rev),
        created_at=item.created_at,
        updated_at=item.updated_at,
    )
