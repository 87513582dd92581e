"""How states, channels and moments are marked, on pages of our own and in the admin's lists alike."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from django.templatetags.static import static
from django.utils import formats, timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from publishing.admin import words
from publishing.domain.message import Target

#: So many channels are marked beside a message; the others are counted.
_MARKS: Final = 6


def icon(name: str, css: str = "icon") -> SafeString:
    """Return a symbol of `icons.svg`. It says nothing to a screen reader: what it means stands beside it in words."""
    address = static("publishing/icons.svg")
    return format_html(
        '<svg class="{}" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>', css, address, name
    )


def badge(state: str) -> SafeString:
    """Return the badge of a status or state: its name, in its colour."""
    return format_html('<span class="badge badge-{}">{}</span>', state, words.label_of(state))


def channel_mark(kind: str) -> SafeString:
    """Return a channel's mark alone, where its name stands beside it."""
    address = static("publishing/icons.svg")
    return format_html(
        '<svg class="icon channel" aria-hidden="true" focusable="false"><use href="{}#channel-{}"></use></svg>',
        address, kind,
    )  # fmt: skip


def channel(kind: str) -> SafeString:
    """Return a channel's mark, which says its name to who cannot see it."""
    name = words.channel_name(kind)
    return format_html(
        '<span title="{}"><svg class="icon channel-icon" aria-hidden="true" focusable="false">'
        '<use href="{}#channel-{}"></use></svg><span class="visually-hidden">{}</span></span>',
        name, static("publishing/icons.svg"), kind, name,
    )  # fmt: skip


def channels(targets: Iterable[Target | str]) -> SafeString:
    """Return the marks of the channels that a message goes to, each once; the further ones are counted."""
    kinds = list(dict.fromkeys(each if isinstance(each, str) else each.channel for each in targets))
    marks = format_html_join("", "{}", ((channel(kind),) for kind in kinds[:_MARKS]))
    further = len(kinds) - _MARKS
    count = format_html('<span class="small">+{}</span>', further) if further > 0 else ""
    return format_html('<span class="channels">{}{}</span>', marks, count)


def moment(at: datetime | None, shape: str = "moment") -> SafeString | str:
    """Return a moment in the reader's zone: `moment` with its date, `time` to the minute, `exact` to the second."""
    if at is None:
        return "-"
    written = moment_text(at, shape)
    full = f"{at.astimezone(timezone.get_default_timezone()):%Y-%m-%d %H:%M:%S} UTC"
    return format_html(
        '<time class="nowrap tabular" datetime="{}" data-shape="{}" title="{}">{}</time>',
        at.isoformat(), shape, full, written,
    )  # fmt: skip


def moment_text(at: datetime, shape: str = "moment") -> str:
    """Return a moment in the reader's zone as text alone."""
    local = timezone.localtime(at)
    # This year goes without saying.
    day = _("j M") if local.year == timezone.localtime().year else _("j M Y")
    form = {"moment": f"{day}, H:i", "time": "H:i", "exact": f"{day}, H:i:s"}[shape]
    written = formats.date_format(local, form)
    return f"{written}.{local.microsecond // 1000:03d}" if shape == "exact" else written


#: As much of an id as tells two apart at a glance.
_BEGINNING: Final = 8


def person(name: str, identifier: str) -> SafeString:
    """Return somebody's name, the id for who needs it beside; of who has no name, how the id begins."""
    if name and not identifier.startswith(name.removesuffix(" (API)")):
        return format_html('<bdi title="{}">{}</bdi>', identifier, name)
    return short_id(identifier, also=" (API)" if name.endswith(" (API)") else "")


def short_id(identifier: str, *, also: str = "") -> SafeString:
    """Return how a long id begins, the whole one for who needs it beside."""
    beginning = identifier if len(identifier) <= _BEGINNING + 4 else f"{identifier[:_BEGINNING]}…"
    return format_html('<bdi class="short-id" title="{}">{}</bdi>{}', identifier, beginning, also)
