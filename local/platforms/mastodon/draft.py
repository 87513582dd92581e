"""What a client asks Mastodon to post: read from JSON or a form, and judged as the server does. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from local.platforms.base import Request, parse_object
from local.platforms.mastodon import text

if TYPE_CHECKING:
    from collections.abc import Mapping

VISIBILITIES = ("public", "unlisted", "private", "direct")
MAX_MEDIA = 4
# Real servers take these; nothing here uses them, and to accept them without doing them would be a lie.
NOT_SIMULATED = ("poll", "scheduled_at", "quoted_status_id")


class RefusedError(Exception):
    """The server does not accept the request; carries its status and its text."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.sentence = sentence


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A status that passed every check but the existence of what it replies to and of its media."""

    text: str
    spoiler_text: str
    visibility: str
    sensitive: bool
    language: str | None
    in_reply_to_id: str | None
    media_ids: tuple[str, ...] = ()


def read_parameters(request: Request) -> Mapping[str, object]:
    """Read JSON or form parameters; another content type carries none, as in Rails."""
    if request.media_type == "application/json":
        try:
            return parse_object(request.body)
        except ValueError as error:
            raise RefusedError(400, "Error occurred while parsing request parameters") from error
    if request.media_type != "application/x-www-form-urlencoded":
        return {}
    try:
        pairs = parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise RefusedError(400, "Invalid encoding of request parameters") from error
    parameters: dict[str, object] = {}
    for name, value in pairs:
        if name.endswith("[]"):
            earlier = parameters.get(name[:-2])
            parameters[name[:-2]] = [*(earlier if isinstance(earlier, list) else []), value]
        else:
            parameters[name.partition("[")[0]] = value
    return parameters


def read_draft(parameters: Mapping[str, object]) -> Draft:
    """Judge the parameters of a new status; raises RefusedError with the server's words."""
    for name in NOT_SIMULATED:
        if parameters.get(name):
            raise RefusedError(422, f"This simulated server does not offer {name}")
    body, spoiler = _string(parameters, "status"), _string(parameters, "spoiler_text")
    if not body.strip():
        # PostStatusService makes a lone content warning the text.
        body, spoiler = spoiler, ""
    media_ids = _read_media_ids(parameters.get("media_ids"))
    if not body.strip() and not media_ids:
        raise RefusedError(422, "Validation failed: Text can't be blank")
    if text.count(body, spoiler) > text.MAX_LENGTH:
        raise RefusedError(422, f"Validation failed: Text character limit of {text.MAX_LENGTH} exceeded")
    visibility = _string(parameters, "visibility") or "public"
    if visibility not in VISIBILITIES:
        raise RefusedError(422, "Validation failed: Visibility is not included in the list")
    return Draft(
        text=body,
        spoiler_text=spoiler,
        visibility=visibility,
        sensitive=bool(spoiler) or str(parameters.get("sensitive", "")).lower() in {"true", "1", "on"},
        language=_string(parameters, "language") or None,
        in_reply_to_id=_string(parameters, "in_reply_to_id") or None,
        media_ids=media_ids,
    )


def _string(parameters: Mapping[str, object], name: str) -> str:
    value = parameters.get(name)
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def _read_media_ids(stated: object) -> tuple[str, ...]:
    ids = tuple(str(one) for one in stated) if isinstance(stated, list) else ()
    if len(ids) > MAX_MEDIA:
        raise RefusedError(422, f"Cannot attach more than {MAX_MEDIA} files")
    return ids
