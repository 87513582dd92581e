"""Addresses: what Amazon SES takes, and how names are written into a header without letting anything else in. Pure."""

import base64
import re
import unicodedata
from collections.abc import Iterator
from typing import Final

LONGEST_ADDRESS: Final = 254
_LONGEST_LOCAL: Final = 64
#: RFC 5322's dot-atom. Quoted names and names outside ASCII are valid elsewhere; Amazon SES takes neither.
_LOCAL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_LABEL: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
#: What an encoded word may hold, so that with its frame it has at most 75 characters (RFC 2047, 2).
_ENCODED_BYTES: Final = 45
LONGEST_NAME: Final = 100


class BadAddressError(ValueError):
    """This is no address that mail can be sent to. The text is a sentence that does not quote it."""


def ascii_address(text: str) -> str:
    """Return an address as it is sent, an international domain in its `xn--` form. Raise `BadAddressError`."""
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        raise BadAddressError("It needs a name, one @ and a domain, like news@example.org.")
    if not local.isascii():
        raise BadAddressError("The part before the @ holds letters that Amazon SES cannot send to.")
    if not _LOCAL.fullmatch(local) or len(local) > _LONGEST_LOCAL:
        raise BadAddressError("The part before the @ is not one that mail can be sent to.")
    address = f"{local}@{_ascii_domain(domain)}"
    if len(address) > LONGEST_ADDRESS:
        raise BadAddressError(f"It is longer than {LONGEST_ADDRESS} characters.")
    return address


def name_problem(name: str) -> str | None:
    """Return why a name cannot stand before an address, as a sentence, or None."""
    if len(name) > LONGEST_NAME:
        return f"The sender's name is longer than {LONGEST_NAME} characters."
    # Line breaks and other invisible characters are how headers are forged.
    if any(unicodedata.category(character) in {"Cc", "Cs", "Zl", "Zp"} for character in name):
        return "The sender's name holds a line break or another control character. Type it again."
    return None


def mailbox(address: str, name: str = "") -> str:
    """Return an ASCII address with a name before it, as a header holds both. Raise `BadAddressError` for a bad name."""
    problem = name_problem(name)
    if problem:
        raise BadAddressError(problem)
    if not name.strip():
        return address
    if name.isascii():
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{quoted}" <{address}>'
    return f"{' '.join(_encoded_words(name))} <{address}>"


def _ascii_domain(domain: str) -> str:
    """Return a domain in ASCII. One that the standard library would change on the way is refused.

    The library knows IDNA 2003 only, which turns `straße` into `strasse`: another domain, with another owner.
    """
    wanted = unicodedata.normalize("NFC", domain).lower()
    try:
        encoded = wanted.encode("idna").decode("ascii").lower()
        is_faithful = wanted.isascii() or encoded.encode("ascii").decode("idna") == wanted
    except UnicodeError:
        raise BadAddressError("The part after the @ is no domain.") from None
    if not is_faithful:
        raise BadAddressError("Write the domain after the @ in its xn-- form: its letters have more than one.")
    labels = encoded.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or not all(_LABEL.fullmatch(label) for label in labels):
        raise BadAddressError("The part after the @ is no domain.")
    return encoded


def _encoded_words(name: str) -> Iterator[str]:
    """Write a name in words of RFC 2047; no character is split between two of them."""
    chunk = b""
    for character in name:
        encoded = character.encode()
        if len(chunk) + len(encoded) > _ENCODED_BYTES:
            yield _encoded_word(chunk)
            chunk = b""
        chunk += encoded
    yield _encoded_word(chunk)


def _encoded_word(chunk: bytes) -> str:
    return f"=?UTF-8?B?{base64.b64encode(chunk).decode('ascii')}?="
