"""Cells of CSV files, which spreadsheets take for formulas when they begin like one (CSV injection)."""

from typing import Final

#: Where spreadsheets see a formula: the first character of what is left of blanks, full-width forms included.
_FORMULA: Final = frozenset("=+-@\uff1d\uff0b\uff0d\uff20")
#: Characters that spreadsheets drop or split a cell at, so that the next one is the first.
_DROPPED: Final = " \t\r\n\v\f\x00\ufeff\u00a0\u200b"


def cell(value: object) -> str:
    """Return a value as a cell that no spreadsheet computes; `csv.writer` quotes it. None is empty.

    A number stays one. Text that begins like a formula, perhaps after characters that are not seen, gets an apostrophe,
    by which spreadsheets know text; so does text that begins with such a character at all. Zero bytes are left out.
    """
    if value is None:
        return ""
    if isinstance(value, bool | int | float):
        return str(value)
    text = str(value).replace("\x00", "")
    begins = text.lstrip(_DROPPED)[:1]
    is_risky = (bool(begins) and begins in _FORMULA) or (bool(text) and text[0] in _DROPPED)
    return f"'{text}" if is_risky else text
