"""A medium as pages and their scripts show it: the same values for both."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.translation import gettext as _

from publishing.admin.sentences import say
from publishing.domain.content import MediaUse
from publishing.domain.media import MediaStatus, Medium, Rendition, type_name
from publishing.domain.video import clock_time
from publishing.services.configured import public_url

_TIMES: Final = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownMedium:
    """What a page shows of a medium."""

    id: str
    #: `picture` or `video`.
    kind: str
    name: str
    alt_text: str
    status: str
    #: The status in words.
    state: str
    #: Why it was refused; empty unless it was.
    problem: str
    #: Type, dimensions and size, in one line.
    facts: str
    #: A small picture of it, empty of a video; and the file in full. Empty until it is ready.
    thumbnail: str
    url: str
    #: The page about it.
    page: str
    rev: int

    def as_data(self) -> dict[str, str | int]:
        """Return it as scripts read it."""
        return asdict(self)


def shown(medium: Medium) -> ShownMedium:
    """Return what pages show of a medium."""
    return ShownMedium(
        id=medium.id,
        kind=_kind(is_video=medium.is_video),
        name=medium.name,
        alt_text=medium.alt_text,
        status=medium.status.value,
        state=state_of(medium),
        problem=say(medium.problem.detail) if medium.problem else "",
        facts=facts_of(medium),
        thumbnail=_thumbnail(medium.renditions, medium.thumbnail),
        url=public_url(medium.renditions[0].key) if medium.renditions else "",
        page=reverse("desk-medium", args=[medium.id]),
        rev=medium.rev,
    )


def shown_use(use: MediaUse, medium: Medium | None) -> ShownMedium:
    """Return what a form shows of a medium that a message uses; it may have been deleted since, its files are known."""
    if medium is not None:
        return shown(medium)
    files = use.renditions
    return ShownMedium(
        id=use.id,
        kind=_kind(is_video=use.is_video),
        name=use.id,
        alt_text=use.alt_text,
        status=MediaStatus.DELETED.value,
        state=_("Not in the library any more"),
        problem="",
        facts="",
        thumbnail=_thumbnail(files),
        url=public_url(files[0].key) if files else "",
        page="",
        rev=0,
    )


def state_of(medium: Medium) -> str:
    """Return a medium's status in words."""
    return {
        MediaStatus.UPLOADING: _("Not uploaded yet"),
        MediaStatus.READY: _("Ready"),
        MediaStatus.REFUSED: _("Refused"),
        MediaStatus.DELETED: _("Deleted"),
    }[medium.status]


def facts_of(medium: Medium) -> str:
    """Return type, dimensions, how long it lasts, and size in one line."""
    parts = [type_name(medium.media_type)]
    if medium.renditions:
        full = medium.renditions[0]
        parts.append(f"{full.width} {_TIMES} {full.height}")
        if full.frames > 1:
            parts.append(_("%(count)d frames") % {"count": full.frames})
        if full.video is not None:
            parts.append(clock_time(full.video.duration_ms))
            parts += [] if full.video.sound else [_("no sound")]
    parts.append(filesizeformat(medium.size))
    return " · ".join(parts)


def _kind(*, is_video: bool) -> str:
    return "video" if is_video else "picture"


def _thumbnail(files: Sequence[Rendition], thumbnail: Rendition | None = None) -> str:
    """Return the address of a small picture; empty where there is none, as of a video."""
    if not files or files[0].video is not None:
        return ""
    return public_url((thumbnail or smallest(files)).key)


def smallest(files: Sequence[Rendition]) -> Rendition:
    """Return the file that loads fastest."""
    return min(files, key=lambda file: file.size)
