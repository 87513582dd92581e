"""Use cases' sentences in the reader's language.

Use cases speak English, for they answer programs too, and what they said about a delivery is stored. So a sentence is
known by how it looks: `local.sentences` collects the templates that sentences are made from; here the template of a
finished sentence is found, translated, and filled with the values of the sentence.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache, lru_cache, partial
from itertools import islice
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Final, NamedTuple

from django.utils import formats
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext as _translated
from django.utils.translation import pgettext as _translated_part

from publishing.admin import words
from publishing.domain.permissions import Action

#: The context under which the catalogue has the parts of sentences.
PHRASE: Final = "part of a sentence"
#: The templates. `make messages` writes it.
FILE: Final = Path(__file__).parents[1] / "locale/sentences.json"
#: Longer texts are shown as they are: no sentence of ours is so long, whatever values it holds.
_LONGEST: Final = 4_000
#: How deep sentences stand in sentences, and how many follow one another.
_DEEPEST: Final = 8
#: So many places are looked at where one sentence may end and another begin.
_PLACES: Final = 8
_NUMBER: Final = r"-?\d{1,3}(?:,\d{3})*"
_DIRECTIVES: Final = MappingProxyType({"%Y": r"\d{4}", **dict.fromkeys(("%m", "%d", "%H", "%M", "%S"), r"\d{2}")})
_END: Final = re.compile(r"[.?!] (?=\S)")

Values = Mapping[str, str]


class Template(NamedTuple):
    """A sentence with values in it, as the sources have it."""

    text: str
    pattern: re.Pattern[str]
    #: How each value was written: a format of `str.format`, mostly none.
    forms: Mapping[str, str]

    @property
    def fixed(self) -> int:
        """How much of it is no value."""
        return sum(len(literal) for literal, *_ in Formatter().parse(self.text))

    def match(self, sentence: str) -> Values | None:
        """Return the values of a sentence that is made from this; None for any other."""
        found = self.pattern.fullmatch(sentence)
        return None if found is None else found.groupdict()


def compile_template(text: str) -> Template:
    """Return a template, ready to recognise sentences. What it does takes time in proportion to their length."""
    parts = [*Formatter().parse(text)]
    forms = {name: form or "" for _literal, name, form, *_rest in parts if name is not None}
    last = max((at for at, (_, name, *_) in enumerate(parts) if name is not None), default=-1)
    written: list[str] = []
    seen: set[str] = set()
    for at, (literal, name, form, *_rest) in enumerate(parts):
        written.append(re.escape(literal))
        if name is None:
            continue
        follows = re.escape(parts[at + 1][0]) if at + 1 < len(parts) else ""
        group = f"(?P={name})" if name in seen else f"(?P<{name}>{_shape(form or '', is_last=at == last)})"
        # Once what follows a value was found, another place for it is never tried.
        written.append(group if at == last else f"(?>{group}(?={follows}))")
        seen.add(name)
    return Template(text, re.compile("".join(written), re.DOTALL), MappingProxyType(forms))


def say(sentence: str) -> str:
    """Return a sentence of a use case in the reader's language; as it is where the catalogue does not have it.

    What others say, inside a sentence of ours or alone, stays as they said it.
    """
    language = get_language()
    if not sentence or language is None or language.startswith("en") or len(sentence) > _LONGEST:
        return sentence
    return _said(language, sentence)


@cache
def templates() -> tuple[tuple[Template, ...], tuple[Template, ...]]:
    """Return the templates of sentences and those of their parts, the most telling ones first."""
    stored = json.loads(FILE.read_text(encoding="utf-8"))
    sentences, phrases = (
        tuple(sorted(map(compile_template, stored[each]), key=lambda one: (-one.fixed, one.text)))
        for each in ("sentences", "phrases")
    )
    return sentences, phrases


def recognise(sentence: str, among: tuple[Template, ...]) -> Iterator[tuple[Template, Values]]:
    """Yield the templates that a sentence may be made from, the most telling first, with its values."""
    for template in among:
        values = template.match(sentence)
        if values is not None:
            yield template, values


@lru_cache(maxsize=2_048)
def _said(language: str, sentence: str) -> str:  # noqa: ARG001 - the same sentence is another one in each language
    return _whole(sentence, _DEEPEST) or _phrase(sentence, _DEEPEST) or _pieces(sentence, _DEEPEST)


def _whole(sentence: str, depth: int) -> str | None:
    """Return the translation of what the catalogue has as one sentence, or None."""
    known = _translated(sentence)
    return known if known != sentence else _filled(sentence, templates()[0], _translated, depth)


def _phrase(text: str, depth: int) -> str | None:
    """Return the translation of a part of a sentence, or None. It may have come to stand at the beginning."""
    for start, put in ((text, str), (f"{text[:1].lower()}{text[1:]}", _capital)):
        known = _translated_part(PHRASE, start)
        if known != start:
            return put(known)
        if found := _filled(start, templates()[1], partial(_translated_part, PHRASE), depth):
            return put(found)
    return None


def _pieces(sentence: str, depth: int) -> str:
    """Return several sentences one by one, and a sentence after the name that it is about."""
    for end in islice(_END.finditer(sentence), _PLACES):
        head, rest = sentence[: end.start() + 1], sentence[end.end() :]
        if (known := _whole(head, depth)) is not None:
            return f"{known} {_said_within(rest, depth)}"
    for colon in islice(re.finditer(": ", sentence), _PLACES):
        rest = sentence[colon.end() :]
        if (known := _whole(rest, depth)) is not None:
            return f"{sentence[: colon.end()]}{known}"
    return sentence


def _filled(sentence: str, among: tuple[Template, ...], translate: Callable[[str], str], depth: int) -> str | None:
    for template, values in recognise(sentence, among):
        wanted = translate(template.text)
        if wanted == template.text:
            continue
        shown = {name: _shown(name, values[name], form, depth) for name, form in template.forms.items()}
        return "".join(
            f"{literal}{shown.get(name, '') if name else ''}" for literal, name, *_ in Formatter().parse(wanted)
        )
    return None


def _shown(name: str, value: str, form: str, depth: int) -> str:
    """Return a value as the reader's language writes it. Names are names, whatever they say."""
    if form == ",":
        return formats.number_format(int(value.replace(",", "")), force_grouping=True)
    if form.startswith("%"):
        return _moment(value, form)
    if name in _NAMED:
        return _NAMED[name](value)
    # A name may be a channel's, which can be a word; whoever calls an account by the very same word is understood too.
    return words.channel_said(value) if name == "name" else _said_within(value, depth)


def _said_within(text: str, depth: int) -> str:
    if not text or depth == 0:
        return text
    return _whole(text, depth - 1) or _phrase(text, depth - 1) or _pieces(text, depth - 1)


def _moment(value: str, form: str) -> str:
    try:
        at = datetime.strptime(value, form)  # noqa: DTZ007 - its zone stands beside it
    except ValueError:
        return value
    if "%Y" not in form:
        return value
    return formats.date_format(at, _("j M Y") + (", H:i" if "%H" in form else ""))


def _capital(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _shape(form: str, *, is_last: bool) -> str:
    if form == ",":
        return _NUMBER
    if form.startswith("%"):
        return re.sub(r"%\w", lambda found: _DIRECTIVES.get(found[0], ".*?"), form)
    return ".*" if is_last else ".*?"


def _status(value: str) -> str:
    key = value.replace(" ", "_")
    return words.label_of(key) if key in words.LABELS else value


def _action(value: str) -> str:
    key = value.replace(" ", "_")
    return words.action_name(Action(key)) if key in list(Action) else value


#: Values that are words of ours and have a name on pages.
_NAMED: Final[Mapping[str, Callable[[str], str]]] = MappingProxyType({
    "status": _status, "state": _status, "action": _action, "channel": words.channel_said,
})  # fmt: skip
