"""The border: whatever a channel does, an outcome or a finding comes out, and no secret."""

import logging
from datetime import UTC, datetime

import pytest

from publishing.channels.base import border
from publishing.channels.base.capabilities import Capabilities, Deduplication
from publishing.channels.base.contract import Channel, Payload, Prepared, Trace
from publishing.domain.account import Destination
from publishing.domain.errors import MediaGoneError, UnavailableError
from publishing.domain.health import HealthVerdict
from publishing.domain.outcome import Deferred, LookupFailed, Reason, Rejected, Unknown
from publishing.http import LostSightError, NotSentError, RefusedError, UnreadableError
from tests.channels.simulated import build_account, build_submission
from tests.pictures import Shelf
from tests.servers import http_answer, serving

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
ERRORS = [ValueError("canary"), KeyError("canary"), RecursionError(), AssertionError(), UnicodeError(), MemoryError()]


class BrokenChannel(Channel):
    """Does what the test says, before or after a visible request."""

    capabilities = Capabilities(kind="broken", name="Broken", deduplication=Deduplication.NONE)

    def __init__(self, result: object, *, url: str | None = None, acts: bool = False) -> None:
        self._result = result
        self._url = url
        self._acts = acts

    def measure(self, content):
        return len(content.text)

    def problems(self, content, account):
        return ()

    def build(self, submission, account):
        return Payload(text="", body={}, delivery_key=submission.delivery_key)

    def publish(self, payload, destination, courier, *, now):
        if self._url:
            courier.request("POST", self._url, json={}, acts=True)
        return self._break()

    def look_up(self, trace, destination, courier, *, now):
        return self._break()

    def check(self, destination, courier, *, now):
        return self._break()

    def prepare(self, payload, destination, courier, *, library, now):
        if self._url:
            courier.request("POST", self._url, json={}, acts=self._acts)
        return self._break()

    def _break(self):
        if isinstance(self._result, BaseException):
            raise self._result
        return self._result


DESTINATION = Destination(account=build_account("broken", None), credential="canary")
PAYLOAD = Payload(text="", body={}, delivery_key="canary")
TRACE = Trace(payload=PAYLOAD, first_commit_at=NOW)


def publish(client, result, *, url=None):
    return border.publish(BrokenChannel(result, url=url), PAYLOAD, DESTINATION, client.courier(), now=NOW)


def prepare(client, result, *, url=None, acts=False):
    channel = BrokenChannel(result, url=url, acts=acts)
    return border.prepare(channel, PAYLOAD, DESTINATION, client.courier(), library=Shelf(), now=NOW)


def look_up(client, result):
    return border.look_up(BrokenChannel(result), TRACE, DESTINATION, client.courier(), now=NOW)


class TestPublish:
    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
    def test_defers_when_our_code_breaks_before_anything_left(self, client, error):
        outcome = publish(client, error)

        assert isinstance(outcome, Deferred)
        assert outcome.reason is Reason.INTERNAL

    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
    def test_is_in_doubt_when_our_code_breaks_afterwards(self, client, error):
        with serving(http_answer()) as server:
            outcome = publish(client, error, url=server.url)

        assert isinstance(outcome, Unknown)
        assert outcome.reason is Reason.LOST_SIGHT

    @pytest.mark.parametrize("result", [None, True, "published", {"id": 1}])
    def test_takes_nothing_else_for_an_outcome(self, client, result):
        with serving(http_answer()) as server:
            after = publish(client, result, url=server.url)

        assert isinstance(publish(client, result), Deferred)
        assert isinstance(after, Unknown)

    @pytest.mark.parametrize(
        ("error", "kind", "reason"),
        [
            (NotSentError("There was no connection."), Deferred, Reason.UNAVAILABLE),
            (LostSightError("No answer came back."), Deferred, Reason.UNAVAILABLE),
            (UnreadableError("The answer is not JSON."), Deferred, Reason.UNAVAILABLE),
            (RefusedError("Use https."), Rejected, Reason.DESTINATION),
        ],
    )
    def test_gives_errors_before_the_visible_call_their_outcome(self, client, error, kind, reason):
        outcome = publish(client, error)

        assert isinstance(outcome, kind)
        assert outcome.reason is reason
        assert outcome.detail.startswith("Broken ")

    @pytest.mark.parametrize("error", [NotSentError("x."), LostSightError("x."), UnreadableError("x.")])
    def test_is_in_doubt_about_every_such_error_afterwards(self, client, error):
        with serving(http_answer()) as server:
            outcome = publish(client, error, url=server.url)

        assert isinstance(outcome, Unknown)

    def test_is_in_doubt_when_a_channel_would_act_twice(self, client):
        class Twice(BrokenChannel):
            def publish(self, payload, destination, courier, *, now):
                super().publish(payload, destination, courier, now=now)
                return super().publish(payload, destination, courier, now=now)

        with serving(http_answer()) as server:
            outcome = border.publish(Twice(None, url=server.url), PAYLOAD, DESTINATION, client.courier(), now=NOW)

        assert isinstance(outcome, Unknown)
        assert len(server.requests) == 1

    def test_lets_an_interrupt_through(self, client):
        with pytest.raises(KeyboardInterrupt):
            publish(client, KeyboardInterrupt())

    def test_logs_where_it_broke_and_not_what_was_said(self, client, caplog):
        caplog.set_level(logging.DEBUG)

        outcome = publish(client, ValueError("canary"))

        (record,) = caplog.records
        assert record.getMessage() == "channel.broke"
        assert vars(record)["error"] == "ValueError"
        assert any("test_border.py" in place for place in vars(record)["at"])
        assert "canary" not in caplog.text + repr(vars(record)) + repr(outcome)


class TestLookUp:
    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
    def test_fails_when_our_code_breaks(self, client, error):
        finding = look_up(client, error)

        assert isinstance(finding, LookupFailed)
        assert finding.reason is Reason.INTERNAL

    @pytest.mark.parametrize("result", [None, False, [], "absent"])
    def test_takes_nothing_else_for_a_finding(self, client, result):
        assert isinstance(look_up(client, result), LookupFailed)

    @pytest.mark.parametrize(
        "error", [NotSentError("x."), LostSightError("x."), UnreadableError("x."), RefusedError("x.")]
    )
    def test_fails_when_there_is_no_answer(self, client, error):
        assert isinstance(look_up(client, error), LookupFailed)


class TestDestination:
    def test_shows_no_credential(self):
        assert build_submission().delivery_key
        assert "canary" not in repr((DESTINATION, PAYLOAD, TRACE))


class TestPreparing:
    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
    def test_defers_when_our_code_breaks(self, client, error):
        outcome = prepare(client, error)

        assert isinstance(outcome, Deferred)
        assert outcome.reason is Reason.INTERNAL

    @pytest.mark.parametrize("result", [None, True, "prepared", Unknown(reason=Reason.LOST_SIGHT, detail="x")])
    def test_takes_nothing_else_for_an_answer(self, client, result):
        assert isinstance(prepare(client, result), Deferred)

    def test_takes_no_step_that_may_have_been_visible_for_one(self, client):
        with serving(http_answer()) as server:
            invisible = prepare(client, Prepared(handle="1", is_complete=True), url=server.url)
            visible = prepare(client, Prepared(handle="1", is_complete=True), url=server.url, acts=True)

        assert isinstance(invisible, Prepared)
        assert isinstance(visible, Deferred)

    @pytest.mark.parametrize(
        ("error", "kind", "reason"),
        [
            (NotSentError("There was no connection."), Deferred, Reason.UNAVAILABLE),
            (LostSightError("No answer came back."), Deferred, Reason.UNAVAILABLE),
            (UnreadableError("The answer is not JSON."), Deferred, Reason.UNAVAILABLE),
            (UnavailableError("The bucket is away."), Deferred, Reason.UNAVAILABLE),
            (MediaGoneError("It is gone."), Rejected, Reason.CONTENT),
            (RefusedError("Use https."), Rejected, Reason.DESTINATION),
        ],
    )
    def test_gives_each_error_its_outcome(self, client, error, kind, reason):
        outcome = prepare(client, error)

        assert isinstance(outcome, kind)
        assert outcome.reason is reason
        assert outcome.detail.startswith("Broken ")


class TestACheck:
    @pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
    def test_that_breaks_tells_nothing_and_lets_nothing_out(self, client, caplog, error):
        health = check(client, error)

        assert (health.verdict, health.detail) == (
            HealthVerdict.CANNOT_TELL,
            "Our own code failed while asking Broken.",
        )
        assert "canary" not in caplog.text + repr([vars(record) for record in caplog.records])

    @pytest.mark.parametrize("result", [None, "ok", object()])
    def test_that_answers_with_no_health_tells_nothing(self, client, result):
        assert check(client, result).verdict is HealthVerdict.CANNOT_TELL

    @pytest.mark.parametrize("error", [NotSentError("No."), LostSightError("No."), UnreadableError("No.")])
    def test_without_an_answer_tells_nothing(self, client, error):
        health = check(client, error)

        assert (health.verdict, health.detail) == (HealthVerdict.CANNOT_TELL, "Broken could not be asked. No.")

    def test_of_a_forbidden_address_is_a_problem(self, client):
        health = check(client, RefusedError("Use https."))

        assert (health.verdict, health.reason) == (HealthVerdict.PROBLEM, Reason.DESTINATION)
        assert health.detail == "Broken was not asked. Use https."


def check(client, result):
    return border.check(BrokenChannel(result), DESTINATION, client.courier(), now=NOW)
