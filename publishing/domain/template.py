"""Texts that staff use again: templates with variables (`{{ name }}`), and groups of hashtags.

Rendering puts values in the places of variables and does nothing else: no expressions, no escapes, no second pass.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from publishing.domain.content import TEXT_LIMIT, TITLE_LIMIT, has_lone_surrogate, is_blank, text_problem
from publishing.domain.errors import FieldProblem, InvalidError
from publishing.domain.wording import phrase

NAME_LIMIT: Final = 100
VALUE_LIMIT: Final = 2_000
VARIABLE_LIMIT: Final = 30
HASHTAG_LIMIT: Final = 100
HASHTAGS_LIMIT: Final = 30
#: How many there are of each, so that a list is one page.
COUNT_LIMIT: Final = 200

_VARIABLE: Final = re.compile(r"\{\{[ \t]*([A-Za-z_][A-Za-z0-9_]{0,39})[ \t]*\}\}", re.ASCII)
_BRACES: Final = re.compile(r"\{\{|\}\}")
_HASHTAG: Final = re.compile(r"#?(?=\w*[^\W\d_])\w+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A text with variables, for everybody on the staff."""

    id: str
    #: Id of the user who made it.
    owner: str
    name: str
    text: str
    title: str = ""
    rev: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of its variables, in the order in which they come first."""
        return tuple(dict.fromkeys(_VARIABLE.findall(self.title) + _VARIABLE.findall(self.text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class HashtagGroup:
    """Hashtags that go together, for everybody on the staff."""

    id: str
    owner: str
    name: str
    #: Each with its `#`, as it was written, in its order.
    hashtags: tuple[str, ...]
    rev: int = 1
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateDraft:
    """A template as somebody wants it; a change leaves alone what is None."""

    name: str | None = None
    text: str | None = None
    title: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HashtagGroupDraft:
    """A group as somebody wants it; a change leaves alone what is None."""

    name: str | None = None
    hashtags: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A template with values in the places of its variables."""

    title: str
    text: str


def template_problems(template: Template) -> Iterator[FieldProblem]:
    """Yield what is wrong with a template."""
    yield from _name_problems(template.name)
    if problem := text_problem(template.text):
        yield FieldProblem(pointer="/text", code=problem[0], detail=problem[1])
    if len(template.title) > TITLE_LIMIT or has_lone_surrogate(template.title) or "\x00" in template.title:
        detail = f"The title should be text of at most {TITLE_LIMIT} characters. Shorten it, or type it again."
        yield FieldProblem(pointer="/title", code="bad_title", detail=detail)
    for pointer, text in (("/title", template.title), ("/text", template.text)):
        if _BRACES.search(_VARIABLE.sub("", text)):
            detail = "Doubled braces stand for a variable and nothing else. Write {{ name }}: letters, digits and _."
            yield FieldProblem(pointer=pointer, code="bad_variable", detail=detail)
    if len(template.variables) > VARIABLE_LIMIT:
        detail = f"There are {len(template.variables)} variables; at most {VARIABLE_LIMIT} are possible. Use fewer."
        yield FieldProblem(pointer="/text", code="too_many", detail=detail)


def group_problems(group: HashtagGroup) -> Iterator[FieldProblem]:
    """Yield what is wrong with a group of hashtags."""
    yield from _name_problems(group.name)
    if not 1 <= len(group.hashtags) <= HASHTAGS_LIMIT:
        detail = f"A group has 1 to {HASHTAGS_LIMIT} hashtags. Add or remove some."
        yield FieldProblem(pointer="/hashtags", code="out_of_range", detail=detail)
    seen: set[str] = set()
    for place, hashtag in enumerate(group.hashtags[: HASHTAGS_LIMIT + 1]):
        pointer = f"/hashtags/{place}"
        if not _HASHTAG.fullmatch(hashtag) or len(hashtag) > HASHTAG_LIMIT:
            detail = (
                f"A hashtag is one word with a letter in it, of at most {HASHTAG_LIMIT} characters. Write #Launch2026."
            )
            yield FieldProblem(pointer=pointer, code="bad_hashtag", detail=detail)
        elif hashtag.casefold() in seen:
            yield FieldProblem(pointer=pointer, code="doubled", detail="This hashtag is there already. Name it once.")
        seen.add(hashtag.casefold())


def with_marks(hashtags: tuple[str, ...]) -> tuple[str, ...]:
    """Return hashtags with their `#`, which may be left out by whoever types them."""
    return tuple(hashtag if hashtag.startswith("#") else f"#{hashtag}" for hashtag in hashtags)


def render_template(template: Template, values: Mapping[str, str]) -> Rendered:
    """Return a template with these values in the places of its variables.

    Raises InvalidError naming every variable without a value, every value without a variable, and every value that is
    too long or no text; and when what comes out is too long.
    """
    if problems := tuple(_value_problems(template.variables, values)):
        raise InvalidError(*problems)

    def filled(text: str) -> str:
        # One pass: braces in a value are text.
        return _VARIABLE.sub(lambda match: values[match.group(1)], text)

    rendered = Rendered(title=filled(template.title), text=filled(template.text))
    title, body = (phrase("title"), rendered.title, TITLE_LIMIT), (phrase("text"), rendered.text, TEXT_LIMIT)
    for part, text, limit in (title, body):
        if len(text) > limit:
            detail = (
                f"With these values the {part} has {len(text):,} characters; at most {limit:,} are possible. "
                "Shorten them."
            )
            raise InvalidError(FieldProblem(pointer="/values", code="too_long", detail=detail))
    return rendered


def _value_problems(variables: tuple[str, ...], values: Mapping[str, str]) -> Iterator[FieldProblem]:
    for name in variables:
        if name not in values:
            detail = f"The template has the variable {name}. Give it a value, which may be empty."
            yield FieldProblem(pointer=f"/values/{name}", code="required", detail=detail)
    for name, value in values.items():
        pointer = "/values/" + name[:40].replace("~", "~0").replace("/", "~1")
        if name not in variables:
            detail = f"The template has no such variable. It has: {', '.join(variables) or phrase('none')}."
            yield FieldProblem(pointer=pointer, code="unknown", detail=detail)
        elif len(value) > VALUE_LIMIT:
            detail = f"The value has {len(value):,} characters; at most {VALUE_LIMIT:,} are possible. Shorten it."
            yield FieldProblem(pointer=pointer, code="too_long", detail=detail)
        elif has_lone_surrogate(value) or "\x00" in value:
            detail = "The value holds half of a character or a NUL character. Type it again."
            yield FieldProblem(pointer=pointer, code="not_text", detail=detail)


def _name_problems(name: str) -> Iterator[FieldProblem]:
    if is_blank(name) or not name.isprintable() or has_lone_surrogate(name):
        detail = "The name is empty, or holds characters that cannot be seen. Write one line of text."
        yield FieldProblem(pointer="/name", code="bad_name", detail=detail)
    elif len(name) > NAME_LIMIT:
        detail = f"The name has {len(name):,} characters; at most {NAME_LIMIT} are possible. Shorten it."
        yield FieldProblem(pointer="/name", code="too_long", detail=detail)
