"""The picker that forms include: what it shows of the media that a message uses, and what it sends back.

A view hands `picker(actor, uses)` to `publishing/desk/media_picker.html` as `media`, and reads what the form sent with
`read_uses(request.POST.get("media", ""))`.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext as _

from publishing.admin.media.shown import ShownMedium, shown_use
from publishing.domain.content import ALT_TEXT_LIMIT, MediaUse, has_lone_surrogate
from publishing.domain.errors import FieldProblem, InvalidError
from publishing.domain.media import MEDIA_LIMIT, MEDIA_TYPES, NAME_LIMIT, UPLOAD_LIMIT
from publishing.domain.permissions import Actor
from publishing.domain.video import VIDEO_LIMIT
from publishing.services.media import find_media

#: More than any selection takes.
_VALUE_LIMIT: Final = 200_000
#: Stands for an id in addresses that scripts complete.
_ID: Final = "ID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A medium as the form's message uses it."""

    medium: ShownMedium
    #: What this message says about it.
    alt_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Picker:
    """What the template draws."""

    chosen: tuple[Chosen, ...]
    #: What the form sends when nothing is changed.
    value: str
    script_data: dict[str, Any]


def picker(actor: Actor, uses: Sequence[MediaUse]) -> Picker:
    """Return the picker of a form whose message uses these media; one request to the table."""
    known = {each.id: each for each in find_media(actor=actor, medium_ids=[use.id for use in uses])}
    chosen = tuple(Chosen(medium=shown_use(use, known.get(use.id)), alt_text=use.alt_text) for use in uses)
    value = json.dumps([{"id": use.id, "alt_text": use.alt_text} for use in uses])
    return Picker(chosen=chosen, value=value, script_data=script_data())


def read_uses(value: str) -> tuple[MediaUse, ...]:
    """Return the uses that a form sent. Raises InvalidError for what no picker writes, or a text that is too long."""
    try:
        rows = json.loads(value or "[]") if len(value) <= _VALUE_LIMIT else None
    except (ValueError, RecursionError):
        rows = None
    if not isinstance(rows, list) or not all(_is_use(row) for row in rows):
        detail = _("The chosen media could not be read. Choose them again.")
        raise InvalidError(FieldProblem(pointer="/media", code="unreadable", detail=detail))
    problems = [each for position, row in enumerate(rows) for each in _problems(position, row["alt_text"])]
    if problems:
        raise InvalidError(*problems)
    return tuple(MediaUse(id=row["id"], alt_text=row["alt_text"]) for row in rows)


def script_data() -> dict[str, Any]:
    """Return what the scripts need to know: addresses, limits, and every text that they show."""
    return {
        "addresses": {
            "browse": reverse("desk-media-browse"),
            "upload": reverse("desk-media-upload"),
            "state": reverse("desk-medium-state", args=[_ID]),
            "describe": reverse("desk-medium-describe", args=[_ID]),
        },
        "types": list(MEDIA_TYPES),
        "limits": {
            "size": UPLOAD_LIMIT,
            "video": VIDEO_LIMIT,
            "media": MEDIA_LIMIT,
            "alt_text": ALT_TEXT_LIMIT,
            "name": NAME_LIMIT,
        },
        "texts": _texts(),
    }


def _is_use(row: object) -> bool:
    if not isinstance(row, dict) or set(row) != {"id", "alt_text"}:
        return False
    return all(isinstance(value, str) and not has_lone_surrogate(value) for value in row.values())


def _problems(position: int, alt_text: str) -> list[FieldProblem]:
    pointer = f"/media/{position}/alt_text"
    if "\x00" in alt_text:
        detail = _("This holds a NUL character. Remove it.")
        return [FieldProblem(pointer=pointer, code="not_text", detail=detail)]
    if len(alt_text) > ALT_TEXT_LIMIT:
        detail = _("This is longer than %(limit)d characters. Shorten it.") % {"limit": ALT_TEXT_LIMIT}
        return [FieldProblem(pointer=pointer, code="too_long", detail=detail)]
    return []


def _texts() -> dict[str, str]:
    return {
        "waiting": _("Waiting …"),
        "uploading": _("Uploading … {percent} %"),
        "checking": _("Checking the file …"),
        "ready": _("Ready"),
        "cancelled": _("Cancelled. Nothing was uploaded."),
        "failed": _("The upload was interrupted. Check your connection, then try again."),
        "not_there": _("The file did not arrive. Try again."),
        "signed_out": _("Your sign-in has ended. Sign in again in another tab, then try again here."),
        "unreadable": _("The server's answer could not be read. Try again."),
        "wrong_type": _("This is no JPEG, PNG, GIF, WebP, MP4 or MOV file. Save it as one of them."),
        "svg": _("SVG files can carry programs, so they are not taken. Save the picture as PNG."),
        "too_large": _("The file has {size}; at most {limit} are possible. Make the picture smaller."),
        "video_too_large": _("The file has {size}; at most {limit} are possible. Make the video smaller."),
        "empty": _("The file is empty. Choose another one."),
        "cancel": _("Cancel"),
        "retry": _("Try again"),
        "dismiss": _("Dismiss"),
        "save": _("Save"),
        "saved": _("Saved"),
        "alt_text": _("Alternative text"),
        "alt_help": _("Say what is to be seen, for people who cannot see it."),
        "nothing_found": _("Nothing was found."),
        "looked_far": _("Nothing among the newest. There is more to look through."),
        "no_media": _("There are no media yet. Upload the first file."),
        "loading": _("Loading …"),
        "choose": _("Choose {name}"),
        "chosen": _("{name} was added. {count} chosen."),
        "removed": _("{name} was removed."),
        "moved": _("{name} is now at position {position} of {count}."),
        "earlier": _("Move {name} forward"),
        "later": _("Move {name} back"),
        "remove": _("Remove {name}"),
        "full": _("A message takes at most {limit} files. Remove one first."),
        "gone": _("Not in the library any more"),
    }
