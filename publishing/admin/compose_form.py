"""What the composer's form holds: as it was typed, and as the values that services take."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final, Self
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext as _

from publishing.admin.media.picker import read_uses
from publishing.domain.content import MediaUse
from publishing.domain.draft import UNSET, Changes, Draft, Intent, Unset
from publishing.domain.errors import FieldProblem, InvalidError
from publishing.domain.message import Message, Variant
from publishing.domain.schedule import Due, readings, resolve_due

#: Fields of variants: `variant-mastodon`.
VARIANT: Final = "variant-"
#: What makes a form known again when it is sent twice.
_TOKEN: Final = re.compile(r"[0-9a-f]{40}")
_REV: Final = re.compile(r"[0-9]{1,9}")
_SCHEDULE: Final = "/schedule"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """Everything that somebody typed, unjudged."""

    text: str = ""
    title: str = ""
    link: str = ""
    #: JSON, as the picker writes it: `[{"id": …, "alt_text": …}]`.
    media: str = "[]"
    account_ids: tuple[str, ...] = ()
    #: Channel → its own wording; the main text where it is empty.
    variants: Mapping[str, str] = field(default_factory=dict)
    date: str = ""
    time: str = ""
    zone: str = "UTC"
    #: `+02:00`, where the clock shows the time twice.
    offset: str = ""
    #: The due time as the page showed it first; see `due_mark`.
    due_was: str = ""
    token: str = ""
    #: The revision that was read; None for a new message.
    rev: int | None = None

    @classmethod
    def read(cls, form: QueryDict) -> Self:
        """Return what a form holds. Browsers send line ends as two characters; texts have one."""
        texts = {name: str(value).replace("\r\n", "\n") for name, value in form.items()}
        rev = texts.get("rev", "")
        return cls(
            text=texts.get("text", ""),
            title=texts.get("title", ""),
            link=texts.get("link", "").strip(),
            media=texts.get("media", "") or "[]",
            account_ids=tuple(dict.fromkeys(form.getlist("accounts"))),
            variants={
                name.removeprefix(VARIANT): value for name, value in texts.items() if name.startswith(VARIANT) and value
            },
            date=texts.get("date", "").strip(),
            time=texts.get("time", "").strip(),
            zone=texts.get("zone", "").strip() or "UTC",
            offset=texts.get("offset", "").strip(),
            due_was=texts.get("due_was", ""),
            token=read_token(texts.get("token", "")),
            rev=int(rev) if _REV.fullmatch(rev) else None,
        )

    @classmethod
    def of(cls, message: Message, *, zone: str) -> Self:
        """Return a stored message as the form shows it; times without a zone of their own are in the reader's."""
        date, time, zone = wall_clock(message.scheduled_at, message.zone or zone)
        return cls(
            text=message.text,
            title=message.title,
            link=message.link or "",
            media=json.dumps([{"id": use.id, "alt_text": use.alt_text} for use in message.media]),
            account_ids=tuple(target.account_id for target in message.targets),
            variants={kind: variant.text for kind, variant in message.variants.items()},
            date=date,
            time=time,
            zone=zone,
            due_was=f"{date} {time} {zone}" if date else "",
            rev=message.rev,
        )

    @property
    def has_time(self) -> bool:
        """Whether a due time was typed."""
        return bool(self.date or self.time)

    @property
    def has_new_time(self) -> bool:
        """Whether the due time is not the one that the page showed first."""
        return self.has_time and f"{self.date} {self.time} {self.zone}" != self.due_was

    @property
    def clock(self) -> tuple[str, str, str]:
        """Date, time and zone."""
        return self.date, self.time, self.zone

    @property
    def wall(self) -> str:
        """The due time as a clock on the wall shows it."""
        return f"{self.date}T{self.time}"

    def due(self, now: datetime) -> Due:
        """Return the due time. Raises InvalidError, with a way out, for one that cannot be."""
        problems = []
        if not self.date:
            detail = _("Choose the day on which it is to go out, or save it as a draft.")
            problems.append(FieldProblem(pointer=f"{_SCHEDULE}/date", code="required", detail=detail))
        if not self.time:
            detail = _("Choose the time of day at which it is to go out.")
            problems.append(FieldProblem(pointer=f"{_SCHEDULE}/at", code="required", detail=detail))
        if problems:
            raise InvalidError(*problems)
        # An offset settles a time that the clock shows twice, and nothing else.
        chosen = self.offset if self.offset in self.offsets() else ""
        return resolve_due(at=f"{self.wall}{chosen}", zone=self.zone, now=now, pointer=_SCHEDULE)

    def offsets(self) -> tuple[str, ...]:
        """Return the offsets between which somebody has to choose; empty but for a time that the clock shows twice."""
        found = readings(at=self.wall, zone=self.zone)
        return tuple(moment.isoformat()[-6:] for moment in found) if len(found) > 1 else ()

    def uses(self) -> tuple[MediaUse, ...]:
        """Return the media. Raises InvalidError for what no picker writes."""
        return read_uses(self.media)

    def shown_uses(self) -> tuple[MediaUse, ...]:
        """Return the media, none where they cannot be read."""
        try:
            return self.uses()
        except InvalidError:
            return ()

    def draft(self, due: Due | None, intent: Intent = Intent.SCHEDULE) -> Draft:
        """Return the value for the services that create and preview. Raises InvalidError."""
        return Draft(
            text=self.text,
            title=self.title,
            link=self.link or None,
            media=self.uses(),
            account_ids=self.account_ids,
            variants=self._variants(),
            due=due,
            intent=intent,
        )

    def changes(self, due: Due | None, intent: Intent) -> Changes:
        """Return the value for the service that edits: all that the form shows. Raises InvalidError."""
        chosen: Due | Unset | None = due
        if due is None and (self.has_time or not self.due_was):
            chosen = UNSET
        return Changes(
            text=self.text,
            title=self.title,
            link=self.link or None,
            media=self.uses(),
            account_ids=self.account_ids,
            variants=self._variants(),
            due=chosen,
            intent=intent,
        )

    def _variants(self) -> dict[str, Variant]:
        return {kind: Variant(text=text) for kind, text in self.variants.items()}


def read_token(text: str) -> str:
    """Return a form's token, empty for what is none."""
    return text if _TOKEN.fullmatch(text) else ""


def prefilled(composition: Composition, *, at: str, zone: str) -> Composition:
    """Return a composition with a time that a link proposes (wall time, or with an offset); nonsense is passed over."""
    try:
        given = datetime.fromisoformat(at)
        moment = given if given.tzinfo else given.replace(tzinfo=ZoneInfo(zone))
        date, time, zone = wall_clock(moment, zone)
    except (ValueError, OverflowError):
        date, time = "", ""
    return replace(composition, date=date, time=time, zone=zone)


def wall_clock(moment: datetime | None, zone: str) -> tuple[str, str, str]:
    """Return date, time and zone as the form shows a moment; of an unknown zone, in UTC."""
    zone = known_zone(zone) or "UTC"
    if moment is None:
        return "", "", zone
    local = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d}", f"{local:%H:%M:%S}" if local.second else f"{local:%H:%M}", zone


def known_zone(zone: str) -> str:
    """Return a zone's name, empty where there is no such zone."""
    try:
        ZoneInfo(zone)
    except (ValueError, OSError, LookupError):
        return ""
    return zone
