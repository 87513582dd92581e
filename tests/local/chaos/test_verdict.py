"""The judge of chaos runs must see every broken promise, or a clean run proves nothing."""

from dataclasses import replace

import pytest

from local.chaos.report import report
from local.chaos.verdict import DeliveryFact, MessageFact, judge

TEXT = "Chaos m00001 version 1"
PUBLISHED = DeliveryFact(
    message=1, id="webhook", deduplication="none", state="published", receipt_text=TEXT, posts=(TEXT,), lateness=0.5
)
CANCELLED = replace(PUBLISHED, state="cancelled", receipt_text=None, posts=(), may_be_cancelled=True)
UNCONFIRMED = replace(PUBLISHED, state="unconfirmed", receipt_text=None)


def message(*deliveries, status="published", texts=(TEXT,)):
    return MessageFact(number=1, status=status, texts=texts, deliveries=deliveries)


class TestVerdict:
    @pytest.mark.parametrize(
        "kept",
        [
            PUBLISHED,
            CANCELLED,
            replace(CANCELLED, was_answered_cancelled=True),
            UNCONFIRMED,
            replace(UNCONFIRMED, posts=()),
        ],
    )
    def test_finds_nothing_where_promises_were_kept(self, kept):
        assert judge([message(kept)]).broken == ()

    @pytest.mark.parametrize(
        ("column", "delivery"),
        [
            ("lost", replace(PUBLISHED, posts=())),
            ("lost", replace(PUBLISHED, state="failed", posts=(), receipt_text=None)),
            ("lost", replace(CANCELLED, may_be_cancelled=False)),
            ("doubled", replace(PUBLISHED, posts=(TEXT, TEXT))),
            ("doubled", replace(UNCONFIRMED, posts=(TEXT, TEXT))),
            ("stuck", replace(PUBLISHED, state="committing")),
            ("after_cancel", replace(CANCELLED, posts=(TEXT,))),
            ("after_cancel", replace(PUBLISHED, was_answered_cancelled=True)),
            ("untrue", replace(PUBLISHED, receipt_text="something else")),
            ("untrue", replace(PUBLISHED, receipt_text=None)),
            ("untrue", replace(PUBLISHED, state="failed")),
            ("untrue", replace(PUBLISHED, posts=("other",), receipt_text="other")),
            ("untrue", replace(UNCONFIRMED, deduplication="key")),
            ("untrue", replace(PUBLISHED, wanted_pictures=1, pictures=(0,))),
            ("untrue", replace(PUBLISHED, pictures=(1,))),
        ],
    )
    def test_counts_each_broken_promise_in_its_column(self, column, delivery):
        verdict = judge([message(delivery)])

        assert getattr(verdict.by_class[delivery.deduplication], column) == 1
        assert verdict.broken

    def test_sees_deliveries_of_one_message_that_say_different_things(self):
        other = replace(PUBLISHED, id="mastodon", posts=("edited",), receipt_text="edited")

        verdict = judge([message(PUBLISHED, other, texts=(TEXT, "edited"))])

        assert len(verdict.broken) == 1

    def test_sees_a_message_that_nobody_ended(self):
        assert judge([message(PUBLISHED, status="publishing")]).broken == (
            "m00001: the message is still publishing, with all deliveries ended.",
        )

    def test_counts_the_classes_apart(self):
        verdict = judge([message(PUBLISHED, replace(PUBLISHED, id="mastodon", deduplication="key"))])

        assert {name: counts.posted for name, counts in verdict.by_class.items()} == {"none": 1, "key": 1}


class TestReport:
    def test_shows_counts_faults_and_what_was_broken(self):
        verdict = judge([message(replace(PUBLISHED, posts=(TEXT, TEXT)))])
        requests: list[dict[str, object]] = [
            {"channel": "webhook", "account": "a", "kind": "create", "fault": None, "status": 202, "count": 3},
            {
                "channel": "webhook",
                "account": "b",
                "kind": "create",
                "fault": "rate_limited",
                "status": 429,
                "count": 1,
            },
            {"channel": "webhook", "account": "b", "kind": "read", "fault": None, "status": 200, "count": 9},
        ]

        text = report(verdict, kills={"worker": 7}, restarts=7, requests=requests)

        assert "rate_limited           1  25.0 %" in text
        assert "7 of workers" in text
        assert "BROKEN: m00001 webhook: 2 posts." in text
