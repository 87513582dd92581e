"""The email channel."""

import json
from dataclasses import replace
from typing import ClassVar

import pytest

from publishing.channels.base import border
from publishing.channels.email import EmailChannel
from publishing.channels.email.health import identities
from publishing.domain.account import Destination
from publishing.domain.content import Content, Severity
from publishing.domain.health import HealthVerdict
from publishing.domain.outcome import Deferred, Publication, Published, Reason, Rejected, Unknown
from tests.channels.contract_aws import KEY_ID, SECRET, RoleSignedChannelContract, role  # noqa: F401 - a fixture
from tests.channels.samples import sample_reader
from tests.channels.simulated import build_account, build_submission, utc_now
from tests.pictures import Shelf, build_rendition, picture_bytes, use_of
from tests.servers import http_answer, serving

sample = sample_reader(__file__)
SETTINGS = {"region": "us-east-1", "sender": "news@example.org", "recipient": "list@example.org"}


class TestEmail(RoleSignedChannelContract):
    kind = "email"
    prepares = False
    host = "email"
    settings: ClassVar = SETTINGS
    fetches_itself = True

    def test_arrives_with_subject_both_parts_and_the_tags_of_its_events(self, channel, account, client):
        submission = build_submission("We open.\nCome!", link="https://example.org/", title="Opening", key="key-1")

        self.publish(channel, account.destination(sender_name="Die Küche"), client, submission)

        (post,) = account.posts()
        body = json.loads(post["body"])
        simple = body["Content"]["Simple"]
        assert simple["Subject"] == {"Data": "Opening", "Charset": "UTF-8"}
        assert simple["Body"]["Text"]["Data"] == post["text"] == "We open.\nCome!\n\nhttps://example.org/"
        assert '<a href="https://example.org/">' in simple["Body"]["Html"]["Data"]
        assert body["EmailTags"] == [
            {"Name": "omnipub-key", "Value": "key-1"},
            {"Name": "omnipub-message", "Value": submission.message_id},
        ]
        assert body["FromEmailAddress"] == "=?UTF-8?B?RGllIEvDvGNoZQ==?= <news@example.org>"
        assert body["Destination"] == {"ToAddresses": ["list@example.org"]}

    @pytest.mark.parametrize(
        ("settings", "pointer"),
        [
            ({"recipient": "list.example.org"}, "/settings/recipient"),
            ({"recipient": ""}, "/settings/recipient"),
            ({"recipient": "a@example.org, b@example.org"}, "/settings/recipient"),
            ({"recipient": "a@example.org\r\nBcc: b@example.org"}, "/settings/recipient"),
            ({"sender": "News <news@example.org>"}, "/settings/sender"),
            ({"reply_to": "nobody"}, "/settings/reply_to"),
            ({"sender_name": "News\nBcc: b@example.org"}, "/settings/sender_name"),
            ({"configuration_set": "a b"}, "/settings/configuration_set"),
        ],
    )
    def test_names_what_is_wrong_with_the_account(self, channel, account, client, settings, pointer):
        target = account.destination(**settings).account

        (found,) = channel.account_problems(target)
        (problem,) = channel.problems(Content(text="Hi"), target)

        assert found.pointer == pointer
        assert (problem.field, problem.detail) == ("accounts", found.detail)

    def test_quotes_the_malformed_address(self, channel, account):
        (problem,) = channel.problems(Content(text="Hi"), account.destination(recipient="list@localhost").account)

        assert problem.detail == (
            "The recipient's address 'list@localhost' cannot be used. The part after the @ is no domain."
        )

    def test_is_not_sent_to_a_malformed_address(self, channel, account, client):
        outcome = self.publish(channel, account.destination(recipient="nobody"), client)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Rejected, Reason.DESTINATION)
        assert account.count("create") == 0

    def test_reaches_a_domain_of_any_script(self, channel, account, client):
        self.publish(channel, account.destination(recipient="liste@bücher.example"), client)

        (post,) = account.posts()
        assert json.loads(post["body"])["Destination"] == {"ToAddresses": ["liste@xn--bcher-kva.example"]}

    @pytest.mark.parametrize(
        ("options", "expected"),
        [
            ({"paused": 1}, (Rejected, Reason.PERMISSION)),
            ({"daily_quota": 1}, (Deferred, Reason.QUOTA)),
        ],
    )
    def test_says_what_state_the_service_is_in(self, channel, account, client, options, expected):
        self.publish(channel, account.destination(), client)
        account.is_registered(credentials=[f"{KEY_ID}/{SECRET}"], **options)

        outcome = self.publish(channel, account.destination(), client)

        assert (type(outcome), getattr(outcome, "reason", None)) == expected

    def test_is_refused_by_a_sandbox_that_does_not_know_the_recipient(self, channel, account, client):
        account.is_registered(credentials=[f"{KEY_ID}/{SECRET}"], sandbox=1)

        outcome = self.publish(channel, account.destination(recipient="stranger@elsewhere.example"), client)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Rejected, Reason.PERMISSION)
        assert "stranger" not in repr(outcome)

    def test_is_checked_to_be_paused(self, channel, account, client):
        account.is_registered(credentials=[f"{KEY_ID}/{SECRET}"], paused=1)

        health = self.check(channel, account.destination(), client)

        assert (health.verdict, health.reason) == (HealthVerdict.PROBLEM, Reason.PERMISSION)
        assert "paused sending" in health.detail

    @pytest.mark.parametrize(
        ("settings", "words"),
        [
            ({"sender": "news@example.com"}, "sender's address or its domain"),
            ({"recipient": "list@example.com"}, "recipient, as its sandbox demands"),
        ],
    )
    def test_is_checked_to_be_verified_in_the_sandbox(self, channel, account, client, settings, words):
        account.is_registered(credentials=[f"{KEY_ID}/{SECRET}"], sandbox=1)

        verified = self.check(
            channel, account.destination(sender="n@mail.example.org", recipient="l@example.org"), client
        )
        unverified = self.check(channel, account.destination(**settings), client)

        assert (verified.verdict, unverified.verdict) == (HealthVerdict.OK, HealthVerdict.PROBLEM)
        assert words in unverified.detail

    @pytest.mark.parametrize("settings", [{"recipient": ""}, {"sender": "news"}, {"configuration_set": "a b"}])
    def test_is_not_asked_after_with_settings_that_cannot_be_used(self, channel, account, client, settings):
        health = self.check(channel, account.destination(**settings), client)

        assert (health.verdict, health.reason) == (HealthVerdict.PROBLEM, Reason.DESTINATION)
        assert account.count("read") == 0

    def test_shows_its_images_below_the_link(self, channel, account, client, shelf):
        with shelf.serving() as media_url:
            use = shelf.use(alt_text="The door 🚪")
            content = Content(text="We open.", link="https://example.org/", media=(use,))
            submission = replace(build_submission(), content=content, media_url=media_url)
            outcome = self.publish(channel, account.destination(), client, submission)

        url = f"{media_url}/{use.renditions[0].key}"
        (post,) = account.posts()
        assert isinstance(outcome, Published)
        assert post["text"] == f"We open.\n\nhttps://example.org/\n\n[Image: The door 🚪] {url}"
        assert [image["alt_text"] for image in post["images"]] == ["The door 🚪"]

    def test_goes_out_although_an_image_is_gone_which_its_description_then_stands_for(
        self, channel, account, client, shelf
    ):
        with shelf.serving() as media_url:
            use = shelf.use(alt_text="The door")
            shelf.files.clear()
            submission = replace(build_submission(), content=Content(text="Hi", media=(use,)), media_url=media_url)
            outcome = self.publish(channel, account.destination(), client, submission)

        (post,) = account.posts()
        assert isinstance(outcome, Published)
        assert post["images"] == []
        assert "[Image: The door]" in post["text"]

    def test_takes_the_jpeg_that_was_made_of_a_webp(self, channel, account, client):
        shelf = Shelf()
        webp = shelf.add(picture_bytes("image/webp"), "image/webp")
        jpeg = shelf.add(picture_bytes(), "image/jpeg")
        with shelf.serving() as media_url:
            content = Content(text="Hi", media=(use_of(webp, jpeg),))
            self.publish(channel, account.destination(), client, replace(build_submission(), content=content,
                                                                         media_url=media_url))  # fmt: skip

        (post,) = account.posts()
        assert [image["sha256"] for image in post["images"]] == [jpeg.sha256]

    def test_keeps_the_movement_of_an_animation(self, channel, account):
        moving = use_of(build_rendition("image/gif", frames=12))

        assert channel.problems(Content(text="Hi", media=(moving,)), account.destination().account) == ()

    def test_warns_of_a_moving_webp(self, channel, account):
        moving = use_of(build_rendition("image/webp", frames=12), build_rendition())

        (problem,) = channel.problems(Content(text="Hi", media=(moving,)), account.destination().account)

        assert (problem.code, problem.severity) == ("animation_lost", Severity.WARNING)


@pytest.fixture
def channel():
    return EmailChannel()


@pytest.mark.usefixtures("role")
class TestAnswersOfSes:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            ("not_verified", (Rejected, Reason.PERMISSION)),
            ("rejected", (Rejected, Reason.CONTENT)),
            ("rate", (Deferred, Reason.RATE)),
            ("quota", (Deferred, Reason.QUOTA)),
        ],
    )
    def test_are_told_apart(self, channel, client, name, expected):
        outcome = answered(channel, client, sample(name).raw())

        assert (type(outcome), getattr(outcome, "reason", None)) == expected

    def test_name_the_mail(self, channel, client):
        outcome = answered(channel, client, sample("accepted").raw())

        publication = Publication(id="0100018f2c6f8a3e-5d1b1f6a-0000-0000-0000-000000000000-000000")
        assert outcome == Published(publication=publication)

    @pytest.mark.parametrize(
        ("code", "expected"),
        [
            ("AccountSuspendedException", (Rejected, Reason.PERMISSION)),
            ("SendingPausedException", (Rejected, Reason.PERMISSION)),
            ("MailFromDomainNotVerifiedException", (Rejected, Reason.PERMISSION)),
            ("NotFoundException", (Rejected, Reason.PERMISSION)),
            ("BadRequestException", (Rejected, Reason.CONTENT)),
            ("LimitExceededException", (Deferred, Reason.QUOTA)),
            ("TooManyRequestsException", (Deferred, Reason.RATE)),
        ],
    )
    def test_follow_the_documented_codes(self, channel, client, code, expected):
        raw = http_answer(b'{"message": "x"}', status="400 Some words", headers=f"x-amzn-ErrorType: {code}\r\n")

        outcome = answered(channel, client, raw)

        assert (type(outcome), getattr(outcome, "reason", None)) == expected

    @pytest.mark.parametrize(
        "body", [b"{}", b'{"MessageId": ""}', b'{"MessageId": 7}', b'{"MessageId": "a\\nb"}', b"[]", b"<a/>"]
    )
    def test_that_name_no_mail_are_doubt(self, channel, client, body):
        outcome = answered(channel, client, http_answer(body))

        assert (type(outcome), getattr(outcome, "reason", None)) == (Unknown, Reason.LOST_SIGHT)


def answered(channel, client, raw):
    """Send to a service that answers with these bytes."""
    with serving(raw) as server:
        destination = Destination(account=build_account("email", server.url, **SETTINGS), credential="")
        payload = channel.build(build_submission(), destination.account)
        return border.publish(channel, payload, destination, client.courier(), now=utc_now())


class TestIdentities:
    @pytest.mark.parametrize(
        ("address", "expected"),
        [
            ("a@example.org", ("a@example.org", "example.org")),
            ("a@news.example.org", ("a@news.example.org", "news.example.org", "example.org")),
            ("a@localhost", ("a@localhost", "localhost")),
        ],
    )
    def test_are_the_address_and_the_domains_that_stand_for_it(self, address, expected):
        assert identities(address) == expected

    def test_are_few_whatever_the_address(self):
        assert len(identities("a@" + "b." * 50 + "org")) == 5
