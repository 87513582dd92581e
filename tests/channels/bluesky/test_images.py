"""Images on Bluesky: blobs first, then a record that is the same at every attempt."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from publishing.channels.base.uploads import finished, resume
from publishing.channels.bluesky import BlueskyChannel
from publishing.channels.bluesky.blobs import KEPT
from publishing.channels.bluesky.payload import build_body, measure
from publishing.domain.account import Destination
from publishing.domain.content import Content, Severity
from publishing.domain.outcome import Deferred, Published, Reason, Rejected, Unknown
from tests.channels.bluesky.pds import named_answer, pds
from tests.channels.pictured import Publisher, payload_of
from tests.channels.samples import sample_reader
from tests.channels.simulated import build_account, build_submission, new_account, utc_now
from tests.pictures import Shelf, animation_bytes, build_rendition, use_of
from tests.servers import http_answer, serving

sample = sample_reader(__file__)
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
LINK = "https://example.org/a"


@pytest.fixture
def channel():
    return BlueskyChannel()


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def account(platforms_url):
    return new_account(platforms_url, "bluesky", "{name}.test:bluesky-{name}-secret")


@pytest.fixture
def publisher(channel, account, client, shelf):
    return Publisher(channel, account.destination(), client, shelf)


def outcome_of(outcome) -> tuple[type, Reason | None]:
    return type(outcome), getattr(outcome, "reason", None)


def record_sent(account) -> dict[str, Any]:
    (post,) = account.posts()
    return dict(json.loads(post["body"])["record"])


class TestABlob:
    def test_that_failed_is_all_that_is_sent_again(self, publisher, account, shelf):
        payload = payload_of(publisher.channel, publisher.destination, *(shelf.use() for _ in range(3)))
        payload = replace(payload, handle=publisher.step(payload).handle)
        account.misbehaves("server_error_after", on="upload", count=1)

        failed = publisher.step(payload)
        outcome = publisher.publish(publisher.prepared(payload))

        assert outcome_of(failed) == (Deferred, Reason.UNAVAILABLE)
        assert isinstance(outcome, Published)
        assert [image["sha256"] for image in account.posts()[0]["images"]] == [file.sha256 for file in payload.files]
        assert account.count("upload") == 4

    def test_of_an_animation_is_its_file(self, publisher, account, shelf):
        use = use_of(shelf.add(animation_bytes(), "image/gif"))
        payload = payload_of(publisher.channel, publisher.destination, use)

        outcome = publisher.publish(publisher.prepared(payload))

        assert isinstance(outcome, Published)
        (image,) = record_sent(account)["embed"]["images"]
        assert image["image"]["mimeType"] == "image/gif"

    def test_is_known_as_the_server_calls_it(self, channel, client, shelf):
        outcome, requests = uploaded(channel, client, shelf, sample("blob").raw())

        head, _, body = requests[-1].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /xrpc/com.atproto.repo.uploadBlob HTTP/1.1\r\n")
        assert b"content-type: image/jpeg" in head
        assert body in shelf.files.values()
        assert json.loads(outcome.handle)["files"] == [sample("blob").answer.json_object()]

    @pytest.mark.parametrize(
        "blob",
        [
            None,
            [],
            {},
            {"ref": "x", "mimeType": "image/png", "size": 1},
            {"ref": {"$link": ""}, "mimeType": "image/png", "size": 1},
            {"ref": {"$link": "b" * 201}, "mimeType": "image/png", "size": 1},
            {"ref": {"$link": "b"}, "mimeType": 7, "size": 1},
            {"ref": {"$link": "b"}, "mimeType": "image/png", "size": "1"},
        ],
    )
    def test_that_the_answer_does_not_name_is_sent_again(self, channel, client, shelf, blob):
        outcome, _ = uploaded(channel, client, shelf, http_answer(json.dumps({"blob": blob}).encode()))

        assert outcome_of(outcome) == (Deferred, Reason.UNAVAILABLE)

    @pytest.mark.parametrize(
        ("status", "name", "expected"),
        [
            (400, "InvalidRequest", (Rejected, Reason.CONTENT)),
            (413, "PayloadTooLarge", (Rejected, Reason.CONTENT)),
            (400, "AccountTakedown", (Rejected, Reason.PERMISSION)),
            (429, "RateLimitExceeded", (Deferred, Reason.RATE)),
            (500, "InternalServerError", (Deferred, Reason.UNAVAILABLE)),
        ],
    )
    def test_may_be_refused(self, channel, client, shelf, status, name, expected):
        outcome, _ = uploaded(channel, client, shelf, named_answer(status, name))

        assert outcome_of(outcome) == expected

    def test_is_sent_with_another_session_when_the_kept_one_ended(self, channel, client, shelf):
        answers = [sample("blob").raw(), sample("expired_token").raw(), sample("blob").raw()]
        with serving(pds({"uploadBlob": lambda: answers.pop(0)})) as server:
            publisher = publisher_at(server.url, channel, client, shelf)
            payload = payload_of(channel, publisher.destination, shelf.use(), shelf.use())
            payload = publisher.prepared(payload, now=NOW)

        assert len(finished(payload).notes) == 2
        assert calls_of(server) == ["createSession", "uploadBlob", "uploadBlob", "refreshSession", "uploadBlob"]

    def test_is_not_sent_a_third_time(self, channel, client, shelf):
        outcome, requests = uploaded(channel, client, shelf, sample("expired_token").raw())

        assert outcome_of(outcome) == (Deferred, Reason.CREDENTIAL)
        assert sum(b"uploadBlob" in request for request in requests) == 1

    def test_is_not_sent_without_a_session(self, channel, client, shelf):
        with serving(pds({"createSession": named_answer(401, "AuthenticationRequired")})) as server:
            publisher = publisher_at(server.url, channel, client, shelf)
            outcome = publisher.step(payload_of(channel, publisher.destination, shelf.use()), now=NOW)

        assert outcome_of(outcome) == (Deferred, Reason.CREDENTIAL)
        assert calls_of(server) == ["createSession"]


class TestARecord:
    def test_refers_to_its_images_with_their_descriptions_and_shapes(self, publisher, account, shelf):
        use = shelf.use(alt_text="👨‍👩‍👧‍👦 vor der Tür", width=80)
        silent = shelf.use(alt_text="")
        payload = payload_of(publisher.channel, publisher.destination, use, silent)

        publisher.publish(publisher.prepared(payload))

        embed = record_sent(account)["embed"]
        assert embed["$type"] == "app.bsky.embed.images"
        assert [image["alt"] for image in embed["images"]] == ["👨‍👩‍👧‍👦 vor der Tür", ""]
        assert embed["images"][0]["aspectRatio"] == {"width": 80, "height": 48}
        assert embed["images"][0]["image"].keys() == {"$type", "ref", "mimeType", "size"}

    def test_is_the_same_after_its_blobs_were_uploaded_anew(self, publisher, account, shelf):
        payload = payload_of(publisher.channel, publisher.destination, shelf.use(), shelf.use())
        prepared = publisher.prepared(payload, now=NOW)
        account.misbehaves("accept_and_hang_up", count=1)

        lost = publisher.publish(prepared)
        later = publisher.prepared(prepared, now=NOW + KEPT)
        again = publisher.publish(later)

        assert isinstance(lost, Unknown)
        assert isinstance(again, Published)
        assert len(account.posts()) == 1
        assert account.count("upload") == 4
        assert finished(later).notes == finished(prepared).notes

    def test_is_put_by_the_session_that_came_after_the_one_of_its_blobs(self, channel, client, shelf):
        answers = [sample("expired_token").raw(), http_answer(b"{}")]
        script = pds({"uploadBlob": sample("blob").raw(), "putRecord": lambda: answers.pop(0)})
        with serving(script) as server:
            publisher = publisher_at(server.url, channel, client, shelf)
            payload = publisher.prepared(payload_of(channel, publisher.destination, shelf.use()), now=NOW)
            ended = publisher.publish(payload, now=NOW)
            publisher.publish(publisher.prepared(payload, now=NOW), now=NOW)

        assert outcome_of(ended) == (Deferred, Reason.UNAVAILABLE)
        assert calls_of(server) == ["createSession", "uploadBlob", "putRecord", "refreshSession", "putRecord"]

    def test_whose_blobs_are_gone_is_tried_again_with_new_ones(self, publisher, platforms_url, client, shelf):
        elsewhere = new_account(platforms_url, "bluesky", "{name}.test:bluesky-{name}-secret")
        other = Publisher(publisher.channel, elsewhere.destination(), client, shelf)
        payload = publisher.prepared(payload_of(publisher.channel, publisher.destination, shelf.use()))
        since = resume(payload, longest=KEPT, now=utc_now()).since or NOW

        outcome = other.publish(payload)
        later = other.publish(other.prepared(payload, now=outcome.not_before))

        assert outcome_of(outcome) == (Deferred, Reason.UNAVAILABLE)
        assert outcome.not_before == since + KEPT
        assert isinstance(later, Published)
        assert [len(post["images"]) for post in elsewhere.posts()] == [1]

    @pytest.mark.parametrize(
        ("name", "expected"),
        [("blob_gone", (Deferred, Reason.UNAVAILABLE)), ("blob_too_big", (Rejected, Reason.CONTENT))],
    )
    def test_is_refused_as_a_real_server_words_it(self, channel, client, shelf, name, expected):
        with serving(pds({"uploadBlob": sample("blob").raw(), "putRecord": sample(name).raw()})) as server:
            publisher = publisher_at(server.url, channel, client, shelf)
            payload = publisher.prepared(payload_of(channel, publisher.destination, shelf.use()), now=NOW)
            outcome = publisher.publish(payload, now=NOW)

        assert outcome_of(outcome) == expected

    def test_is_not_put_before_its_images_are_there(self, publisher, account, shelf):
        payload = payload_of(publisher.channel, publisher.destination, shelf.use())

        outcome = publisher.publish(payload)

        assert outcome_of(outcome) == (Deferred, Reason.INTERNAL)
        assert account.count("create") == 0


class TestALinkWithImages:
    def test_stands_in_the_text_and_is_linked(self, publisher, account, shelf):
        payload = payload_of(publisher.channel, publisher.destination, shelf.use(), text="Grüße #an alle", link=LINK)

        publisher.publish(publisher.prepared(payload))

        record = record_sent(account)
        raw = record["text"].encode()
        pieces = [raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]] for facet in record["facets"]]
        assert record["text"] == payload.text == f"Grüße #an alle\n\n{LINK}"
        assert pieces == [b"#an", LINK.encode()]
        assert record["embed"]["$type"] == "app.bsky.embed.images"

    @pytest.mark.parametrize("link", ["https://example.org/a.", "https://example.org/(b)", "https://example.org/c)!"])
    def test_leads_to_exactly_what_was_given(self, channel, shelf, link):
        payload = payload_of(channel, nowhere(), shelf.use(), link=link)

        record: Any = payload.body["record"]
        assert [facet["features"][0]["uri"] for facet in record["facets"]] == [link]
        assert record["facets"][0]["index"]["byteEnd"] == len(payload.text.encode())

    def test_is_not_repeated_where_the_text_holds_it(self, channel, shelf):
        payload = payload_of(channel, nowhere(), shelf.use(), text=f"See {LINK} now", link=LINK)

        record: Any = payload.body["record"]
        assert payload.text == f"See {LINK} now"
        assert len(record["facets"]) == 1

    def test_counts(self, channel, shelf):
        use, account = shelf.use(), build_account("bluesky", "https://bsky.social")
        fits = Content(text="a" * (300 - len(LINK) - 2), link=LINK, media=(use,))
        too_long = replace(fits, text=fits.text + "a")

        assert measure(fits) == 300
        assert channel.problems(fits, account) == ()
        (problem,) = channel.problems(too_long, account)
        assert problem.detail == "Bluesky takes 300 characters; this has 301, its link included. Shorten it by 1."
        assert channel.problems(replace(too_long, media=()), account) == ()

    def test_counts_its_bytes_too(self, channel, shelf):
        text = "👨‍👩‍👧‍👦" * 119
        account = build_account("bluesky", "https://bsky.social")
        content = Content(text=text, link=LINK + "b" * 5, media=(shelf.use(),))

        (problem,) = channel.problems(content, account)

        assert "3,000 bytes; this has 3,003" in problem.detail
        assert channel.problems(replace(content, link=LINK), account) == ()

    def test_leaves_no_place_for_a_title(self, channel, shelf):
        content = Content(text="Hi", title="Title", link=LINK, media=(shelf.use(),))

        problems = channel.problems(content, build_account("bluesky", "https://bsky.social"))

        assert [(problem.code, problem.severity) for problem in problems] == [("title_dropped", Severity.WARNING)]

    def test_is_a_card_without_them(self):
        record: Any = build_body(build_submission("Hi", link=LINK))["record"]

        assert record["text"] == "Hi"
        assert record["embed"]["$type"] == "app.bsky.embed.external"


class TestSizes:
    def test_are_those_of_every_server_unless_the_account_states_more(self, channel):
        large, small = build_rendition(size=1_900_000), build_rendition(size=900_000)
        use = use_of(large, small)

        usual = payload_of(channel, nowhere(), use)
        newer = payload_of(channel, nowhere(image_size_limit="2000000"), use)

        assert (usual.files, newer.files) == ((small,), (large,))

    def test_beyond_the_limit_are_refused(self, channel):
        content = Content(text="Look", media=(use_of(build_rendition(size=1_900_000)),))

        refused = channel.problems(content, nowhere().account)

        assert [problem.code for problem in refused] == ["unfit_media"]
        assert "1,900,000 bytes, and 1,000,000 are taken" in refused[0].detail
        assert channel.problems(content, nowhere(image_size_limit="2000000").account) == ()


def nowhere(**settings: str) -> Destination:
    return Destination(account=build_account("bluesky", "https://bsky.social", **settings), credential="a.test:secret")


def publisher_at(url: str, channel, client, shelf) -> Publisher:
    destination = Destination(account=build_account("bluesky", url), credential="a.test:secret")
    return Publisher(channel, destination, client, shelf)


def uploaded(channel, client, shelf, answer: bytes):
    """Upload to a server that answers so."""
    with serving(pds({"uploadBlob": answer})) as server:
        publisher = publisher_at(server.url, channel, client, shelf)
        return publisher.step(payload_of(channel, publisher.destination, shelf.use()), now=NOW), server.requests


def calls_of(server) -> list[str]:
    return [request.split(b" ")[1].decode().partition("?")[0].rpartition(".")[2] for request in server.requests]
