"""Images on Facebook: fetched by it one by one, then shown by the post."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from publishing.channels.base import border
from publishing.channels.base.contract import Prepared, Trace
from publishing.channels.facebook import FacebookChannel
from publishing.channels.facebook.photos import KEPT_FOR, count_photos
from publishing.domain.account import Destination
from publishing.domain.content import Content, Severity
from publishing.domain.outcome import Absent, Deferred, Found, Published, Reason, Rejected, Undecidable, Unknown
from tests.channels.samples import sample_reader
from tests.channels.simulated import build_account, build_submission, new_account, utc_now
from tests.pictures import Shelf, build_rendition, picture_bytes, use_of
from tests.servers import http_answer, serving

sample = sample_reader(__file__)
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


@pytest.fixture
def channel():
    return FacebookChannel()


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def page(platforms_url):
    return new_account(platforms_url, "facebook", "token")


def built(channel, destination, *uses, media_url="https://media.example", text="Look", link=None):
    content = Content(text=text, link=link, media=uses)
    submission = replace(build_submission(), content=content, media_url=media_url)
    return channel.build(submission, destination.account)


def step(channel, payload, destination, client, *, now=None):
    return border.prepare(channel, payload, destination, client.courier(), library=Shelf(), now=now or utc_now())


def all_steps(channel, payload, destination, client):
    while True:
        done = step(channel, payload, destination, client)
        assert isinstance(done, Prepared), done
        payload = replace(payload, handle=done.handle)
        if done.is_complete:
            return payload


def publish(channel, payload, destination, client):
    return border.publish(channel, payload, destination, client.courier(), now=utc_now())


class TestAPostWithImages:
    def test_shows_them_in_their_order_with_their_descriptions(self, channel, client, page, shelf):
        destination = page.destination()
        uses = tuple(shelf.use(alt_text=text) for text in ("A door 🚪", "", "Three"))
        with shelf.serving() as url:
            payload = all_steps(channel, built(channel, destination, *uses, media_url=url), destination, client)
        outcome = publish(channel, payload, destination, client)

        (post,) = page.posts()
        assert isinstance(outcome, Published)
        assert [image["alt_text"] for image in post["images"]] == ["A door 🚪", "", "Three"]
        assert json.loads(post["body"]) == {
            "message": "Look",
            "attached_media": [{"media_fbid": image["id"]} for image in post["images"]],
        }

    def test_has_its_link_in_the_text_where_it_is_counted(self, channel, client, page, shelf):
        destination, link = page.destination(), "https://example.org/a"
        use = shelf.use()
        with shelf.serving() as url:
            payload = built(channel, destination, use, media_url=url, link=link)
            publish(channel, all_steps(channel, payload, destination, client), destination, client)
        too_long = Content(text="a" * 63_190, link=link, media=(use,))

        (problem,) = channel.problems(too_long, destination.account)

        (post,) = page.posts()
        assert post["text"] == payload.text == f"Look\n\n{link}"
        assert "link" not in json.loads(post["body"])
        assert problem.detail == (
            "Facebook takes 63,206 characters; this has 63,213, its link included. Shorten it by 7."
        )

    def test_is_not_made_before_all_images_are_there(self, channel, client, page, shelf):
        destination = page.destination()
        with shelf.serving() as url:
            payload = built(channel, destination, shelf.use(), shelf.use(), media_url=url)
            done = step(channel, payload, destination, client)

        outcome = publish(channel, replace(payload, handle=done.handle), destination, client)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Deferred, Reason.INTERNAL)
        assert page.count("create") == 0

    def test_has_a_hash_of_its_images_and_not_of_their_ids_there(self, channel, page, shelf):
        use, destination = shelf.use(), page.destination()
        payload = built(channel, destination, use)

        assert replace(payload, handle="{}").sha() == built(channel, destination, use).sha()
        assert built(channel, destination, shelf.use()).sha() != payload.sha()


class TestPuttingImagesInPlace:
    def test_goes_on_with_the_second_of_three_after_it_failed(self, channel, client, page, shelf):
        destination = page.destination()
        uses = tuple(shelf.use(alt_text=f"Number {number}") for number in range(3))
        with shelf.serving() as url:
            payload = built(channel, destination, *uses, media_url=url)
            payload = replace(payload, handle=step(channel, payload, destination, client).handle)
            page.misbehaves("unavailable_after", on="upload", count=1)
            failed = step(channel, payload, destination, client)
            payload = all_steps(channel, payload, destination, client)
        outcome = publish(channel, payload, destination, client)

        (post,) = page.posts()
        assert (type(failed), getattr(failed, "reason", None)) == (Deferred, Reason.UNAVAILABLE)
        assert isinstance(outcome, Published)
        assert [image["alt_text"] for image in post["images"]] == ["Number 0", "Number 1", "Number 2"]
        assert page.count("upload") == 4

    def test_begins_anew_when_the_first_was_fetched_long_ago(self, channel, client, page, shelf):
        destination = page.destination()
        with shelf.serving() as url:
            payload = built(channel, destination, shelf.use(), media_url=url)
            done = step(channel, payload, destination, client, now=utc_now() - KEPT_FOR)
            again = step(channel, replace(payload, handle=done.handle), destination, client)

        assert again.handle != done.handle
        assert page.count("upload") == 2

    def test_says_which_image_facebook_cannot_read(self, channel, client, page, shelf):
        destination = page.destination()
        uses = (shelf.use(), shelf.use())
        with shelf.serving() as url:
            payload = built(channel, destination, *uses, media_url=url)
            payload = replace(payload, handle=step(channel, payload, destination, client).handle)
            del shelf.files[uses[1].renditions[0].key]
            outcome = step(channel, payload, destination, client)

        detail = "Facebook cannot read the address of a file. It concerns image 2."
        assert outcome == Rejected(reason=Reason.CONTENT, detail=detail)

    def test_asks_for_an_unpublished_photo_with_the_accounts_authority(self, channel, client):
        outcome, requests = stepped(channel, client, sample("photo").raw(), credential="token secret")

        head, _, body = requests[0].partition(b"\r\n\r\n")
        fields = json.loads(body)
        assert isinstance(outcome, Prepared)
        assert head.startswith(b"POST /v26.0/me/photos HTTP/1.1\r\n")
        assert b"authorization: Bearer token\r\n" in head
        assert fields.keys() == {"url", "published", "alt_text_custom", "appsecret_proof"}
        assert fields["url"].startswith("https://media.example/media/picture-")
        assert fields["published"] is False
        assert "secret" not in outcome.handle
        assert json.loads(outcome.handle)["files"] == [{"id": "1116692711500001"}]

    @pytest.mark.parametrize(
        ("error", "expected"),
        [
            ({"code": 100, "error_subcode": 1_366_046}, (Rejected, Reason.CONTENT)),
            ({"code": 324, "error_subcode": 2_069_019}, (Rejected, Reason.CONTENT)),
            ({"code": 100, "error_subcode": 2_061_006}, (Rejected, Reason.CONTENT)),
            ({"code": 1, "error_subcode": 1_366_051}, (Rejected, Reason.DUPLICATE)),
            ({"code": 368}, (Rejected, Reason.PERMISSION)),
            ({"code": 1}, (Deferred, Reason.UNAVAILABLE)),
            ({"code": 2, "is_transient": True}, (Deferred, Reason.UNAVAILABLE)),
            ({"code": 190, "error_subcode": 463}, (Deferred, Reason.CREDENTIAL)),
            ({"code": 80_001}, (Deferred, Reason.RATE)),
        ],
    )
    def test_is_never_doubt(self, channel, client, error, expected):
        raw = http_answer(json.dumps({"error": {"message": "x", **error}}).encode(), status="400 Bad Request")

        outcome, _ = stepped(channel, client, raw)

        assert (type(outcome), getattr(outcome, "reason", None)) == expected
        assert outcome.detail.endswith(".")

    def test_names_the_image_that_is_not_taken(self, channel, client):
        outcome, _ = stepped(channel, client, sample("photo_refused").raw())

        detail = "Facebook does not accept this picture: it is too large or of another kind. It concerns the image."
        assert outcome == Rejected(reason=Reason.CONTENT, detail=detail)

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id": 7}', b'{"id": "a"}', b'{"id": ""}', b"<html>"])
    def test_tries_again_where_facebook_names_no_photo(self, channel, client, body):
        outcome, _ = stepped(channel, client, http_answer(body))

        assert (type(outcome), getattr(outcome, "reason", None)) == (Deferred, Reason.UNAVAILABLE)


class TestLookingForImages:
    def test_finds_the_post_that_shows_as_many(self, channel, client, page, shelf):
        destination = page.destination()
        with shelf.serving() as url:
            payload = all_steps(
                channel, built(channel, destination, shelf.use(), shelf.use(), media_url=url), destination, client
            )
        trace = Trace(payload=payload, first_commit_at=utc_now(), handle=payload.handle)
        page.misbehaves("accept_and_hang_up")
        outcome = publish(channel, payload, destination, client)

        finding = border.look_up(channel, trace, destination, client.courier(), now=utc_now())

        assert isinstance(outcome, Unknown)
        assert isinstance(finding, Found)
        assert finding.publication.id == page.posts()[0]["id"]

    def test_leaves_a_post_with_the_text_and_other_images_to_a_person(self, channel, client, page, shelf):
        destination = page.destination()
        trace = Trace(payload=built(channel, destination, shelf.use()), first_commit_at=utc_now())
        publish(channel, built(channel, destination), destination, client)

        finding = border.look_up(channel, trace, destination, client.courier(), now=utc_now())

        detail = "Facebook lists a post with this text and other images. Look whether it is this one."
        assert finding == Undecidable(detail=detail)

    def test_says_absent_where_no_post_has_the_text(self, channel, client, page, shelf):
        destination = page.destination()
        trace = Trace(payload=built(channel, destination, shelf.use()), first_commit_at=utc_now())
        publish(channel, built(channel, destination, text="Something else"), destination, client)

        assert border.look_up(channel, trace, destination, client.courier(), now=utc_now()) == Absent()

    @pytest.mark.parametrize(
        ("attachments", "count"),
        [
            (None, 0),
            ([], 0),
            ({"data": None}, 0),
            ({"data": ["x"]}, 0),
            ({"data": [{"media_type": "link"}]}, 0),
            ({"data": [{"media_type": "photo"}]}, 1),
            ({"data": [{"media_type": "photo", "subattachments": {"data": []}}]}, 1),
            ({"data": [{"media_type": "album", "subattachments": {"data": [{"media_type": "photo"}] * 3}}]}, 3),
        ],
    )
    def test_counts_photos_however_they_are_listed(self, attachments, count):
        assert count_photos({"attachments": attachments}) == count


class TestProblemsOfImages:
    ACCOUNT = build_account("facebook", None)

    def test_begin_with_the_eleventh(self, channel):
        uses = tuple(use_of(build_rendition()) for _ in range(21))

        assert channel.problems(Content(text="Hi", media=uses[:10]), self.ACCOUNT) == ()
        (problem,) = channel.problems(Content(text="Hi", media=uses), self.ACCOUNT)
        assert problem.detail == "Facebook takes 10 images; this has 21. Remove 11."

    def test_are_none_for_a_webp_of_which_a_jpeg_was_made(self, channel, client, page, shelf):
        webp = shelf.add(picture_bytes("image/webp"), "image/webp")
        jpeg = shelf.add(picture_bytes(), "image/jpeg")
        use, destination = use_of(webp, jpeg), page.destination()
        with shelf.serving() as url:
            payload = all_steps(channel, built(channel, destination, use, media_url=url), destination, client)

        publish(channel, payload, destination, client)

        assert channel.problems(Content(text="Hi", media=(use,)), self.ACCOUNT) == ()
        assert [image["sha256"] for image in page.posts()[0]["images"]] == [jpeg.sha256]

    def test_warn_that_an_animation_will_not_move(self, channel):
        moving = use_of(build_rendition("image/gif", frames=2))

        (problem,) = channel.problems(Content(text="Hi", media=(moving,)), self.ACCOUNT)

        assert (problem.code, problem.severity) == ("animation_lost", Severity.WARNING)


def stepped(channel, client, raw, *, credential="token"):
    """Take one step on a server that answers with these bytes."""
    with serving(raw) as server:
        destination = Destination(account=build_account("facebook", server.url), credential=credential)
        payload = built(channel, destination, use_of(build_rendition()))
        outcome = step(channel, payload, destination, client, now=NOW)
    return outcome, server.requests
