"""Finding the sentences that layers without translation say to people, as templates where values stand in them.

A template is what `str.format` reads: `The text has {length:,} characters.` What stands in braces is named after the
expression there; the format tells how the value was written.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import Final, NamedTuple

from publishing.admin.sentences import PHRASE

#: Layers that may not know of translation, and modules of others whose words reach people.
SPEAKING: Final = (
    "domain", "services", "channels", "http",
    "adapters/media.py", "adapters/pictures.py", "adapters/videos.py", "adapters/user_pool.py",
)  # fmt: skip
#: Those of them that speak to operators on a terminal, and to logs.
SILENT: Final = frozenset({
    "domain/events.py", "services/canary.py", "services/keeping_heads.py", "services/parking.py",
    "services/retaining.py", "http/wire.py",
})  # fmt: skip
#: Errors that are caught before somebody reads them, or read by whoever repairs the code; programs' own answers; logs.
_NOT_FOR_PEOPLE: Final = frozenset({
    "TypeError", "ValueError", "RuntimeError", "KeyError", "OSError",
    "UnreadableError", "UnreadableReportError", "UnsignedError", "CredentialError", "KeyRefusedError",
    "__init__", "debug", "info", "warning", "error", "exception", "log",
})  # fmt: skip
#: Whole sentences: they end with a full stop, and hold more than one word. Another sentence may follow as a value.
_SENTENCE: Final = re.compile(r"\S+ .*[.](?: \{\w+\})?", re.DOTALL)
_PLACEHOLDER: Final = re.compile(r"\{(\w+)(?::[^{}]*)?\}")


class Said(NamedTuple):
    """A sentence, or a part of one, that people get to read."""

    text: str
    is_phrase: bool = False

    @property
    def context(self) -> str | None:
        """The catalogue's context of it."""
        return PHRASE if self.is_phrase else None

    @property
    def is_template(self) -> bool:
        """Whether values stand in it."""
        return _PLACEHOLDER.search(self.text) is not None


def speaking_files(sources: Path) -> list[Path]:
    """Return the modules that speak English to people."""
    files = [
        file
        for each in SPEAKING
        for file in ([sources / each] if each.endswith(".py") else (sources / each).rglob("*.py"))
    ]
    return sorted(file for file in files if str(file.relative_to(sources)) not in SILENT)


def sentences(source: str) -> Iterator[Said]:
    """Yield what a module says to people: whole sentences wherever they stand, and what it marks as parts of some."""
    yield from _of(ast.parse(source))


def _of(node: ast.AST) -> Iterator[Said]:
    match node:
        case ast.Expr(value=ast.Constant()):
            return  # a docstring
        case ast.Call() if _called(node) in _NOT_FOR_PEOPLE:
            return
        case ast.Call(args=[text]) if _called(node) == "phrase":
            yield from (Said(each, is_phrase=True) for each in _templates(text))
            return
        case ast.Constant() | ast.JoinedStr() | ast.BinOp(op=ast.Add()):
            found = [each for each in _templates(node) if _SENTENCE.fullmatch(each)]
            yield from map(Said, found)
            if found and not isinstance(node, ast.JoinedStr):
                return
    for child in ast.iter_child_nodes(node):
        # What an f-string itself is made of was read with it.
        if not (isinstance(node, ast.JoinedStr) and isinstance(child, ast.Constant)):
            yield from _of(child)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _templates(node: ast.expr) -> list[str]:
    """Return the templates of an expression: one for each way that its conditions can go."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            names: dict[str, str] = {}
            return ["".join(parts) for parts in product(*(_parts(each, names) for each in values))]
        case ast.IfExp(body=body, orelse=orelse):
            return [*_templates(body), *_templates(orelse)]
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            return ["".join(parts) for parts in product(_templates(left), _templates(right))]
        case _:
            return []


def _parts(node: ast.expr, names: dict[str, str]) -> Sequence[str]:
    if isinstance(node, ast.Constant):
        return [str(node.value).replace("{", "{{").replace("}", "}}")]
    if not isinstance(node, ast.FormattedValue):
        return []
    if isinstance(node.value, ast.IfExp) and (written := _templates(node.value)):
        return written
    form = ast.unparse(node.format_spec)[2:-1] if node.format_spec else ""
    return [f"{{{_name(node.value, names)}{form and f':{form}'}}}"]


def _name(node: ast.expr, names: dict[str, str]) -> str:
    """Return a name for what an expression stands for, another one for each expression of a sentence."""
    whole, name = ast.unparse(node), _noun(node).lower().strip("_") or "value"
    if names.setdefault(name, whole) == whole:
        return name
    return next(numbered for number in range(2, 10) if names.setdefault(numbered := f"{name}_{number}", whole) == whole)


def _noun(node: ast.expr) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value) | ast.BoolOp(values=[value, *_]):
            return _noun(value)
        case ast.BinOp(left=left, right=right):
            return "_".join(filter(None, (_noun(left), _noun(right))))
        case ast.Call():
            return _noun_of_call(node)
        case _:
            return ""


def _noun_of_call(call: ast.Call) -> str:
    given = next(filter(None, map(_noun, call.args)), "")
    match call.func:
        case ast.Name(id="len"):
            return f"{given}_length"
        case ast.Attribute(value=value):
            return _noun(value) or given
        case called:
            return given or _noun(called)
