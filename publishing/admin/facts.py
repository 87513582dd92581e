"""What audit records say besides who did what: names and values as people read them."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Final

from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from publishing.admin.marks import short_id
from publishing.admin.words import ACTIONS, ROLES, channel_name, label_of, reason_of
from publishing.domain.ids import is_id
from publishing.dynadmin.history import Fact
from publishing.models import AuditEntry

Value = str | int | bool

#: What can be changed of an account, as its form calls it.
_FIELDS: Final[Mapping[str, str | Promise]] = {
    "name": _("Name"), "base_url": _("Address"), "open_to_members": _("open to members"), "settings": _("Settings"),
    "is_paused": _("Paused"), "credential": _("Credential"),
}  # fmt: skip
_SCOPES: Final[Mapping[str, str | Promise]] = {action.value: name for action, name in ACTIONS.items()}
#: In this order; what is not here follows, under its own name.
_LABELS: Final[Mapping[str, str | Promise]] = {
    "changed": _("What"), "channel": _("Channel"), "status": _("Status"), "reason": _("Reason"),
    "delivery": _("Delivery"), "published": _("It is there"), "series": _("Series"), "scopes": _("May do"),
    "roles": _("Roles"), "role": _("Role"), "lost": _("Roles taken away"), "group": _("Group"),
    "mailed": _("Invitation mailed"), "overlap_hours": _("Hours that the old secret stays good"),
    "media_type": _("Type"), "size": _("Size"), "deliveries": _("Deliveries"), "ended": _("Ended"),
    "last_index": _("Made until"), "key": _("API key"), "head": _("Hash of the newest record"),
    "sha256": _("Hash of the file"), "gen": pgettext_lazy("of a message", "Dispatch"), "rev": _("Version"),
}  # fmt: skip
#: As much of a hash or an id as tells it from others; the whole one stands beside it.
_SHOWN: Final = 20
_CODE: Final = frozenset({"delivery", "series", "media_type", "key", "head", "sha256", "group"})


def facts_of(record: AuditEntry) -> tuple[Fact, ...]:
    """Return what a record says besides, in the reader's language; what has no words here stays as it was recorded."""
    stored: Mapping[str, Value] = record.facts
    known = [name for name in _LABELS if name in stored]
    others = sorted(set(stored) - set(known))
    return tuple(
        Fact(name=_label(name), value=_value(record.action, name, stored[name]), is_code=name in _CODE)
        for name in (*known, *others)
    )


def marked(facts: Iterable[Fact]) -> SafeString | str:
    """Return facts for a page: names, each with its value beside it."""
    rows = format_html_join(
        "", '<li><span class="quiet">{}</span> {}</li>', ((fact.name, _shown(fact)) for fact in facts)
    )
    return format_html('<ul class="known">{}</ul>', rows) if rows else ""


def _shown(fact: Fact) -> SafeString:
    if not fact.is_code:
        return format_html("<bdi>{}</bdi>", fact.value)
    if is_id(fact.value):
        return short_id(fact.value)
    return format_html('<code title="{}">{}</code>', fact.value, Truncator(fact.value).chars(_SHOWN))


def _label(name: str) -> str:
    return str(_LABELS.get(name) or name.replace("_", " ").capitalize())


def _value(action: str, name: str, value: Value) -> str:
    if isinstance(value, bool):
        return gettext("Yes") if value else gettext("No")
    if name == "last_index" and isinstance(value, int) and value > 0:
        # Occurrences are numbered by their days.
        return date_format(date.fromordinal(value))
    if name == "size" and action.startswith("media."):
        return filesizeformat(value)
    if isinstance(value, str) and (in_words := _WORDS.get(name)) is not None:
        return in_words(value)
    return str(value)


def _each(names: Mapping[str, str | Promise]) -> Callable[[str], str]:
    """Return what names a list that is separated by commas."""
    return lambda value: ", ".join(str(names.get(each, each)) for each in value.split(",") if each)


_WORDS: Final[Mapping[str, Callable[[str], str]]] = {
    "changed": _each(_FIELDS), "channel": channel_name, "status": label_of, "reason": reason_of,
    "scopes": _each(_SCOPES), "roles": _each(ROLES), "role": _each(ROLES), "lost": _each(ROLES),
}  # fmt: skip
