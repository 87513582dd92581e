"""Images on LinkedIn: given to it one by one, then shown by the post."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from local.platforms.linkedin.platform import MEMBER, ORGANIZATION
from publishing.channels.base import border
from publishing.channels.base.contract import Prepared, Trace
from publishing.channels.linkedin import LinkedInChannel
from publishing.channels.linkedin.images import KEPT_FOR, belongs_to
from publishing.channels.linkedin.payload import build_body, with_images
from publishing.domain.account import Destination
from publishing.domain.content import Content, Severity
from publishing.domain.outcome import Deferred, Found, Published, Reason, Rejected, Unknown
from tests.channels.samples import sample_reader
from tests.channels.simulated import build_account, build_submission, new_account, utc_now
from tests.pictures import Shelf, build_rendition, picture_bytes, use_of
from tests.servers import http_answer, serving

sample = sample_reader(__file__)
NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
URN = "urn:li:image:C4E10AQFn10iWtKexVA"


@pytest.fixture
def channel():
    return LinkedInChannel()


@pytest.fixture
def shelf():
    return Shelf()


@pytest.fixture
def organization(platforms_url):
    return new_account(platforms_url, "linkedin", "token", settings={"remote_id": ORGANIZATION})


@pytest.fixture
def member(platforms_url):
    return new_account(platforms_url, "linkedin", "token", settings={"remote_id": MEMBER})


def built(channel, destination, *uses, text="Look", link=None, title=""):
    content = Content(text=text, link=link, title=title, media=uses)
    return channel.build(replace(build_submission(), content=content), destination.account)


def step(channel, payload, destination, client, shelf, *, now=None):
    return border.prepare(channel, payload, destination, client.courier(), library=shelf, now=now or utc_now())


def all_steps(channel, payload, destination, client, shelf):
    while True:
        done = step(channel, payload, destination, client, shelf)
        assert isinstance(done, Prepared), done
        payload = replace(payload, handle=done.handle)
        if done.is_complete:
            return payload


def publish(channel, payload, destination, client):
    return border.publish(channel, payload, destination, client.courier(), now=utc_now())


class TestAPostWithImages:
    def test_shows_one_as_media_and_several_together(self, channel, client, member, shelf):
        destination = member.destination()
        one = all_steps(
            channel, built(channel, destination, shelf.use(alt_text="A door 🚪")), destination, client, shelf
        )
        uses = [shelf.use(alt_text=""), shelf.use(alt_text="Two")]
        two = all_steps(channel, built(channel, destination, *uses, text="Both"), destination, client, shelf)

        outcomes = [publish(channel, payload, destination, client) for payload in (one, two)]

        first, second = member.posts()
        assert [type(outcome) for outcome in outcomes] == [Published, Published]
        assert json.loads(first["body"])["content"] == {
            "media": {"id": first["images"][0]["id"], "altText": "A door 🚪"}
        }
        assert json.loads(second["body"])["content"] == {
            "multiImage": {
                "images": [
                    {"id": second["images"][0]["id"]},
                    {"id": second["images"][1]["id"], "altText": "Two"},
                ]
            }
        }

    def test_has_its_link_in_the_text_where_it_is_counted(self, channel, client, member, shelf):
        destination, link = member.destination(), "https://example.org/a_(b)"
        use = shelf.use()
        payload = built(channel, destination, use, text="a" * 2_900, link=link, title="Opening")
        outcome = publish(channel, all_steps(channel, payload, destination, client, shelf), destination, client)
        too_long = Content(text="a" * 2_990, link=link, title="Opening", media=(use,))

        problems = channel.problems(too_long, destination.account)

        (post,) = member.posts()
        assert isinstance(outcome, Published)
        assert post["text"] == payload.text == "a" * 2_900 + "\n\n" + link
        assert "article" not in post["body"]
        assert [(problem.code, problem.severity) for problem in problems] == [
            ("too_long", Severity.PROBLEM),
            ("title_dropped", Severity.WARNING),
        ]
        assert "its link included" in problems[0].detail

    def test_is_a_duplicate_by_its_text_whatever_its_images(self, channel, client, member, shelf):
        destination = member.destination()
        payloads = [
            all_steps(channel, built(channel, destination, shelf.use()), destination, client, shelf) for _ in range(2)
        ]

        first, second = (publish(channel, payload, destination, client) for payload in payloads)

        assert isinstance(first, Published)
        assert (type(second), getattr(second, "reason", None)) == (Rejected, Reason.DUPLICATE)

    def test_is_found_again(self, channel, client, organization, shelf):
        destination = organization.destination()
        payload = all_steps(channel, built(channel, destination, shelf.use()), destination, client, shelf)
        trace = Trace(payload=payload, first_commit_at=utc_now(), handle=payload.handle)
        organization.misbehaves("accept_and_hang_up")
        outcome = publish(channel, payload, destination, client)

        finding = border.look_up(channel, trace, destination, client.courier(), now=utc_now())

        assert isinstance(outcome, Unknown)
        assert isinstance(finding, Found)
        assert finding.publication.id == organization.posts()[0]["id"]

    def test_is_not_made_before_all_images_are_there(self, channel, client, member, shelf):
        destination = member.destination()
        payload = built(channel, destination, shelf.use(), shelf.use())
        done = step(channel, payload, destination, client, shelf)

        outcome = publish(channel, replace(payload, handle=done.handle), destination, client)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Deferred, Reason.INTERNAL)
        assert member.count("create") == 0

    def test_has_a_hash_of_its_images_and_not_of_their_names_there(self, channel, member, shelf):
        use, other = shelf.use(), shelf.use()
        destination = member.destination()
        payload = built(channel, destination, use)

        assert replace(payload, handle="{}").sha() == built(channel, destination, use).sha()
        assert built(channel, destination, other).sha() != payload.sha()
        assert use.renditions[0].sha256 in repr(payload.body)
        assert "sha256" not in repr(with_images(payload.body, [URN]))

    def test_needs_a_name_for_every_image(self, channel, member, shelf):
        payload = built(channel, member.destination(), shelf.use())

        with pytest.raises(ValueError, match="zip"):
            with_images(payload.body, [])

    def test_without_images_stays_as_it_is(self):
        body = build_body(build_submission(link="https://example.org/", title="Opening"), {"remote_id": MEMBER})

        assert with_images(body, []) == body
        assert "article" in repr(body["content"])


class TestPuttingImagesInPlace:
    def test_goes_on_with_the_second_of_three_after_it_failed(self, channel, client, member, shelf):
        destination = member.destination()
        payload = built(channel, destination, *(shelf.use(alt_text=f"Number {number}") for number in range(3)))
        first = step(channel, payload, destination, client, shelf)
        payload = replace(payload, handle=first.handle)
        member.misbehaves("server_error_after", on="upload", count=1)

        failed = step(channel, payload, destination, client, shelf)
        outcome = publish(channel, all_steps(channel, payload, destination, client, shelf), destination, client)

        assert (type(failed), getattr(failed, "reason", None)) == (Deferred, Reason.UNAVAILABLE)
        assert failed.detail == "LinkedIn had an error of its own when it was given image 2 (HTTP 500)."
        assert isinstance(outcome, Published)
        (post,) = member.posts()
        assert [image["alt_text"] for image in post["images"]] == ["Number 0", "Number 1", "Number 2"]
        # Two requests for each image, and the one that failed.
        assert member.count("upload") == 7

    def test_begins_anew_when_the_first_upload_is_long_ago(self, channel, client, member, shelf):
        destination = member.destination()
        payload = built(channel, destination, shelf.use())
        done = step(channel, payload, destination, client, shelf, now=utc_now() - KEPT_FOR)
        payload = replace(payload, handle=done.handle)

        again = step(channel, payload, destination, client, shelf)

        assert again.handle != done.handle
        assert member.count("upload") == 4

    def test_asks_only_where_it_may_read_whether_all_are_ready(self, channel, client, member, organization, shelf):
        for account in (member, organization):
            destination = account.destination()
            all_steps(channel, built(channel, destination, shelf.use(), shelf.use()), destination, client, shelf)

        assert (member.count("read"), organization.count("read")) == (0, 2)

    def test_waits_while_linkedin_works_on_one(self, channel, client, organization, shelf):
        destination, now = organization.destination(), utc_now()
        organization.is_registered(credentials=[organization.credential], processing=1)
        payload = built(channel, destination, shelf.use())
        done = step(channel, payload, destination, client, shelf, now=now)
        payload = replace(payload, handle=done.handle)

        waiting = step(channel, payload, destination, client, shelf, now=now)
        organization.is_registered(credentials=[organization.credential])
        ready = step(channel, payload, destination, client, shelf)

        assert not done.is_complete
        assert waiting == Deferred(
            reason=Reason.UNAVAILABLE,
            detail="LinkedIn is still working on the image.",
            not_before=now + timedelta(seconds=5),
        )
        assert ready == Prepared(handle=done.handle, is_complete=True)

    def test_says_which_image_linkedin_could_not_process(self, channel, client, organization, shelf):
        destination = organization.destination()
        uses = (shelf.use(), shelf.use())
        shelf.files[uses[1].renditions[0].key] = b"no picture"
        payload = built(channel, destination, *uses)
        for _ in range(2):
            payload = replace(payload, handle=step(channel, payload, destination, client, shelf).handle)

        outcome = step(channel, payload, destination, client, shelf)

        detail = "LinkedIn could not process image 2. Use another picture."
        assert outcome == Rejected(reason=Reason.CONTENT, detail=detail)

    def test_goes_on_where_the_token_may_write_but_not_read(self, channel, client, organization, shelf):
        destination = organization.destination()
        organization.is_registered(credentials=[organization.credential], read_scope=0)

        payload = all_steps(channel, built(channel, destination, shelf.use()), destination, client, shelf)

        assert isinstance(publish(channel, payload, destination, client), Published)

    def test_gives_the_token_of_the_account_and_the_very_bytes(self, channel, client, shelf):
        use = shelf.use()

        done, requests = stepped(channel, client, shelf, use, ["{here}/dms-uploads/1", http_answer(b"")])

        begin, _, body = requests[0].partition(b"\r\n\r\n")
        put, _, content = requests[1].partition(b"\r\n\r\n")
        assert begin.startswith(b"POST /rest/images?action=initializeUpload HTTP/1.1\r\n")
        assert json.loads(body) == {"initializeUploadRequest": {"owner": MEMBER}}
        assert put.startswith(b"PUT /dms-uploads/1 HTTP/1.1\r\n")
        assert b"authorization: Bearer token\r\n" in put
        assert b"content-type: image/jpeg\r\n" in put
        assert content == shelf.files[use.renditions[0].key]
        assert isinstance(done, Prepared)
        assert json.loads(done.handle)["files"] == [{"urn": URN}]

    @pytest.mark.parametrize(
        "place",
        [
            "https://evil.example/upload",
            "https://linkedin.com.evil.example/",
            "https://evil.example/www.linkedin.com",
            "https://evillinkedin.com/",
            "http://www.linkedin.com/upload",
            "https://www.linkedin.com@evil.example/",
            "https://token@www.linkedin.com/",
            "http://127.0.0.1:1/upload",
            "ftp://www.linkedin.com/",
            "//www.linkedin.com/",
            "https://[",
            "",
        ],
    )
    def test_gives_the_token_to_nobody_else(self, channel, client, shelf, place):
        outcome, requests = stepped(channel, client, shelf, shelf.use(), [place])

        assert (type(outcome), getattr(outcome, "reason", None)) == (Rejected, Reason.DESTINATION)
        assert (
            outcome.detail == "LinkedIn named an address for the image that is not its own, so it was not given there."
        )
        assert len(requests) == 1

    def test_gives_it_to_linkedin_itself(self):
        place = json.loads(sample("upload").answer.body)["value"]["uploadUrl"]

        assert belongs_to(place, "https://api.linkedin.com")
        assert belongs_to("https://linkedin.com/x", "https://api.linkedin.com")

    @pytest.mark.parametrize(
        "value",
        [
            None,
            [],
            {},
            {"uploadUrl": 5, "image": URN},
            {"uploadUrl": "https://www.linkedin.com/x"},
            {"uploadUrl": "https://www.linkedin.com/x", "image": "urn:li:video:1"},
            {"uploadUrl": "https://www.linkedin.com/x", "image": URN + "/../x"},
        ],
    )
    def test_tries_again_where_linkedin_names_no_place_or_no_image(self, channel, client, shelf, value):
        outcome, _ = stepped(channel, client, shelf, shelf.use(), [http_answer(json.dumps({"value": value}).encode())])

        assert (type(outcome), getattr(outcome, "reason", None)) == (Deferred, Reason.UNAVAILABLE)

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            (http_answer(b"<html>", headers="Content-Type: text/html\r\n"), (Deferred, Reason.UNAVAILABLE)),
            (http_answer(b"", status="401 No"), (Deferred, Reason.CREDENTIAL)),
            (http_answer(b"", status="413 No"), (Rejected, Reason.CONTENT)),
            (http_answer(b"", status="415 No"), (Rejected, Reason.CONTENT)),
            (http_answer(b"", status="502 No"), (Deferred, Reason.UNAVAILABLE)),
        ],
    )
    def test_keeps_nothing_of_an_image_that_was_not_taken(self, channel, client, shelf, answer, expected):
        outcome, _ = stepped(channel, client, shelf, shelf.use(), ["{here}/dms-uploads/1", answer])

        assert (type(outcome), getattr(outcome, "reason", None)) == expected

    def test_waits_for_the_next_day_when_this_one_is_used_up(self, channel, client, shelf):
        outcome, _ = stepped(channel, client, shelf, shelf.use(), [sample("day_limit").raw()])

        assert (type(outcome), getattr(outcome, "reason", None)) == (Deferred, Reason.QUOTA)

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            (http_answer(b'{"status": "NEW"}'), (Deferred, Reason.UNAVAILABLE)),
            (http_answer(b"[]"), (Deferred, Reason.UNAVAILABLE)),
            (http_answer(b"{}", status="404 Not Found"), (Deferred, Reason.UNAVAILABLE)),
            (http_answer(b"{}", status="500 Oh"), (Deferred, Reason.UNAVAILABLE)),
            (http_answer(b"{}", status="401 No"), (Deferred, Reason.CREDENTIAL)),
            (http_answer(b"{}", status="403 No"), (Prepared, None)),
            (sample("image").raw(), (Prepared, None)),
        ],
    )
    def test_takes_nothing_strange_for_ready(self, channel, client, shelf, answer, expected):
        answers = ["{here}/dms-uploads/1", http_answer(b""), answer]

        outcome, requests = stepped(channel, client, shelf, shelf.use(), answers, author=ORGANIZATION, steps=2)

        assert (type(outcome), getattr(outcome, "reason", None)) == expected
        assert requests[-1].startswith(b"GET /rest/images/urn%3Ali%3Aimage%3AC4E10AQFn10iWtKexVA HTTP/1.1\r\n")


class TestProblemsOfImages:
    ACCOUNT = build_account("linkedin", None, remote_id=ORGANIZATION)

    def test_begin_with_the_twenty_first(self, channel):
        uses = tuple(use_of(build_rendition()) for _ in range(21))

        assert channel.problems(Content(text="Hi", media=uses[:20]), self.ACCOUNT) == ()
        (problem,) = channel.problems(Content(text="Hi", media=uses), self.ACCOUNT)
        assert problem.detail == "LinkedIn takes 20 images; this has 21. Remove 1."

    def test_are_none_for_a_webp_of_which_a_jpeg_was_made(self, channel, client, member):
        shelf, destination = Shelf(), member.destination()
        webp = shelf.add(picture_bytes("image/webp"), "image/webp")
        jpeg = shelf.add(picture_bytes(), "image/jpeg")
        payload = built(channel, destination, use_of(webp, jpeg))

        publish(channel, all_steps(channel, payload, destination, client, shelf), destination, client)

        assert channel.problems(Content(text="Hi", media=(use_of(webp, jpeg),)), self.ACCOUNT) == ()
        assert [image["sha256"] for image in member.posts()[0]["images"]] == [jpeg.sha256]

    def test_warn_where_an_animation_is_too_long_to_move(self, channel):
        fits, too_long = (build_rendition("image/gif", frames=frames) for frames in (250, 251))

        assert channel.problems(Content(text="Hi", media=(use_of(fits),)), self.ACCOUNT) == ()
        (problem,) = channel.problems(Content(text="Hi", media=(use_of(too_long, build_rendition()),)), self.ACCOUNT)
        assert (problem.code, problem.severity) == ("animation_lost", Severity.WARNING)
        (problem,) = channel.problems(Content(text="Hi", media=(use_of(too_long),)), self.ACCOUNT)
        assert "it moves through 251 frames, and 250 are taken" in problem.detail


def stepped(channel, client, shelf, use, answers, *, author=MEMBER, steps=1):
    """Prepare on a server that answers with these; a text is the address that it names for the upload."""
    left = list(answers)

    def script(connection, request):
        answer = left.pop(0)
        if isinstance(answer, str):
            host = request.partition(b"host: ")[2].partition(b"\r\n")[0].decode()
            named = {"uploadUrl": answer.replace("{here}", f"http://{host}"), "image": URN}
            answer = http_answer(json.dumps({"value": named}).encode())
        connection.sendall(answer)

    with serving(script) as server:
        destination = Destination(account=build_account("linkedin", server.url, remote_id=author), credential="token")
        payload = built(channel, destination, use)
        for _ in range(steps):
            outcome = border.prepare(channel, payload, destination, client.courier(), library=shelf, now=NOW)
            payload = replace(payload, handle=getattr(outcome, "handle", None))
    return outcome, server.requests
