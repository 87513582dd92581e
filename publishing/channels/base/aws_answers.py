"""Reading what AWS answers: error codes of its JSON and XML protocols, and the outcomes that all services share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from xml.parsers import expat

from publishing.channels.base.answers import read_refusal, read_retry_after
from publishing.domain.health import Health, cannot_tell, unusable
from publishing.domain.outcome import Deferred, Outcome, Reason, Rejected
from publishing.http import Answer, UnreadableError

#: The signature was refused, so nothing was processed: the role's credentials expired or are not there yet, or a clock
#: is wrong. Names from "Common Errors" of the services' API references, read 2026-11-22.
UNSIGNED: Final = frozenset({
    "ExpiredToken", "ExpiredTokenException", "IncompleteSignature", "IncompleteSignatureException",
    "InvalidClientTokenId", "InvalidSecurity", "InvalidSignatureException", "MissingAuthenticationToken",
    "MissingAuthenticationTokenException", "NotAuthorized", "RequestExpired", "RequestTimeTooSkewed",
    "SignatureDoesNotMatch", "UnrecognizedClientException",
})  # fmt: skip
THROTTLED: Final = frozenset({
    "KMSThrottling", "RequestLimitExceeded", "RequestThrottled", "Throttled", "ThrottledException", "Throttling",
    "ThrottlingException", "TooManyRequestsException",
})  # fmt: skip
DENIED: Final = frozenset({"AccessDenied", "AccessDeniedException", "AuthorizationError", "OptInRequired"})

_DEEPEST: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsError:
    """What an error answer says."""

    code: str
    #: For matching only. It may quote addresses and content, so it is shown to nobody.
    text: str = field(repr=False)

    def mentions(self, words: str) -> bool:
        """Tell whether its text holds some words, whatever their case."""
        return words.lower() in self.text.lower()


#: The codes that a service documents for itself: what they mean, or None to leave it to the general rules.
Verdicts = Callable[[AwsError], Outcome | None]


def read_aws_refusal(answer: Answer, *, name: str, service: str, verdicts: Verdicts, now: datetime) -> Outcome | None:
    """Return the outcome of an answer whose status is no success, or None for a 2xx.

    A 5xx is doubt, whatever code it names: the request may have been carried out.
    """
    if answer.is_success or answer.status >= 500:
        return read_refusal(answer, name=name, now=now)
    error = read_error(answer)
    if error.code in UNSIGNED or answer.status == 401:
        return not_signed(name, service, now=now, answer=answer)
    stated = verdicts(error)
    if stated is not None:
        return stated
    if error.code in THROTTLED or answer.status == 429:
        until = read_retry_after(answer, now=now)
        return Deferred(reason=Reason.RATE, detail=f"{name} is sent too fast for {service}.", not_before=until)
    if error.code in DENIED:
        detail = f"{name} was refused: the deployment's role may not use {service}. An operator must grant it."
        return Rejected(reason=Reason.PERMISSION, detail=detail)
    return read_refusal(answer, name=name, now=now)


def read_aws_health(answer: Answer, *, name: str, service: str, grants: str) -> Health | None:
    """Return what a refusal says about an account that was only asked after, or None for a 2xx.

    `grants` names what lets the role ask. It can lack that and be allowed to send.
    """
    if answer.is_success:
        return None
    if answer.status >= 500:
        return cannot_tell(f"{name} was not checked: {service} had an error of its own (HTTP {answer.status}).")
    code = read_error(answer).code
    if code in UNSIGNED or answer.status == 401:
        return role_refused(name, service)
    if code in THROTTLED or answer.status == 429:
        return cannot_tell(f"{name} was not checked: {service} is asked too often. Check it again later.")
    if code in DENIED or answer.status == 403:
        return cannot_tell(
            f"{name} was not checked: the deployment's role may not ask. An operator can grant {grants}."
        )
    detail = (
        f"{name} was not checked: {service} refuses the question (HTTP {answer.status}). Check the account's settings."
    )
    return unusable(Reason.DESTINATION, detail)


def role_refused(name: str, service: str) -> Health:
    """Return the health of every account of a deployment whose role the service does not accept."""
    detail = (
        f"{name} is not sent: {service} does not accept the deployment's own signature. An operator must look at its "
        "role and its clock."
    )
    return unusable(Reason.UNAVAILABLE, detail)


def not_signed(name: str, service: str, *, now: datetime, answer: Answer | None = None) -> Deferred:
    """Return the outcome of a request that AWS refused to look at, or that could not be signed at all.

    The reason is `unavailable`: nothing was processed, and what has to be mended is the deployment's role or clock. It
    is not `credential`, because that parks the account's deliveries until somebody connects the account again, and
    this account has nothing that could be connected. So it is tried again with growing pauses, like any outage.
    """
    detail = f"{name} was not sent: {service} did not accept the deployment's own signature. It is tried again."
    until = read_retry_after(answer, now=now) if answer else None
    return Deferred(reason=Reason.UNAVAILABLE, detail=detail, not_before=until)


def read_error(answer: Answer) -> AwsError:
    """Return an error's code and text, from header, JSON or XML; both empty when it is in none of them."""
    header = answer.headers.get("x-amzn-errortype", "")
    try:
        if answer.body.lstrip().startswith(b"<"):
            stated: Mapping[str, object] = read_xml(answer)
            return AwsError(code=_code(stated.get("Code")), text=str(stated.get("Message", "")))
        stated = answer.json_object()
    except UnreadableError:
        return AwsError(code=_code(header), text="")
    code = header or stated.get("__type") or stated.get("code")
    return AwsError(code=_code(code), text=str(stated.get("message", stated.get("Message", ""))))


def read_xml(answer: Answer) -> dict[str, str]:
    """Return the texts of a document's innermost elements by name. Raise `UnreadableError` unless it is whole XML.

    A document type is refused, and with it every entity: no answer of AWS has one.
    """
    if answer.flaw:
        raise UnreadableError(f"The answer {answer.flaw}.")
    reader = _XmlReader()
    try:
        reader.parser.Parse(answer.body, True)  # noqa: FBT003 - expat takes no keyword
    except (expat.ExpatError, ValueError):
        # The cause is dropped on purpose: it may quote the document.
        raise UnreadableError("The answer is not XML.") from None
    return reader.texts


class _XmlReader:
    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self._open: list[list[str]] = []
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._refuse

    def _start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002 - expat's signature
        if len(self._open) == _DEEPEST:
            raise ValueError("Too deep.")
        self._open.append([name])

    def _end(self, name: str) -> None:
        _, *parts = self._open.pop()
        self.texts.setdefault(name, "".join(parts).strip())

    def _characters(self, text: str) -> None:
        self._open[-1].append(text)

    def _refuse(self, *_: object) -> None:
        raise ValueError("A document type.")


def _code(stated: object) -> str:
    """Return the bare code: JSON protocols put a namespace before it and an address behind it."""
    return str(stated or "").partition(":")[0].rpartition("#")[2].strip()
