"""Rows to domain values and back. No reads or writes happen here."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

from publishing.domain.attempt import Attempt, AttemptOutcome
from publishing.domain.content import MediaUse, summary
from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.media import MediaStatus, Medium, Rendition
from publishing.domain.message import Message, MessageStatus, MessageSummary, Target, Variant
from publishing.domain.outcome import Problem, Publication, Reason
from publishing.domain.quota import Quota, QuotaUnit
from publishing.domain.review import Decision, Review
from publishing.domain.video import VideoFacts
from publishing.items import keys
from publishing.items.attributes import read_instant, write_instant
from publishing.items.base import TableItem
from publishing.items.media import MediumItem
from publishing.items.message import AttemptItem, DeliveryItem, MessageItem

#: What is stored of a file, in this order. Behind it stand a video's own facts, or the mark of the one that lists show.
_FACTS: Final = ("key", "media_type", "size", "width", "height", "sha256", "frames")
_THUMBNAIL: Final = "thumbnail"


def message(item: MessageItem) -> Message:
    """Return the message of a row."""
    return Message(
        id=item.id,
        owner=item.user_id,
        status=MessageStatus(item.status),
        text=item.body,
        title=item.title or "",
        link=item.link,
        media=tuple(media_use(row) for row in item.media or ()),
        targets=targets(item.targets),
        variants={channel: Variant(text=text) for channel, text in (item.variants or {}).items()},
        scheduled_at=item.scheduled_at,
        zone=item.zone,
        wall_time=item.wall_time,
        gen=int(item.gen),
        rev=int(item.rev),
        approved_rev=None if item.approved_rev is None else int(item.approved_rev),
        review=_review(item.review),
        edited_by=item.edited_by,
        problem=problem(item.problem),
        series_id=item.series_id,
        kick=item.kick,
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


def message_key(message_id: str) -> MessageItem:
    """Return a row with a message's keys only, for updates."""
    return MessageItem(keys.message(message_id), keys.METADATA)


def message_item(value: Message) -> MessageItem:
    """Return the row of a message, index keys included."""
    item = message_key(value.id)
    item.id, item.user_id, item.status = value.id, value.owner, value.status.value
    item.body, item.summary = value.text, summary(value.text)
    item.title, item.link = value.title or None, value.link
    item.media = media_column(value) or None
    item.targets = targets_column(value)
    item.variants = variants_column(value) or None
    item.scheduled_at, item.zone, item.wall_time = value.scheduled_at, value.zone, value.wall_time
    item.gen, item.rev, item.approved_rev = value.gen, value.rev, value.approved_rev
    item.review, item.edited_by = _review_column(value.review), value.edited_by
    item.problem, item.series_id = problem_column(value.problem), value.series_id
    item.kick = value.kick
    item.created_at, item.updated_at = value.created_at, value.updated_at
    item.GSI1PK, item.GSI1SK = keys.user(value.owner), keys.message(value.id)
    item.GSI3PK, item.GSI3SK = list_keys(value)
    if value.status is MessageStatus.SCHEDULED and value.scheduled_at is not None:
        item.GSI2PK = keys.timer(keys.SCHEDULED, value.id, TableItem.Meta.timer_shards)
        item.GSI2SK = write_instant(value.scheduled_at)
    if value.status is MessageStatus.IN_REVIEW:
        item.GSI2PK = keys.timer(keys.IN_REVIEW, value.id, TableItem.Meta.timer_shards)
        item.GSI2SK = write_instant(value.review.submitted_at if value.review else value.updated_at)
    return item


def list_keys(value: Message) -> tuple[str, str]:
    """Return GSI3's keys of a message: the month and moment of its due time, else of its making."""
    at = value.scheduled_at or value.created_at
    return keys.month(at), f"{write_instant(at)}#{value.id}"


def targets_column(value: Message) -> list[list[str]]:
    """Return a message's targets as they are stored."""
    return [[target.delivery_id, target.channel, target.account_id] for target in value.targets]


def media_column(value: Message) -> list[list[Any]]:
    """Return a message's media as they are stored, with the files that they had when the message was checked."""
    return [[use.id, use.alt_text, rendition_column(use.renditions)] for use in value.media]


def media_use(row: Any) -> MediaUse:  # noqa: ANN401 - JSON, as pynamodb types it
    """Return one of a message's media from its stored form."""
    return MediaUse(id=row[0], alt_text=row[1], renditions=renditions(row[2]))


def rendition_column(values: Sequence[Rendition]) -> list[list[Any]]:
    """Return files of a medium as they are stored."""
    return [
        [*(getattr(each, name) for name in _FACTS), *([asdict(each.video)] if each.video else [])] for each in values
    ]


def renditions(column: Any) -> tuple[Rendition, ...]:  # noqa: ANN401 - JSON, as pynamodb types it
    """Return the files of a stored column, without the one that lists show."""
    return tuple(_rendition(row) for row in column if row[-1] != _THUMBNAIL)


def thumbnail(column: Any) -> Rendition | None:  # noqa: ANN401 - as above
    """Return the file of a stored column that lists show."""
    return next((_rendition(row[: len(_FACTS)]) for row in column if row[-1] == _THUMBNAIL), None)


def medium_files_column(values: Sequence[Rendition], small: Rendition | None) -> list[list[Any]]:
    """Return all files of a medium as they are stored."""
    column = rendition_column(values)
    return column if small is None else [*column, [*rendition_column([small])[0], _THUMBNAIL]]


def _rendition(row: Sequence[Any]) -> Rendition:
    facts, video = row[: len(_FACTS)], row[len(_FACTS) :]
    return Rendition(**dict(zip(_FACTS, facts, strict=True)), video=VideoFacts(**video[0]) if video else None)


def variants_column(value: Message) -> dict[str, str]:
    """Return a message's variants as they are stored."""
    return {channel: variant.text for channel, variant in value.variants.items()}


def targets(column: Any) -> tuple[Target, ...]:  # noqa: ANN401 - JSON, as pynamodb types it
    """Return the targets of a stored column."""
    return tuple(Target(delivery_id=row[0], channel=row[1], account_id=row[2]) for row in column)


def message_summary(item: MessageItem) -> MessageSummary:
    """Return a message as a list shows it, from what the list indexes project."""
    return MessageSummary(
        id=item.id,
        owner=item.user_id,
        status=MessageStatus(item.status),
        title=item.title or "",
        summary=item.summary,
        targets=targets(item.targets),
        scheduled_at=item.scheduled_at,
        zone=item.zone,
        rev=int(item.rev),
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


def delivery(item: DeliveryItem) -> Delivery:
    """Return the delivery of a row."""
    return Delivery(
        message_id=keys.message_id_of(item.PK),
        id=keys.delivery_id_of(item.SK),
        channel=item.channel,
        account_id=item.account_id,
        state=DeliveryState(item.state),
        gen=int(item.gen),
        due_at=item.due_at,
        fence=int(item.fence),
        claims=int(item.claims),
        attempts=int(item.attempts),
        waits=int(item.waits),
        owner=item.owner,
        leased_until=item.lease_until,
        maybe_sent=bool(item.maybe_sent),
        maybe_before=bool(item.maybe_before),
        probed=bool(item.probed),
        doubted=bool(item.doubted),
        commit_at=item.commit_at,
        first_commit_at=item.first_commit_at,
        last=Reason(item.last) if item.last else None,
        handle=item.handle,
        adapted=item.adapted,
        payload_sha=item.payload_sha,
        publication=_publication(item.post_id, item.post_url),
        published_at=item.published_at,
        problem=problem(item.error),
        quota=_quota(item.quota),
        next_at=item.next_at,
        parked_since=item.parked_since,
    )


def delivery_key(message_id: str, delivery_id: str) -> DeliveryItem:
    """Return a row with a delivery's keys only, for updates."""
    return DeliveryItem(keys.message(message_id), keys.delivery(delivery_id))


def delivery_item(value: Delivery) -> DeliveryItem:
    """Return the row of a new delivery."""
    item = delivery_key(value.message_id, value.id)
    item.channel, item.account_id, item.state = value.channel, value.account_id, value.state.value
    item.gen, item.fence, item.claims = value.gen, value.fence, value.claims
    item.attempts, item.waits = value.attempts, value.waits
    return item


def raw_delivery(raw: Mapping[str, Any] | None) -> Delivery | None:
    """Return the delivery of a row as the low-level client has it; None for no row."""
    if not raw:
        return None
    item = TableItem.from_raw_data(dict(raw))
    if not isinstance(item, DeliveryItem):
        raise TypeError("The row is no delivery.")
    return delivery(item)


def raw_message(raw: Mapping[str, Any] | None) -> Message | None:
    """Return the message of a row as the low-level client has it; None for no row."""
    if not raw:
        return None
    item = TableItem.from_raw_data(dict(raw))
    if not isinstance(item, MessageItem):
        raise TypeError("The row is no message.")
    return message(item)


def attempt(item: AttemptItem) -> Attempt:
    """Return the attempt of a row."""
    return Attempt(
        message_id=keys.message_id_of(item.PK),
        delivery_id=item.delivery_id,
        gen=int(item.gen),
        fence=int(item.fence),
        started_at=item.started_at,
        text=item.text,
        payload_sha=item.payload_sha,
        claimed_at=item.claimed_at,
        ended_at=item.ended_at,
        outcome=AttemptOutcome(item.outcome) if item.outcome else None,
        reason=Reason(item.reason) if item.reason else None,
        detail=item.detail,
        publication=_publication(item.post_id, item.post_url),
    )


def attempt_key(message_id: str, delivery_id: str, fence: int) -> AttemptItem:
    """Return a row with an attempt's keys only, for updates."""
    return AttemptItem(keys.message(message_id), keys.attempt(delivery_id, fence))


def attempt_item(value: Attempt, *, account_id: str) -> AttemptItem:
    """Return the row of an attempt that begins; GSI3 lists it by account."""
    item = attempt_key(value.message_id, value.delivery_id, value.fence)
    item.delivery_id, item.gen, item.fence = value.delivery_id, value.gen, value.fence
    item.text, item.payload_sha = value.text, value.payload_sha
    item.claimed_at, item.started_at = value.claimed_at, value.started_at
    item.GSI3PK, item.GSI3SK = keys.sent(account_id), write_instant(value.started_at)
    return item


def medium(item: MediumItem) -> Medium:
    """Return the medium of a row; of a row of a list without what the index does not project."""
    return Medium(
        id=item.id,
        owner=item.user_id,
        status=MediaStatus(item.status),
        name=item.name,
        media_type=item.media_type,
        size=int(item.size),
        alt_text=item.alt_text or "",
        renditions=renditions(item.renditions or ()),
        thumbnail=thumbnail(item.renditions or ()),
        problem=problem(item.problem),
        token=item.token or "",
        use_rev=int(item.use_rev or 0),
        rev=int(item.rev),
        created_at=item.created_at,
        updated_at=item.updated_at,
    )


def medium_item(value: Medium) -> MediumItem:
    """Return the row of a medium, index keys included."""
    item = MediumItem(keys.medium(value.id), keys.METADATA)
    item.id, item.user_id, item.status, item.name = value.id, value.owner, value.status.value, value.name
    item.media_type, item.size, item.alt_text = value.media_type, value.size, value.alt_text or None
    item.renditions = medium_files_column(value.renditions, value.thumbnail) or None
    item.problem = problem_column(value.problem)
    item.token, item.use_rev, item.rev = value.token, value.use_rev, value.rev
    item.created_at, item.updated_at = value.created_at, value.updated_at
    item.GSI1PK, item.GSI1SK = keys.user(value.owner), keys.medium(value.id)
    item.GSI3PK, item.GSI3SK = keys.MEDIA_LIST, f"{write_instant(value.created_at)}#{value.id}"
    return item


def problem(column: Any) -> Problem | None:  # noqa: ANN401 - JSON, as pynamodb types it
    """Return the problem of a stored column."""
    if not column:
        return None
    return Problem(code=column["code"], detail=column["detail"], retryable=column["retryable"])


def problem_column(value: Problem | None) -> dict[str, object] | None:
    """Return a problem as it is stored."""
    return None if value is None else {"code": value.code, "detail": value.detail, "retryable": value.retryable}


def quota_column(value: Quota) -> dict[str, object]:
    """Return what is left at a platform as it is stored."""
    resets_at = write_instant(value.resets_at) if value.resets_at else None
    return {"left": value.left, "limit": value.limit, "unit": value.unit.value, "resets_at": resets_at}


def _quota(column: Any) -> Quota | None:  # noqa: ANN401 - JSON, as pynamodb types it
    if not column:
        return None
    resets_at = read_instant(column["resets_at"]) if column["resets_at"] else None
    return Quota(left=column["left"], limit=column["limit"], unit=QuotaUnit(column["unit"]), resets_at=resets_at)


def _review(column: Any) -> Review | None:  # noqa: ANN401 - JSON, as pynamodb types it
    if not column:
        return None
    decided_at, decision = column["decided_at"], column["decision"]
    return Review(
        submitted_by=column["submitted_by"],
        submitted_at=read_instant(column["submitted_at"]),
        decided_by=column["decided_by"],
        decided_at=read_instant(decided_at) if decided_at else None,
        decision=Decision(decision) if decision else None,
        comment=column["comment"],
    )


def _review_column(value: Review | None) -> dict[str, object] | None:
    if value is None:
        return None
    return {
        "submitted_by": value.submitted_by,
        "submitted_at": write_instant(value.submitted_at),
        "decided_by": value.decided_by,
        "decided_at": write_instant(value.decided_at) if value.decided_at else None,
        "decision": value.decision.value if value.decision else None,
        "comment": value.comment,
    }


def _publication(post_id: str | None, post_url: str | None) -> Publication | None:
    return None if post_id is None else Publication(id=post_id, url=post_url)
