"""Ids: 26 characters that sort by the time they were made (ULID), and keys derived from other ids."""

import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from typing import Final

#: Crockford's base 32: no I, L, O, U.
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
ID_LENGTH: Final = 26
#: How many of the characters are the time.
_TIME_LENGTH: Final = 10


def new_id(now: datetime) -> str:
    """Make a new id: 48 bits of milliseconds, then 80 random bits. Unguessable, but no proof of any right."""
    milliseconds = int(now.timestamp() * 1000)
    return _encode((milliseconds << 80) | secrets.randbits(80))


def new_token() -> str:
    """Make a token by which a writer recognises its own write after a retry by the SDK."""
    return secrets.token_hex(8)


def new_secret() -> str:
    """Make 160 random bits that nobody is told."""
    return secrets.token_hex(20)


def new_key_secret() -> str:
    """Make the secret of an API key: 256 random bits in 43 characters that need no quoting."""
    return secrets.token_urlsafe(32)


def derived_id(moment: datetime, *parts: str) -> str:
    """Return an id that follows from parts: always the same for the same moment and parts."""
    milliseconds = int(moment.timestamp() * 1000)
    return _encode((milliseconds << 80) | (int(digest(*parts), 16) >> 176))


def is_id(text: str) -> bool:
    """Tell whether a text has the form of an id."""
    return len(text) == ID_LENGTH and all(character in _ALPHABET for character in text)


def made_at(text: str) -> datetime:
    """Return when an id was made, to the millisecond. Raises ValueError for what is no id."""
    if not is_id(text):
        raise ValueError("This is no id.")
    number = 0
    for character in text[:_TIME_LENGTH]:
        number = number * 32 + _ALPHABET.index(character)
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=number)
    except OverflowError:
        raise ValueError("This is no id of our time.") from None


def begins_at(moment: datetime) -> str:
    """Return what ids of a moment begin with: ids made before sort before it, and those made after behind it."""
    return _encode(int(moment.timestamp() * 1000) << 80)[:_TIME_LENGTH]


def delivery_key(*, message_id: str, delivery_id: str, gen: int) -> str:
    """Derive the key that is passed to channels that de-duplicate: the same for every attempt of one generation."""
    return hashlib.sha256(f"{message_id}|{delivery_id}|{gen}".encode()).hexdigest()[:32]


def digest(*parts: str) -> str:
    """Hash parts into hexadecimal SHA-256; the parts cannot run into one another."""
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in parts).encode()).hexdigest()


def _encode(number: int) -> str:
    characters = []
    for _ in range(ID_LENGTH):
        number, rest = divmod(number, 32)
        characters.append(_ALPHABET[rest])
    return "".join(reversed(characters))
