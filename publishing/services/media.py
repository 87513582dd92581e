"""The media library: upload, read, describe and delete pictures."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Final

from publishing.adapters.media import Bucket
from publishing.domain.draft import Page, StoredAnswer
from publishing.domain.errors import ConflictError, InvalidError, StaleError
from publishing.domain.ids import new_id, new_secret
from publishing.domain.media import MediaStatus, Medium, MediumChanges, MediumFilter, NewMedium, Upload, upload_problems
from publishing.domain.message import Message
from publishing.domain.permissions import Action, Actor, Allowed, Role, demand, may
from publishing.services.answers import answered
from publishing.services.context import Context
from publishing.services.inspecting import verify
from publishing.store import answers, media, messages
from publishing.store.audit import AuditRecord, transact_with_audit
from publishing.store.errors import TransactionRefusedError

#: Messages looked at in one request to the table.
_TOGETHER: Final = 100
#: Messages that are looked at to tell who uses a medium.
_SHOWN: Final = 50
_EVERY: Final = MediumFilter()
_STALE: Final = "Somebody changed the medium since you read it. Read it again, then repeat your change."
#: Builds the answer that is kept under an idempotency key, from what was created.
AnswerBuilder = Callable[[Medium, Upload], StoredAnswer]


def request_upload(
    *, actor: Actor, wanted: NewMedium, now: datetime, context: Context, answer: AnswerBuilder | None = None
) -> tuple[Medium, Upload]:
    """Make a new medium and return it with the permission to upload its file.

    Raises InvalidError naming every field that is wrong; AnsweredError when the idempotency key of `answer` was used
    for this very request, KeyReusedError when for another one.
    """
    demand(actor, Action.UPLOAD_MEDIUM)
    if problems := tuple(upload_problems(wanted)):
        raise InvalidError(*problems)
    medium = Medium(
        id=new_id(now),
        owner=actor.id,
        status=MediaStatus.UPLOADING,
        name=wanted.name,
        media_type=wanted.media_type,
        size=wanted.size,
        alt_text=wanted.alt_text,
        token=new_secret(),
        created_at=now,
        updated_at=now,
    )
    upload = Bucket(context.media_bucket).permit_upload(medium, now=now)
    kept = answer(medium, upload) if answer else None
    writes = [media.put_medium(medium, now=now)]
    writes += [] if kept is None else [answers.put_answer(kept, now=now)]
    record = _record(actor, "media.upload", medium, now, media_type=medium.media_type, size=medium.size)
    try:
        transact_with_audit(writes, record)
    except TransactionRefusedError as refusal:
        raise answered(kept, refusal) from refusal
    return medium, upload


def get_medium(*, actor: Actor, medium_id: str, now: datetime, context: Context) -> Medium:
    """Return a medium, its upload verified if there is one; NotFoundError when there is none that the actor may see."""
    medium = media.get_medium(medium_id)
    demand(actor, Action.READ_MEDIUM, medium)
    return verify(medium, bucket=Bucket(context.media_bucket), now=now)


def list_media(
    *, actor: Actor, mine: bool, wanted: MediumFilter = _EVERY, cursor: str | None, limit: int
) -> Page[Medium]:
    """Return a page of media, the newest first; members see their own. What waits in it is not verified by this.

    A filter looks at a bounded number of media: a page with few of them and a cursor goes on behind that one. Raises
    ValueError for a cursor that is none of this list's.
    """
    demand(actor, Action.READ_MEDIUM)
    sees_all = actor.is_system or actor.has(Role.VIEWER, Role.EDITOR, Role.APPROVER, Role.ADMIN)
    if mine or not sees_all:
        return media.list_owned(owner=actor.id, wanted=wanted, cursor=cursor, limit=limit)
    return media.list_all(wanted=wanted, cursor=cursor, limit=limit)


def find_media(*, actor: Actor, medium_ids: Sequence[str]) -> tuple[Medium, ...]:
    """Return those media of these ids (at most 100) that the actor may see, in this order; one request to the table."""
    demand(actor, Action.READ_MEDIUM)
    found = media.find_media(medium_ids)
    seen = (found[key] for key in dict.fromkeys(medium_ids) if key in found)
    return tuple(medium for medium in seen if isinstance(may(actor, Action.READ_MEDIUM, medium), Allowed))


def find_uses(*, actor: Actor, medium: Medium) -> tuple[tuple[Message, ...], bool]:
    """Return the newest messages that use a medium and that the actor may read, and whether there may be more.

    Two requests to the table, however many messages used it.
    """
    begun = list(islice(media.list_uses(medium.id), _SHOWN + 1))
    found = messages.find_heads(begun[:_SHOWN])
    using = (found[key] for key in begun[:_SHOWN] if key in found)
    shown = tuple(
        message
        for message in using
        if any(use.id == medium.id for use in message.media)
        and isinstance(may(actor, Action.READ_MESSAGE, message), Allowed)
    )
    return shown, len(begun) > _SHOWN


def edit_medium(
    *, actor: Actor, medium_id: str, changes: MediumChanges, rev: int | None, now: datetime, context: Context
) -> Medium:
    """Change a medium's name or own alternative text. Messages that use it keep what they said about it.

    Raises StaleError when `rev` is given and not the medium's own, or when somebody else changed it just now.
    """
    del context  # every use case takes it; this one needs nothing outside the table
    read = media.get_medium(medium_id)
    demand(actor, Action.EDIT_MEDIUM, read)
    if rev is not None and rev != read.rev:
        raise StaleError(_STALE)
    edited = replace(
        read,
        name=read.name if changes.name is None else changes.name,
        alt_text=read.alt_text if changes.alt_text is None else changes.alt_text,
        rev=read.rev + 1,
        updated_at=now,
    )
    try:
        transact_with_audit([media.edit_medium(read, edited)], _record(actor, "media.edit", edited, now))
    except TransactionRefusedError as refusal:
        raise StaleError(_STALE) from refusal
    return edited


def delete_medium(*, actor: Actor, medium_id: str, rev: int | None, now: datetime, context: Context) -> None:
    """Delete a medium and its files. Safe to repeat: what could not be removed the first time is removed then.

    Raises ConflictError while a message that is not finished uses it. Messages that were published keep the hash of the
    file they showed; so does the audit record.
    """
    for _ in range(3):
        read = media.get_medium(medium_id, deleted=True)
        demand(actor, Action.DELETE_MEDIUM, read)
        if read.status is not MediaStatus.DELETED:
            if rev is not None and rev != read.rev:
                raise StaleError(_STALE)
            _demand_unused(read)
            try:
                _mark_deleted(actor, read, now)
            except TransactionRefusedError:
                continue  # a message began to use it, it was verified, or somebody edited it: look again
        # Last, so that no message can be given a file that is gone.
        Bucket(context.media_bucket).remove(read.keys)
        return
    raise ConflictError("The medium is being used or changed by somebody else just now. Delete it again.")


def _mark_deleted(actor: Actor, read: Medium, now: datetime) -> None:
    facts = {"sha256": read.renditions[0].sha256} if read.renditions else {}
    transact_with_audit([media.mark_deleted(read, now=now)], _record(actor, "media.delete", read, now, **facts))


def _demand_unused(medium: Medium) -> None:
    waiting: list[str] = []
    for message_id in media.list_uses(medium.id):
        waiting.append(message_id)
        if len(waiting) == _TOGETHER:
            _demand_finished(medium, waiting)
            waiting = []
    _demand_finished(medium, waiting)


def _demand_finished(medium: Medium, message_ids: list[str]) -> None:
    for message in messages.find_heads(message_ids).values():
        if not message.status.is_final and any(use.id == medium.id for use in message.media):
            status = message.status.replace("_", " ")
            raise ConflictError(
                f"The message {message.id} uses it and is not finished ({status}). Take the picture out of it, "
                "or delete the picture when the message is finished."
            )


def _record(actor: Actor, action: str, medium: Medium, now: datetime, **facts: str | int) -> AuditRecord:
    every: dict[str, str | int | bool] = {"rev": medium.rev, **facts}
    return AuditRecord(actor=actor.recorded_as, action=action, target=f"media:{medium.id}", at=now, facts=every)
