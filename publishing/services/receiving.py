"""Receive what platforms report later: it settles doubt, is kept with the delivery, and blocks bad recipients."""

import logging
from datetime import datetime
from enum import StrEnum
from typing import Final

from publishing.adapters.sns import Inbox, NotGenuineError, Notification
from publishing.channels.base.feedback import FeedbackReader, UnreadableReportError, get_reader
from publishing.domain.errors import FieldProblem, InvalidError, UnavailableError
from publishing.domain.feedback import Feedback, KeptFeedback, Subject, find_subject, is_second, settles
from publishing.domain.ids import is_id, new_token
from publishing.domain.message import MessageWithDeliveries, final_status
from publishing.domain.operations import RecordPublished
from publishing.domain.outcome import Problem
from publishing.store import accounts, deliveries, messages
from publishing.store.feedback import Keeping, is_kept, keep

log = logging.getLogger(__name__)

#: How often a delivery that moves while its feedback comes in is read anew.
_TRIES: Final = 4
BLOCKED: Final = "blocked_recipient"


class Reception(StrEnum):
    """What became of a notification."""

    RECORDED = "recorded"
    #: It came before; nothing changed.
    KNOWN = "known"
    #: It is genuine and says nothing about a delivery that is known here; nothing changed.
    IGNORED = "ignored"
    #: It asked whether this address wants its topic, and was told so.
    CONFIRMED = "confirmed"


def receive_notification(*, body: bytes, source: str, inbox: Inbox, now: datetime) -> Reception:
    """Open a notification and do what follows from it; safe to repeat.

    Raises InvalidError and NotGenuineError for what is none of ours, UnavailableError when it should come again.
    """
    notification = _open(body, inbox, now)
    if notification.asks_to_confirm:
        inbox.confirm(notification)
        log.info("hook.subscribed", extra={"topic": notification.topic})
        return Reception.CONFIRMED
    if not notification.is_content:
        # Somebody ended the subscription: from here on doubt about mail is settled by nobody but people.
        log.error("hook.unsubscribed", extra={"topic": notification.topic})
        return Reception.IGNORED
    reader = get_reader(source)
    feedback = _read(reader, notification)
    if feedback is None:
        log.info("hook.no_feedback", extra={"notification": notification.id})
        return Reception.IGNORED
    return receive_feedback(feedback=feedback, reader=reader, now=now)


def receive_feedback(*, feedback: Feedback, reader: FeedbackReader, now: datetime) -> Reception:
    """Keep a report with its delivery, settle its doubt, and block recipients that must not be sent to again.

    The order makes a repetition after a crash complete what is missing: recipients first, then the report together with
    what it settles, then the message. A report that is known has been through the first two.
    """
    for _ in range(_TRIES):
        found = messages.find_message(feedback.message_id) if is_id(feedback.message_id) else None
        subject = None if found is None else find_subject(found, feedback.delivery_key)
        if found is None or subject is None:
            log.warning("hook.no_delivery", extra={"feedback": feedback.id, "is_message_known": found is not None})
            return Reception.IGNORED
        kept = _kept(feedback, subject, now)
        keeping = Keeping.KNOWN if is_kept(kept) else _take_in(feedback, subject, kept, reader=reader, now=now)
        if keeping is not Keeping.MOVED:
            _finish(found, now)
            return Reception.RECORDED if keeping is Keeping.KEPT else Reception.KNOWN
    raise UnavailableError("The delivery is being changed by others just now.")


def _open(body: bytes, inbox: Inbox, now: datetime) -> Notification:
    try:
        return inbox.open(body, now=now)
    except NotGenuineError as refusal:
        # A topic that is set up wrongly looks like a forgery, and only an operator can tell the two apart.
        log.warning("hook.refused", extra={"reason": str(refusal)})
        raise


def _read(reader: FeedbackReader, notification: Notification) -> Feedback | None:
    try:
        return reader.read(notification.event())
    except UnreadableReportError as error:
        raise InvalidError(FieldProblem(pointer="/Message", code="no_report", detail=str(error))) from None


def _kept(feedback: Feedback, subject: Subject, now: datetime) -> KeptFeedback:
    return KeptFeedback(
        id=feedback.id,
        message_id=feedback.message_id,
        delivery_id=subject.delivery.id,
        gen=subject.gen,
        kind=feedback.kind,
        at=feedback.at,
        received_at=now,
        publication_id=feedback.publication.id,
        detail=feedback.detail,
    )


def _take_in(
    feedback: Feedback, subject: Subject, kept: KeptFeedback, *, reader: FeedbackReader, now: datetime
) -> Keeping:
    if feedback.blocks:
        _block(feedback, reader, now)
    effect = settles(feedback, subject, owner=new_token(), now=now)
    keeping = keep(kept, effect=effect)
    if keeping is Keeping.KEPT:
        ids = {
            "message_id": kept.message_id,
            "delivery": kept.delivery_id,
            "gen": kept.gen,
            "reported": kept.kind.value,
        }
        log.info("hook.feedback", extra={**ids, "effect": type(effect).__name__ if effect else "none"})
        if is_second(feedback, subject):
            _note_second(feedback, subject, now)
    return keeping


def _note_second(feedback: Feedback, subject: Subject, now: datetime) -> None:
    """Keep the id of a second publication of one generation, which must not be, and raise the alarm."""
    delivery = subject.delivery
    deliveries.apply(
        RecordPublished(
            message_id=delivery.message_id,
            delivery_id=delivery.id,
            owner=new_token(),
            now=now,
            gen=subject.gen,
            publication=feedback.publication,
        )
    )
    ids = {"message_id": delivery.message_id, "delivery": delivery.id, "gen": subject.gen}
    log.critical("delivery.second_publication", extra={**ids, "post": feedback.publication.id})


def _block(feedback: Feedback, reader: FeedbackReader, now: datetime) -> None:
    """Mark every account that sends to one of these recipients."""
    problem = Problem(code=BLOCKED, detail=feedback.detail, retryable=False)
    for account in accounts.list_accounts():
        concerned = any(reader.concerns(account, address) for address in feedback.recipients)
        if concerned and accounts.block_account(account.id, problem=problem, now=now):
            log.warning("account.blocked", extra={"account": account.id, "channel": account.channel})


def _finish(read: MessageWithDeliveries, now: datetime) -> None:
    """End the message, or end it anew (O18, O22), as its deliveries are now."""
    found = messages.find_message(read.message.id)
    if found is None or not (found.message.status.is_under_way or found.message.status.is_final):
        return
    status = final_status(found.deliveries)
    if status is not None and status is not found.message.status:
        messages.finalise(found.message.id, gen=found.message.gen, status=status, now=now)
