"""How a text travels in parts of 140 bytes: the GSM 7-bit alphabet, or UCS-2 as soon as one character is not in it.

Pure. The alphabet and its extension table are those of 3GPP TS 23.038, 6.2.1; the part sizes follow from the 6 bytes of
header that every part of a longer text begins with.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
#: These take two of a part's units: an escape and the character.
_EXTENDED: Final = frozenset("\f^{}\\[~]|€")


class Encoding(StrEnum):
    """How the characters of a text are written."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


#: Units of a text that fits into one part, and of each part of a longer one.
_SIZES: Final = {Encoding.GSM_7: (160, 153), Encoding.UCS_2: (70, 67)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a text comes to. Every part is paid for."""

    encoding: Encoding
    #: Septets in GSM-7, 16-bit units in UCS-2.
    units: int
    count: int


def count_parts(text: str) -> Parts:
    """Return encoding, units and parts of a text. A character of two units is never split between two parts."""
    encoding = Encoding.GSM_7 if is_gsm_7(text) else Encoding.UCS_2
    whole, piece = _SIZES[encoding]
    sizes = [_units(character, encoding) for character in text]
    units = sum(sizes)
    if units <= whole:
        return Parts(encoding=encoding, units=units, count=1)
    count, filled = 1, 0
    for size in sizes:
        if filled + size > piece:
            count, filled = count + 1, 0
        filled += size
    return Parts(encoding=encoding, units=units, count=count)


def is_gsm_7(text: str) -> bool:
    """Tell whether the 7-bit alphabet has every character of a text."""
    return all(character in _BASIC or character in _EXTENDED for character in text)


def outside_gsm_7(text: str) -> str:
    """Return the characters that make a text UCS-2, each once, in order."""
    found = dict.fromkeys(one for one in text if one not in _BASIC and one not in _EXTENDED)
    return "".join(found)


def _units(character: str, encoding: Encoding) -> int:
    if encoding is Encoding.GSM_7:
        return 2 if character in _EXTENDED else 1
    return 2 if ord(character) > 0xFFFF else 1
