"""How a text is cut into the parts that a phone receives. Pure, and by another road than the product: in bytes."""

from __future__ import annotations

GSM_7, UCS_2 = "GSM-7", "UCS-2"
#: 3GPP TS 23.038 by code: position is the septet; 0x1B is the escape to the second table.
_TABLE = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_SECOND = {
    "\f": 0x0A, "^": 0x14, "{": 0x28, "}": 0x29, "\\": 0x2F, "[": 0x3C, "~": 0x3D, "]": 0x3E, "|": 0x40, "€": 0x65,
}  # fmt: skip
_SEPTETS = {character: bytes((code,)) for code, character in enumerate(_TABLE) if character != "\x1b"} | {
    character: bytes((0x1B, code)) for character, code in _SECOND.items()
}
#: Bytes of a part's content: 140, less the 6 that name part and whole. In septets of 7 bits, or in pairs of bytes.
_ROOM = {GSM_7: (140 * 8 // 7, (140 - 6) * 8 // 7), UCS_2: (140, 134)}


def cut(text: str) -> tuple[str, tuple[str, ...]]:
    """Return the encoding of a text and what stands in each of its parts."""
    encoding = GSM_7 if all(character in _SEPTETS for character in text) else UCS_2
    sizes = [len(_SEPTETS[one] if encoding == GSM_7 else one.encode("utf-16-be")) for one in text]
    whole, piece = _ROOM[encoding]
    if sum(sizes) <= whole:
        return encoding, (text,)
    parts, used = [""], 0
    for character, size in zip(text, sizes, strict=True):
        if used + size > piece:
            parts.append("")
            used = 0
        parts[-1] += character
        used += size
    return encoding, tuple(parts)
