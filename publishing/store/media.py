"""Media in the table: what is known of each picture, and which messages began to use it."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action

from publishing.domain.draft import Page
from publishing.domain.errors import NotFoundError
from publishing.domain.media import LOOKED_AT, MediaStatus, Medium, MediumFilter, Rendition
from publishing.domain.outcome import Problem
from publishing.items import keys
from publishing.items.base import TableItem
from publishing.items.media import MediumItem, MediumUseItem
from publishing.store import rows, writes
from publishing.store.errors import ConditionFailedError
from publishing.store.reads import batch_get, query
from publishing.store.writes import Write

M = MediumItem
_S = MediaStatus
#: How long rows are kept of which nothing came: never uploaded, refused, deleted.
_UNUSED_FOR: Final = timedelta(days=7)
_ENDED_FOR: Final = timedelta(days=30)
_ALL: Final = MediumFilter()


def find_media(medium_ids: Sequence[str]) -> dict[str, Medium]:
    """Return the media of these ids (at most 100) that are there, consistently read in one request."""
    return {key: medium for key, medium in _read(medium_ids).items() if medium.status is not _S.DELETED}


def get_medium(medium_id: str, *, deleted: bool = False) -> Medium:
    """Return a medium; raise NotFoundError when there is none, or when it was deleted, unless those are wanted too."""
    found = _read((medium_id,)).get(medium_id)
    if found is None or (found.status is _S.DELETED and not deleted):
        raise NotFoundError("There is no such medium.")
    return found


def list_all(*, wanted: MediumFilter = _ALL, cursor: str | None, limit: int) -> Page[Medium]:
    """Return a page of all media, the newest first; one query. Raises ValueError for a cursor of another list.

    With a filter, a page looks at a bounded number of rows: one with few rows and a cursor was cut short by it.
    """
    if cursor is not None and cursor.startswith(keys.MEDIUM_PREFIX):
        raise ValueError("The cursor is not of this list.")
    condition = None if cursor is None else cursor > TableItem.GSI3SK
    listed = query(TableItem.by_month, keys.MEDIA_LIST, condition, **_newest(wanted, limit))
    return _page(listed, "GSI3SK", wanted, limit)


def list_owned(*, owner: str, wanted: MediumFilter = _ALL, cursor: str | None, limit: int) -> Page[Medium]:
    """Return a page of one user's media, the newest first; one query. Bounded, and raises, as `list_all`."""
    if cursor is not None and not cursor.startswith(keys.MEDIUM_PREFIX):
        raise ValueError("The cursor is not of this list.")
    own = TableItem.GSI1SK.startswith(keys.MEDIUM_PREFIX)
    condition = own if cursor is None else TableItem.GSI1SK.between(keys.MEDIUM_PREFIX, cursor)
    listed = query(TableItem.by_owner, keys.user(owner), condition, **_newest(wanted, limit + 1))
    return _page((item for item in listed if cursor != item.GSI1SK), "GSI1SK", wanted, limit)


def list_uses(medium_id: str) -> Iterator[str]:
    """Yield the ids of the messages that began to use a medium, the newest first; strongly consistent."""
    condition = TableItem.SK.startswith(keys.USE_PREFIX)
    options = {"consistent_read": True, "scan_index_forward": False}
    for item in query(TableItem, keys.medium(medium_id), condition, **options):
        yield keys.message_id_of(item.SK)


# --- parts of a transaction -------------------------------------------------------------------------------------------


def put_medium(medium: Medium, *, now: datetime) -> Write:
    """Build the put of a new medium; one that is never uploaded goes by itself."""
    item = rows.medium_item(medium)
    item.ttl = _ttl(now + _UNUSED_FOR)
    return writes.put_new(item)


def begin_use(medium_id: str, message_id: str, *, now: datetime) -> tuple[Write, Write]:
    """Build the two writes by which a message begins to use a medium, if it is ready.

    A delete that looked for uses before this cannot go through after it: the first of them moves `use_rev`.
    """
    #   delete: read (use_rev 4), no use found ────────────── mark deleted ✗ because use_rev is 5
    #   message:                       begin_use (use_rev 5) ──
    ready = writes.update(_key(medium_id), [M.use_rev.set(M.use_rev + 1)], M.status == _S.READY.value)
    use = MediumUseItem(keys.medium(medium_id), keys.message(message_id))
    use.at = now
    return ready, writes.put(use)


def edit_medium(read: Medium, edited: Medium) -> Write:
    """Build the change of what people say about a medium, if nobody did so since it was read."""
    actions = [
        M.name.set(edited.name),
        M.alt_text.set(edited.alt_text) if edited.alt_text else M.alt_text.remove(),
        M.rev.set(edited.rev),
        M.updated_at.set(edited.updated_at),
    ]
    return writes.update(_key(read.id), actions, (M.rev == read.rev) & (M.status != _S.DELETED.value))


def mark_deleted(read: Medium, *, now: datetime) -> Write:
    """Build the delete of a medium, if nobody edited it or began to use it since it was read.

    The row stays for a while with the names of its files, until which they are removed; it is in no list any more.
    """
    actions = [
        M.status.set(_S.DELETED.value),
        M.updated_at.set(now),
        M.ttl.set(_ttl(now + _ENDED_FOR)),
        *(attribute.remove() for attribute in (M.GSI1PK, M.GSI1SK, M.GSI3PK, M.GSI3SK)),
    ]
    unmoved = (M.rev == read.rev) & (M.use_rev == read.use_rev) & (M.status == read.status.value)
    return writes.update(_key(read.id), actions, unmoved)


# --- verification: single conditional updates -------------------------------------------------------------------------


def record_ready(
    medium_id: str, renditions: Sequence[Rendition], *, thumbnail: Rendition | None = None, now: datetime
) -> Medium | None:
    """Note that an upload was verified, with its files; return the medium, or None when it is uploading no more."""
    actions = [
        M.status.set(_S.READY.value),
        M.renditions.set(rows.medium_files_column(renditions, thumbnail)),
        M.updated_at.set(now),
        M.ttl.remove(),
    ]
    return _end_upload(medium_id, actions)


def record_refused(medium_id: str, problem: Problem, *, now: datetime) -> Medium | None:
    """Note that an upload cannot be used; return the medium, or None when it is uploading no more."""
    actions = [
        M.status.set(_S.REFUSED.value),
        M.problem.set(rows.problem_column(problem)),
        M.updated_at.set(now),
        M.ttl.set(_ttl(now + _ENDED_FOR)),
    ]
    return _end_upload(medium_id, actions)


def _end_upload(medium_id: str, actions: Sequence[Action]) -> Medium | None:
    is_uploading: Condition = M.status == _S.UPLOADING.value
    try:
        item = TableItem.from_raw_data(dict(writes.run(writes.update(_key(medium_id), actions, is_uploading))))
    except ConditionFailedError:
        return None
    return rows.medium(item) if isinstance(item, MediumItem) else None


def _read(medium_ids: Sequence[str]) -> dict[str, Medium]:
    if not medium_ids:
        return {}
    raws = batch_get([(keys.medium(each), keys.METADATA) for each in dict.fromkeys(medium_ids)])
    items = [TableItem.from_raw_data(raw) for raw in raws]
    return {item.id: rows.medium(item) for item in items if isinstance(item, MediumItem)}


def _page(listed: Iterator[TableItem], sort: str, wanted: MediumFilter, limit: int) -> Page[Medium]:
    found: list[Medium] = []
    looked, last = 0, ""
    for item in listed:
        if not isinstance(item, MediumItem):
            continue
        if len(found) == limit or looked >= LOOKED_AT:
            return Page(rows=tuple(found), next_cursor=last)
        looked, last = looked + 1, getattr(item, sort)
        medium = rows.medium(item)
        if wanted.takes(medium):
            found.append(medium)
    return Page(rows=tuple(found))


def _newest(wanted: MediumFilter, limit: int) -> dict[str, Any]:
    # What a filter leaves out is read too: in one request as far as it goes, not a few rows at a time.
    return {"scan_index_forward": False, "page_size": limit + 1 if wanted.is_all else LOOKED_AT + 1}


def _key(medium_id: str) -> MediumItem:
    return MediumItem(keys.medium(medium_id), keys.METADATA)


def _ttl(moment: datetime) -> int:
    return int(moment.timestamp())
