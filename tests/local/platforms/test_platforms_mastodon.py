from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import httpx
import pytest

from local.platforms import start
from local.platforms.mastodon import text
from tests.local.platforms.client import Client, Clock
from tests.pictures import animation_bytes, picture_bytes

if TYPE_CHECKING:
    from pathlib import Path

BEARER = {"Authorization": "Bearer mastodon-demo-token"}
STATUSES = "/mastodon/demo/api/v1/statuses"


def upload(client: Client, content: bytes, *, account: str = "demo", **fields: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer mastodon-{account}-token"}
    files = {"file": ("picture", content, "application/octet-stream")}
    return client.http.post(f"/mastodon/{account}/api/v2/media", files=files, data=fields, headers=headers)


class TestCounting:
    # The Mastodon column of the project's table of counting samples.
    @pytest.mark.parametrize(
        ("sample", "length"),
        [
            ("Hello, world", 12),
            ("cafe\u0301", 4),
            ("日本語", 3),
            ("👾", 1),
            ("🙋🏽", 1),
            ("👨‍👩‍👧‍👦", 1),
            ("🇩🇪", 1),
            ("https://example.com/a/very/long/path?x=1", 23),
            ("example.com", 11),
            ("@alice@example.social hi", 9),
            ("€£", 2),
            ("it’s", 4),  # noqa: RUF001 - a typographic apostrophe is the point
        ],
    )
    def test_equals_the_documented_sample(self, sample, length):
        assert text.count(sample) == length

    def test_leaves_punctuation_after_a_link_outside_of_it(self):
        assert text.count("(see https://example.com/a).") == len("(see ") + 23 + len(").")

    def test_includes_the_content_warning(self):
        assert text.count("four", "warning") == 11

    @pytest.mark.parametrize("sample", ["https://localhost/path", "ftp://example.com", "https://"])
    def test_does_not_shorten_what_is_no_web_address(self, sample):
        assert text.count(sample) == len(sample)


class TestCreatingAStatus:
    def test_answers_the_status_and_keeps_it(self, client: Client):
        answer = client.toot("Hello & <goodbye>\n\nhttps://example.com/x", key="k-1", spoiler_text="Care")

        status = answer.json()
        assert answer.status_code == 200
        assert status["created_at"] == "2026-11-22T12:00:00.250Z"
        assert status["content"].startswith('<p>Hello &amp; &lt;goodbye&gt;</p><p><a href="https://example.com/x"')
        assert status["url"] == f"{client.url}/mastodon/demo/@demo/{status['id']}"
        assert status["uri"].endswith(f"/users/demo/statuses/{status['id']}")
        assert (status["visibility"], status["spoiler_text"], status["sensitive"]) == ("public", "Care", True)
        assert status["account"]["acct"] == "demo"
        [post] = client.posts()
        assert (post["channel"], post["account"], post["id"], post["key"]) == ("mastodon", "demo", status["id"], "k-1")
        assert post["text"] == "Hello & <goodbye>\n\nhttps://example.com/x"
        assert post["received_at"] == "2026-11-22T12:00:00.250Z"
        assert '"status"' in post["body"]

    def test_takes_a_form_too(self, client: Client):
        answer = client.http.post(STATUSES, data={"status": "Grüße", "visibility": "unlisted"}, headers=BEARER)

        assert answer.status_code == 200
        assert (client.texts(), answer.json()["visibility"]) == (["Grüße"], "unlisted")

    @pytest.mark.parametrize(
        "headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic bWFzdG9kb24="}]
    )
    def test_needs_the_token(self, client: Client, headers):
        answer = client.http.post(STATUSES, json={"status": "Hello"}, headers=headers)

        assert (answer.status_code, answer.json()) == (401, {"error": "The access token is invalid"})
        assert client.posts() == []

    def test_needs_the_token_whatever_the_address_ends_in(self, client: Client):
        assert client.http.get(f"{STATUSES}/instance").status_code == 401

    def test_takes_only_the_registered_tokens_once_there_are_any(self, client: Client):
        client.register(channel="mastodon", account="demo", credentials=["new-token"])

        refused = client.toot()
        accepted = client.http.post(STATUSES, json={"status": "Hi"}, headers={"Authorization": "Bearer new-token"})

        assert (refused.status_code, accepted.status_code) == (401, 200)

    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"status": ""}, "Text can't be blank"),
            ({"status": " \n\t"}, "Text can't be blank"),
            ({"status": "x" * 501}, "character limit of 500"),
            ({"status": "x" * 495, "spoiler_text": "Careful"}, "character limit of 500"),
            ({"status": "x", "visibility": "everyone"}, "Visibility"),
            ({"status": "x", "media_ids": ["17"]}, "Media 17 not found"),
            ({"status": "x", "media_ids": ["1", "2", "3", "4", "5"]}, "Cannot attach more than 4"),
            ({"status": "x", "poll": {"options": ["a", "b"]}}, "does not offer poll"),
            ({"status": "x", "scheduled_at": "2027-01-01T00:00:00Z"}, "does not offer scheduled_at"),
        ],
    )
    def test_refuses_what_the_server_would_refuse(self, client: Client, fields, sentence):
        answer = client.http.post(STATUSES, json=fields, headers=BEARER)

        assert answer.status_code == 422
        assert sentence in answer.json()["error"]
        assert client.posts() == []

    @pytest.mark.parametrize(
        "text_at_the_limit", ["x" * 500, "👨‍👩‍👧‍👦" * 500, "https://example.com/" + "y" * 400 + " " + "x" * 476]
    )
    def test_accepts_exactly_500(self, client: Client, text_at_the_limit):
        assert client.toot(text_at_the_limit).status_code == 200

    @pytest.mark.parametrize("body", [b"{", b"[]", b'{"status": "\\ud800"}', b"[" * 100_000, b"\xff"])
    def test_refuses_a_body_that_is_no_json_object(self, client: Client, body):
        headers = BEARER | {"Content-Type": "application/json"}

        assert client.http.post(STATUSES, content=body, headers=headers).status_code == 400

    def test_refuses_a_reply_to_nothing(self, client: Client):
        assert client.toot(in_reply_to_id="1").status_code == 404

    def test_makes_a_lone_content_warning_the_text(self, client: Client):
        answer = client.toot("", spoiler_text="Only this")

        assert (answer.json()["content"], answer.json()["spoiler_text"]) == ("<p>Only this</p>", "")

    def test_reports_its_rate_limit_with_an_iso_time(self, client: Client):
        headers = client.toot().headers

        assert headers["x-ratelimit-reset"] == "2026-11-22T12:05:00.000Z"
        assert int(headers["x-ratelimit-limit"]) == int(headers["x-ratelimit-remaining"]) + 1

    def test_enforces_a_limit_that_was_set_until_the_window_ends(self, client: Client, clock: Clock):
        client.register(channel="mastodon", account="demo", options={"rate_limit": 1})

        first, second = client.toot("one"), client.toot("two")
        clock.advance(300)
        third = client.toot("three")

        assert (first.status_code, second.status_code, third.status_code) == (200, 429, 200)
        assert second.headers["x-ratelimit-remaining"] == "0"
        assert second.json() == {"error": "Too many requests"}
        assert client.texts() == ["one", "three"]


class TestIdempotencyKey:
    def test_answers_the_first_status_even_for_another_text(self, client: Client):
        first, second = client.toot("First", key="k"), client.toot("Second", key="k")

        assert second.json()["id"] == first.json()["id"]
        assert second.json()["content"] == "<p>First</p>"
        assert client.texts() == ["First"]

    def test_is_known_for_an_hour_and_not_longer(self, client: Client, clock: Clock):
        first = client.toot(key="k").json()["id"]
        clock.advance(3599)
        within = client.toot(key="k").json()["id"]
        clock.advance(1)
        after = client.toot(key="k").json()["id"]

        assert within == first
        assert after != first

    def test_belongs_to_one_account(self, client: Client):
        client.toot("One", key="k")
        client.toot("Two", key="k", account="other")

        assert client.texts() == ["One", "Two"]

    def test_is_not_remembered_for_a_refused_request(self, client: Client):
        client.toot("", key="k")
        client.toot("Better", key="k")

        assert client.texts() == ["Better"]

    def test_creates_again_once_its_status_was_deleted(self, client: Client):
        first = client.toot("First", key="k").json()["id"]
        client.read(f"api/v1/statuses/{first}", method="DELETE")

        assert client.toot("Second", key="k").json()["id"] != first

    def test_settles_a_lost_answer(self, client: Client):
        client.fault("accept_and_hang_up", count=1)
        with pytest.raises(httpx.RemoteProtocolError):
            client.toot("Once", key="k")

        repeated = client.toot("Once", key="k")

        assert [post["id"] for post in client.posts()] == [repeated.json()["id"]]

    def test_does_not_hold_back_two_requests_at_the_same_time(self, tmp_path: Path, clock: Clock):
        both_have_looked = threading.Barrier(2)
        with start(state_dir=tmp_path, now=clock, sleep=lambda _: both_have_looked.wait(10)) as running:
            one, other = Client(running.url, clock), Client(running.url, clock)
            one.fault("slow", applied="after")

            with ThreadPoolExecutor(2) as pool:
                answers = list(pool.map(lambda client: client.toot("Race", key="k"), (one, other)))

            ids = {answer.json()["id"] for answer in answers}
            assert (len(ids), one.texts()) == (2, ["Race", "Race"])
            one.http.close()
            other.http.close()


class TestMedia:
    def test_are_ready_at_once_and_attached_with_their_description(self, client: Client):
        content = picture_bytes()
        answer = upload(client, content, description='A "door"')
        media = answer.json()

        status = client.toot("Look", media_ids=[media["id"]]).json()

        [post] = client.posts()
        assert answer.status_code == 200
        assert media["meta"]["original"]["size"] == "64x48"
        assert [each["description"] for each in status["media_attachments"]] == ['A "door"']
        assert "images" not in status
        assert [image["alt_text"] for image in post["images"]] == ['A "door"']
        assert client.http.get(media["url"]).content == content
        assert 'alt="A &quot;door&quot;"' in client.http.get("/wall/mastodon").text

    def test_keep_the_order_of_the_status(self, client: Client):
        ids = [upload(client, picture_bytes()).json()["id"] for _ in range(3)]

        status = client.toot("Look", media_ids=[ids[2], ids[0], ids[1]]).json()

        assert [each["id"] for each in status["media_attachments"]] == [ids[2], ids[0], ids[1]]

    def test_need_no_text(self, client: Client):
        media_id = upload(client, picture_bytes()).json()["id"]

        assert client.toot("", media_ids=[media_id]).status_code == 200

    def test_belong_to_one_status(self, client: Client):
        media_id = upload(client, picture_bytes()).json()["id"]
        client.toot("One", media_ids=[media_id])

        again = client.toot("Two", media_ids=[media_id])

        sentence = f"Media {media_id} not found or already attached to another post"
        assert (again.status_code, again.json()["error"]) == (422, sentence)
        assert client.read(f"api/v1/media/{media_id}").status_code == 404

    def test_of_another_account_are_not_there(self, client: Client):
        media_id = upload(client, picture_bytes(), account="other").json()["id"]

        assert client.toot("Mine", media_ids=[media_id]).status_code == 422

    def test_are_answered_by_the_key_before_they_are_judged(self, client: Client):
        media_id = upload(client, picture_bytes()).json()["id"]
        first = client.toot("Once", key="k", media_ids=[media_id])

        again = client.toot("Once", key="k", media_ids=[media_id])

        assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])

    def test_are_processed_as_long_as_the_option_says(self, client: Client, clock: Clock):
        client.register(channel="mastodon", account="demo", options={"processing_seconds": 60})
        answer = upload(client, picture_bytes())
        path = f"api/v1/media/{answer.json()['id']}"

        before, early = client.read(path), client.toot("Early", media_ids=[answer.json()["id"]])
        clock.advance(60)
        after = client.read(path)

        assert (answer.status_code, answer.json()["url"]) == (202, None)
        assert (before.status_code, before.json()["url"]) == (206, None)
        assert (early.status_code, "have not finished processing" in early.json()["error"]) == (422, True)
        assert (after.status_code, after.json()["url"]) == (200, answer.json()["preview_url"])
        assert client.toot("Now", media_ids=[after.json()["id"]]).status_code == 200

    def test_that_move_are_processed_later(self, client: Client):
        answer = upload(client, animation_bytes())

        assert (answer.status_code, answer.json()["type"]) == (202, "gifv")
        assert client.read(f"api/v1/media/{answer.json()['id']}").status_code == 200

    def test_meet_a_limit_of_their_own(self, client: Client, clock: Clock):
        client.register(channel="mastodon", account="demo", options={"upload_limit": 1})

        first, second = upload(client, picture_bytes()), upload(client, picture_bytes())
        status = client.toot("Still possible")
        clock.advance(1_800)

        assert (first.status_code, second.status_code, status.status_code) == (200, 429, 200)
        assert second.headers["x-ratelimit-reset"] == "2026-11-22T12:30:00.000Z"
        assert upload(client, picture_bytes()).status_code == 200

    @pytest.mark.parametrize(
        ("content", "fields", "sentence"),
        [
            (b"", {}, "File can't be blank"),
            (b"<html>", {}, "not an image"),
            (picture_bytes("image/gif", width=1_280, height=721), {}, "1280x721 GIF files are not supported"),
            (picture_bytes(), {"description": "a" * 1_501}, "Description is too long"),
        ],
        ids=["empty", "html", "large", "described"],
    )
    def test_are_refused_as_the_server_would(self, client: Client, content, fields, sentence):
        answer = upload(client, content, **fields)

        assert answer.status_code == 422
        assert sentence in answer.json()["error"]

    @pytest.mark.parametrize(
        ("media_type", "body"),
        [
            ("application/json", b"{}"),
            ("multipart/form-data", b"x"),
            ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\n'),
            ("multipart/form-data; boundary=b", b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n--b--\r\n"),
        ],
    )
    def test_come_in_a_form(self, client: Client, media_type, body):
        headers = BEARER | {"Content-Type": media_type}

        answer = client.http.post("/mastodon/demo/api/v2/media", content=body, headers=headers)

        assert answer.json() == {"error": "Validation failed: File can't be blank"}

    def test_survive_a_restart(self, tmp_path: Path, clock: Clock):
        with start(state_dir=tmp_path, now=clock) as running:
            before = Client(running.url, clock)
            media_id = upload(before, picture_bytes()).json()["id"]
            before.http.close()

        with start(state_dir=tmp_path, now=clock) as running:
            after = Client(running.url, clock)
            answer = after.toot("Later", media_ids=[media_id])
            after.http.close()

        assert answer.status_code == 200


class TestReading:
    def test_lists_the_newest_first_after_an_id(self, client: Client, clock: Clock):
        ids = []
        for number in range(4):
            ids.append(client.toot(f"Number {number}").json()["id"])
            clock.advance(1)
        me = client.read("api/v1/accounts/verify_credentials").json()

        timeline = client.read(
            f"api/v1/accounts/{me['id']}/statuses", limit="2", since_id=ids[0], exclude_reblogs="true"
        )

        assert [status["id"] for status in timeline.json()] == [ids[3], ids[2]]
        assert me["statuses_count"] == 4

    def test_knows_only_its_own_account(self, client: Client):
        other = client.read("api/v1/accounts/verify_credentials", account="other").json()["id"]

        assert client.read(f"api/v1/accounts/{other}/statuses").status_code == 404

    @pytest.mark.parametrize("query", [{"limit": "many"}, {"since_id": "-1"}, {"limit": "9" * 30}])
    def test_refuses_a_number_that_is_none(self, client: Client, query):
        me = client.read("api/v1/accounts/verify_credentials").json()["id"]

        assert client.read(f"api/v1/accounts/{me}/statuses", **query).status_code == 400

    def test_shows_a_status_until_it_is_deleted(self, client: Client):
        post_id = client.toot("Short-lived").json()["id"]
        path = f"api/v1/statuses/{post_id}"

        before, deleted = client.read(path), client.read(path, method="DELETE")
        after = client.read(path)

        assert before.json()["id"] == post_id
        assert deleted.json()["text"] == "Short-lived"
        assert (after.status_code, after.json()) == (404, {"error": "Record not found"})
        assert client.posts()[0]["deleted_at"] == "2026-11-22T12:00:00.250Z"

    def test_tells_the_limits_of_the_instance_without_a_token(self, client: Client):
        instance = client.http.get("/mastodon/demo/api/v2/instance").json()

        statuses = instance["configuration"]["statuses"]
        assert (statuses["max_characters"], statuses["characters_reserved_per_url"]) == (500, 23)

    @pytest.mark.parametrize("path", ["/mastodon/demo/api/v1/nothing", "/mastodon", "/mastodon/a%2Fb/api/v1/statuses"])
    def test_knows_no_other_address(self, client: Client, path):
        answer = client.http.get(path, headers=BEARER)

        assert (answer.status_code, answer.json()) == (404, {"error": "Record not found"})
