"""The media library of the desk: its pages, the data behind its scripts, and the picker."""

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import botocore.client
import pytest
from django.template.loader import render_to_string

from publishing.adapters import aws
from publishing.admin.media import data
from publishing.admin.media.picker import picker, read_uses, script_data
from publishing.domain.content import MediaUse
from publishing.domain.draft import Draft
from publishing.domain.errors import InvalidError
from publishing.domain.ids import new_id
from publishing.domain.limits import UPLOAD
from publishing.domain.media import LOOKED_AT, MEDIA_LIMIT, MediaStatus, Medium
from publishing.domain.permissions import SYSTEM
from publishing.services import scheduling
from publishing.services.configured import context
from publishing.store import media as store
from publishing.store import writes
from tests.api.conftest import BUCKET, Table
from tests.builders import build_medium
from tests.pictures import build_rendition, picture_bytes
from tests.videos import box, moov, track, video_bytes
from tests.web.conftest import Browser, failure_of

KEY = "0f8fad5b-d9cb-469f-a165-70867728950e"
SCRIPT = '<script>alert("x")</script>'
#: What people type: markup, both directions, a character without width, a family of one glyph.
TEXTS = [SCRIPT, "مرحبا \u202eabc", "a\u200bb", "👩\u200d👩\u200d👧 und <b>fett</b>", '" onerror="alert(1)']


def put(**fields: Any) -> Medium:
    """Put a medium into the library; ready unless told."""
    now = fields.pop("at", datetime.now(UTC))
    values = {"id": new_id(now), "status": MediaStatus.READY, "renditions": (build_rendition(),), "created_at": now}
    medium = build_medium(**{**values, **fields})
    writes.run(store.put_medium(medium, now=now))
    return medium


def send(browser: Browser, path: str, body: object, **headers: str) -> Any:
    """Send JSON as the scripts do, with the token of the library page."""
    page = browser.get("/admin/media/").content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert found
    sent = {"X-CSRFToken": found[1], "Origin": "https://testserver", **headers}
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return browser.client.post(path, raw, content_type="application/json", secure=True, headers=sent)


def ask(browser: Browser, content: bytes = b"", **changes: Any) -> Any:
    """Ask for an upload."""
    body = {"name": "door.jpg", "media_type": "image/jpeg", "size": len(content) or 5, "key": KEY, **changes}
    return send(browser, "/admin/media/upload/", body)


def upload(browser: Browser, content: bytes, **changes: Any) -> dict[str, Any]:
    """Upload a file; what the form allows is the emulator's test. Return what the desk says of it then."""
    made = ask(browser, content, **changes).json()
    aws.client("s3").put_object(Bucket=BUCKET, Key=made["fields"]["key"], Body=content)
    answer: dict[str, Any] = browser.get(f"/admin/media/{made['medium']['id']}/state/").json()
    return answer


def names(response: Any) -> list[str]:
    """Return the names in a page's grid."""
    found = re.findall(r'class="media-name"><bdi>(.*?)</bdi>', response.content.decode(), re.DOTALL)
    return [unescape(name) for name in found]


def signed_in(browser: Browser, *roles: str, **claims: Any) -> Browser:
    browser.sign_in(groups=list(roles), **claims)
    return browser


@pytest.fixture
def editor(browser: Browser) -> Browser:
    return signed_in(browser, "editor")


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the table is asked, by name."""
    made: list[str] = []
    original = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # botocore makes it so

    def count(self: Any, operation: str, arguments: Any) -> Any:
        made.append(operation)
        return original(self, operation, arguments)

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", count)
    return made


class TestAVideo:
    def test_is_shown_with_how_long_it_lasts_and_played_on_its_page(self, editor: Browser):
        content = video_bytes()

        known = upload(editor, content, name="walk <b>.mp4", media_type="video/mp4")
        grid = editor.get("/admin/media/").content.decode()
        page = editor.get(known["page"])

        assert (known["kind"], known["status"], known["thumbnail"]) == ("video", "ready", "")
        assert known["facts"].startswith("MP4 · 1920 \N{MULTIPLICATION SIGN} 1080 · 0:12 · ")
        assert known["facts"] in grid
        assert "media-thumb-video" in grid
        assert '<img src=""' not in grid
        html = page.content.decode()
        assert f'<video src="{known["url"]}" controls' in html
        assert "<dd>H.264</dd>" in html
        assert "walk <b>" not in html

    def test_that_says_where_it_was_filmed_is_listed_with_the_reason(self, editor: Browser):
        notes = box(b"udta", box(b"\xa9xyz", b"+52.5+013.4/"))

        known = upload(editor, video_bytes(moov(track(), notes)), media_type="video/mp4")

        assert (known["status"], known["url"]) == ("refused", "")
        assert known["problem"] == "The file says where it was filmed. Export it without location."
        assert known["problem"] in editor.get("/admin/media/?show=unusable").content.decode()


class TestTheLibrary:
    def test_shows_pictures_the_newest_first_with_their_words(self, editor: Browser):
        now = datetime.now(UTC)
        put(name="older.jpg", at=now - timedelta(hours=1))
        newest = put(name="newest.jpg", alt_text="A red door", at=now)

        page = editor.get("/admin/media/")

        assert page.status_code == 200
        assert names(page) == ["newest.jpg", "older.jpg"]
        html = page.content.decode()
        assert f'href="/admin/media/{newest.id}/"' in html
        assert f'src="https://media.test/{newest.renditions[0].key}" alt="A red door" loading="lazy"' in html

    def test_is_in_the_navigation(self, editor: Browser):
        assert 'href="/admin/media/"' in editor.get("/admin/media/").content.decode()

    def test_teaches_who_finds_it_empty(self, editor: Browser):
        assert "No media yet" in editor.get("/admin/media/").content.decode()

    def test_pages_through_everything_once(self, editor: Browser):
        now = datetime.now(UTC)
        for number in range(30):
            put(name=f"{number}.jpg", at=now - timedelta(minutes=number))

        first = editor.get("/admin/media/")
        older = re.search(r'rel="next" href="\?([^"]+)"', first.content.decode())
        assert older
        second = editor.get(f"/admin/media/?{unescape(older[1])}")

        assert names(first) + names(second) == [f"{number}.jpg" for number in range(30)]
        assert 'rel="next"' not in second.content.decode()
        assert "Back to the newest" in second.content.decode()

    @pytest.mark.parametrize("cursor", ["x", "MEDIA#1", "IjEi:abc", "\x00", "9" * 5_000])
    def test_begins_at_the_top_for_a_cursor_that_it_did_not_give(self, editor: Browser, cursor: str):
        put(name="a.jpg")

        page = editor.get("/admin/media/", data={"cursor": cursor})

        assert names(page) == ["a.jpg"]

    def test_does_not_take_the_cursor_of_another_list(self, editor: Browser):
        for number in range(26):
            put(name=f"{number}.jpg", at=datetime.now(UTC) - timedelta(minutes=number))
        following = editor.get("/admin/media/browse/").json()["next"]

        mine = editor.get(f"/admin/media/?mine=1&{following}")

        assert mine.status_code == 200

    @pytest.mark.parametrize("wanted", ["HARBOUR", "harb", "Fishing", "fishing boats"])
    def test_finds_by_name_and_alternative_text_in_any_case(self, editor: Browser, wanted: str):
        put(name="Harbour.jpg", alt_text="Three fishing boats")
        put(name="door.jpg")

        assert names(editor.get("/admin/media/", data={"q": wanted})) == ["Harbour.jpg"]

    def test_says_when_nothing_was_found_and_shows_what_was_typed(self, editor: Browser):
        html = editor.get("/admin/media/", data={"q": SCRIPT}).content.decode()

        assert "Nothing was found" in html
        assert SCRIPT not in html
        assert "&lt;script&gt;" in html

    def test_looks_through_a_bounded_number_and_goes_on_from_there(self, editor: Browser, requests: list[str]):
        now = datetime.now(UTC)
        put(name="needle.jpg", at=now - timedelta(days=1))
        for number in range(LOOKED_AT + 1):
            put(name="hay.jpg", at=now - timedelta(seconds=number))
        requests.clear()

        first = editor.get("/admin/media/", data={"q": "needle"})
        asked = [name for name in requests if name == "Query"]
        older = re.search(r'rel="next" href="\?([^"]+)"', first.content.decode())
        assert older
        second = editor.get(f"/admin/media/?{unescape(older[1])}")

        assert names(first) == []
        assert f"looked through {LOOKED_AT} files" in first.content.decode()
        assert len(asked) <= 3
        assert names(second) == ["needle.jpg"]

    def test_shows_mine_or_everybodys(self, editor: Browser):
        mine = upload(editor, picture_bytes(), name="mine.jpg")
        put(name="theirs.jpg", owner="somebody-else")

        assert mine["status"] == "ready"
        assert set(names(editor.get("/admin/media/"))) == {"mine.jpg", "theirs.jpg"}
        assert names(editor.get("/admin/media/?mine=1")) == ["mine.jpg"]

    def test_shows_a_member_their_own_alone(self, browser: Browser):
        member = signed_in(browser, "member")
        upload(member, picture_bytes(), name="mine.jpg")
        theirs = put(name="theirs.jpg", owner="somebody-else")

        assert names(member.get("/admin/media/")) == ["mine.jpg"]
        assert failure_of(member.get(f"/admin/media/{theirs.id}/")) == (404, "gone")
        assert member.get(f"/admin/media/browse/?ids={theirs.id}").json()["results"] == []

    def test_keeps_what_cannot_be_used_apart_with_the_reason(self, editor: Browser):
        upload(editor, b"<html>", name="page.jpg")
        put(name="good.jpg")

        page = editor.get("/admin/media/?show=unusable")

        assert names(editor.get("/admin/media/")) == ["good.jpg"]
        assert names(page) == ["page.jpg"]
        assert "The file says JPEG, and is HTML" in page.content.decode()

    def test_offers_no_upload_to_who_may_not(self, browser: Browser):
        viewer = signed_in(browser, "viewer")

        assert "data-upload-zone" not in viewer.get("/admin/media/").content.decode()

    def test_says_without_scripts_that_uploading_needs_them(self, editor: Browser):
        found = re.search(r"<noscript>(.*?)</noscript>", editor.get("/admin/media/").content.decode(), re.DOTALL)

        assert found
        assert "Uploading needs JavaScript" in found[1]

    def test_asks_the_table_once(self, editor: Browser, requests: list[str]):
        for number in range(30):
            put(name=f"{number}.jpg")
        requests.clear()

        editor.get("/admin/media/")

        # The first tells who is asking.
        assert requests == ["BatchGetItem", "Query"]

    @pytest.mark.parametrize("text", TEXTS)
    def test_shows_names_and_words_as_they_were_typed(self, editor: Browser, text: str):
        put(name=text, alt_text=text)

        page = editor.get("/admin/media/")

        assert names(page) == [text]
        assert SCRIPT not in page.content.decode()
        assert 'onerror="alert' not in page.content.decode()


class TestAnUpload:
    def test_is_permitted_for_exactly_that_file(self, editor: Browser, table: Table):
        made = ask(editor, b"x" * 500)

        body = made.json()
        assert (made.status_code, body["medium"]["status"]) == (201, "uploading")
        assert body["fields"]["Content-Type"] == "image/jpeg"
        assert body["url"].startswith(f"https://{BUCKET}.s3")
        assert len(table.rows("MEDIA#")) == 1

    def test_asked_for_twice_is_one(self, editor: Browser, table: Table):
        first, again = ask(editor), ask(editor)

        assert again.json() == first.json()
        assert len(table.rows("MEDIA#")) == 1

    def test_under_the_key_of_another_file_is_refused(self, editor: Browser, table: Table):
        ask(editor)

        other = ask(editor, name="window.jpg")

        assert other.status_code == 409
        assert len(table.rows("MEDIA#")) == 1

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"media_type": "image/svg+xml"}, "media_type"),
            ({"media_type": ""}, "media_type"),
            ({"media_type": "video/webm"}, "media_type"),
            ({"size": 1_000_000_000}, "size"),
            ({"size": 0}, "size"),
            ({"size": -1}, "size"),
            ({"size": "many"}, "size"),
            ({"name": ""}, "name"),
            ({"name": "\u200b"}, "name"),
            ({"name": "x" * 201}, "name"),
            ({"name": "a\ud800"}, "name"),
            ({"name": "a\x00"}, "name"),
            ({"key": "short"}, "key"),
        ],
    )
    def test_that_cannot_be_is_refused_with_a_reason(
        self, editor: Browser, table: Table, changes: dict[str, Any], field: str
    ):
        refused = ask(editor, **changes)

        assert refused.status_code == 400
        assert list(refused.json()["fields"]) == [field]
        assert refused.json()["detail"].endswith(".")
        assert table.rows("MEDIA#") == []

    @pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'"x"', b"[" * 50_000, b"null"])
    def test_that_cannot_be_read_is_refused(self, editor: Browser, body: bytes):
        assert send(editor, "/admin/media/upload/", body).status_code == 400

    def test_is_not_for_who_may_only_look(self, browser: Browser, table: Table):
        viewer = signed_in(browser, "viewer")
        page = viewer.get("/admin/media/").content.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert token

        refused = ask(viewer)

        assert refused.status_code == 403
        assert table.rows("MEDIA#") == []

    def test_needs_the_token_of_our_own_page(self, editor: Browser, table: Table):
        refused = editor.client.post("/admin/media/upload/", b"{}", content_type="application/json", secure=True)

        assert refused.status_code == 403
        assert table.rows("MEDIA#") == []

    def test_is_limited(self, editor: Browser, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(data, "UPLOAD", replace(UPLOAD, count=2, window=timedelta(days=1)))

        answers = [ask(editor, key=f"{number:0>20}") for number in range(3)]

        assert answers[-1].status_code == 429
        assert int(answers[-1]["Retry-After"]) >= 1

    def test_becomes_ready_when_it_is_asked_about(self, editor: Browser):
        known = upload(editor, picture_bytes(width=800, height=600))

        assert (known["status"], known["problem"]) == ("ready", "")
        assert known["thumbnail"].startswith("https://media.test/media/")
        assert "800" in known["facts"]

    @pytest.mark.parametrize(
        ("content", "media_type", "reason"),
        [
            (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "image/png", "is SVG"),
            (picture_bytes("image/png", width=400, height=400)[:600], "image/png", "cut off"),
            (picture_bytes("image/png"), "image/jpeg", "is PNG"),
            (b"\x00" * 100, "image/gif", "no picture that can be read"),
        ],
        ids=["SVG with a script", "truncated", "another type", "zeros"],
    )
    def test_of_a_bad_file_is_refused_with_a_reason(
        self, editor: Browser, content: bytes, media_type: str, reason: str
    ):
        known = upload(editor, content, media_type=media_type)

        assert known["status"] == "refused"
        assert reason in known["problem"]
        assert known["thumbnail"] == ""

    def test_that_nothing_came_of_is_still_waited_for(self, editor: Browser):
        made = ask(editor).json()

        assert editor.get(f"/admin/media/{made['medium']['id']}/state/").json()["status"] == "uploading"

    def test_that_is_not_there_is_not_found(self, editor: Browser):
        assert editor.get("/admin/media/01ARZ3NDEKTSV4RRFFQ69G5FAV/state/").status_code == 404

    def test_is_described_right_after_it(self, editor: Browser):
        known = upload(editor, picture_bytes())

        saved = send(
            editor, f"/admin/media/{known['id']}/describe/", {"alt_text": "A <b>door</b>", "rev": known["rev"]}
        )
        stale = send(editor, f"/admin/media/{known['id']}/describe/", {"alt_text": "Other", "rev": known["rev"]})
        long = send(editor, f"/admin/media/{known['id']}/describe/", {"alt_text": "x" * 2_001, "rev": known["rev"] + 1})

        assert (saved.status_code, saved.json()["alt_text"]) == (200, "A <b>door</b>")
        assert (stale.status_code, long.status_code) == (409, 400)
        assert store.get_medium(known["id"]).alt_text == "A <b>door</b>"


class TestAMediumsPage:
    def form(self, medium: Medium, **changes: str) -> dict[str, str]:
        return {"name": medium.name, "alt_text": medium.alt_text, "rev": str(medium.rev), **changes}

    def test_shows_the_picture_and_what_is_known_of_it(self, editor: Browser):
        medium = put(name="harbour.jpg", alt_text="Boats", media_type="image/jpeg", size=123_456)

        html = editor.get(f"/admin/media/{medium.id}/").content.decode()

        assert f'src="https://media.test/{medium.renditions[0].key}" alt="Boats"' in html
        assert f"{medium.renditions[0].width} \N{MULTIPLICATION SIGN} {medium.renditions[0].height}" in html
        assert f'data-copy="{medium.id}"' in html
        assert "image/jpeg" in html

    def test_saves_what_is_said_about_it(self, editor: Browser, table: Table):
        medium = put(name="old.jpg")
        address = f"/admin/media/{medium.id}/"

        saved = editor.post(address, address, **self.form(medium, name="new.jpg", alt_text="One\r\nTwo"))

        assert (saved.status_code, saved["Location"]) == (302, address)
        now = store.get_medium(medium.id)
        assert (now.name, now.alt_text, now.rev) == ("new.jpg", "One\nTwo", medium.rev + 1)
        assert [row["action"]["S"] for row in table.records()][-1] == "media.edit"
        assert "Saved." in editor.get(address).content.decode()

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"name": ""}, "error-name"),
            ({"name": "x" * 201}, "error-name"),
            ({"alt_text": "x" * 2_001}, "error-alt"),
            ({"alt_text": "a\x00b"}, "error-alt"),
        ],
    )
    def test_shows_what_is_wrong_beside_its_field_and_loses_nothing(
        self, editor: Browser, changes: dict[str, str], error: str
    ):
        medium = put(name="old.jpg")
        address = f"/admin/media/{medium.id}/"

        refused = editor.post(address, address, **self.form(medium, **{"alt_text": "kept words", **changes}))

        html = refused.content.decode()
        assert refused.status_code == 400
        assert f'id="{error}"' in html
        assert all(value.replace("\x00", "") in html.replace("\x00", "") for value in changes.values())
        assert store.get_medium(medium.id).rev == medium.rev

    def test_tells_the_second_of_two_people_what_the_first_said(self, editor: Browser):
        medium = put(name="old.jpg")
        address = f"/admin/media/{medium.id}/"
        editor.post(address, address, **self.form(medium, alt_text="What the first said"))

        second = editor.post(address, address, **self.form(medium, alt_text="What the second said"))

        html = second.content.decode()
        assert second.status_code == 409
        assert "What the first said" in html
        assert "What the second said</textarea>" in html
        assert f'name="rev" value="{medium.rev + 1}"' in html
        assert store.get_medium(medium.id).alt_text == "What the first said"

    @pytest.mark.parametrize("text", TEXTS)
    def test_shows_words_as_they_were_typed(self, editor: Browser, text: str):
        medium = put(name=text, alt_text=text)

        html = editor.get(f"/admin/media/{medium.id}/").content.decode()

        assert SCRIPT not in html
        assert 'onerror="alert' not in html
        assert text in unescape(html)

    def test_is_to_be_read_only_by_who_may_not_edit(self, browser: Browser):
        viewer = signed_in(browser, "viewer")
        medium = put(alt_text="Boats")
        address = f"/admin/media/{medium.id}/"

        html = viewer.get(address).content.decode()
        refused = viewer.post("/admin/media/", address, **self.form(medium, name="new.jpg"))
        kept = viewer.post("/admin/media/", f"{address}delete/")

        assert "Boats" in html
        assert "id_alt_text" not in html
        assert "Delete for good" not in html
        assert (failure_of(refused), failure_of(kept)) == ((403, "not_allowed"), (403, "not_allowed"))

    def test_names_the_messages_that_use_it(self, editor: Browser, requests: list[str]):
        medium = put()
        now = datetime.now(UTC)
        draft = Draft(text="Come to the harbour <b>now</b>", media=(MediaUse(id=medium.id),))
        scheduling.create_message(actor=SYSTEM, draft=draft, now=now, context=context())
        requests.clear()

        html = editor.get(f"/admin/media/{medium.id}/").content.decode()

        assert "Come to the harbour &lt;b&gt;now&lt;/b&gt;" in html
        # The first tells who is asking.
        assert requests == ["BatchGetItem", "BatchGetItem", "Query", "BatchGetItem"]

    def test_deletes_what_nothing_needs(self, editor: Browser, table: Table):
        known = upload(editor, picture_bytes())
        address = f"/admin/media/{known['id']}/"

        deleted = editor.post(address, f"{address}delete/")

        assert (deleted.status_code, deleted["Location"]) == (302, "/admin/media/")
        assert failure_of(editor.get(address)) == (404, "gone")
        assert names(editor.get("/admin/media/")) == []
        assert aws.client("s3").list_objects_v2(Bucket=BUCKET, Prefix=known["url"].split("/", 3)[3])["KeyCount"] == 0

    def test_deletes_nothing_that_a_message_still_needs_and_says_which(self, editor: Browser):
        medium = put()
        draft = Draft(text="Soon", media=(MediaUse(id=medium.id),))
        created = scheduling.create_message(actor=SYSTEM, draft=draft, now=datetime.now(UTC), context=context())
        address = f"/admin/media/{medium.id}/"

        refused = editor.post(address, f"{address}delete/")

        assert refused.status_code == 409
        assert created.message.id in refused.content.decode()
        assert editor.get(address).status_code == 200

    def test_deleted_twice_is_deleted(self, editor: Browser):
        known = upload(editor, picture_bytes())
        address = f"/admin/media/{known['id']}/"
        editor.post(address, f"{address}delete/")

        again = editor.post("/admin/media/", f"{address}delete/")

        assert again.status_code == 302


class TestBrowsing:
    def test_answers_with_pages_of_what_can_be_used(self, editor: Browser):
        now = datetime.now(UTC)
        for number in range(30):
            put(name=f"{number}.jpg", at=now - timedelta(minutes=number))
        put(name="refused.jpg", status=MediaStatus.REFUSED, renditions=())

        first = editor.get("/admin/media/browse/").json()
        second = editor.get(f"/admin/media/browse/?{first['next']}").json()

        shown = [each["name"] for each in first["results"] + second["results"]]
        assert shown == [f"{number}.jpg" for number in range(30)]
        assert second["next"] is None

    def test_answers_for_ids_in_their_order(self, editor: Browser):
        first, second = put(name="first.jpg"), put(name="second.jpg")

        found = editor.get(f"/admin/media/browse/?ids={second.id},{first.id},unknown,{first.id}").json()

        assert [each["name"] for each in found["results"]] == ["second.jpg", "first.jpg"]

    def test_is_for_who_is_signed_in(self, browser: Browser):
        assert browser.get("/admin/media/browse/").status_code == 302

    @pytest.mark.parametrize("path", ["browse/", "upload/", "x/state/", "x/describe/"])
    def test_says_in_data_when_it_is_asked_wrongly(self, editor: Browser, path: str):
        editor.client.handler.enforce_csrf_checks = False

        wrong = editor.client.put(f"/admin/media/{path}", secure=True)

        assert (wrong.status_code, wrong["Content-Type"]) == (405, "application/json")


class TestThePicker:
    def drawn(self, uses: list[MediaUse]) -> str:
        return render_to_string("publishing/desk/media_picker.html", {"media": picker(SYSTEM, uses)})

    def test_shows_what_is_chosen_before_any_script_runs(self, table: Table):
        first, second = put(name="first.jpg"), put(name="second.jpg")

        html = self.drawn([MediaUse(id=second.id, alt_text="Of its own"), MediaUse(id=first.id)])

        assert html.index("second.jpg") < html.index("first.jpg")
        assert "Of its own" in html
        assert f"https://media.test/{second.renditions[0].key}" in html

    def test_sends_back_what_it_was_given(self, table: Table):
        uses = [MediaUse(id=put().id, alt_text=text) for text in TEXTS]

        value = re.search(r'name="media" value="([^"]*)"', self.drawn(uses))

        assert value
        assert read_uses(unescape(value[1])) == tuple(uses)

    def test_shows_what_was_deleted_as_gone(self, table: Table):
        use = MediaUse(id="01ARZ3NDEKTSV4RRFFQ69G5FAV", alt_text="It was a door", renditions=(build_rendition(),))

        html = self.drawn([use])

        assert 'data-status="deleted"' in html
        assert "It was a door" in html

    @pytest.mark.parametrize("text", TEXTS)
    def test_executes_nothing(self, table: Table, text: str):
        html = self.drawn([MediaUse(id=put(name=text).id, alt_text=text)])

        assert SCRIPT not in html
        assert 'onerror="alert' not in html
        assert not re.search(r"<[^>]* (on\w+|style)=", re.sub(r'"[^"]*"', '""', html))

    def test_asks_the_table_once(self, table: Table, requests: list[str]):
        uses = [MediaUse(id=put().id) for _ in range(MEDIA_LIMIT)]
        requests.clear()

        picker(SYSTEM, uses)

        assert requests == ["BatchGetItem"]

    @pytest.mark.parametrize("value", ["", "[]"])
    def test_reads_nothing_chosen(self, value: str):
        assert read_uses(value) == ()

    @pytest.mark.parametrize(
        "value",
        [
            "{", "{}", "null", '"x"', "[1]", '[{"id": "a"}]', '[{"id": 1, "alt_text": ""}]', "[" * 100_000,
            '[{"id": "a", "alt_text": null}]', '[{"id": "a", "alt_text": "", "renditions": []}]',
            '[{"id": "a", "alt_text": "\\ud800"}]', "[" + " " * 200_000 + "]",
        ],
    )  # fmt: skip
    def test_refuses_what_no_picker_writes(self, value: str):
        with pytest.raises(InvalidError) as refused:
            read_uses(value)

        assert [problem.pointer for problem in refused.value.problems] == ["/media"]

    def test_says_which_words_are_too_long(self):
        value = json.dumps([{"id": "a", "alt_text": "ok"}, {"id": "b", "alt_text": "x" * 2_001}])

        with pytest.raises(InvalidError) as refused:
            read_uses(value)

        assert [problem.pointer for problem in refused.value.problems] == ["/media/1/alt_text"]


def test_every_text_of_the_scripts_is_one_that_they_use(settings: Any) -> None:
    """A text that no script asks for is translated for nobody; one that is missing shows as `undefined`."""
    texts = script_data()["texts"]
    folder = settings.BASE_DIR / "publishing/static/publishing/media"
    code = "".join(file.read_text() for file in folder.glob("*.js"))
    used = set(re.findall(r"texts\.(\w+)", code)) | set(re.findall(r'show\("(\w+)"', code))
    # Buttons ask for their own label by the name of what they do.
    by_name = {"cancel", "retry", "dismiss", "earlier", "later", "remove"}

    assert used - set(texts) == set()
    assert set(texts) - used - by_name == set()
