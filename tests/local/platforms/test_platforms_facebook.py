from __future__ import annotations

import hashlib
import hmac
import json
from typing import TYPE_CHECKING

import pytest

from local.platforms.facebook.platform import page_id
from tests.pictures import Shelf

if TYPE_CHECKING:
    import httpx

    from tests.local.platforms.client import Client, Clock

BEARER = {"Authorization": "Bearer facebook-demo-token"}
GRAPH = "/facebook/demo/v26.0"
PAGE = page_id("demo")
HOSTILE = """</div><script>alert("1")</script><img src=x onerror='x'> & $name"""


def post(client: Client, message: str = "Hello", *, page: str = "me", **more: object) -> httpx.Response:
    return client.http.post(f"{GRAPH}/{page}/feed", json={"message": message, **more}, headers=BEARER)


def feed(client: Client, **query: str) -> httpx.Response:
    return client.http.get(f"{GRAPH}/me/published_posts", params=query, headers=BEARER)


def code(answer: httpx.Response) -> tuple[int, int, int]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error.get("error_subcode", 0)


class TestPostingOnAPage:
    def test_answers_the_id_and_what_was_asked_for(self, client: Client):
        answer = client.http.post(
            f"{GRAPH}/{PAGE}/feed?fields=id,permalink_url", json={"message": "Hello"}, headers=BEARER
        )

        body = answer.json()
        assert answer.status_code == 200
        assert set(body) == {"id", "permalink_url"}
        assert body["id"].startswith(f"{PAGE}_")
        assert "Hello" in client.http.get(body["permalink_url"]).text

    def test_takes_a_form_too(self, client: Client):
        answer = client.http.post(f"{GRAPH}/me/feed", data={"message": "Hello", "access_token": "facebook-demo-token"})

        assert set(answer.json()) == {"id"}
        assert client.texts() == ["Hello"]

    @pytest.mark.parametrize("message", ["a" * 63_206, "👾" * 63_206])
    def test_takes_the_longest_text(self, client: Client, message):
        assert post(client, message).status_code == 200

    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"message": "a" * 63_207}, (400, 100, 0)),
            ({"message": " "}, (400, 100, 0)),
            ({"message": 5}, (400, 100, 0)),
            ({"message": "Hi", "link": "nowhere"}, (400, 100, 0)),
            ({"message": "Hi", "link": "https://[/"}, (400, 100, 0)),
            ({"message": "Hi", "link": "https://www.facebook.com/x"}, (400, 100, 1_609_008)),
            ({"message": "Hi", "attached_media": [{"media_fbid": "1"}]}, (400, 100, 0)),
            ({"message": "Hi", "attached_media": "1"}, (400, 100, 0)),
            ({"message": "Hi", "attached_media": ["1"]}, (400, 100, 0)),
            (
                {"message": "Hi", "attached_media": [{"media_fbid": "1"}], "link": "https://example.org/"},
                (400, 100, 0),
            ),
            ({"message": "Hi", "published": False}, (400, 100, 0)),
            ({"message": "Hi", "page": "17"}, (400, 100, 33)),
        ],
    )
    def test_refuses_what_the_real_one_refuses(self, client: Client, fields, expected):
        answer = post(client, **fields)

        assert code(answer) == expected
        assert client.posts() == []

    def test_refuses_what_equals_the_latest_post_and_nothing_older(self, client: Client):
        answers = [post(client, text) for text in ("One", "One", "Two", "One")]

        assert [answer.status_code for answer in answers] == [200, 400, 200, 200]
        assert code(answers[1]) == (400, 506, 1_455_006)

    def test_refuses_a_body_that_is_none(self, client: Client):
        headers = {**BEARER, "Content-Type": "application/json"}

        assert code(client.http.post(f"{GRAPH}/me/feed", content=b"{", headers=headers)) == (400, 100, 0)


class TestAToken:
    def test_is_required_and_must_be_known(self, client: Client):
        missing = client.http.post(f"{GRAPH}/me/feed", json={"message": "Hi"})
        unknown = client.http.post(f"{GRAPH}/me/feed", json={"message": "Hi"}, headers={"Authorization": "Bearer x"})

        assert (code(missing), code(unknown)) == ((400, 104, 0), (400, 190, 467))

    def test_needs_its_proof_where_the_apps_secret_was_registered(self, client: Client):
        client.register(channel="facebook", account="demo", credentials=["token secret"])
        right = hmac.new(b"secret", b"token", hashlib.sha256).hexdigest()

        answers = [
            client.http.post(
                f"{GRAPH}/me/feed", json={"message": "Hi", **more}, headers={"Authorization": "OAuth token"}
            )
            for more in ({}, {"appsecret_proof": "0" * 64}, {"appsecret_proof": right})
        ]

        assert [answer.status_code for answer in answers] == [400, 400, 200]


def photo(client: Client, url: str, **more: object) -> httpx.Response:
    return client.http.post(f"{GRAPH}/me/photos", json={"url": url, "published": False, **more}, headers=BEARER)


class TestPhotos:
    @pytest.fixture
    def shelf(self) -> Shelf:
        return Shelf()

    def test_are_fetched_and_seen_only_with_a_post(self, client: Client, shelf: Shelf):
        use = shelf.use()
        with shelf.serving() as url:
            answer = photo(client, f"{url}/{use.renditions[0].key}", alt_text_custom="A <b>door</b> 🚪")
        unseen = (client.posts(), client.http.get("/wall/facebook").text)

        made = post(client, attached_media=[{"media_fbid": answer.json()["id"]}], fields="id,attachments")

        [kept] = client.posts()
        [image] = kept["images"]
        page = client.http.get("/wall/facebook").text
        assert unseen[0] == []
        assert "door" not in unseen[1]
        assert made.json()["attachments"] == {"data": [{"media_type": "photo"}]}
        assert (image["sha256"], image["alt_text"]) == (use.renditions[0].sha256, "A <b>door</b> 🚪")
        assert f'src="/media/facebook/demo/{image["id"]}" alt="A &lt;b&gt;door&lt;/b&gt; 🚪"' in page
        assert client.http.get(f"/media/facebook/demo/{image['id']}.alt").status_code == 404

    def test_of_one_post_are_an_album(self, client: Client, shelf: Shelf):
        uses = [shelf.use() for _ in range(3)]
        with shelf.serving() as url:
            ids = [photo(client, f"{url}/{use.renditions[0].key}").json()["id"] for use in uses]
        post(client, attached_media=[{"media_fbid": one} for one in ids])

        [shown] = feed(client, fields="id,attachments{media_type,subattachments{media_type}},message").json()["data"]

        assert shown["message"] == "Hello"
        assert shown["attachments"] == {
            "data": [{"media_type": "album", "subattachments": {"data": [{"media_type": "photo"}] * 3}}]
        }

    def test_make_the_same_text_another_post(self, client: Client, shelf: Shelf):
        uses = [shelf.use(), shelf.use()]
        with shelf.serving() as url:
            ids = [photo(client, f"{url}/{use.renditions[0].key}").json()["id"] for use in uses]

        answers = [post(client, attached_media=[{"media_fbid": one}]) for one in (ids[0], ids[1], ids[1])]

        assert [answer.status_code for answer in answers] == [200, 200, 400]

    def test_are_refused_unless_they_can_be_read(self, client: Client, shelf: Shelf):
        fits = shelf.use()
        webp = shelf.use(media_type="image/webp")
        shelf.files["text"] = b"no picture"
        shelf.files["large"] = shelf.files[fits.renditions[0].key] + b"\x00" * 4_000_000
        with shelf.serving() as url:
            found = [code(photo(client, f"{url}/{name}")) for name in ("gone", "text", "large", webp.renditions[0].key)]
            found += [code(photo(client, elsewhere)) for elsewhere in ("", "https://example.org/a.jpg")]
            visible = photo(client, f"{url}/{fits.renditions[0].key}", published=True)
            strange = photo(client, f"{url}/{fits.renditions[0].key}", alt_text_custom=5)

        assert found == [(400, 100, 2_061_006), *[(400, 1, 1_366_046)] * 3, *[(400, 100, 2_061_006)] * 2]
        assert (code(visible), code(strange)) == ((400, 100, 0), (400, 100, 0))


class TestReadingAPage:
    def test_lists_the_newest_first_since_a_moment_page_by_page(self, client: Client, clock: Clock):
        post(client, "Too old")
        clock.advance(60)
        since = str(int(clock().timestamp()))
        ids = [post(client, f"Number {number}").json()["id"] for number in range(3)]

        first = feed(client, since=since, limit="2", fields="id,message,created_time,permalink_url").json()
        second = client.http.get(first["paging"]["next"]).json()

        assert [one["id"] for one in first["data"] + second["data"]] == ids[::-1]
        assert first["data"][0]["created_time"] == "2026-11-22T12:01:00+0000"
        assert "next" not in second["paging"]

    def test_shows_one_post_until_it_is_deleted(self, client: Client):
        post_id = post(client).json()["id"]

        before = client.http.get(f"{GRAPH}/{post_id}", headers=BEARER).json()
        deleted = client.http.delete(f"{GRAPH}/{post_id}", headers=BEARER).json()
        after = client.http.get(f"{GRAPH}/{post_id}", headers=BEARER)

        assert before["message"] == "Hello"
        assert deleted == {"success": True}
        assert code(after) == (400, 100, 33)
        assert feed(client).json() == {"data": []}

    def test_names_itself(self, client: Client):
        client.register(channel="facebook", account="demo", credentials=["facebook-demo-token"], display_name="Club")

        assert client.http.get(f"{GRAPH}/me", headers=BEARER).json() == {"id": PAGE, "name": "Club"}

    @pytest.mark.parametrize("query", [{"limit": "x"}, {"since": "yesterday"}])
    def test_refuses_strange_parameters(self, client: Client, query):
        assert code(feed(client, **query)) == (400, 100, 0)

    @pytest.mark.parametrize("path", ["/facebook/demo/me/feed", "/facebook/demo/v26/me", f"{GRAPH}/me/videos"])
    def test_knows_no_other_address(self, client: Client, path):
        assert code(client.http.post(path, headers=BEARER)) == (400, 100, 33)


class TestFailures:
    @pytest.mark.parametrize(
        ("fault", "expected"),
        [
            ("rate_limited", (400, 80_001, 0)),
            ("expired_credential", (400, 190, 463)),
            ("forbidden", (403, 200, 0)),
            ("not_found", (400, 100, 33)),
            ("server_error_before", (500, 1, 0)),
            ("unavailable_before", (503, 2, 0)),
        ],
    )
    def test_are_told_apart_by_their_codes(self, client: Client, fault, expected):
        client.fault(fault)

        assert code(post(client)) == expected

    def test_say_in_whole_minutes_when_to_come_back(self, client: Client):
        client.fault("rate_limited", retry_after=61)

        usage = json.loads(post(client).headers["x-business-use-case-usage"])

        assert usage["0"][0]["estimated_time_to_regain_access"] == 2


class TestTheFeed:
    def test_escapes_everything(self, client: Client):
        client.register(
            channel="facebook", account="demo", credentials=["facebook-demo-token"], display_name="<b>Bold</b>"
        )
        post(client, HOSTILE + " #tag https://example.org/?a=1&b=2", link="https://example.org/?<i>='\"")

        page = client.http.get("/wall/facebook").text

        for markup in ("<img", "<b>Bold", "<script>", "<i>"):
            assert markup not in page
        assert '<a href="https://example.org/?a=1&amp;b=2"' in page
        assert '<span class="hashtag">#tag</span>' in page
