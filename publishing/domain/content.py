"""What is said: the content of one delivery, its limits, and problems with it."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from publishing.domain.media import Rendition

TEXT_LIMIT: Final = 65_536
TITLE_LIMIT: Final = 300
LINK_LIMIT: Final = 2_048
ALT_TEXT_LIMIT: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaUse:
    """One medium of the library, as a message uses it."""

    id: str
    alt_text: str = ""
    #: The medium's files, the full one first; empty in what somebody asks for, filled in when it is checked.
    renditions: tuple[Rendition, ...] = ()

    @property
    def is_video(self) -> bool:
        """Tell whether it is a video; known when its files are."""
        return any(file.video is not None for file in self.renditions)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What one delivery says: the message's wording with its variant for the channel applied."""

    text: str
    title: str = ""
    link: str | None = None
    media: tuple[MediaUse, ...] = ()


class Severity(StrEnum):
    """Whether a problem stops a publication or only deserves a look."""

    PROBLEM = "problem"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentProblem:
    """Something about a content that a channel will not take, or will change; a sentence for an editor."""

    code: str
    detail: str
    #: What it is about: `text`, `link`, `media`, `title`; `accounts` when it is the account itself.
    field: str = "text"
    severity: Severity = Severity.PROBLEM


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Something that a channel knows about a content besides its length: nothing to mend, but worth knowing."""

    code: str
    value: str
    #: A sentence for an editor.
    detail: str


def text_problem(text: str, *, limit: int = TEXT_LIMIT) -> tuple[str, str] | None:
    """Return (code, sentence) when a text can be stored for no channel at all, else None."""
    if has_lone_surrogate(text):
        return "not_text", "The text holds half of a character (a lone surrogate). Type that character again."
    if is_blank(text):
        return "blank", "The text is empty. Write something to publish."
    if len(text) > limit:
        return "too_long", f"The text has {len(text):,} characters; at most {limit:,} are possible. Shorten it."
    if "\x00" in text:
        return "not_text", "The text holds a NUL character. Remove it."
    return None


def has_lone_surrogate(text: str) -> bool:
    """Tell whether a text holds half of a surrogate pair, which no encoding can carry."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def is_blank(text: str) -> bool:
    """Tell whether nothing of a text would be visible: white space, format and control characters only."""
    return all(unicodedata.category(character) in {"Zs", "Zl", "Zp", "Cc", "Cf"} for character in text)


def summary(text: str, length: int = 140) -> str:
    """Return the beginning of a text in one line, for lists."""
    line = " ".join(text.split())
    return line if len(line) <= length else f"{line[: length - 1].rstrip()}…"
