"""The call that sends a mail and the reading of its answer."""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Final

from publishing.channels.base import aws
from publishing.channels.base.aws_answers import AwsError
from publishing.channels.base.aws_call import Operation, call
from publishing.channels.base.aws_channel import AwsChannel
from publishing.channels.base.capabilities import Capabilities, Deduplication, optional, required
from publishing.channels.base.checks import account_problems, common_problems
from publishing.channels.base.contract import Payload, Submission
from publishing.channels.email.address import BadAddressError, ascii_address, name_problem
from publishing.channels.email.health import NAME, SERVICE, SES, Question
from publishing.channels.email.payload import IMAGES, build_body, compose, encode
from publishing.domain.account import Account, Destination
from publishing.domain.content import Content, ContentProblem
from publishing.domain.errors import FieldProblem
from publishing.domain.health import Health
from publishing.domain.outcome import (
    Deferred,
    Outcome,
    Reason,
    Rejected,
)
from publishing.domain.wording import phrase
from publishing.http import Answer, Courier

_ADDRESSES: Final = (
    ("sender", phrase("sender's")),
    ("recipient", phrase("recipient's")),
    ("reply_to", phrase("reply")),
)
_CONFIGURATION_SET: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
#: Codes of `SendEmail` that say no for good, in the service's model of 2026-08-07.
_REJECTED: Final = {
    "AccountSuspendedException": (
        Reason.PERMISSION,
        "{name} was refused: {service} has suspended sending for good. An operator must talk to AWS.",
    ),
    "SendingPausedException": (
        Reason.PERMISSION,
        "{name} was refused: {service} has paused sending. An operator must look into the AWS account.",
    ),
    "MailFromDomainNotVerifiedException": (
        Reason.PERMISSION,
        "{name} was refused: {service} has not verified the sender's domain. An operator must verify it.",
    ),
    "NotFoundException": (
        Reason.PERMISSION,
        "{name} was refused: {service} does not know the account's configuration set. Check the account's settings.",
    ),
    "MessageRejected": (Reason.CONTENT, "{name} was refused: {service} does not accept this content."),
    "BadRequestException": (
        Reason.CONTENT,
        "{name} was refused: {service} does not accept this content or one of the account's addresses.",
    ),
}


class EmailChannel(AwsChannel):
    """Sends mail through SES, which knows no key and cannot be asked later: a lost answer stays in doubt."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        kind="email",
        name=NAME,
        deduplication=Deduplication.NONE,
        images=IMAGES,
        needs_credential=False,
        can_check=True,
        connect_fields=(
            required("/settings/region", "The AWS region that sends, like us-east-1."),
            required(
                "/settings/sender",
                "The address that the mail comes from; Amazon SES must have verified it or its domain.",
            ),
            required("/settings/recipient", "The one address that it goes to, for example that of a mailing list."),
            optional("/settings/sender_name", "The name that stands before the sender's address."),
            optional("/settings/reply_to", "The address that answers go to."),
            optional("/settings/configuration_set", "The configuration set whose events say what became of a mail."),
        ),
        documentation_url="https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html",
    )

    service = SES
    # SES lists no mail, and asks for the very id that was lost.
    cannot_ask = "Amazon SES cannot be asked which mail it took. Look into the recipient's inbox."

    def setting_problems(self, account: Account) -> Iterator[FieldProblem]:
        """Yield what is wrong with the account's addresses and settings."""
        return _setting_problems(account)

    def measure(self, content: Content) -> int:
        """Return the number of characters of the text part, link included."""
        return len(compose(content))

    def problems(self, content: Content, account: Account) -> tuple[ContentProblem, ...]:
        """Return what is wrong with the text, or with the addresses of the account."""
        return common_problems(self, content, account) + account_problems(self, account)

    def build(self, submission: Submission, account: Account) -> Payload:
        """Build the mail. What is wrong with the account's addresses is for `problems` and `publish` to say."""
        try:
            body = build_body(submission, account.settings, rules=self.image_rules(account))
        except BadAddressError:
            body = {}
        return Payload(text=compose(submission.content), body=body, delivery_key=submission.delivery_key)

    def publish(self, payload: Payload, destination: Destination, courier: Courier, *, now: datetime) -> Outcome:
        """Hand the mail to SES."""
        account = destination.account
        place = aws.endpoint(account, SES)
        if place is None or not payload.body:
            detail = f"{NAME} was not sent: the account's addresses or its region cannot be used. Check the account."
            return Rejected(reason=Reason.DESTINATION, detail=detail)
        request = aws.AwsRequest(
            service=SES,
            region=account.settings["region"],
            url=f"{place}/v2/email/outbound-emails",
            headers={"content-type": "application/json"},
            content=encode(payload.body),
        )
        return call(_OPERATION, request, courier, now=now)

    def ask_health(self, place: str, account: Account, courier: Courier, *, now: datetime) -> Health:
        """Ask whether the AWS account may send, and whether it may send in the sender's name."""
        return Question(place, account, courier, now=now).ask()


def _setting_problems(account: Account) -> Iterator[FieldProblem]:
    settings = account.settings
    for name, word in _ADDRESSES:
        text = settings.get(name, "")
        if name == "reply_to" and not text:
            continue
        try:
            ascii_address(text)
        except BadAddressError as error:
            detail = (
                f"The {word} address {_shown(text)} cannot be used. {error}" if text else f"Enter the {word} address."
            )
            yield FieldProblem(pointer=f"/settings/{name}", code="bad_address", detail=detail)
    problem = name_problem(settings.get("sender_name", ""))
    if problem:
        yield FieldProblem(pointer="/settings/sender_name", code="bad_name", detail=problem)
    chosen = settings.get("configuration_set", "")
    if chosen and not _CONFIGURATION_SET.fullmatch(chosen):
        detail = "A configuration set's name has up to 64 letters, digits, _ and -."
        yield FieldProblem(pointer="/settings/configuration_set", code="bad_name", detail=detail)


def _shown(text: str) -> str:
    """Quote what somebody entered, short and printable."""
    return repr(text if len(text) <= 80 else f"{text[:79]}…")


def _verdict(error: AwsError) -> Outcome | None:
    """Say what the codes of `SendEmail` mean; throttling comes under several, told apart by their text."""
    if error.mentions("Daily message quota exceeded"):
        detail = f"{NAME} waits: the day's sending quota at {SERVICE} is used up."
        return Deferred(reason=Reason.QUOTA, detail=detail)
    if error.mentions("Maximum sending rate exceeded"):
        return Deferred(reason=Reason.RATE, detail=f"{NAME} is sent too fast for {SERVICE}.")
    if error.code == "LimitExceededException":
        return Deferred(reason=Reason.QUOTA, detail=f"{NAME} waits: a limit of the account at {SERVICE} is reached.")
    if error.code == "MessageRejected" and error.mentions("not verified"):
        detail = (
            f"{NAME} was refused: {SERVICE} has not verified the sender, or is in its sandbox. An operator can help."
        )
        return Rejected(reason=Reason.PERMISSION, detail=detail)
    if error.code in _REJECTED:
        reason, saying = _REJECTED[error.code]
        return Rejected(reason=reason, detail=saying.format(name=NAME, service=SERVICE))
    return None


def _read_id(answer: Answer) -> object:
    return answer.json_object().get("MessageId")


_OPERATION: Final = Operation(name=NAME, service=SERVICE, verdicts=_verdict, read_id=_read_id)
