"""The pictures of a message: from ids that somebody names to uses with their files, and the writes that claim them."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from publishing.adapters.media import Bucket
from publishing.domain.content import MediaUse
from publishing.domain.errors import ConflictError, FieldProblem
from publishing.domain.media import MEDIA_LIMIT, MediaStatus, Medium
from publishing.domain.permissions import Action, Actor, Allowed, may
from publishing.services.inspecting import verify
from publishing.store import media
from publishing.store.errors import TransactionRefusedError
from publishing.store.writes import Write

#: How many uploads one request verifies: a function has 30 seconds, and a large picture takes some of them.
VERIFIED_AT_ONCE: Final = 4


def resolve(
    actor: Actor, uses: Sequence[MediaUse], *, used: Collection[str], bucket: Bucket, now: datetime
) -> tuple[tuple[MediaUse, ...], list[FieldProblem]]:
    """Return the uses with their files, and what is wrong; one request to the table, and the uploads it verifies.

    `used`: ids that the message uses already, which stay usable whoever edits it. A use without words of its own takes
    the medium's.
    """
    if len(uses) > MEDIA_LIMIT:
        detail = (
            f"The message has {len(uses)} media; at most {MEDIA_LIMIT} are possible. Remove {len(uses) - MEDIA_LIMIT}."
        )
        return tuple(uses), [FieldProblem(pointer="/media", code="too_many", detail=detail)]
    known = _usable(actor, media.find_media([use.id for use in uses]), used)
    known = _verified(known, bucket, now)
    problems = list(_problems(uses, known))
    return tuple(_with_files(use, known.get(use.id)) for use in uses), problems


def claims(message_id: str, uses: Sequence[MediaUse], *, used: Collection[str], now: datetime) -> list[Write]:
    """Build the writes by which a message begins to use media, for those that it does not use already."""
    return [write for use in uses if use.id not in used for write in media.begin_use(use.id, message_id, now=now)]


def demand_claimed(refusal: TransactionRefusedError, *, before: int) -> None:
    """Raise ConflictError when it was a claim, behind so many other writes, that did not hold."""
    if any(refusal.failed[before:]):
        raise ConflictError("A picture of the message was deleted just now. Choose another one.") from refusal


def _usable(actor: Actor, found: dict[str, Medium], used: Collection[str]) -> dict[str, Medium]:
    return {
        key: medium
        for key, medium in found.items()
        if key in used or isinstance(may(actor, Action.USE_MEDIUM, medium), Allowed)
    }


def _verified(known: dict[str, Medium], bucket: Bucket, now: datetime) -> dict[str, Medium]:
    waiting = [key for key, medium in known.items() if medium.status is MediaStatus.UPLOADING][:VERIFIED_AT_ONCE]
    return known | {key: verify(known[key], bucket=bucket, now=now) for key in waiting}


def _problems(uses: Sequence[MediaUse], known: dict[str, Medium]) -> Iterator[FieldProblem]:
    for position, use in enumerate(uses):
        if any(use.id == other.id for other in uses[:position]):
            problem: tuple[str, str] | None = ("doubled", "This medium is named twice. Name each medium once.")
        else:
            problem = _problem(known.get(use.id))
        if problem:
            yield FieldProblem(pointer=f"/media/{position}/id", code=problem[0], detail=problem[1])


def _problem(medium: Medium | None) -> tuple[str, str] | None:
    if medium is None or medium.status is MediaStatus.DELETED:
        return "unknown_media", "There is no such medium. Upload it first, then use its id."
    if medium.status is MediaStatus.UPLOADING:
        detail = f"{medium.name} is not uploaded, or not checked yet. Upload it, read the medium, then send this again."
        return "not_ready", detail
    if medium.status is MediaStatus.REFUSED:
        reason = medium.problem.detail if medium.problem else "It cannot be used."
        return "refused", f"{medium.name}: {reason}"
    return None


def _with_files(use: MediaUse, medium: Medium | None) -> MediaUse:
    if medium is None:
        return use
    return replace(use, alt_text=use.alt_text or medium.alt_text, renditions=medium.renditions)
