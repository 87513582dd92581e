"""Amazon SNS as `Publish` to a phone number knows it: one phone per base URL."""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qsl

from local.platforms import aws
from local.platforms.base import Action, Call, Commit, Platform, Response, timestamp
from local.platforms.sms import card
from local.platforms.sms.parts import cut
from local.platforms.store import Post

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

LONGEST_TEXT = 1_600
FAILURES = {
    401: (403, "ExpiredToken", "The security token included in the request is expired"),
    403: (403, "AuthorizationError", "User is not authorized to perform: SNS:Publish"),
    404: (404, "UnknownOperation", "The requested operation is not recognized by the service."),
    429: (400, "Throttling", "Rate exceeded"),
    500: (500, "InternalError", "An internal service error occurred."),
    503: (503, "ServiceUnavailable", "Service is unable to handle request."),
}
NAMESPACE = "http://sns.amazonaws.com/doc/2010-03-31/"
#: What a message to a phone may carry besides its text.
ATTRIBUTES: Mapping[str, re.Pattern[str]] = {
    "AWS.SNS.SMS.SenderID": re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9]{1,11}"),
    "AWS.SNS.SMS.SMSType": re.compile(r"Transactional|Promotional"),
    "AWS.SNS.SMS.MaxPrice": re.compile(r"[0-9]+(\.[0-9]{1,5})?"),
    "AWS.MM.SMS.OriginationNumber": re.compile(r"\+?[0-9]{3,15}"),
}
_NUMBER = re.compile(r"\+[1-9][0-9]{1,14}")
_ENTRY = re.compile(r"MessageAttributes\.entry\.([0-9]{1,2})\.(Name|Value\.DataType|Value\.StringValue)")


class _RefusedError(Exception):
    """The service does not accept the request; carries its code and its words."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


Handler = Callable[[Call], Response | Commit]


class Sms(Platform):
    """Sends nothing; what it accepts is on the phone at once."""

    kind = "sms"
    title = "SMS"
    hint = "POST Action=Publish to {url}, signed for sns in us-east-1 with {credential} (id/secret)."
    options: ClassVar[Mapping[str, Container[int]]] = {"opted_out": range(2)}

    def default_credential(self, account: str) -> str:
        """Return key id and secret of local mode."""
        del account
        return aws.DEFAULT_CREDENTIAL

    def failure(self, status: int, *, retry_after: float | None = None) -> Response:
        """Word an error as SNS does; it states no time to come back."""
        del retry_after
        answered, code, sentence = FAILURES[status]
        return _error(answered, code, sentence)

    def card(self, post: Post) -> str:
        """Draw a message as a phone shows it."""
        return card.draw(post, self.world.now())

    def route(self, call: Call) -> Action | None:
        """Accept the service's one address; the action that is meant stands in the body."""
        if call.path or call.request.method != "POST":
            return None
        if b"Action=CheckIfPhoneNumberIsOptedOut" in call.request.body.split(b"&"):
            return Action(kind="read", begin=lambda: self._guard(call, self._say_who_opted_out))
        return Action(kind="create", begin=lambda: self._guard(call, self._publish))

    def _guard(self, call: Call, handler: Handler) -> Response | Commit:
        try:
            aws.verify(call.request, service="sns", credentials=self.credentials(call.account), now=self.world.now())
            return handler(call)
        except aws.NotSignedError as refused:
            return _error(HTTPStatus.FORBIDDEN, refused.code, refused.sentence)
        except _RefusedError as refused:
            return _error(HTTPStatus.BAD_REQUEST, refused.code, refused.sentence)

    def _publish(self, call: Call) -> Commit:
        fields = _read_fields(call, "Publish")
        attributes = _read_attributes(fields)
        self._check(call.account, fields)
        return lambda: self._accept(call, fields, attributes)

    def _say_who_opted_out(self, call: Call) -> Response:
        number = _read_fields(call, "CheckIfPhoneNumberIsOptedOut").get("phoneNumber", "")
        if not _NUMBER.fullmatch(number):
            raise _invalid(f"phoneNumber Reason: {number} is not valid")
        opted_out = bool(self.world.store.get_account(self.kind, call.account).options.get("opted_out"))
        name = "CheckIfPhoneNumberIsOptedOut"
        result = f"<{name}Result><isOptedOut>{str(opted_out).lower()}</isOptedOut></{name}Result>"
        return _xml(f'<{name}Response xmlns="{NAMESPACE}">{result}{_METADATA}</{name}Response>')

    def _check(self, account: str, fields: Mapping[str, str]) -> None:
        number, text = fields.get("PhoneNumber", ""), fields.get("Message", "")
        if not _NUMBER.fullmatch(number):
            raise _invalid(f"PhoneNumber Reason: {number} is not valid to publish to")
        if not text:
            raise _invalid("Empty message")
        if len(text.encode("utf-16-be")) // 2 > LONGEST_TEXT:
            raise _invalid("Message too long")
        if self.world.store.get_account(self.kind, account).options.get("opted_out"):
            raise _RefusedError("OptedOut", "The phone number has opted out of receiving messages.")

    def _accept(self, call: Call, fields: Mapping[str, str], attributes: Mapping[str, str]) -> Response:
        number = self.world.store.next_number()
        post_id = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.world.now().isoformat()}/{number}"))
        encoding, parts = cut(fields["Message"])
        self.world.store.add_post(
            Post(
                channel=self.kind,
                account=call.account,
                id=post_id,
                text=fields["Message"],
                key=None,
                received_at=timestamp(call.received_at),
                url=f"{self.world.url}/wall/sms/{call.account}/{post_id}",
                body=call.request.body,
                details={
                    "number": fields["PhoneNumber"],
                    "encoding": encoding,
                    "parts": list(parts),
                    "attributes": dict(attributes),
                },
            )
        )
        result = f"<PublishResult><MessageId>{post_id}</MessageId></PublishResult>"
        return _xml(f'<PublishResponse xmlns="{NAMESPACE}">{result}{_METADATA}</PublishResponse>')


def _read_fields(call: Call, action: str) -> dict[str, str]:
    if call.request.media_type != "application/x-www-form-urlencoded":
        raise _RefusedError("UnknownOperation", "The requested operation is not recognized by the service.")
    try:
        pairs = parse_qsl(call.request.body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=64)
    except ValueError:
        raise _RefusedError("MalformedQueryString", "The query string contains a syntax error.") from None
    fields = dict(pairs)
    if fields.get("Action") != action or fields.get("Version") != "2010-03-31":
        raise _RefusedError("InvalidAction", "Could not find that operation for the version.")
    return fields


def _read_attributes(fields: Mapping[str, str]) -> dict[str, str]:
    entries: dict[str, dict[str, str]] = {}
    for name, value in fields.items():
        if match := _ENTRY.fullmatch(name):
            entries.setdefault(match[1], {})[match[2]] = value
    found = {}
    for entry in entries.values():
        name, value = entry.get("Name", ""), entry.get("Value.StringValue", "")
        if entry.get("Value.DataType") not in {"String", "Number"} or not value:
            raise _RefusedError("ParameterValueInvalid", f"The message attribute '{name}' must contain a value.")
        # Real messages may carry other attributes, which a phone never sees; here they are taken for mistakes.
        if name not in ATTRIBUTES or not ATTRIBUTES[name].fullmatch(value):
            raise _invalid(f"MessageAttributes Reason: the value of {name} is not valid")
        found[name] = value
    return found


def _invalid(words: str) -> _RefusedError:
    return _RefusedError("InvalidParameter", f"Invalid parameter: {words}")


_METADATA = "<ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000</RequestId></ResponseMetadata>"


def _error(status: int, code: str, sentence: str) -> Response:
    kind = "Sender" if status < 500 else "Receiver"
    error = f"<Error><Type>{kind}</Type><Code>{code}</Code><Message>{html.escape(sentence)}</Message></Error>"
    request = "<RequestId>00000000-0000-0000-0000-000000000000</RequestId>"
    return _xml(f'<ErrorResponse xmlns="{NAMESPACE}">{error}{request}</ErrorResponse>', status=status)


def _xml(document: str, *, status: int = HTTPStatus.OK) -> Response:
    return Response(status=status, headers=(("Content-Type", "text/xml"),), body=document.encode())
