"""Lists of media: what somebody asks for in an address, and the page of it. Pages and scripts ask in the same words."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.conf import settings
from django.core import signing
from django.http import HttpRequest

from publishing.domain.draft import Page
from publishing.domain.ids import digest
from publishing.domain.media import Medium, MediumFilter
from publishing.domain.permissions import Actor
from publishing.services.media import list_media

#: Media on one page.
PAGE: Final = 24
#: What is searched for, at most.
QUERY_LIMIT: Final = 200
_CURSOR_LIMIT: Final = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which list of media somebody wants to see, and from where on."""

    text: str = ""
    is_mine: bool = False
    #: Those that cannot be used: not uploaded yet, refused.
    is_unusable: bool = False
    cursor: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Tell whether something is searched for, so that a page looks at a bounded number of media."""
        return bool(self.text)

    def query(self, **changes: str) -> str:
        """Return the list as the query of an address, with these parameters changed."""
        parameters = {
            "q": self.text,
            "mine": "1" if self.is_mine else "",
            "show": "unusable" if self.is_unusable else "",
            **changes,
        }
        return urlencode({name: value for name, value in parameters.items() if value})


def asked_by(request: HttpRequest) -> Asked:
    """Return which list a request asks for. What makes no sense counts as not said."""
    given = request.GET
    return Asked(
        text=given.get("q", "").strip()[:QUERY_LIMIT],
        is_mine=given.get("mine") == "1",
        is_unusable=given.get("show") == "unusable",
        cursor=given.get("cursor", "")[:_CURSOR_LIMIT],
    )


def page_of(actor: Actor, asked: Asked, *, limit: int = PAGE) -> Page[Medium]:
    """Return a page, its cursor signed for this person and this list. One that is none of theirs begins at the top."""
    wanted = MediumFilter(text=asked.text, is_ready=not asked.is_unusable)
    signer = _signer(actor, asked)
    cursor = _read(signer, asked.cursor)
    try:
        page = list_media(actor=actor, mine=asked.is_mine, wanted=wanted, cursor=cursor, limit=limit)
    except ValueError:
        # Signed by us, but of the other order: the actor's roles changed between two pages.
        page = list_media(actor=actor, mine=asked.is_mine, wanted=wanted, cursor=None, limit=limit)
    following = None if page.next_cursor is None else signer.sign_object(page.next_cursor)
    return Page(rows=page.rows, next_cursor=following)


def _signer(actor: Actor, asked: Asked) -> signing.Signer:
    salt = digest("desk-media", actor.id, asked.query())
    return signing.Signer(key=settings.CURSOR_KEY, fallback_keys=settings.CURSOR_KEY_FALLBACKS, salt=salt)


def _read(signer: signing.Signer, cursor: str) -> str | None:
    if not cursor:
        return None
    try:
        return str(signer.unsign_object(cursor))
    except (signing.BadSignature, ValueError):
        return None
