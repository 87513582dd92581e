"""Templates and groups of hashtags in the table."""

from typing import Final, TypeVar

from publishing.domain.errors import NotFoundError
from publishing.domain.template import HashtagGroup, Template
from publishing.items import keys
from publishing.items.base import TableItem
from publishing.items.template import HashtagGroupItem, TemplateItem
from publishing.store import reads, writes
from publishing.store.writes import Write

#: One of the texts that staff use again.
Reusable = Template | HashtagGroup
Kind = TypeVar("Kind", Template, HashtagGroup)

_LISTS: Final[dict[type[Reusable], str]] = {Template: keys.TEMPLATE_LIST, HashtagGroup: keys.HASHTAG_LIST}
_PARTITIONS: Final = {Template: keys.template, HashtagGroup: keys.hashtag_group}


def find(kind: type[Kind], wanted: str) -> Kind | None:
    """Return one by its id, strongly consistent, or None."""
    return next(iter(_read(kind, [wanted])), None)


def get(kind: type[Kind], wanted: str) -> Kind:
    """Return one by its id; raise NotFoundError when there is none."""
    found = find(kind, wanted)
    if found is None:
        raise NotFoundError("There is no such object.")
    return found


def list_all(kind: type[Kind]) -> tuple[Kind, ...]:
    """Return all of a kind, by name."""
    listed = reads.query(TableItem.by_month, _LISTS[kind])
    ids = [item.id for item in listed if isinstance(item, TemplateItem | HashtagGroupItem)]
    found = {each.id: each for start in range(0, len(ids), 100) for each in _read(kind, ids[start : start + 100])}
    return tuple(found[each] for each in ids if each in found)


def count(kind: type[Reusable]) -> int:
    """Return about how many there are of a kind: the index lags a little."""
    return sum(1 for _ in reads.query(TableItem.by_month, _LISTS[kind]))


def put(value: Reusable) -> Write:
    """Build the put of a new one."""
    return writes.put_new(_item(value))


def change(value: Reusable, *, read: Reusable) -> Write:
    """Build the change of one that nobody changed since it was read."""
    return writes.put(_item(value), TemplateItem.rev == read.rev)


def delete(read: Reusable) -> Write:
    """Build the delete of one that nobody changed since it was read."""
    return writes.delete(_item(read), TemplateItem.rev == read.rev)


def _read(kind: type[Kind], ids: list[str]) -> list[Kind]:
    partition = _PARTITIONS[kind]
    raws = reads.batch_get([(partition(each), keys.METADATA) for each in ids]) if ids else []
    values = [_value(TableItem.from_raw_data(raw)) for raw in raws]
    return [value for value in values if isinstance(value, kind)]


def _value(item: TableItem) -> Reusable | None:
    match item:
        case TemplateItem():
            return template_of(item)
        case HashtagGroupItem():
            return HashtagGroup(
                id=item.id, owner=item.user_id, name=item.name, hashtags=tuple(item.hashtags),
                rev=int(item.rev), created_at=item.created_at, updated_at=item.updated_at,
            )  # fmt: skip
        case _:
            return None


def template_of(item: TemplateItem) -> Template:
    """Return the template of a row."""
    return Template(
        id=item.id, owner=item.user_id, name=item.name, text=item.body, title=item.title or "", rev=int(item.rev),
        created_at=item.created_at, updated_at=item.updated_at,
    )  # fmt: skip


def _item(value: Reusable) -> TemplateItem | HashtagGroupItem:
    item: TemplateItem | HashtagGroupItem
    if isinstance(value, Template):
        item = TemplateItem(keys.template(value.id), keys.METADATA)
        item.title, item.body = value.title or None, value.text
    else:
        item = HashtagGroupItem(keys.hashtag_group(value.id), keys.METADATA)
        item.hashtags = list(value.hashtags)
    item.id, item.user_id, item.name, item.rev = value.id, value.owner, value.name, value.rev
    item.created_at, item.updated_at = value.created_at, value.updated_at
    # Cut, because folding can triple a name, and a sort key has 1,024 bytes.
    item.GSI3PK, item.GSI3SK = _LISTS[type(value)], f"{value.name.casefold()[:100]}#{value.id}"
    return item
