from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.platforms.bluesky.blobs import cid
from tests.local.platforms.client import Client, Clock
from tests.pictures import picture_bytes

PUT = "com.atproto.repo.putRecord"
KEY = "3n2v5imok2224"
BLOB = {"$type": "blob", "ref": {"$link": "bafkreia"}, "mimeType": "image/png", "size": 9}
OBSERVED = Path(__file__).parents[2] / "channels/bluesky/samples"


def observed(name: str) -> dict[str, Any]:
    """What a real server was seen to answer."""
    stated: dict[str, Any] = json.loads((OBSERVED / f"{name}.json").read_text())
    assert stated["source"] == "observed"
    return stated


class Pds:
    """A session of the account `demo`."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.tokens = self.open().json()

    def call(self, name: str, body: object = None, *, token: str | None = None, **query: str) -> httpx.Response:
        method = "GET" if query else "POST"
        token = self.tokens["accessJwt"] if token is None else token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"/bluesky/demo/xrpc/{name}"
        return self.client.http.request(method, url, json=body, params=query, headers=headers)

    def open(self, *, identifier: str = "demo.test", password: str = "bluesky-demo-secret") -> httpx.Response:
        body = {"identifier": identifier, "password": password}
        return self.client.http.post("/bluesky/demo/xrpc/com.atproto.server.createSession", json=body)

    def put(self, text: str = "Hello", *, rkey: str = KEY, **record: object) -> httpx.Response:
        return self.call(PUT, self.body(text, rkey=rkey, **record))

    def body(self, text: str = "Hello", *, rkey: str = KEY, **record: object) -> dict[str, object]:
        post = {"$type": "app.bsky.feed.post", "text": text, "createdAt": "2026-11-22T08:00:00.000Z", **record}
        head = {"repo": self.tokens["did"], "collection": "app.bsky.feed.post", "rkey": rkey, "validate": True}
        return {**head, "swapRecord": None, "record": post}

    def upload(self, content: bytes, media_type: str = "image/png") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens['accessJwt']}", "Content-Type": media_type}
        return self.client.http.post("/bluesky/demo/xrpc/com.atproto.repo.uploadBlob", content=content, headers=headers)

    def put_images(self, *blobs: object, alt: str = "A door", rkey: str = KEY) -> httpx.Response:
        images = [{"image": blob, "alt": alt} for blob in blobs]
        return self.put(rkey=rkey, embed={"$type": "app.bsky.embed.images", "images": images})

    def get(self, rkey: str = KEY, **query: str) -> httpx.Response:
        place = {"repo": self.tokens["did"], "collection": "app.bsky.feed.post", "rkey": rkey}
        return self.call("com.atproto.repo.getRecord", **{**place, **query})


@pytest.fixture
def pds(client: Client) -> Pds:
    return Pds(client)


class TestASession:
    def test_is_opened_by_handle_or_did(self, pds: Pds):
        again = pds.open(identifier=pds.tokens["did"])

        assert again.json()["did"] == pds.tokens["did"]
        assert pds.tokens["handle"] == "demo.test"

    def test_is_refused_like_the_real_server_does(self, pds: Pds):
        answer = pds.open(password="wrong")

        assert (answer.status_code, answer.json()) == (401, observed("wrong_password")["body"])

    def test_ends_after_two_hours_and_is_renewed_for_ninety_days(self, pds: Pds, clock: Clock):
        clock.advance(7_199)
        within = pds.put().status_code
        clock.advance(1)
        after = pds.put()
        renewed = pds.call("com.atproto.server.refreshSession", token=pds.tokens["refreshJwt"])
        clock.advance(7_776_000)
        too_late = pds.call("com.atproto.server.refreshSession", token=pds.tokens["refreshJwt"])

        assert within == 200
        assert (after.status_code, after.json()) == (400, observed("expired_token")["body"])
        assert pds.put().status_code == 400
        assert (renewed.status_code, renewed.json()["did"]) == (200, pds.tokens["did"])
        assert too_late.json()["error"] == "ExpiredToken"

    def test_lives_as_long_as_the_option_says(self, client: Client, clock: Clock):
        client.register(channel="bluesky", account="demo", options={"access_seconds": 10})
        pds = Pds(client)

        clock.advance(10)

        assert pds.put().json()["error"] == "ExpiredToken"

    @pytest.mark.parametrize(
        ("token", "status", "name"),
        [("", 401, "AuthMissing"), ("garbage", 400, "InvalidToken"), ("a.b.c", 400, "InvalidToken")],
    )
    def test_is_needed(self, pds: Pds, token, status, name):
        answer = pds.call(PUT, pds.body(), token=token)

        assert (answer.status_code, answer.json()["error"]) == (status, name)
        assert pds.client.posts() == []

    def test_of_another_kind_or_account_is_refused(self, pds: Pds):
        refresh = pds.call(PUT, pds.body(), token=pds.tokens["refreshJwt"])
        other = pds.client.http.post(
            "/bluesky/other/xrpc/com.atproto.server.createSession",
            json={"identifier": "other.test", "password": "bluesky-other-secret"},
        ).json()["accessJwt"]

        assert refresh.json()["error"] == "InvalidToken"
        assert pds.call(PUT, pds.body(), token=other).json()["error"] == "InvalidToken"

    def test_takes_only_the_registered_passwords_once_there_are_any(self, client: Client, pds: Pds):
        client.register(channel="bluesky", account="demo", credentials=["demo.test:new"])

        assert (pds.open().status_code, pds.open(password="new").status_code) == (401, 200)

    def test_is_opened_so_often_and_no_more_where_that_is_set(self, client: Client, pds: Pds, clock: Clock):
        client.register(channel="bluesky", account="demo", options={"session_limit": 2})
        statuses = [pds.open().status_code for _ in range(2)]
        refused = pds.open()
        clock.advance(300)

        assert statuses == [200, 429]
        assert refused.json() == observed("rate_limited")["body"]
        assert refused.headers["ratelimit-policy"] == "2;w=300"
        assert refused.headers["ratelimit-reset"] == str(int(clock().timestamp()) // 300 * 300)
        assert "retry-after" not in refused.headers
        assert pds.open().status_code == 200


class TestPuttingARecord:
    def test_answers_its_address_and_keeps_it(self, pds: Pds):
        answer = pds.put("Hello 👋🏽")

        said, real = answer.json(), observed("put")["body"]
        assert said["uri"] == f"at://{pds.tokens['did']}/app.bsky.feed.post/{KEY}"
        assert said.keys() == real.keys()
        assert len(said["cid"]) == len(real["cid"])
        [post] = pds.client.posts()
        assert (post["id"], post["text"], post["key"]) == (said["uri"], "Hello 👋🏽", KEY)
        assert pds.get().json().keys() == observed("record")["body"].keys()
        assert pds.get().json()["value"]["text"] == "Hello 👋🏽"

    def test_again_changes_nothing(self, pds: Pds):
        first, second = pds.put().json(), pds.put().json()

        assert second == {name: first[name] for name in observed("put_again")["body"]}
        assert len(pds.client.posts()) == 1

    def test_of_another_text_overwrites_nothing(self, pds: Pds):
        pds.put()

        answer = pds.put("Other")

        assert (answer.status_code, answer.json()["error"]) == (400, observed("occupied")["body"]["error"])
        assert pds.client.texts() == ["Hello"]

    def test_at_the_same_time_commits_once(self, pds: Pds):
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: pds.put().json(), range(8)))

        assert len({answer["cid"] for answer in answers}) == 1
        assert sum("commit" in answer for answer in answers) == 1
        assert len(pds.client.posts()) == 1

    @pytest.mark.parametrize(
        ("name", "text", "rkey"),
        [
            ("too_many_graphemes", "a" * 301, KEY),
            ("too_many_bytes", "👨‍👩‍👧‍👦" * 130, KEY),
            ("invalid_key", "Hello", "order-42"),
        ],
    )
    def test_is_refused_in_the_words_of_the_real_server(self, pds: Pds, name, text, rkey):
        answer = pds.put(text, rkey=rkey)

        assert (answer.status_code, answer.json()) == (400, observed(name)["body"])
        assert pds.client.posts() == []

    @pytest.mark.parametrize("text", ["", "a" * 300, "👨‍👩‍👧‍👦" * 120, "日本語" * 100])
    def test_takes_what_the_real_server_takes(self, pds: Pds, text):
        assert pds.put(text).status_code == 200

    @pytest.mark.parametrize(
        ("record", "sentence"),
        [
            ({"createdAt": "yesterday"}, 'Invalid datetime (got "yesterday") at $.record.createdAt'),
            ({"createdAt": "2026-11-22"}, "Invalid datetime"),
            ({"$type": "app.bsky.feed.like"}, "Invalid $type: expected app.bsky.feed.post, got app.bsky.feed.like"),
            ({"tags": ["a"] * 9}, "array too big (maximum 8, got 9) at $.record.tags"),
            ({"langs": ["en"] * 4}, "array too big (maximum 3, got 4) at $.record.langs"),
            ({"langs": "en"}, "Expected array"),
            ({"facets": [{}]}, 'Missing required key "index" at $.record.facets[0]'),
            ({"facets": ["x"]}, "Expected object"),
            ({"facets": [{"index": {"byteStart": -1, "byteEnd": 2}, "features": []}]}, "integer too small"),
            ({"embed": {"$type": "app.bsky.embed.video"}}, "takes no embed"),
            ({"embed": {"$type": "app.bsky.embed.images"}}, 'Missing required key "images" at $.record.embed'),
            ({"embed": {"$type": "app.bsky.embed.images", "images": [{}] * 5}},
             "array too big (maximum 4, got 5) at $.record.embed.images"),
            ({"embed": {"$type": "app.bsky.embed.images", "images": [{"alt": ""}]}},
             'Missing required key "image" at $.record.embed.images[0]'),
            ({"embed": {"$type": "app.bsky.embed.images", "images": [{"image": {"sha256": "x"}, "alt": ""}]}},
             "Expected blob value type"),
            ({"embed": {"$type": "app.bsky.embed.images", "images": [{"image": BLOB}]}},
             'Missing required key "alt" at $.record.embed.images[0]'),
            ({"embed": {"$type": "app.bsky.embed.images",
                        "images": [{"image": BLOB, "alt": "", "aspectRatio": {"width": 0, "height": 1}}]}},
             "integer too small (minimum 1, got 0) at $.record.embed.images[0].aspectRatio.width"),
            ({"embed": {"$type": "app.bsky.embed.external", "external": {"uri": "https://e.org", "title": ""}}},
             'Missing required key "description" at $.record.embed.external'),
            ({"embed": {"$type": "app.bsky.embed.external",
                        "external": {"uri": "https://e.org/a b", "title": "", "description": ""}}}, "Invalid uri"),
            ({"reply": {}}, "does not offer reply"),
        ],
    )  # fmt: skip
    def test_is_refused_for_what_its_lexicon_forbids(self, pds: Pds, record, sentence):
        answer = pds.put(**record)

        assert (answer.status_code, answer.json()["error"]) == (400, "InvalidRequest")
        assert sentence in answer.json()["message"]
        assert pds.client.posts() == []

    @pytest.mark.parametrize(
        ("feature", "status"),
        [
            ({"$type": "app.bsky.richtext.facet#link", "uri": "https://e.org"}, 200),
            ({"$type": "app.bsky.richtext.facet#link", "uri": "nonsense"}, 400),
            ({"$type": "app.bsky.richtext.facet#link", "uri": "https:///e"}, 400),
            ({"$type": "app.bsky.richtext.facet#tag", "tag": "😀" * 64}, 200),
            ({"$type": "app.bsky.richtext.facet#tag", "tag": "😀" * 65}, 400),
            ({"$type": "app.bsky.richtext.facet#mention", "did": "alice"}, 400),
            ({"$type": "of.the.future"}, 200),
        ],
    )
    def test_judges_facets(self, pds: Pds, feature, status):
        facet = {"index": {"byteStart": 0, "byteEnd": 9_000}, "features": [feature]}

        assert pds.put(facets=[facet]).status_code == status

    @pytest.mark.parametrize(
        ("change", "status", "name"),
        [
            ({"repo": "did:plc:somebodyelse"}, 403, "AccountNotFound"),
            ({"repo": 5}, 400, "InvalidRequest"),
            ({"record": 5}, 400, "InvalidRequest"),
            ({"collection": "app.bsky.feed.like"}, 400, "InvalidRequest"),
            ({"swapRecord": "bafy"}, 400, "InvalidRequest"),
        ],
    )
    def test_judges_its_place(self, pds: Pds, change, status, name):
        answer = pds.call(PUT, pds.body() | change)

        assert (answer.status_code, answer.json()["error"]) == (status, name)

    @pytest.mark.parametrize("body", [b"{", b"[]", b'{"repo": "\\ud800"}', b"\xff", b""])
    def test_refuses_a_body_that_is_no_json_object(self, pds: Pds, body):
        headers = {"Authorization": f"Bearer {pds.tokens['accessJwt']}", "Content-Type": "application/json"}

        answer = pds.client.http.post(f"/bluesky/demo/xrpc/{PUT}", content=body, headers=headers)

        assert answer.status_code == 400

    def test_meets_the_limit_of_points_where_one_is_set(self, client: Client, pds: Pds, clock: Clock):
        client.register(channel="bluesky", account="demo", options={"rate_limit": 5})
        first, second = pds.put("One", rkey="3n2v5imok2222"), pds.put("Two", rkey="3n2v5imok2223")
        clock.advance(3_600)

        assert (first.headers["ratelimit-limit"], first.headers["ratelimit-remaining"]) == ("5", "2")
        assert second.status_code == 429
        assert pds.put("Two", rkey="3n2v5imok2223").status_code == 200


class TestABlob:
    def test_is_named_by_its_content_as_the_real_server_does(self, pds: Pds):
        content = picture_bytes("image/png")

        answer, again = pds.upload(content, "image/jpeg"), pds.upload(content)

        real = observed("blob")["body"]["blob"]
        blob = answer.json()["blob"]
        assert blob.keys() == real.keys()
        assert (blob["mimeType"], blob["size"]) == ("image/png", len(content))
        assert len(blob["ref"]["$link"]) == len(real["ref"]["$link"])
        assert again.json() == answer.json()
        # Of the specification: the content id of these very bytes.
        assert cid(b"") == "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"

    def test_is_shown_with_its_post_and_its_description(self, pds: Pds):
        content = picture_bytes("image/png")
        blob = pds.upload(content).json()["blob"]

        answer = pds.put_images(blob, alt='A "door" <b>')

        [post] = pds.client.posts()
        page = pds.client.http.get("/wall/bluesky").text
        address = f"/media/bluesky/demo/{blob['ref']['$link']}"
        assert answer.status_code == 200
        assert [image["alt_text"] for image in post["images"]] == ['A "door" <b>']
        assert f'src="{address}" alt="A &quot;door&quot; &lt;b&gt;"' in page
        assert pds.client.http.get(address).content == content

    def test_that_nobody_uploaded_is_refused_in_the_words_of_the_real_server(self, pds: Pds):
        name = "bafkreibjfgx2gprinfvicegelk5kosd6y2frmqpqzwqkg7usac74l3t2v4"

        answer = pds.put_images({**BLOB, "ref": {"$link": name}})

        assert (answer.status_code, answer.json()) == (400, observed("blob_gone")["body"])
        assert pds.client.posts() == []

    def test_of_another_account_is_not_there(self, pds: Pds):
        other = pds.client.http.post(
            "/bluesky/other/xrpc/com.atproto.server.createSession",
            json={"identifier": "other.test", "password": "bluesky-other-secret"},
        ).json()["accessJwt"]
        headers = {"Authorization": f"Bearer {other}", "Content-Type": "image/png"}
        url = "/bluesky/other/xrpc/com.atproto.repo.uploadBlob"
        blob = pds.client.http.post(url, content=picture_bytes("image/png"), headers=headers).json()["blob"]

        assert pds.put_images(blob).json()["error"] == "BlobNotFound"

    def test_that_is_too_large_for_a_post_is_refused_in_the_words_of_the_real_server(self, client: Client, pds: Pds):
        client.register(channel="bluesky", account="demo", options={"image_size_limit": 1_000_000})
        content = picture_bytes("image/png")
        blob = pds.upload(content + b"\0" * (1_000_001 - len(content))).json()["blob"]

        answer = pds.put_images(blob)
        client.register(channel="bluesky", account="demo", options={})

        assert (answer.status_code, answer.json()) == (400, observed("blob_too_big")["body"])
        assert pds.put_images(blob).status_code == 200

    @pytest.mark.parametrize(
        ("change", "name"), [({"size": 5}, "InvalidSize"), ({"mimeType": "image/jpeg"}, "InvalidMimeType")]
    )
    def test_has_to_be_named_as_it_was_answered(self, pds: Pds, change, name):
        blob = pds.upload(picture_bytes("image/png")).json()["blob"]

        assert pds.put_images({**blob, **change}).json()["error"] == name

    def test_that_is_no_image_cannot_be_shown_as_one(self, pds: Pds):
        blob = pds.upload(b"<html>", "text/html").json()["blob"]

        assert pds.put_images(blob).json()["error"] == "InvalidMimeType"

    @pytest.mark.parametrize(
        ("content", "media_type", "status", "name"),
        [
            (b"x" * (5 * 1024 * 1024 + 1), "image/png", 413, "PayloadTooLarge"),
            (b"x", "", 400, "InvalidRequest"),
        ],
    )
    def test_may_be_refused(self, pds: Pds, content, media_type, status, name):
        answer = pds.upload(content, media_type)

        assert (answer.status_code, answer.json()["error"]) == (status, name)

    def test_needs_a_session(self, pds: Pds):
        pds.tokens["accessJwt"] = "garbage"

        assert pds.upload(b"x").json()["error"] == "InvalidToken"


class TestReading:
    def test_says_absent_in_the_words_of_the_real_server(self, pds: Pds):
        answer = pds.get("2222222222323")

        real = observed("absent")["body"]
        assert (answer.status_code, answer.json()["error"]) == (400, real["error"])
        assert answer.json()["message"].startswith("Could not locate record: at://did:plc:")

    def test_knows_no_other_repository(self, pds: Pds):
        answer = pds.get(repo="did:plc:somebodyelse")

        assert answer.json() == {"error": "InvalidRequest", "message": "Could not locate record"}

    @pytest.mark.parametrize("name", ["com.atproto.nothing", "com.atproto.repo.createRecord"])
    def test_offers_nothing_else(self, pds: Pds, name):
        assert pds.call(name, {}).status_code == 404


class TestTheFeed:
    def test_marks_what_facets_name_and_nothing_else(self, pds: Pds):
        link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://e.org/ü"}
        tag = {"$type": "app.bsky.richtext.facet#tag", "tag": "tag"}
        facets = [
            {"index": {"byteStart": 21, "byteEnd": 25}, "features": [tag]},
            {"index": {"byteStart": 4, "byteEnd": 20}, "features": [link]},
            {"index": {"byteStart": 5, "byteEnd": 7}, "features": [tag]},
            {"index": {"byteStart": 90, "byteEnd": 99}, "features": [tag]},
        ]
        pds.put("ü: https://e.org/ü #tag https://plain.org", facets=facets)

        page = pds.client.http.get("/wall/bluesky").text

        assert '<a href="https://e.org/ü" rel="nofollow noopener">https://e.org/ü</a>' in page
        assert "<b>#tag</b> https://plain.org" in page

    def test_escapes_everything(self, pds: Pds):
        card = {"uri": "javascript:alert(1)", "title": "<b>Title", "description": "<i>About"}
        bad = {"$type": "app.bsky.richtext.facet#link", "uri": "javascript:alert(2)"}
        pds.put(
            '<script>"&',
            facets=[{"index": {"byteStart": 0, "byteEnd": 3}, "features": [bad]}],
            embed={"$type": "app.bsky.embed.external", "external": card},
        )

        page = pds.client.http.get("/wall/bluesky").text

        for markup in ("<script>&", "<b>Title", "<i>About", 'href="javascript'):
            assert markup not in page
        assert "&lt;b&gt;Title" in page

    def test_has_the_pages_of_the_networks_web_site(self, pds: Pds):
        pds.put("On its own page")
        [post] = pds.client.posts()
        profile = f"{pds.client.url}/bluesky/demo/profile/{pds.tokens['did']}"

        assert post["url"] == f"{profile}/post/{KEY}"
        for url in (post["url"], profile, f"{pds.client.url}/bluesky/demo/profile/demo.test"):
            assert "On its own page" in pds.client.http.get(url).text
        assert pds.client.http.get(f"{profile}/post/3n2v5imok2225").status_code == 404
