"""Two versions of a message beside one another: what somebody typed, and what somebody else stored meanwhile."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from publishing.admin.compose_form import VARIANT, Composition
from publishing.admin.compose_page import Choice
from publishing.admin.words import channel_name
from publishing.channels.base.registry import kinds
from publishing.domain.message import Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field in two versions."""

    #: Id of the field; empty where there is more than one.
    field: str
    label: str
    mine: str
    theirs: str


def differences(composition: Composition, message: Message, offered: Iterable[Choice]) -> tuple[Difference, ...]:
    """Return the fields in which a form and the stored message are not the same, in the order of the page."""
    theirs = Composition.of(message, zone=composition.zone)
    names = {choice.id: choice.name for choice in offered}
    pairs = [
        ("", _("Accounts"), _accounts(composition, names), _accounts(theirs, names)),
        ("title", _("Title"), composition.title, theirs.title),
        ("text", _("Text"), composition.text, theirs.text),
        *(
            (VARIANT + kind, channel_name(kind), composition.variants.get(kind, ""), other)
            for kind in kinds()
            if (other := theirs.variants.get(kind, "")) or kind in composition.variants
        ),
        ("link", _("Link"), composition.link, theirs.link),
        ("", _("Media"), _media(composition), _media(theirs)),
        ("", _("When"), _due(composition), _due(theirs)),
    ]
    return tuple(
        Difference(field=field, label=label, mine=mine, theirs=other)
        for field, label, mine, other in pairs
        if mine != other
    )


def _accounts(composition: Composition, names: dict[str, str]) -> str:
    return ", ".join(sorted(names.get(each, each) for each in composition.account_ids))


def _media(composition: Composition) -> str:
    return ", ".join(use.alt_text or use.id for use in composition.shown_uses())


def _due(composition: Composition) -> str:
    return f"{composition.date} {composition.time} {composition.zone}" if composition.has_time else ""
