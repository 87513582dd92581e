"""What a message's page says of its review, and the form by which an approver decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from publishing.admin.sentences import say
from publishing.domain.draft import MessageHistory
from publishing.domain.errors import InvalidError
from publishing.domain.message import Message, MessageEvent, MessageStatus, allows
from publishing.domain.permissions import SYSTEM, Action, Actor, Allowed, ReviewRules, may
from publishing.domain.schedule import TOLERANCE, Due, due_now, resolve_due

#: What the button that approves says about the due time.
WISHED, NOW, ANEW = "wished", "now", "anew"
#: Fields of the form by the pointers that use cases name, with a slash behind.
_FIELDS: Final[Mapping[str, str]] = {"/comment/": "comment", "/schedule/": "at"}
_TEXT_LIMIT: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """A decision that was not taken: what was typed, and what is wrong with it."""

    comment: str = ""
    at: str = ""
    #: Which of the two forms it was: `approve` or `reject`.
    form: str = ""
    problems: Mapping[str, str] = field(default_factory=dict)
    #: Said above the form: somebody changed the message meanwhile, say.
    whole: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The card about a message's review."""

    may_decide: bool
    may_submit: bool
    #: Why the reader decides nothing although the message waits; empty where they do, or it does not.
    why_not: str
    #: The time that was wished for has passed.
    is_late: bool
    submitted_by: str
    submitted_at: datetime | None
    decided_by: str
    decided_at: datetime | None
    #: `approved`, `rejected`, or empty while nobody decided.
    decision: str
    comment: str
    #: The approval was of another revision than this one.
    is_outdated: bool
    typed: Typed

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to say."""
        return bool(self.submitted_at or self.may_submit or self.may_decide)


def panel_of(
    history: MessageHistory, actor: Actor, *, review: ReviewRules, now: datetime, typed: Typed | None = None
) -> Panel:
    """Return what the page says of the review, with people's names."""
    message, asked = history.message, history.message.review
    is_waiting = message.status is MessageStatus.IN_REVIEW
    verdict = may(actor, Action.REVIEW_MESSAGE, message, review=review)
    may_decide = is_waiting and isinstance(verdict, Allowed)
    return Panel(
        may_decide=may_decide,
        may_submit=_may_submit(message, actor, review),
        why_not="" if may_decide or not is_waiting else _why_not(message, actor),
        is_late=message.scheduled_at is not None and message.scheduled_at < now - TOLERANCE,
        submitted_by=_name(history, asked.submitted_by) if asked else "",
        submitted_at=asked.submitted_at if asked else None,
        decided_by=_name(history, asked.decided_by) if asked and asked.decided_by else "",
        decided_at=asked.decided_at if asked else None,
        decision=asked.decision.value if asked and asked.decision else "",
        comment=asked.comment if asked else "",
        is_outdated=message.approved_rev is not None and not message.is_approved,
        typed=typed or Typed(),
    )


def due_of_form(form: Mapping[str, str], *, zone: str, now: datetime) -> Due | None:
    """Return the due time that the pressed button asks for; None for the one that was wished for.

    Raises InvalidError when another one was asked for and cannot be read, or has passed.
    """
    match form.get("when", WISHED):
        case "now":
            return due_now(now)
        case "anew":
            return resolve_due(at=form.get("at", ""), zone=zone, now=now)
        case _:
            return None


def typed_in(form: Mapping[str, str], *, action: str, error: Exception, whole: str) -> Typed:
    """Return what was typed with what is wrong with it, field by field; `whole` is what no field can be named for."""
    problems: dict[str, str] = {}
    if isinstance(error, InvalidError):
        for problem in error.problems:
            name = next((to for pointer, to in _FIELDS.items() if f"{problem.pointer}/".startswith(pointer)), "")
            problems.setdefault(name, say(problem.detail))
        whole = problems.pop("", "")
    return Typed(
        comment=form.get("comment", "")[:_TEXT_LIMIT], at=form.get("at", "")[:40], form=action, problems=problems,
        whole=whole,
    )  # fmt: skip


def _may_submit(message: Message, actor: Actor, review: ReviewRules) -> bool:
    """Tell whether asking for an approval is what the reader can do: they may not publish it themselves."""
    if not review.is_on or message.status is not MessageStatus.DRAFT or not allows(message.status, MessageEvent.SUBMIT):
        return False
    may_publish = isinstance(may(actor, Action.SCHEDULE_MESSAGE, message, review=review), Allowed)
    return not may_publish and isinstance(may(actor, Action.SUBMIT_MESSAGE, message), Allowed)


def _why_not(message: Message, actor: Actor) -> str:
    if isinstance(may(actor, Action.REVIEW_MESSAGE), Allowed) and message.is_work_of(actor.id):
        return _("You wrote this message or changed it last: somebody else approves or rejects it.")
    return _("An approver looks at it and approves it, or sends it back with a comment.")


def _name(history: MessageHistory, user_id: str) -> str:
    return "omnipub" if user_id == SYSTEM.id else history.name_of(user_id)
