from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from local.platforms.linkedin import littletext
from local.platforms.linkedin.platform import DAY_LIMIT, MEMBER, ORGANIZATION
from tests.pictures import picture_bytes

if TYPE_CHECKING:
    import httpx

    from tests.local.platforms.client import Client, Clock

HEADERS = {"Authorization": "Bearer linkedin-demo-token", "LinkedIn-Version": "202608"}
REST = "/linkedin/demo/rest/posts"
IMAGES = "/linkedin/demo/rest/images"


def draft(commentary: str = "Hello", **more: Any) -> dict[str, Any]:
    return {
        "author": ORGANIZATION,
        "commentary": commentary,
        "visibility": "PUBLIC",
        "distribution": {"feedDistribution": "MAIN_FEED", "targetEntities": [], "thirdPartyDistributionChannels": []},
        "lifecycleState": "PUBLISHED",
        **more,
    }


def post(client: Client, commentary: str = "Hello", **more: Any) -> httpx.Response:
    return client.http.post(REST, json=draft(commentary, **more), headers=HEADERS)


def posts(client: Client, **query: str) -> httpx.Response:
    wanted = {"q": "author", "author": ORGANIZATION, **query}
    return client.http.get(REST, params=wanted, headers=HEADERS)


class TestLittleText:
    @pytest.mark.parametrize(
        ("markup", "shown"),
        [
            ("Plain, with emoji 👋🏽", "Plain, with emoji 👋🏽"),
            ("We open (at eight)", "We open "),
            ("We open \\(at eight\\)", "We open (at eight)"),
            ("a\\\\b", "a\\b"),
            ("snake_case", "snake"),
            ("See https://example.org/a_b#c@d now_", "See https://example.org/a_b#c@d now"),
            ("See https://example.org/a(b)", "See https://example.org/a"),
            ("#tag and {hashtag|\\#|other}", "#tag and #other"),
            ("By @[Ann \\(B\\)](urn:li:person:x1)!", "By Ann (B)!"),
            ("By @ann", "By "),
            ("# no tag", ""),
            ("{hashtag|x}", ""),
            ("end\\", "end"),
        ],
    )
    def test_is_cut_at_the_first_reserved_character_that_means_nothing(self, markup, shown):
        assert littletext.read(markup) == shown
        assert littletext.read(littletext.cut(markup)) == shown


class TestPosting:
    @pytest.mark.parametrize("author", [MEMBER, ORGANIZATION])
    def test_answers_the_urn_in_a_header_and_an_empty_body(self, client: Client, author):
        answer = post(client, author=author)

        urn = answer.headers["x-restli-id"]
        assert (answer.status_code, answer.content) == (201, b"")
        assert urn.startswith("urn:li:share:")
        assert "Hello" in client.http.get(f"/linkedin/demo/feed/update/{urn}/").text

    def test_cuts_the_text_silently(self, client: Client):
        answer = post(client, "We open (at eight)")

        assert answer.status_code == 201
        assert client.texts() == ["We open "]

    @pytest.mark.parametrize(
        ("fields", "status"),
        [
            ({"author": "urn:li:organization:1"}, 403),
            ({"author": 5}, 422),
            ({"commentary": ""}, 422),
            ({"commentary": "a" * 3_001}, 400),
            ({"commentary": "👾" * 1_501}, 400),
            ({"visibility": "EVERYBODY"}, 422),
            ({"lifecycleState": "DRAFT"}, 400),
            ({"distribution": {}}, 422),
            ({"extra": 1}, 422),
            ({"content": {"poll": {}}}, 400),
            ({"content": {"media": {"id": "urn:li:image:C1"}, "article": {}}}, 400),
            ({"content": {"media": {"id": "urn:li:video:1"}}}, 422),
            ({"content": {"media": {"id": "urn:li:image:C4E22AQF1"}}}, 400),
            ({"content": {"media": {"id": "urn:li:image:C4E22AQF1", "altText": "a" * 4_087}}}, 422),
            ({"content": {"multiImage": {"images": [{"id": "urn:li:image:C4E22AQF1"}]}}}, 422),
            ({"content": {"multiImage": {"images": [{"id": "urn:li:image:C4E22AQF1"}] * 21}}}, 422),
            ({"content": {"article": {"title": "No source"}}}, 422),
            ({"content": {"article": {"source": "https://[", "title": "T"}}}, 422),
            ({"content": {"article": {"source": "https://example.org/", "title": "a" * 401}}}, 422),
        ],
    )
    def test_refuses_what_the_real_one_refuses(self, client: Client, fields, status):
        answer = post(client, **fields)

        assert (answer.status_code, answer.json()["status"]) == (status, status)
        assert client.posts() == []

    @pytest.mark.parametrize("name", ["author", "commentary", "visibility", "distribution", "lifecycleState"])
    def test_needs_every_required_field(self, client: Client, name):
        body = draft()
        del body[name]

        answer = client.http.post(REST, json=body, headers=HEADERS)

        assert answer.status_code == 422
        assert f"/{name} :: field is required" in answer.json()["message"]

    def test_takes_the_longest_text_whatever_its_escapes(self, client: Client):
        assert post(client, "\\(" * 3_000).status_code == 201

    def test_refuses_a_body_that_is_none(self, client: Client):
        assert client.http.post(REST, content=b"[", headers=HEADERS).status_code == 400


class TestADuplicate:
    def test_is_refused_by_its_author_for_a_day_and_names_the_first(self, client: Client, clock: Clock):
        urn = post(client).headers["x-restli-id"]
        post(client, "Something else")

        again, elsewhere = post(client), post(client, author=MEMBER)
        clock.advance(25 * 3600)
        later = post(client)

        assert [answer.status_code for answer in (again, elsewhere, later)] == [422, 201, 201]
        assert again.json()["errorDetails"]["inputErrors"][0]["code"] == "DUPLICATE_POST"
        assert again.json()["message"].endswith(f"Content is a duplicate of {urn}")

    def test_is_refused_although_the_first_was_deleted(self, client: Client):
        urn = post(client).headers["x-restli-id"]
        deleted = client.http.delete(f"{REST}/{quote(urn)}", headers=HEADERS)

        again = post(client)
        ghost = client.http.get(f"{REST}/{quote(urn)}", headers=HEADERS)

        assert (deleted.status_code, again.status_code, ghost.status_code) == (204, 422, 404)

    def test_differs_by_its_article(self, client: Client):
        article = {"article": {"source": "https://example.org/", "title": "Opening"}}

        assert [post(client).status_code, post(client, content=article).status_code] == [201, 201]


class TestAccess:
    def test_needs_a_known_token_and_an_active_version(self, client: Client):
        def status(**headers: str) -> int:
            return client.http.post(REST, json=draft(), headers=headers).status_code

        token = "Bearer linkedin-demo-token"
        assert status(Authorization="Bearer x", **{"LinkedIn-Version": "202608"}) == 401
        assert status(Authorization=token) == 400
        assert status(Authorization=token, **{"LinkedIn-Version": "202501"}) == 426

    def test_ends_with_the_days_limit_until_the_next_day(self, client: Client, clock: Clock):
        client.register(
            channel="linkedin", account="demo", credentials=["linkedin-demo-token"], options={"day_limit": 1}
        )

        first, second = post(client, "One"), post(client, "Two")
        clock.advance(12 * 3600)
        third = post(client, "Two")

        assert [answer.status_code for answer in (first, second, third)] == [201, 429, 201]
        assert second.json()["message"] == DAY_LIMIT
        assert "retry-after" not in second.headers

    @pytest.mark.parametrize(
        ("fault", "status"),
        [("rate_limited", 429), ("expired_credential", 401), ("forbidden", 403), ("not_found", 404)],
    )
    def test_fails_in_linkedins_words(self, client: Client, fault, status):
        client.fault(fault)

        answer = post(client)

        assert (answer.status_code, answer.json()["status"]) == (status, status)


class TestReading:
    def test_lists_the_organizations_posts_only_newest_first(self, client: Client):
        urns = [post(client, f"Number {number}").headers["x-restli-id"] for number in range(3)]
        post(client, "Private", author=MEMBER)

        first, second = posts(client, count="2").json(), posts(client, count="2", start="2").json()

        assert [one["id"] for one in first["elements"] + second["elements"]] == urns[::-1]

    def test_shows_a_post_as_it_was_kept(self, client: Client):
        article = {"article": {"source": "https://example.org/", "title": "Opening"}}
        urn = post(client, "See \\(this\\) (not this)", content=article).headers["x-restli-id"]

        shown = client.http.get(f"{REST}/{quote(urn)}", headers=HEADERS).json()

        assert (shown["commentary"], shown["content"]) == ("See \\(this\\) ", article)
        assert shown["createdAt"] == 1795348800250

    def test_is_refused_for_members_and_without_the_scope(self, client: Client):
        member = posts(client, author=MEMBER)
        client.register(
            channel="linkedin", account="demo", credentials=["linkedin-demo-token"], options={"read_scope": 0}
        )

        assert (member.status_code, posts(client).status_code) == (403, 403)

    @pytest.mark.parametrize("query", [{"count": "101"}, {"start": "x"}, {"q": "all"}])
    def test_refuses_strange_parameters(self, client: Client, query):
        assert posts(client, **query).status_code == 400

    def test_tells_who_the_member_is(self, client: Client):
        answer = client.http.get("/linkedin/demo/v2/userinfo", headers=HEADERS).json()

        assert f"urn:li:person:{answer['sub']}" == MEMBER

    def test_knows_no_other_address(self, client: Client):
        assert client.http.post("/linkedin/demo/rest/videos", headers=HEADERS).status_code == 404


def announced(client: Client, owner: str = ORGANIZATION) -> dict[str, str]:
    body = {"initializeUploadRequest": {"owner": owner}}
    answer = client.http.post(f"{IMAGES}?action=initializeUpload", json=body, headers=HEADERS)
    assert answer.status_code == 200, answer.text
    return dict(answer.json()["value"])


def uploaded(client: Client, content: bytes, owner: str = ORGANIZATION) -> str:
    value = announced(client, owner)
    answer = client.http.put(value["uploadUrl"], content=content, headers=HEADERS)
    assert answer.status_code == 201
    return value["image"]


def status_of(client: Client, urn: str) -> tuple[int, str]:
    answer = client.http.get(f"{IMAGES}/{quote(urn)}", headers=HEADERS)
    return answer.status_code, answer.json()["status"]


class TestImages:
    def test_are_announced_sent_and_shown(self, client: Client):
        content = picture_bytes()
        urn = uploaded(client, content)

        answer = post(client, content={"media": {"id": urn, "altText": "A <b>door</b>"}})

        [kept] = client.posts()
        shown = client.http.get(f"{REST}/{quote(answer.headers['x-restli-id'])}", headers=HEADERS).json()
        page = client.http.get("/wall/linkedin").text
        assert [image["sha256"] for image in kept["images"]] == [hashlib.sha256(content).hexdigest()]
        assert shown["content"] == {"media": {"id": urn, "altText": "A <b>door</b>"}}
        assert f'src="/media/linkedin/demo/{quote(urn, safe="")}" alt="A &lt;b&gt;door&lt;/b&gt;"' in page
        assert client.http.get(f"/media/linkedin/demo/{quote(urn, safe='')}").content == content

    def test_stand_in_their_order(self, client: Client):
        urns = [uploaded(client, picture_bytes()) for _ in range(3)]

        answer = post(client, content={"multiImage": {"images": [{"id": urn} for urn in urns[::-1]]}})

        assert answer.status_code == 201
        assert [image["id"] for image in client.posts()[0]["images"]] == urns[::-1]

    def test_can_be_used_only_by_their_owner_and_only_once_they_are_there(self, client: Client):
        members, missing = uploaded(client, picture_bytes(), MEMBER), announced(client)["image"]
        broken, webp = uploaded(client, b"no picture"), uploaded(client, picture_bytes("image/webp"))

        answers = [post(client, content={"media": {"id": urn}}) for urn in (members, missing, broken, webp)]

        assert [answer.status_code for answer in answers] == [403, 400, 400, 400]
        assert client.posts() == []

    def test_tell_how_far_they_are_to_whoever_may_read_the_organization(self, client: Client):
        urn = announced(client)["image"]
        waiting, broken = status_of(client, urn), status_of(client, uploaded(client, b"no picture"))
        ready, members = (uploaded(client, picture_bytes(), owner) for owner in (ORGANIZATION, MEMBER))
        seen = status_of(client, ready)
        unseen = status_of(client, members)[0]
        unknown = status_of(client, "urn:li:image:C4E22AQF9")[0]
        client.register(
            channel="linkedin", account="demo", credentials=["linkedin-demo-token"], options={"processing": 1}
        )

        assert (waiting, broken) == ((200, "WAITING_UPLOAD"), (200, "PROCESSING_FAILED"))
        assert (seen, status_of(client, ready)) == ((200, "AVAILABLE"), (200, "PROCESSING"))
        assert (unseen, unknown) == (403, 404)

    def test_need_an_announcement_of_the_members_own(self, client: Client):
        def begun(body: object, action: str = "initializeUpload") -> int:
            return client.http.post(f"{IMAGES}?action={action}", json=body, headers=HEADERS).status_code

        assert begun({"initializeUploadRequest": {"owner": "urn:li:organization:1"}}) == 403
        assert begun({}) == 403
        assert begun([]) == 400
        assert begun({}, action="other") == 400
        assert (
            client.http.put("/linkedin/demo/dms-uploads/C4E22AQF9/0", content=b"x", headers=HEADERS).status_code == 404
        )


class TestTheFeed:
    def test_escapes_everything(self, client: Client):
        client.register(
            channel="linkedin", account="demo", credentials=["linkedin-demo-token"], display_name="<b>Bold</b>"
        )
        article = {"article": {"source": "https://example.org/?'\"", "title": "<i>Opening</i>"}}
        post(client, "\\<script\\>alert\\(1\\)\\</script\\> & $name #tag", content=article)

        page = client.http.get("/wall/linkedin").text

        for markup in ("<b>Bold", "<script>", "<i>Opening"):
            assert markup not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; $name" in page
        assert '<span class="hashtag">#tag</span>' in page

    def test_says_who_speaks(self, client: Client):
        post(client)
        organization = client.http.get("/wall/linkedin").text
        post(client, author=MEMBER)

        assert "Organization" in organization
        assert "Member" not in organization
        assert "Member" in client.http.get("/linkedin/demo").text
