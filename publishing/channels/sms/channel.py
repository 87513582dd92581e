"""The call that sends a text message and the reading of its answer."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import ClassVar, Final

from publishing.channels.base import aws
from publishing.channels.base.aws_answers import AwsError, read_aws_health, read_xml, role_refused
from publishing.channels.base.aws_call import Operation, call
from publishing.channels.base.aws_channel import AwsChannel
from publishing.channels.base.capabilities import Capabilities, Deduplication, optional, required
from publishing.channels.base.checks import account_problems, common_problems, no_titles
from publishing.channels.base.contract import Payload, Submission
from publishing.channels.sms.alphabet import Encoding, count_parts, outside_gsm_7
from publishing.channels.sms.payload import (
    SMS_TYPES,
    TEXT_LIMIT,
    allowed_parts,
    build_body,
    build_question,
    compose,
    encode,
    is_number,
    is_sender_id,
    measure,
)
from publishing.domain.account import Account, Destination
from publishing.domain.content import Content, ContentProblem, Fact, Severity
from publishing.domain.errors import FieldProblem
from publishing.domain.health import Health, healthy, unusable
from publishing.domain.outcome import Outcome, Reason, Rejected
from publishing.http import Answer, Courier, UnreadableError

NAME: Final = "SMS"
SNS: Final = aws.Service(signing_name="sns", host="sns")
SERVICE: Final = "Amazon SNS"

_INVALID: Final = frozenset({
    "InvalidParameter", "InvalidParameterValue", "ParameterValueInvalid", "ValidationError", "ValidationException",
})  # fmt: skip
_OPTED_OUT: Final = frozenset({"OptedOut", "OptedOutException", "OptedOutPhoneNumber"})
_SHOWN_CHARACTERS: Final = 5
_ENCODINGS: Final = {
    Encoding.GSM_7: "Every character is one of the 7-bit alphabet: up to 160 in one part.",
    Encoding.UCS_2: "A character outside the 7-bit alphabet makes all of them longer: up to 70 in one part.",
}


class SmsChannel(AwsChannel):
    """Sends text messages through SNS, which knows no key for them and keeps no list: a lost answer stays in doubt."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="sms",
        name=NAME,
        deduplication=Deduplication.NONE,
        needs_credential=False,
        can_check=True,
        text_limit=TEXT_LIMIT,
        connect_fields=(
            required("/settings/region", "The AWS region that sends, like us-east-1."),
            required(
                "/settings/number",
                "The one phone number that it goes to, with a plus and its country code, like +12065550100.",
            ),
            optional(
                "/settings/sender_id", "What stands in the place of the sender's number, where the country allows it."
            ),
            optional("/settings/sms_type", "Transactional or Promotional; otherwise what the AWS account has set."),
            optional("/settings/max_parts", "How many parts a message may have; each part is paid for."),
        ),
        documentation_url="https://docs.aws.amazon.com/sns/latest/api/API_Publish.html",
    )

    service = SNS
    cannot_ask = "Amazon SNS cannot be asked what it sent. Ask whoever has the phone."

    def setting_problems(self, account: Account) -> Iterator[FieldProblem]:
        """Yield what is wrong with the account's number and settings."""
        return _setting_problems(account)

    def measure(self, content: Content) -> int:
        """Return the length that counts against the limit of one call, link included."""
        return measure(compose(content))

    def problems(self, content: Content, account: Account) -> tuple[ContentProblem, ...]:
        """Return what SNS would refuse, what the account does not pay for, and what costs more than it need."""
        found = common_problems(self, content, account) + account_problems(self, account)
        if not any(problem.field == "text" for problem in found):
            found += tuple(_part_problems(compose(content), account))
        return found + no_titles(self, content)

    def build(self, submission: Submission, account: Account) -> Payload:
        """Build the message."""
        return Payload(
            text=compose(submission.content),
            body=build_body(submission.content, account.settings),
            delivery_key=submission.delivery_key,
        )

    def publish(self, payload: Payload, destination: Destination, courier: Courier, *, now: datetime) -> Outcome:
        """Hand the message to SNS."""
        account = destination.account
        place = aws.endpoint(account, SNS)
        if place is None or not is_number(account.settings.get("number", "")):
            detail = f"{NAME} was not sent: the account's number or its region cannot be used. Check the account."
            return Rejected(reason=Reason.DESTINATION, detail=detail)
        return call(_OPERATION, _request(place, account, payload.body), courier, now=now)

    def ask_health(self, place: str, account: Account, courier: Courier, *, now: datetime) -> Health:
        """Ask whether whoever has the number opted out."""
        try:
            answer = aws.ask(_request(place, account, build_question(account.settings)), courier, now=now)
        except aws.UnsignedError:
            return role_refused(NAME, SERVICE)
        health = read_aws_health(answer, name=NAME, service=SERVICE, grants="sns:CheckIfPhoneNumberIsOptedOut")
        return health or _opted_out(answer)

    def facts(self, content: Content) -> tuple[Fact, ...]:
        """Return the parts that are paid for, and the encoding that they follow from."""
        parts = count_parts(compose(content))
        paid = "1 part is sent and paid for." if parts.count == 1 else f"{parts.count} parts are sent and paid for."
        return (
            Fact(code="parts", value=str(parts.count), detail=paid),
            Fact(code="encoding", value=parts.encoding.value, detail=_ENCODINGS[parts.encoding]),
            Fact(code="units", value=str(parts.units), detail=f"{parts.units:,} units of {parts.encoding} in all."),
        )


def _request(place: str, account: Account, body: Mapping[str, object]) -> aws.AwsRequest:
    return aws.AwsRequest(
        service=SNS,
        region=account.settings["region"],
        url=place,
        # The courier by itself asks for JSON; the documents of the service show XML only.
        headers={"content-type": "application/x-www-form-urlencoded; charset=utf-8", "accept": "text/xml"},
        content=encode(body),
    )


def _opted_out(answer: Answer) -> Health:
    match read_xml(answer).get("isOptedOut", "").lower():
        case "false":
            return healthy(f"{NAME} can be sent: whoever has the number has not opted out.")
        case "true":
            detail = f"{NAME} would be refused: whoever has this number has opted out of messages."
            return unusable(Reason.DESTINATION, detail)
        case _:
            raise UnreadableError("The answer does not say who opted out.")


def _setting_problems(account: Account) -> Iterator[FieldProblem]:
    settings = account.settings
    number = settings.get("number", "")
    if not is_number(number):
        detail = f"The number {number[:40]!r} is no phone number in international form. Enter one like +12065550100."
        yield FieldProblem(pointer="/settings/number", code="bad_number", detail=detail)
    if settings.get("sender_id") and not is_sender_id(settings["sender_id"]):
        detail = "A sender id has up to 11 letters and digits, at least one of them a letter."
        yield FieldProblem(pointer="/settings/sender_id", code="bad_sender_id", detail=detail)
    if settings.get("sms_type") and settings["sms_type"] not in SMS_TYPES:
        detail = f"The type is {' or '.join(SMS_TYPES)}, or left out."
        yield FieldProblem(pointer="/settings/sms_type", code="bad_type", detail=detail)
    if settings.get("max_parts") and allowed_parts(settings) is None:
        detail = "The number of parts is a whole number from 1 to 24."
        yield FieldProblem(pointer="/settings/max_parts", code="bad_max_parts", detail=detail)


def _part_problems(text: str, account: Account) -> Iterator[ContentProblem]:
    parts = count_parts(text)
    allowed = allowed_parts(account.settings)
    if allowed is not None and parts.count > allowed:
        detail = (
            f"{NAME}: this makes {parts.count} parts in {parts.encoding}; the account allows {allowed}. Shorten it."
        )
        yield ContentProblem(code="too_many_parts", detail=detail)
    if parts.encoding is Encoding.UCS_2:
        strange = outside_gsm_7(text)
        without = count_parts(text.translate(dict.fromkeys(map(ord, strange), "?"))).count
        if without < parts.count:
            shown = strange[:_SHOWN_CHARACTERS] + ("…" if len(strange) > _SHOWN_CHARACTERS else "")
            detail = (
                f"{NAME}: because of “{shown}” this makes {parts.count} parts; plain characters would make {without}."
            )
            yield ContentProblem(code="costly_characters", detail=detail, severity=Severity.WARNING)


def _verdict(error: AwsError) -> Outcome | None:
    """Say what the codes of `Publish` mean when the target is a phone number."""
    if error.code in _OPTED_OUT or error.mentions("opted out"):
        detail = f"{NAME} was refused: whoever has this number has opted out of messages."
        return Rejected(reason=Reason.DESTINATION, detail=detail)
    if error.code in _INVALID and error.mentions("PhoneNumber"):
        detail = f"{NAME} was refused: {SERVICE} cannot send to the account's number. Check the account."
        return Rejected(reason=Reason.DESTINATION, detail=detail)
    if error.code in _INVALID:
        return Rejected(reason=Reason.CONTENT, detail=f"{NAME} was refused: {SERVICE} does not accept this content.")
    return None


def _read_id(answer: Answer) -> object:
    return read_xml(answer).get("MessageId")


_OPERATION: Final = Operation(name=NAME, service=SERVICE, verdicts=_verdict, read_id=_read_id)
