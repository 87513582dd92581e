"""The SMS channel."""

from typing import ClassVar
from urllib.parse import parse_qsl

import pytest

from publishing.channels.base import border
from publishing.channels.sms import SmsChannel
from publishing.domain.account import Destination
from publishing.domain.content import Content, Severity
from publishing.domain.health import HealthVerdict
from publishing.domain.outcome import Deferred, Publication, Published, Reason, Rejected, Unknown
from tests.channels.contract_aws import KEY_ID, SECRET, RoleSignedChannelContract, role  # noqa: F401 - a fixture
from tests.channels.samples import sample_reader
from tests.channels.simulated import build_account, build_submission, utc_now
from tests.servers import http_answer, serving

sample = sample_reader(__file__)
SETTINGS = {"region": "us-east-1", "number": "+12065550100"}


class TestSms(RoleSignedChannelContract):
    kind = "sms"
    host = "sns"
    settings: ClassVar = SETTINGS
    # `Publish` to a phone number has no place for a key of ours.
    carries_key = False

    def test_sends_number_text_and_attributes(self, channel, account, client):
        destination = account.destination(sender_id="EXAMPLE", sms_type="Transactional")

        self.publish(channel, destination, client, build_submission("a+b & c=d %20 Grüße 👋🏽"))

        (post,) = account.posts()
        assert dict(parse_qsl(post["body"])) == {
            "Action": "Publish",
            "Version": "2010-03-31",
            "PhoneNumber": "+12065550100",
            "Message": "a+b & c=d %20 Grüße 👋🏽",
            "MessageAttributes.entry.1.Name": "AWS.SNS.SMS.SenderID",
            "MessageAttributes.entry.1.Value.DataType": "String",
            "MessageAttributes.entry.1.Value.StringValue": "EXAMPLE",
            "MessageAttributes.entry.2.Name": "AWS.SNS.SMS.SMSType",
            "MessageAttributes.entry.2.Value.DataType": "String",
            "MessageAttributes.entry.2.Value.StringValue": "Transactional",
        }

    @pytest.mark.parametrize(
        ("settings", "pointer"),
        [
            ({"number": ""}, "/settings/number"),
            ({"number": "12065550100"}, "/settings/number"),
            ({"number": "+1 206 555 0100"}, "/settings/number"),
            ({"number": "+02065550100"}, "/settings/number"),
            ({"number": "+1234567890123456"}, "/settings/number"),
            ({"number": "+12065550100\n"}, "/settings/number"),
            ({"number": "+١٢٠٦٥٥٥٠١٠٠"}, "/settings/number"),
            ({"sender_id": "ELEVENLETTER"}, "/settings/sender_id"),
            ({"sender_id": "12345"}, "/settings/sender_id"),
            ({"sms_type": "promotional"}, "/settings/sms_type"),
            ({"max_parts": "0"}, "/settings/max_parts"),
            ({"max_parts": "many"}, "/settings/max_parts"),
            ({"max_parts": "26"}, "/settings/max_parts"),
            ({"max_parts": "²"}, "/settings/max_parts"),
        ],
    )
    def test_names_what_is_wrong_with_the_account(self, channel, account, settings, pointer):
        target = account.destination(**settings).account

        (found,) = channel.account_problems(target)
        problems = channel.problems(Content(text="Hi"), target)

        assert found.pointer == pointer
        assert [(problem.field, problem.detail) for problem in problems] == [("accounts", found.detail)]

    def test_is_not_sent_to_what_is_no_number(self, channel, account, client):
        outcome = self.publish(channel, account.destination(number="911"), client)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Rejected, Reason.DESTINATION)
        assert account.count("create") == 0

    def test_says_that_somebody_opted_out(self, channel, account, client):
        account.is_registered(credentials=[f"{KEY_ID}/{SECRET}"], opted_out=1)

        outcome = self.publish(channel, account.destination(), client)

        detail = "SMS was refused: whoever has this number has opted out of messages."
        assert outcome == Rejected(reason=Reason.DESTINATION, detail=detail)

    def test_refuses_more_parts_than_the_account_pays_for(self, channel, account):
        target = account.destination(max_parts="2").account

        assert channel.problems(Content(text="a" * 306), target) == ()
        (problem,) = channel.problems(Content(text="a" * 307), target)

        assert (problem.code, problem.severity) == ("too_many_parts", Severity.PROBLEM)
        assert problem.detail == "SMS: this makes 3 parts in GSM-7; the account allows 2. Shorten it."

    def test_warns_of_one_character_that_costs_parts(self, channel, account):
        (problem,) = channel.problems(Content(text=f"it\u2019s {'a' * 100}"), account.destination().account)

        assert (problem.code, problem.severity) == ("costly_characters", Severity.WARNING)
        assert problem.detail == "SMS: because of “\u2019” this makes 2 parts; plain characters would make 1."

    @pytest.mark.parametrize("text", ["it\u2019s", "a" * 1600, "Grüße"])
    def test_does_not_warn_of_what_costs_nothing(self, channel, account, text):
        assert channel.problems(Content(text=text), account.destination().account) == ()

    def test_counts_its_limit_in_16_bit_units(self, channel, account):
        target = account.destination().account

        assert "too_long" not in {one.code for one in channel.problems(Content(text="😀" * 800), target)}
        assert "too_long" in {one.code for one in channel.problems(Content(text="😀" * 801), target)}

    def test_says_that_a_title_will_not_appear(self, channel, account):
        (problem,) = channel.problems(Content(text="Hi", title="Title"), account.destination().account)

        assert (problem.code, problem.severity) == ("title_dropped", Severity.WARNING)

    def test_is_checked_to_have_opted_out(self, channel, account, client):
        account.is_registered(credentials=[f"{KEY_ID}/{SECRET}"], opted_out=1)

        health = self.check(channel, account.destination(), client)

        assert (health.verdict, health.reason) == (HealthVerdict.PROBLEM, Reason.DESTINATION)
        assert "opted out" in health.detail

    @pytest.mark.parametrize("body", [b"<a/>", b"<isOptedOut>maybe</isOptedOut>", b"<isOptedOut></isOptedOut>"])
    def test_is_not_checked_by_an_answer_that_says_nothing(self, channel, account, client, body):
        with serving(http_answer(body)) as server:
            health = self.check(channel, self.moved(account, server.url), client)

        assert health.verdict is HealthVerdict.CANNOT_TELL


@pytest.fixture
def channel():
    return SmsChannel()


@pytest.mark.usefixtures("role")
class TestAnswersOfSns:
    @pytest.mark.parametrize(
        ("name", "expected"),
        [("bad_number", (Rejected, Reason.DESTINATION)), ("throttled", (Deferred, Reason.RATE))],
    )
    def test_are_told_apart(self, channel, client, name, expected):
        outcome, _ = answered(channel, client, sample(name).raw())

        assert (type(outcome), getattr(outcome, "reason", None)) == expected

    def test_name_the_message(self, channel, client):
        outcome, _ = answered(channel, client, sample("accepted").raw())

        assert outcome == Published(publication=Publication(id="567910cd-659e-55d4-8ccb-5aaf14679dc0"))

    def test_are_asked_for_as_xml(self, channel, client):
        _, requests = answered(channel, client, sample("accepted").raw())

        assert b"\r\naccept: text/xml\r\n" in requests[0].lower()

    @pytest.mark.parametrize(
        ("code", "status", "expected"),
        [
            ("InvalidParameter", 400, (Rejected, Reason.CONTENT)),
            ("ParameterValueInvalid", 400, (Rejected, Reason.CONTENT)),
            ("ValidationException", 400, (Rejected, Reason.CONTENT)),
            ("AuthorizationError", 403, (Rejected, Reason.PERMISSION)),
            ("InvalidSecurity", 403, (Deferred, Reason.UNAVAILABLE)),
            ("OptedOut", 400, (Rejected, Reason.DESTINATION)),
            ("KMSThrottling", 400, (Deferred, Reason.RATE)),
            ("NotFound", 404, (Rejected, Reason.DESTINATION)),
            ("InternalError", 500, (Unknown, Reason.SERVER_ERROR)),
        ],
    )
    def test_follow_the_documented_codes(self, channel, client, code, status, expected):
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>x</Message></Error></ErrorResponse>".encode()

        outcome, _ = answered(channel, client, http_answer(body, status=f"{status} Some words"))

        assert (type(outcome), getattr(outcome, "reason", None)) == expected

    @pytest.mark.parametrize("body", [b"{}", b"<A/>", b"<A><MessageId/></A>", b"<A><MessageId>x</MessageId>", b""])
    def test_that_name_no_message_are_doubt(self, channel, client, body):
        outcome, _ = answered(channel, client, http_answer(body))

        assert (type(outcome), getattr(outcome, "reason", None)) == (Unknown, Reason.LOST_SIGHT)


def answered(channel, client, raw):
    """Send to a service that answers with these bytes."""
    with serving(raw) as server:
        destination = Destination(account=build_account("sms", server.url, **SETTINGS), credential="")
        payload = channel.build(build_submission(), destination.account)
        outcome = border.publish(channel, payload, destination, client.courier(), now=utc_now())
    return outcome, server.requests


class TestFacts:
    @pytest.mark.parametrize(
        ("text", "facts"),
        [
            ("Hi", {"parts": "1", "encoding": "GSM-7", "units": "2"}),
            ("a" * 161, {"parts": "2", "encoding": "GSM-7", "units": "161"}),
            ("{" * 80, {"parts": "1", "encoding": "GSM-7", "units": "160"}),
            ("Hi 👋", {"parts": "1", "encoding": "UCS-2", "units": "5"}),
            ("ő" * 71, {"parts": "2", "encoding": "UCS-2", "units": "71"}),
        ],
    )
    def test_say_what_is_paid_for_and_why(self, channel, text, facts):
        assert {fact.code: fact.value for fact in channel.facts(Content(text=text))} == facts
