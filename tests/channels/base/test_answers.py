"""Reading answers in the way that all channels share."""

from datetime import UTC, datetime, timedelta

import pytest

from publishing.channels.base.answers import (
    as_lookup_failure,
    as_upload_refusal,
    asked_to_wait,
    parse_moment,
    read_lookup_refusal,
    read_refusal,
    read_retry_after,
)
from publishing.domain.outcome import Deferred, LookupFailed, Publication, Published, Reason, Rejected, Unknown
from publishing.http import Answer

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def build_answer(status: int, **headers: str) -> Answer:
    return Answer(status=status, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=b"")


class TestReadRefusal:
    @pytest.mark.parametrize(
        ("status", "kind", "reason"),
        [
            (300, Rejected, Reason.DESTINATION),
            (301, Rejected, Reason.DESTINATION),
            (302, Rejected, Reason.DESTINATION),
            (304, Rejected, Reason.DESTINATION),
            (308, Rejected, Reason.DESTINATION),
            (400, Rejected, Reason.CONTENT),
            (401, Deferred, Reason.CREDENTIAL),
            (402, Deferred, Reason.QUOTA),
            (403, Rejected, Reason.PERMISSION),
            (404, Rejected, Reason.DESTINATION),
            (405, Rejected, Reason.DESTINATION),
            (408, Deferred, Reason.UNAVAILABLE),
            (409, Rejected, Reason.DESTINATION),
            (410, Rejected, Reason.DESTINATION),
            (413, Rejected, Reason.CONTENT),
            (415, Rejected, Reason.CONTENT),
            (418, Rejected, Reason.DESTINATION),
            (422, Rejected, Reason.CONTENT),
            (425, Deferred, Reason.UNAVAILABLE),
            (429, Deferred, Reason.RATE),
            (451, Rejected, Reason.PERMISSION),
            (500, Unknown, Reason.SERVER_ERROR),
            (502, Unknown, Reason.SERVER_ERROR),
            (503, Unknown, Reason.SERVER_ERROR),
            (504, Unknown, Reason.SERVER_ERROR),
            (599, Unknown, Reason.SERVER_ERROR),
            (999, Unknown, Reason.SERVER_ERROR),
        ],
    )
    def test_gives_each_status_its_outcome(self, status, kind, reason):
        outcome = read_refusal(build_answer(status), name="Mastodon", now=NOW)

        assert isinstance(outcome, kind)
        assert outcome.reason is reason
        assert outcome.detail.startswith("Mastodon ")

    @pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
    def test_is_none_for_a_success(self, status):
        assert read_refusal(build_answer(status), name="Mastodon", now=NOW) is None

    def test_prefers_the_platforms_own_time(self):
        outcome = read_refusal(
            build_answer(429, retry_after="5"), name="X", now=NOW, wait_until=NOW + timedelta(minutes=5)
        )

        assert isinstance(outcome, Deferred)
        assert (outcome.not_before, outcome.detail) == (NOW + timedelta(minutes=5), "X asks to wait until 08:05 UTC.")

    def test_names_the_day_when_it_is_another(self):
        outcome = read_refusal(build_answer(429, retry_after="72000"), name="X", now=NOW)

        assert isinstance(outcome, Deferred)
        assert outcome.detail == "X asks to wait until 2026-11-23 04:00 UTC."

    def test_names_no_time_where_none_is_stated(self):
        assert read_refusal(build_answer(429), name="X", now=NOW) == Deferred(
            reason=Reason.RATE, detail="X asks to wait."
        )


class TestAskedToWait:
    def test_is_never_longer_than_a_day_and_never_in_the_past(self):
        late, early = (asked_to_wait("X", NOW + timedelta(days=days), now=NOW) for days in (9, -9))

        assert (late.not_before, late.detail) == (NOW + timedelta(days=1), "X asks to wait until 2026-11-23 08:00 UTC.")
        assert (early.not_before, early.detail) == (NOW, "X asks to wait until 08:00 UTC.")

    def test_may_have_another_reason(self):
        assert asked_to_wait("X", None, now=NOW, reason=Reason.QUOTA).reason is Reason.QUOTA


class TestAsLookupFailure:
    @pytest.mark.parametrize(
        ("outcome", "reason"),
        [
            (Deferred(reason=Reason.QUOTA, detail="D", not_before=NOW), Reason.QUOTA),
            (Unknown(reason=Reason.SERVER_ERROR, detail="It may have published."), Reason.UNAVAILABLE),
            (Rejected(reason=Reason.CONTENT, detail="D"), Reason.DESTINATION),
        ],
    )
    def test_says_nothing_of_a_publication(self, outcome, reason):
        finding = as_lookup_failure(outcome, build_answer(400), name="X")

        assert finding.reason is reason
        assert finding.not_before == getattr(outcome, "not_before", None)
        assert "may have published" not in finding.detail


class TestAsUploadRefusal:
    def test_is_certain_where_a_visible_call_would_leave_doubt(self):
        doubt = Unknown(reason=Reason.SERVER_ERROR, detail="It may have published all the same.")

        outcome = as_upload_refusal(doubt, build_answer(500), name="LinkedIn", label="image 2")

        detail = "LinkedIn had an error of its own when it was given image 2 (HTTP 500)."
        assert outcome == Deferred(reason=Reason.UNAVAILABLE, detail=detail)

    def test_stays_as_it_is_where_it_is_certain(self):
        refusal = Rejected(reason=Reason.PERMISSION, detail="No.")

        assert as_upload_refusal(refusal, build_answer(403), name="LinkedIn", label="image 2") == refusal
        assert as_upload_refusal(None, build_answer(200), name="LinkedIn", label="image 2") is None

    def test_is_never_a_publication(self):
        published = Published(publication=Publication(id="1"))

        with pytest.raises(TypeError):
            as_upload_refusal(published, build_answer(200), name="LinkedIn", label="image 2")


class TestReadLookupRefusal:
    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (301, Reason.DESTINATION),
            (401, Reason.CREDENTIAL),
            (403, Reason.PERMISSION),
            (404, Reason.DESTINATION),
            (422, Reason.DESTINATION),
            (429, Reason.RATE),
            (500, Reason.UNAVAILABLE),
            (503, Reason.UNAVAILABLE),
        ],
    )
    def test_is_never_evidence(self, status, reason):
        finding = read_lookup_refusal(build_answer(status), name="X", now=NOW)

        assert isinstance(finding, LookupFailed)
        assert finding.reason is reason

    def test_keeps_the_time_to_wait(self):
        finding = read_lookup_refusal(build_answer(429, retry_after="60"), name="X", now=NOW)

        assert finding is not None
        assert finding.not_before == NOW + timedelta(minutes=1)


class TestReadRetryAfter:
    @pytest.mark.parametrize(
        ("stated", "seconds"),
        [
            ("120", 120),
            (" 120 ", 120),
            ("0.5", 0.5),
            ("0", 0),
            ("-5", 0),
            ("1e9", 86_400),
            ("99999999999999999999", None),
            ("inf", None),
            ("nan", None),
            ("", None),
            ("soon", None),
            ("Sun, 22 Nov 2026 08:10:00 GMT", 600),
            ("Sunday, 22-Nov-26 08:10:00 GMT", 600),
            ("Sun, 22 Nov 2026 07:00:00 GMT", 0),
            ("Sun, 22 Nov 2126 08:10:00 GMT", 86_400),
            ("Sun, 22 Nov 2026 08:10:00", 600),
            ("Sun, 99 Nov 2026 08:10:00 GMT", None),
            ("2026-11-22T08:10:00Z", None),
        ],
    )
    def test_reads_seconds_and_dates_within_bounds(self, stated, seconds):
        moment = read_retry_after(build_answer(429, retry_after=stated), now=NOW)

        assert moment == (None if seconds is None else NOW + timedelta(seconds=seconds))


class TestParseMoment:
    @pytest.mark.parametrize("text", ["2026-11-22T08:00:00Z", "2026-11-22T09:00:00.000+01:00"])
    def test_reads_iso_8601(self, text):
        assert parse_moment(text) == NOW

    @pytest.mark.parametrize("text", ["", "2026-11-22T08:00:00", "now", 5, None, "9999-12-31T23:59:59-23:59"])
    def test_reads_nothing_else(self, text):
        assert parse_moment(text) is None
