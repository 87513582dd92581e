"""Giving Facebook the images of a post, one a step: it fetches them itself, and nobody sees them yet."""

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from publishing.channels.base.answers import as_upload_refusal
from publishing.channels.base.contract import Payload, Prepared
from publishing.channels.base.uploads import image_label, resume, upload_not_understood
from publishing.channels.facebook.graph import NAME, read_answer
from publishing.channels.facebook.payload import photo_fields
from publishing.domain.outcome import Deferred, Reason, Rejected
from publishing.http import Answer, Courier, UnreadableError

#: Facebook does not say how long it keeps photos that no post shows; older ones are given to it anew.
KEPT_FOR: Final = timedelta(hours=12)

_PHOTO_ID: Final = re.compile(r"\d{1,40}")


def give_next(
    payload: Payload,
    *,
    page_url: str,
    headers: Mapping[str, str],
    authority: Mapping[str, str],
    courier: Courier,
    now: datetime,
) -> Prepared | Deferred | Rejected:
    """Let Facebook fetch the next image. It answers once it has it."""
    uploads = resume(payload, longest=KEPT_FOR, now=now)
    if uploads.next_file(payload) is None:
        return uploads.prepared(is_complete=True)
    position = len(uploads.notes)
    label = image_label(payload, position)
    fields = {**photo_fields(payload.body, position), **authority}
    answer = courier.request("POST", f"{page_url}/photos", headers=headers, json=fields, acts=False)
    refusal = _refusal(answer, label, now=now)
    if refusal:
        return refusal
    photo = _photo_id(answer)
    if photo is None:
        return upload_not_understood(name=NAME, label=label)
    uploads = uploads.plus({"id": photo}, now=now)
    return uploads.prepared(is_complete=uploads.next_file(payload) is None)


def count_photos(post: Mapping[str, object]) -> int:
    """Return how many photos a listed post shows; several are one attachment with others below it."""
    attachments = _listed(post.get("attachments"))
    shown = [below for each in attachments for below in (_listed(each.get("subattachments")) or [each])]
    return sum(1 for each in shown if each.get("media_type") == "photo")


def _listed(edge: object) -> list[Mapping[str, object]]:
    data = edge.get("data") if isinstance(edge, dict) else None
    return [each for each in data if isinstance(each, dict)] if isinstance(data, list) else []


def _refusal(answer: Answer, label: str, *, now: datetime) -> Deferred | Rejected | None:
    refusal = as_upload_refusal(read_answer(answer, now=now), answer, name=NAME, label=label)
    if isinstance(refusal, Rejected) and refusal.reason is Reason.CONTENT:
        return replace(refusal, detail=f"{refusal.detail} It concerns {label}.")
    return refusal


def _photo_id(answer: Answer) -> str | None:
    try:
        stated = answer.json_object().get("id")
    except UnreadableError:
        return None
    return stated if isinstance(stated, str) and _PHOTO_ID.fullmatch(stated) else None
