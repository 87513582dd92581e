"""Reading what AWS answers."""

from datetime import UTC, datetime

import pytest

from publishing.channels.base.aws_answers import read_aws_refusal, read_error, read_xml
from publishing.domain.outcome import Deferred, Reason, Rejected, Unknown
from publishing.http import Answer, UnreadableError

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
XML = b"<E xmlns='n'><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate &lt; 1</Message></Error></E>"


def answer(body=b"", *, status=400, flaw=None, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=named, body=body, flaw=flaw)


def outcome_of(one):
    return read_aws_refusal(one, name="Email", service="Amazon SES", verdicts=lambda _: None, now=NOW)


class TestAnError:
    @pytest.mark.parametrize(
        ("one", "code", "text"),
        [
            (answer(b'{"message": "No."}', x_amzn_errortype="MessageRejected:http://a/"), "MessageRejected", "No."),
            (answer(b'{"__type": "com.amazon#MessageRejected", "Message": "No."}'), "MessageRejected", "No."),
            (answer(b'{"code": "MessageRejected"}'), "MessageRejected", ""),
            (answer(XML), "Throttling", "Rate < 1"),
            (answer(b"\n <?xml version='1.0'?>" + XML), "", ""),
            (answer(b"<?xml version='1.0'?>" + XML), "Throttling", "Rate < 1"),
            (answer(b"", x_amzn_errortype="AccessDeniedException"), "AccessDeniedException", ""),
            (answer(b"<html><body>Not here</body>"), "", ""),
            (answer(b"[]"), "", ""),
            (answer(b'{"__type": 7}'), "7", ""),
        ],
    )
    def test_is_read_from_header_json_and_xml(self, one, code, text):
        error = read_error(one)

        assert (error.code, error.text) == (code, text)

    def test_shows_its_text_to_nobody(self):
        error = read_error(answer(b'{"code": "A", "message": "canary"}'))

        assert "canary" not in repr(error)
        assert error.mentions("CANARY")


class TestXml:
    def test_is_read_by_name_the_first_of_each(self):
        assert read_xml(answer(b"<A><B> 1 </B><B>2</B><C><D>3</D></C></A>"))["B"] == "1"

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<A>",
            b"<A/>x",
            b"{}",
            b"<!DOCTYPE a><A/>",
            b"<!DOCTYPE a [<!ENTITY b 'c'>]><A>&b;</A>",
            b"<A>&b;</A>",
            b"<A>" * 20 + b"</A>" * 20,
            b"<A>\xff</A>",
        ],
    )
    def test_of_another_kind_is_unreadable(self, body):
        with pytest.raises(UnreadableError):
            read_xml(answer(body))

    def test_that_is_not_complete_is_unreadable(self):
        with pytest.raises(UnreadableError, match="was cut off"):
            read_xml(answer(b"<A/>", flaw="was cut off"))


class TestAnOutcome:
    @pytest.mark.parametrize(
        ("code", "status", "expected"),
        [
            ("ThrottlingException", 400, (Deferred, Reason.RATE)),
            ("Throttling", 400, (Deferred, Reason.RATE)),
            ("", 429, (Deferred, Reason.RATE)),
            ("AccessDeniedException", 403, (Rejected, Reason.PERMISSION)),
            ("AuthorizationError", 403, (Rejected, Reason.PERMISSION)),
            ("ExpiredTokenException", 403, (Deferred, Reason.UNAVAILABLE)),
            ("ExpiredToken", 400, (Deferred, Reason.UNAVAILABLE)),
            ("InvalidSignatureException", 403, (Deferred, Reason.UNAVAILABLE)),
            ("", 401, (Deferred, Reason.UNAVAILABLE)),
            ("", 403, (Rejected, Reason.PERMISSION)),
            ("SomethingNew", 400, (Rejected, Reason.CONTENT)),
            ("UnknownOperationException", 404, (Rejected, Reason.DESTINATION)),
            ("ThrottlingException", 500, (Unknown, Reason.SERVER_ERROR)),
            ("ExpiredTokenException", 503, (Unknown, Reason.SERVER_ERROR)),
        ],
    )
    def test_follows_the_documented_code(self, code, status, expected):
        outcome = outcome_of(answer(b"{}", status=status, x_amzn_errortype=code))

        assert (type(outcome), getattr(outcome, "reason", None)) == expected

    def test_is_none_for_a_success(self):
        assert outcome_of(answer(b"{}", status=200)) is None

    def test_never_asks_to_connect_the_account_again(self):
        outcomes = [outcome_of(answer(b"{}", status=status)) for status in range(300, 600)]

        assert {outcome.reason for outcome in outcomes} & {Reason.CREDENTIAL} == set()
