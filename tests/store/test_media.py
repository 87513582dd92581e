"""Media in the table: lists that show every row once, and writes that exclude one another."""

from dataclasses import replace
from datetime import timedelta

import pytest

from publishing.domain.ids import new_id
from publishing.domain.media import LOOKED_AT, MediaStatus, Medium, MediumFilter
from publishing.domain.outcome import Problem
from publishing.items.base import TableItem
from publishing.store import media, rows, writes
from publishing.store.errors import ConditionFailedError, TransactionRefusedError
from tests.builders import MESSAGE_ID, NOW, build_medium
from tests.pictures import build_rendition

pytestmark = pytest.mark.usefixtures("table")
TOO_LARGE = Problem(code="too_large", detail="It is too large.", retryable=False)


def put(**fields) -> Medium:
    fields = {"id": new_id(NOW), "status": MediaStatus.UPLOADING, **fields}
    medium = build_medium(**fields)
    writes.run(media.put_medium(medium, now=NOW))
    return medium


def ready() -> Medium:
    made = media.record_ready(put().id, [build_rendition()], now=NOW)
    assert made is not None
    return made


def ttl(medium: Medium) -> int | None:
    item = TableItem.get(f"MEDIA#{medium.id}", "METADATA", consistent_read=True)
    return None if item.ttl is None else int(item.ttl)


class TestTheLists:
    @pytest.mark.parametrize("limit", [1, 2, 3, 100])
    def test_show_everything_once_the_newest_first(self, limit: int):
        made = [put(created_at=NOW + timedelta(hours=hours)) for hours in (3, 2, 1)]
        put(owner="somebody-else", created_at=NOW)

        shown, cursor = [], None
        while True:
            page = media.list_all(cursor=cursor, limit=limit)
            shown += [row.id for row in page.rows]
            cursor = page.next_cursor
            if cursor is None:
                break
        own = media.list_owned(owner="somebody-else", cursor=None, limit=limit)

        assert shown[:3] == [medium.id for medium in made]
        assert len(shown) == 4
        assert [row.owner for row in own.rows] == ["somebody-else"]

    @pytest.mark.parametrize("limit", [1, 2, 100])
    def test_show_what_a_filter_takes_once(self, limit: int):
        for hours in range(9):
            put(name=f"{'Boat' if hours % 3 == 0 else 'door'} {hours}.jpg", created_at=NOW + timedelta(hours=hours))
        put(name="x.jpg", alt_text="A BOAT at dawn", created_at=NOW - timedelta(hours=1))

        for listing in (media.list_all, lambda **how: media.list_owned(owner=build_medium().owner, **how)):
            shown, cursor = [], None
            while True:
                page = listing(wanted=MediumFilter(text=" boat "), cursor=cursor, limit=limit)
                shown += [row.name for row in page.rows]
                cursor = page.next_cursor
                if cursor is None:
                    break
            assert sorted(shown) == ["Boat 0.jpg", "Boat 3.jpg", "Boat 6.jpg", "x.jpg"]

    def test_show_what_is_ready_or_what_is_not(self):
        usable, waiting = ready(), put()

        for is_ready, wanted in ((True, [usable.id]), (False, [waiting.id]), (None, [usable.id, waiting.id])):
            page = media.list_all(wanted=MediumFilter(is_ready=is_ready), cursor=None, limit=10)
            assert sorted(row.id for row in page.rows) == sorted(wanted)

    def test_look_at_a_bounded_number_and_go_on_there(self):
        needle = put(name="needle.jpg", created_at=NOW - timedelta(days=1))
        for seconds in range(LOOKED_AT):
            put(name="hay.jpg", created_at=NOW + timedelta(seconds=seconds))
        wanted = MediumFilter(text="needle")

        first = media.list_all(wanted=wanted, cursor=None, limit=5)
        second = media.list_all(wanted=wanted, cursor=first.next_cursor, limit=5)

        assert (first.rows, first.next_cursor is None) == ((), False)
        assert ([row.id for row in second.rows], second.next_cursor) == ([needle.id], None)

    def test_refuse_cursors_of_one_another(self):
        with pytest.raises(ValueError, match="not of this list"):
            media.list_all(cursor="MEDIA#1", limit=1)
        with pytest.raises(ValueError, match="not of this list"):
            media.list_owned(owner="a", cursor="2026-12-01T08:00:00.000Z#1", limit=1)

    def test_show_all_but_what_only_the_service_needs(self):
        medium = ready()

        (listed,) = media.list_all(cursor=None, limit=1).rows

        assert listed == replace(medium, token="", use_rev=0)


class TestARow:
    def test_holds_a_medium(self):
        small = build_rendition("image/webp")
        medium = build_medium(
            renditions=(build_rendition(frames=3),), thumbnail=small, problem=TOO_LARGE, alt_text="A door", use_rev=4
        )

        assert rows.medium(rows.medium_item(medium)) == medium

    def test_goes_by_itself_unless_it_became_ready(self):
        never, became = put(), ready()
        refused = media.record_refused(put().id, TOO_LARGE, now=NOW)

        assert refused is not None
        assert ttl(never) == int((NOW + timedelta(days=7)).timestamp())
        assert ttl(refused) == int((NOW + timedelta(days=30)).timestamp())
        assert ttl(became) is None


class TestTheEndOfAnUpload:
    def test_is_recorded_once(self):
        medium = put()

        assert media.record_refused(medium.id, TOO_LARGE, now=NOW) is not None
        assert media.record_ready(medium.id, [build_rendition()], now=NOW) is None
        assert media.get_medium(medium.id).status is MediaStatus.REFUSED

    def test_of_nothing_is_none(self):
        assert media.record_ready("nothing", [build_rendition()], now=NOW) is None


class TestAUse:
    def test_begins_of_what_is_ready_only(self):
        for medium in (put(), build_medium(id="nothing")):
            with pytest.raises(TransactionRefusedError) as refused:
                writes.transact(media.begin_use(medium.id, MESSAGE_ID, now=NOW))
            assert refused.value.failed == (True, False)

    def test_keeps_a_delete_that_did_not_see_it_from_happening(self):
        read = ready()
        writes.transact(media.begin_use(read.id, MESSAGE_ID, now=NOW))

        with pytest.raises(ConditionFailedError):
            writes.run(media.mark_deleted(read, now=NOW))

        assert list(media.list_uses(read.id)) == [MESSAGE_ID]

    def test_does_not_begin_after_a_delete(self):
        read = ready()
        writes.run(media.mark_deleted(read, now=NOW))

        with pytest.raises(TransactionRefusedError):
            writes.transact(media.begin_use(read.id, MESSAGE_ID, now=NOW))
        assert media.find_media([read.id]) == {}
