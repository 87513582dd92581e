"""What the Graph API's answers mean: by `code` and `error_subcode`, never by what the message says."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from publishing.channels.base.answers import asked_to_wait, not_understood, read_refusal
from publishing.domain.outcome import Deferred, Outcome, Publication, Reason, Rejected, Unknown
from publishing.http import Answer, UnreadableError

NAME: Final = "Facebook"
#: How long to wait where a limit names no time.
_WAIT: Final = timedelta(hours=1)

_RATE: Final = frozenset({4, 17, 32, 341, 613, *range(80_000, 80_015), 1_390_008})
_CREDENTIAL: Final = frozenset({102, 190})
_PERMISSION: Final = frozenset({3, 10, *range(200, 300)})
#: Its own trouble: at a visible call, it may have published all the same.
_DOUBT: Final = frozenset({1, 2, 1_363_047, 1_609_010})

#: Signs, as code or subcode, and what they say.
_REJECTED: Final[Mapping[int, tuple[Reason, str]]] = {
    506: (
        Reason.DUPLICATE,
        "{name} has this very text as the page's latest post. Change the wording, or leave it at that one.",
    ),
    1_366_051: (Reason.DUPLICATE, "{name} has these very pictures on the page already."),
    368: (
        Reason.PERMISSION,
        "{name} blocks this page for a while because of its rules. Look there, wait some hours, then try again.",
    ),
    1_404_078: (
        Reason.PERMISSION,
        "{name} wants somebody who manages the page to complete the publishing authorization.",
    ),
    4_854_002: (Reason.PERMISSION, "{name} wants somebody who manages the page to confirm who they are."),
    1_404_006: (Reason.PERMISSION, "{name} wants somebody who manages the page to pass a security check."),
    1_404_112: (Reason.PERMISSION, "{name} wants somebody who manages the page to pass a security check."),
    1_609_005: (Reason.CONTENT, "{name} cannot read the page that the link leads to. Check the link."),
    1_609_008: (Reason.CONTENT, "{name} takes no links that lead to Facebook itself. Remove the link."),
    1_346_003: (Reason.CONTENT, "{name} says that this content is against its rules."),
    1_404_102: (Reason.CONTENT, "{name} says that this content is against its rules."),
    1_366_046: (Reason.CONTENT, "{name} does not accept this picture: it is too large or of another kind."),
    1_349_125: (Reason.CONTENT, "{name} does not accept this kind of picture."),
    2_069_019: (Reason.CONTENT, "{name} does not accept this file."),
    2_061_006: (Reason.CONTENT, "{name} cannot read the address of a file."),
    100: (Reason.CONTENT, "{name} does not accept this content."),
}
_NO_SUCH_OBJECT: Final = (100, 33)
#: Subcodes that say why a token is no longer good.
_LOST_TOKEN: Final[Mapping[int, str]] = {
    458: "The app was removed from the account.",
    459: "Facebook wants a log-in there first.",
    460: "The password was changed.",
    463: "The token has expired.",
    464: "The account there is not confirmed.",
    467: "The token is no longer valid.",
    492: "The person who connected it no longer has a role on the page.",
}


def read_answer(answer: Answer, *, now: datetime) -> Outcome | None:
    """Return the outcome of an answer that reports an error, whatever its HTTP status; None when it reports none."""
    error = _error(answer)
    if error is None:
        return read_refusal(answer, name=NAME, now=now)
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    if (code, subcode) == _NO_SUCH_OBJECT:
        detail = f"{NAME} knows no such page, or does not show it to this account. Check the account."
        return Rejected(reason=Reason.DESTINATION, detail=detail)
    # Subcodes of seven digits are more exact than the code; shorter ones mean something beside their code only.
    for sign in (subcode if subcode > 1_000_000 else 0, code):
        outcome = _of_sign(sign, subcode, answer, now=now)
        if outcome is not None:
            return _unless_transient(outcome, error, answer)
    if answer.is_success:
        return not_understood(NAME)
    return _unless_transient(read_refusal(answer, name=NAME, now=now) or not_understood(NAME), error, answer)


def read_publication(post: Mapping[str, object]) -> Publication:
    """Return what a post says of itself. Raise `UnreadableError` when it has no id."""
    remote_id, url = post.get("id"), post.get("permalink_url")
    if not isinstance(remote_id, str) or not remote_id:
        raise UnreadableError("The post has no id.")
    is_link = isinstance(url, str) and url.startswith(("https://", "http://"))
    return Publication(id=remote_id, url=str(url) if is_link else None)


def _error(answer: Answer) -> Mapping[str, object] | None:
    try:
        error = answer.json_object().get("error")
    except UnreadableError:
        return None
    return error if isinstance(error, dict) else None


def _of_sign(sign: int, subcode: int, answer: Answer, *, now: datetime) -> Outcome | None:
    if sign in _RATE:
        return asked_to_wait(NAME, now + (_regain_access(answer) or _WAIT), now=now)
    if sign in _DOUBT:
        return _server_error(answer)
    if sign in _REJECTED:
        reason, saying = _REJECTED[sign]
        return Rejected(reason=reason, detail=saying.format(name=NAME))
    if sign in _CREDENTIAL:
        why = _LOST_TOKEN.get(subcode)
        detail = (
            f"{NAME} no longer accepts the account's credential. {f'{why} ' if why else ''}Connect the account again."
        )
        return Deferred(reason=Reason.CREDENTIAL, detail=detail)
    if sign in _PERMISSION:
        detail = f"{NAME} does not let this account publish. Check its rights and the app's permissions there."
        return Rejected(reason=Reason.PERMISSION, detail=detail)
    return None


def _unless_transient(outcome: Outcome, error: Mapping[str, object], answer: Answer) -> Outcome:
    """Take a refusal that calls itself transient for doubt: it says nothing final about the post."""
    if isinstance(outcome, Rejected) and error.get("is_transient") is True:
        return _server_error(answer)
    return outcome


def _server_error(answer: Answer) -> Unknown:
    detail = f"{NAME} had an error of its own (HTTP {answer.status}). It may have published all the same."
    return Unknown(reason=Reason.SERVER_ERROR, detail=detail)


def _regain_access(answer: Answer) -> timedelta | None:
    """Return the longest of the waiting times in `X-Business-Use-Case-Usage`: minutes, by business and use case."""
    try:
        usage = json.loads(answer.headers.get("x-business-use-case-usage", ""))
    except (ValueError, RecursionError):
        return None
    cases = (
        [case for cases in usage.values() if isinstance(cases, list) for case in cases]
        if isinstance(usage, dict)
        else []
    )
    minutes = [_number(case.get("estimated_time_to_regain_access")) for case in cases if isinstance(case, dict)]
    longest = min(max(minutes, default=0), 1_000_000)
    return timedelta(minutes=longest) if longest > 0 else None


def _number(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0
