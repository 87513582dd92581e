"""Reading JSON strictly: what has two readings, or none that everybody shares, is refused."""

import json
import math
from collections.abc import Mapping
from typing import IO, Final, NoReturn

from rest_framework.parsers import BaseParser

from publishing.api.problems import FieldError, ProblemError, invalid

DEPTH_LIMIT: Final = 20
#: Beyond 64 bits, readers disagree about a number.
DIGIT_LIMIT: Final = 18


class StrictJsonParser(BaseParser):
    """Parses a JSON object in UTF-8. Refuses doubled names, NaN and infinity, huge numbers and deep nesting."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,  # noqa: ARG002 - DRF's signature
        parser_context: Mapping[str, object] | None = None,  # noqa: ARG002
    ) -> dict[str, object]:
        """Return the object. Raises ProblemError, which says what is wrong with the body and where."""
        return parse_object(stream.read())


def parse_object(data: bytes) -> dict[str, object]:
    """Return the JSON object that bytes hold. Raises ProblemError for anything else."""
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_without_doubles,
            parse_int=_integer,
            parse_float=_finite,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError:
        raise _broken("not_utf8", "The body is not UTF-8. Encode it as UTF-8.") from None
    except json.JSONDecodeError as error:
        # The parser's own words name a place and nothing of the content.
        detail = f"The body is not JSON: {error.msg} in line {error.lineno}, column {error.colno}. Correct it."
        raise _broken("not_json", detail) from None
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(value, dict):
        raise _broken("not_an_object", 'The body should be a JSON object: {"…": …}.')
    _check_depth(value)
    return value


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) < len(pairs):
        seen: set[str] = set()
        doubled = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        detail = f"The field {doubled[:40]!r} is given twice in one object. Give it once."
        raise _broken("doubled_field", detail)
    return members


def _integer(text: str) -> int:
    if len(text.lstrip("-")) > DIGIT_LIMIT:
        raise _broken("number_too_large", f"The body holds a number with {len(text)} digits. Give a smaller one.")
    return int(text)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise _broken("number_too_large", "The body holds a number beyond all bounds. Give a smaller one.")
    return number


def _refuse_constant(text: str) -> NoReturn:
    raise _broken("not_json", f"The body is not JSON: {text} is no JSON value. Use null, or leave the field out.")


def _check_depth(value: object) -> None:
    level = [value]
    for _ in range(DEPTH_LIMIT):
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
        if not level:
            return
    raise _too_deep()


def _too_deep() -> ProblemError:
    return _broken("too_deep", f"The body is nested more than {DEPTH_LIMIT} levels deep. Send what the schema says.")


def _broken(code: str, detail: str) -> ProblemError:
    return invalid(FieldError(pointer="", code=code, detail=detail))
