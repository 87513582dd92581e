"""The catalogue of translations, kept in step with the sources: `make messages`.

Everything that code and templates mark for translation is looked for here, with Python's and Django's own parsers, so
that nobody needs GNU gettext. Translations that are there stay; what is gone from the sources goes; the compiled file
stands beside the catalogue, because what is deployed has no tool to make it.
"""

import ast
import io
import json
import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from local import sentences
from local.sentences import Said
from publishing.admin.sentences import FILE

ROOT: Final = Path(__file__).parents[1]
SOURCES: Final = ROOT / "publishing"
LANGUAGES: Final = ("de",)
#: What marks a text, and how many of its first arguments are texts: context, singular, plural.
_MARKS: Final = {
    "_": "s", "_lazy": "s", "gettext": "s", "gettext_lazy": "s", "gettext_noop": "s",
    "ngettext": "sp", "ngettext_lazy": "sp",
    "pgettext": "cs", "pgettext_lazy": "cs", "npgettext": "csp", "npgettext_lazy": "csp",
}  # fmt: skip
#: A text in a tag's argument: `{% include "x" with title=_("Media") %}`.
_IN_TAG: Final = re.compile(r"""_\(("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')\)""")


class Marked(NamedTuple):
    """A text that is to be translated."""

    singular: str
    plural: str | None = None
    context: str | None = None


class _PlainCatalog(Catalog):
    """A catalogue whose header names neither the day nor the tool's version."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        """What a reader of the compiled file needs."""
        return [
            ("Content-Type", "text/plain; charset=UTF-8"),
            ("Language", str(self.locale)),
            ("Plural-Forms", self.plural_forms),
        ]


def file_of(language: str) -> Path:
    """Return where a language's catalogue is."""
    return SOURCES / "locale" / language / "LC_MESSAGES" / "django.po"


def collect() -> dict[Marked, list[str]]:
    """Return every text that the sources mark, with the files that it stands in."""
    found: dict[Marked, list[str]] = {}
    for file in sorted([*SOURCES.rglob("*.py"), *SOURCES.rglob("*.html"), *SOURCES.rglob("*.txt")]):
        of_file = _in_python if file.suffix == ".py" else _in_template
        for marked in of_file(file.read_text(encoding="utf-8"), str(file.relative_to(ROOT))):
            _note(found, marked, file)
    for said, files in collect_sentences().items():
        for file in files:
            _note(found, Marked(said.text, None, said.context), file)
    return found


def collect_sentences() -> dict[Said, list[Path]]:
    """Return what the layers say to people that may not know of translation, with the files that it stands in."""
    found: dict[Said, list[Path]] = {}
    for file in sentences.speaking_files(SOURCES):
        for said in sentences.sentences(file.read_text(encoding="utf-8")):
            found.setdefault(said, []).append(file)
    return found


def templates() -> bytes:
    """Return the file that the desk knows sentences with values by."""
    said = [each for each in collect_sentences() if each.is_template]
    listed = {
        "sentences": sorted(each.text for each in said if not each.is_phrase),
        "phrases": sorted(each.text for each in said if each.is_phrase),
    }
    return (json.dumps(listed, ensure_ascii=False, indent=1) + "\n").encode()


def read(language: str) -> Catalog:
    """Return a language's catalogue as it is stored; an empty one where there is none."""
    file = file_of(language)
    if not file.is_file():
        return Catalog(locale=language)
    with file.open("rb") as stream:
        return read_po(stream, locale=language)


def update(language: str) -> Catalog:
    """Return the catalogue as it should be: every marked text, with the translation that it has."""
    before = read(language)
    after = Catalog(locale=language, project="omnipub", charset="utf-8", fuzzy=False)
    for marked, files in sorted(collect().items(), key=lambda each: (each[1], each[0].singular)):
        old = before.get(marked.singular, marked.context)
        texts = marked.singular if marked.plural is None else (marked.singular, marked.plural)
        kept = old.string if old is not None and old.id == texts else None
        after.add(texts, kept, locations=[(name, 0) for name in files], context=marked.context)
    return after


def catalogue(wanted: Catalog) -> bytes:
    """Return a catalogue's file. Equal catalogues give equal bytes: no dates, no numbers of lines."""
    stream = io.BytesIO()
    write_po(stream, wanted, width=110, include_lineno=False, omit_header=True, ignore_obsolete=True)
    header = (
        'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
        f'"Language: {wanted.locale}\\n"\n"Plural-Forms: {wanted.plural_forms}\\n"\n\n'
    )
    return header.encode() + stream.getvalue()


def compiled(wanted: Catalog) -> bytes:
    """Return what a catalogue compiles to."""
    # Read back, so that it is the stored header that is compiled.
    again = read_po(io.BytesIO(catalogue(wanted)), locale=str(wanted.locale))
    again.header_comment, again.fuzzy = "", False
    stream = io.BytesIO()
    write_mo(stream, _plain(again))
    return stream.getvalue()


def missing(wanted: Catalog) -> list[str]:
    """Return the texts that have no translation."""
    return [str(each.id) for each in wanted if each.id and not all(_strings(each.string))]


def main() -> int:
    """Bring every language's catalogue up to date; say what waits for a translator."""
    _set_up()
    FILE.write_bytes(templates())
    for language in LANGUAGES:
        wanted = update(language)
        file = file_of(language)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(catalogue(wanted))
        file.with_suffix(".mo").write_bytes(compiled(wanted))
        waiting = missing(wanted)
        print(f"{language}: {len(wanted)} texts, {len(waiting)} without a translation.")
        for each in waiting:
            print(f"  {each}")
    return 0


def _note(found: dict[Marked, list[str]], marked: Marked, file: Path) -> None:
    files = found.setdefault(marked, [])
    if (name := str(file.relative_to(ROOT))) not in files:
        files.append(name)


def _strings(value: object) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, tuple | list) else (str(value or ""),)


def _plain(catalog: Catalog) -> Catalog:
    """Return the catalogue with what is translated, and a header that says the same on every day."""
    plain = _PlainCatalog(locale=catalog.locale, fuzzy=False)
    for each in catalog:
        if each.id and all(_strings(each.string)):
            plain.add(each.id, each.string, context=each.context)
    return plain


def _in_python(source: str, name: str) -> Iterator[Marked]:
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if shape := _MARKS.get(called):
            yield _marked(shape, node.args, f"{name}:{node.lineno}")
        elif called == "partial" and (shape := _MARKS.get(getattr(node.args[0], "id", ""))):
            yield _marked(shape, node.args[1:], f"{name}:{node.lineno}")


def _marked(shape: str, arguments: Sequence[ast.expr], place: str) -> Marked:
    texts: dict[str, str] = {}
    for role, argument in zip(shape, arguments, strict=False):
        if not isinstance(argument, ast.Constant) or not isinstance(argument.value, str):
            raise TypeError(f"{place}: what is translated must be written out, not computed.")
        texts[role] = argument.value
    return Marked(texts["s"], texts.get("p"), texts.get("c"))


def _in_template(source: str, name: str) -> Iterator[Marked]:
    from django.template import Template
    from django.template.base import Node, Origin
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    template = Template(source, origin=Origin(name=name))
    for node in template.nodelist.get_nodes_by_type(Node):
        if isinstance(node, TranslateNode):
            yield Marked(str(node.filter_expression.var.literal or node.filter_expression.var), None, _context(node))
        elif isinstance(node, BlockTranslateNode):
            singular, _ = node.render_token_list(node.singular)
            plural = node.render_token_list(node.plural)[0] if node.plural else None
            yield Marked(singular, plural, _context(node))
    for found in _IN_TAG.finditer(source):
        yield Marked(ast.literal_eval(found[1]))


def _context(node: object) -> str | None:
    expression = getattr(node, "message_context", None)
    return None if expression is None else str(expression.var)


def _set_up() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omnipub.settings")
    os.environ.setdefault("OMNIPUB_SECRET_KEY", "only to parse templates")
    django.setup()


if __name__ == "__main__":
    sys.exit(main())
