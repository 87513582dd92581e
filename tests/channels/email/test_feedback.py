"""What Amazon SES reports, as it documents its events."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from publishing.channels.base.feedback import UnreadableReportError, get_reader
from publishing.domain.feedback import Feedback, FeedbackKind
from publishing.domain.outcome import Publication, Reason
from tests.builders import build_account, build_delivery
from tests.mail import build_event

READER = get_reader("ses")


def read(event: dict[str, Any]) -> Feedback:
    feedback = READER.read(event)
    assert feedback is not None
    return feedback


class TestAnEvent:
    def test_is_read_as_it_is_documented(self):
        sample = json.loads((Path(__file__).parent / "samples/events/bounce.json").read_text())

        feedback = read(sample["body"])

        assert feedback.kind is FeedbackKind.BOUNCED
        assert feedback.publication == Publication(id="EXAMPLE7c191be45-e9aedb9a-02f9-4d12-a87d-dd0099a07f8a-000000")
        assert (feedback.message_id, feedback.delivery_key) == (
            "01KBCD0000000000000000000A",
            "0123456789abcdef0123456789abcdef",
        )
        assert feedback.at == datetime(2017, 8, 5, 0, 41, 2, 669_000, UTC)
        assert (feedback.blocks, feedback.reason, feedback.recipients) == (
            True,
            Reason.DESTINATION,
            ("recipient@example.com",),
        )

    def test_is_the_same_however_often_it_is_reported_and_no_other(self):
        delivery = build_delivery()
        events = [
            build_event("Bounce", delivery),
            build_event("Bounce", delivery, feedbackId="feedback-9"),
            build_event("Delivery", delivery),
            build_event("Delivery", delivery, timestamp="2026-12-01T09:00:00.000Z"),
            build_event("Send", delivery),
        ]

        ids = [read(event).id for event in events]

        assert len(set(ids)) == len(ids)
        assert [read(event).id for event in events] == ids

    @pytest.mark.parametrize("said", ["<script>", "list@example.org", "x" * 41, 7, None, ["General"]])
    def test_shows_nothing_of_what_a_stranger_could_put_in(self, said: object):
        delivery = build_delivery()
        events = [
            build_event("Bounce", delivery, bounceSubType=said, bouncedRecipients=[{"status": said}]),
            build_event("DeliveryDelay", delivery, delayType=said),
            build_event("Complaint", delivery, complaintFeedbackType=said),
            build_event("Reject", delivery, reason=said),
        ]

        for event in events:
            assert str(said) not in read(event).detail
            assert "(" not in read(event).detail

    @pytest.mark.parametrize("recipients", [None, "text", {}, [None], ["text"], [{"emailAddress": 7}]])
    def test_with_recipients_that_are_none_blocks_nobody(self, recipients: object):
        feedback = read(build_event("Bounce", build_delivery(), bouncedRecipients=recipients))

        assert feedback.recipients == ()

    def test_whose_own_part_is_missing_is_unreadable_or_bare(self):
        event = build_event("Bounce", build_delivery())
        event["bounce"] = None

        assert read(event).blocks is False
        with pytest.raises(UnreadableReportError):
            READER.read({**event, "mail": None})


class TestAnAddress:
    @pytest.mark.parametrize(
        "address", ["list@example.org", "LIST@Example.ORG", "Readers <list@example.org>", "<list@example.org>"]
    )
    def test_is_an_accounts_recipient_however_it_is_written(self, address: str):
        account = build_account(channel="email", settings={"recipient": "List@example.org"})

        assert READER.concerns(account, address)

    @pytest.mark.parametrize(
        "address", ["", "list", "other@example.org", "list@example.com", "list@example.org.evil.example"]
    )
    def test_is_nobody_elses(self, address: str):
        account = build_account(channel="email", settings={"recipient": "list@example.org"})

        assert not READER.concerns(account, address)
        assert not READER.concerns(build_account(channel="email", settings={}), address)

    def test_is_no_recipient_of_another_channel(self):
        account = build_account(channel="sms", settings={"recipient": "list@example.org"})

        assert not READER.concerns(account, "list@example.org")
