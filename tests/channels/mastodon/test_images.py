"""Images on Mastodon: uploaded one by one, waited for, attached once."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from publishing.channels.base.contract import Prepared
from publishing.channels.base.uploads import resume
from publishing.channels.mastodon import MastodonChannel
from publishing.channels.mastodon.media import KEPT, media_ids
from publishing.domain.account import Destination
from publishing.domain.content import Content
from publishing.domain.outcome import Deferred, Published, Reason, Rejected, Unknown
from tests.channels.pictured import Publisher, payload_of
from tests.channels.samples import sample_reader
from tests.channels.simulated import build_account, new_account, utc_now
from tests.pictures import Shelf, animation_bytes, build_rendition, use_of
from tests.servers import http_answer, serving

sample = sample_reader(__file__)
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
FAMILY = "👨‍👩‍👧‍👦"


@pytest.fixture
def channel():
    return MastodonChannel()


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def account(platforms_url):
    return new_account(platforms_url, "mastodon", "token")


@pytest.fixture
def publisher(channel, account, client, shelf):
    return Publisher(channel, account.destination(), client, shelf)


def outcome_of(outcome) -> tuple[type, Reason | None]:
    return type(outcome), getattr(outcome, "reason", None)


class TestAnUpload:
    def test_that_failed_is_all_that_is_done_again(self, publisher, account, shelf):
        payload = payload_of(publisher.channel, publisher.destination, *(shelf.use() for _ in range(3)))
        first = publisher.step(payload)
        payload = replace(payload, handle=first.handle)
        account.misbehaves("unavailable_before", on="upload", count=1)

        failed = publisher.step(payload)
        outcome = publisher.publish(publisher.prepared(payload))

        assert outcome_of(failed) == (Deferred, Reason.UNAVAILABLE)
        assert "image 2" in failed.detail
        assert isinstance(outcome, Published)
        (post,) = account.posts()
        assert [image["sha256"] for image in post["images"]] == [file.sha256 for file in payload.files]
        assert account.count("upload") == 4

    def test_carries_its_description_whatever_it_is_written_in(self, publisher, account, shelf):
        description = f'{FAMILY} vor der "Tür"\r\nheute & morgen'
        payload = payload_of(publisher.channel, publisher.destination, shelf.use(alt_text=description))

        publisher.publish(publisher.prepared(payload))

        (post,) = account.posts()
        assert [image["alt_text"] for image in post["images"]] == [description]

    def test_of_an_animation_moves(self, publisher, account, shelf):
        use = use_of(shelf.add(animation_bytes(), "image/gif"))
        payload = payload_of(publisher.channel, publisher.destination, use)

        first = publisher.step(payload)
        outcome = publisher.publish(publisher.prepared(replace(payload, handle=first.handle)))

        assert not first.is_complete
        assert isinstance(outcome, Published)
        assert [image["media_type"] for image in account.posts()[0]["images"]] == ["image/gif"]

    def test_waits_where_there_were_too_many(self, publisher, account, shelf):
        account.is_registered(upload_limit=1)
        payload = payload_of(publisher.channel, publisher.destination, shelf.use(), shelf.use())
        payload = replace(payload, handle=publisher.step(payload).handle)
        before = utc_now()

        outcome = publisher.step(payload)

        assert outcome_of(outcome) == (Deferred, Reason.RATE)
        assert before < outcome.not_before <= before + timedelta(minutes=31)

    def test_that_is_too_old_is_made_anew(self, publisher, account, shelf):
        payload = payload_of(publisher.channel, publisher.destination, shelf.use())
        payload = publisher.prepared(payload, now=NOW)

        within = publisher.prepared(payload, now=NOW + KEPT - timedelta(seconds=1))
        later = publisher.prepared(payload, now=NOW + KEPT)

        assert within.handle == payload.handle
        assert media_ids(later) != media_ids(payload)
        assert account.count("upload") == 2

    def test_is_not_repeated_for_a_repeat_under_the_key(self, publisher, account, shelf):
        payload = publisher.prepared(payload_of(publisher.channel, publisher.destination, shelf.use(), shelf.use()))
        account.misbehaves("accept_and_hang_up", count=1)

        lost = publisher.publish(payload)
        again = publisher.publish(publisher.prepared(payload))

        assert isinstance(lost, Unknown)
        assert isinstance(again, Published)
        assert [len(post["images"]) for post in account.posts()] == [2]
        assert account.count("upload") == 2


class TestProcessing:
    def test_is_waited_for_without_another_upload(self, publisher, account, shelf):
        account.is_registered(processing_seconds=90_000)
        payload = payload_of(publisher.channel, publisher.destination, shelf.use(), shelf.use())
        for _ in range(2):
            step = publisher.step(payload)
            payload = replace(payload, handle=step.handle)

        waiting = publisher.step(payload, now=utc_now())

        assert not step.is_complete
        assert outcome_of(waiting) == (Deferred, Reason.UNAVAILABLE)
        assert waiting.detail == "Mastodon is still processing image 1."
        assert timedelta() < waiting.not_before - utc_now() < timedelta(minutes=1)
        assert account.count("upload") == 2

    def test_that_ended_leads_to_a_status_with_all_images(self, publisher, account, shelf):
        account.is_registered(processing_seconds=0)
        payload = payload_of(publisher.channel, publisher.destination, *(shelf.use() for _ in range(4)))

        outcome = publisher.publish(publisher.prepared(payload))

        assert isinstance(outcome, Published)
        (post,) = account.posts()
        assert [image["sha256"] for image in post["images"]] == [file.sha256 for file in payload.files]

    @pytest.mark.parametrize(
        ("answer", "expected", "waits"),
        [
            ("media_processing", (Deferred, Reason.UNAVAILABLE), timedelta(seconds=15)),
            ("media_failed", (Rejected, Reason.CONTENT), None),
            ("media_gone", (Deferred, Reason.UNAVAILABLE), KEPT),
            ("revoked", (Deferred, Reason.CREDENTIAL), None),
        ],
    )
    def test_may_end_otherwise(self, channel, client, shelf, answer, expected, waits):
        outcome = asked(channel, client, shelf, sample(answer).raw())

        assert outcome_of(outcome) == expected
        assert outcome.detail.startswith("Mastodon ")
        if waits is not None:
            assert outcome.not_before == NOW + waits

    def test_that_ended_completes_the_handle(self, channel, client, shelf):
        outcome = asked(channel, client, shelf, sample("media").raw())

        assert isinstance(outcome, Prepared)
        assert outcome.is_complete
        assert "waits" not in outcome.handle


class TestARequestThatUploads:
    def test_is_a_form_with_the_file_and_its_description(self, channel, client, shelf):
        use = shelf.use(alt_text="A door")

        step, requests = uploaded(channel, client, shelf, use, sample("media").raw())

        head, _, body = requests[0].partition(b"\r\n\r\n")
        assert head.startswith(b"POST /api/v2/media HTTP/1.1\r\n")
        assert b"authorization: Bearer token" in head
        assert b"content-type: multipart/form-data; boundary=" in head
        assert b'name="description"\r\n\r\nA door\r\n' in body
        assert shelf.files[use.renditions[0].key] in body
        assert (step.is_complete, "22348641" in step.handle) == (True, True)

    def test_names_no_description_where_there_is_none(self, channel, client, shelf):
        _, requests = uploaded(channel, client, shelf, shelf.use(alt_text=""), sample("media").raw())

        assert b"description" not in requests[0]

    @pytest.mark.parametrize("body", [b"{}", b"[]", b'{"id": 7}', b'{"id": ""}', b'{"id": "' + b"1" * 101 + b'"}'])
    def test_and_is_answered_without_an_id_is_made_again(self, channel, client, shelf, body):
        outcome, _ = uploaded(channel, client, shelf, shelf.use(), http_answer(body))

        assert outcome_of(outcome) == (Deferred, Reason.UNAVAILABLE)

    def test_and_is_refused_names_the_image(self, channel, client, shelf):
        outcome, _ = uploaded(channel, client, shelf, shelf.use(), sample("media_refused").raw())

        assert outcome == Rejected(
            reason=Reason.CONTENT,
            detail="Mastodon does not accept the image. Use another picture.",
        )


class TestARefusedStatus:
    def test_whose_media_are_gone_is_tried_again_with_new_ones(self, publisher, platforms_url, client, shelf):
        elsewhere = new_account(platforms_url, "mastodon", "token")
        other = Publisher(publisher.channel, elsewhere.destination(), client, shelf)
        payload = publisher.prepared(payload_of(publisher.channel, publisher.destination, shelf.use()))
        since = resume(payload, longest=KEPT, now=utc_now()).since or NOW

        outcome = other.publish(payload)
        later = other.publish(other.prepared(payload, now=outcome.not_before), now=outcome.not_before)

        assert outcome_of(outcome) == (Deferred, Reason.UNAVAILABLE)
        assert outcome.not_before == since + KEPT
        assert isinstance(later, Published)
        assert [len(post["images"]) for post in elsewhere.posts()] == [1]

    def test_whose_media_are_there_is_refused_for_its_text(self, publisher, account, shelf):
        payload = payload_of(publisher.channel, publisher.destination, shelf.use(), text="a" * 501)

        outcome = publisher.publish(publisher.prepared(payload))

        assert outcome_of(outcome) == (Rejected, Reason.CONTENT)

    @pytest.mark.parametrize("fault", ["server_error_before", "hang_up_before", "rate_limited"])
    def test_whose_media_cannot_be_asked_for_is_tried_again(self, publisher, account, shelf, fault):
        payload = publisher.prepared(payload_of(publisher.channel, publisher.destination, shelf.use(), text="a" * 501))
        account.misbehaves(fault, on="read")

        outcome = publisher.publish(payload)

        assert outcome_of(outcome) == (Deferred, Reason.UNAVAILABLE)
        assert account.posts() == []


class TestAStatus:
    def test_is_not_sent_before_its_images_are_there(self, publisher, account, shelf):
        payload = payload_of(publisher.channel, publisher.destination, shelf.use(), shelf.use())
        half = replace(payload, handle=publisher.step(payload).handle)

        outcomes = [publisher.publish(each) for each in (payload, half)]

        assert [outcome_of(outcome) for outcome in outcomes] == [(Deferred, Reason.INTERNAL)] * 2
        assert account.count("create") == 0

    def test_is_known_by_its_images_and_their_descriptions(self, channel, shelf):
        destination = Destination(account=build_account("mastodon", "https://m.example"), credential="token")
        use = shelf.use()

        hashes = {
            payload_of(channel, destination, *uses).sha()
            for uses in ((), (use,), (replace(use, alt_text="A window"),), (shelf.use(),))
        }

        assert len(hashes) == 4


class TestProblems:
    account = build_account("mastodon", "https://m.example")

    def test_count_a_description_as_the_server_does(self, channel):
        use = use_of(build_rendition(), alt_text=FAMILY * 215)

        (problem,) = channel.problems(Content(text="Look", media=(use,)), self.account)

        assert problem.code == "alt_text_too_long"
        assert "1,500 characters; this has 1,505. Shorten it by 5." in problem.detail

    def test_show_a_large_animation_as_a_still_picture(self, channel):
        still = build_rendition("image/jpeg", width=1_280, height=721)
        large = use_of(build_rendition("image/gif", width=1_280, height=721, frames=9), still)
        fitting = use_of(build_rendition("image/gif", width=1_280, height=720, frames=9), still)

        warnings = channel.problems(Content(text="Look", media=(large,)), self.account)

        assert [problem.code for problem in warnings] == ["animation_lost"]
        assert channel.problems(Content(text="Look", media=(fitting,)), self.account) == ()


def uploaded(channel, client, shelf, use, answer: bytes):
    """Upload to a server that answers so."""
    with serving(answer) as server:
        destination = Destination(account=build_account("mastodon", server.url), credential="token")
        publisher = Publisher(channel, destination, client, shelf)
        return publisher.step(payload_of(channel, destination, use), now=NOW), server.requests


def asked(channel, client, shelf, answer: bytes):
    """Upload to a server that processes later, and ask it afterwards."""
    answers = [sample("media_later").raw(), answer]
    with serving(lambda connection, _: connection.sendall(answers.pop(0))) as server:
        destination = Destination(account=build_account("mastodon", server.url), credential="token")
        publisher = Publisher(channel, destination, client, shelf)
        payload = payload_of(channel, destination, shelf.use())
        return publisher.step(replace(payload, handle=publisher.step(payload, now=NOW).handle), now=NOW)
