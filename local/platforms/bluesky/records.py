"""What a client asks to put into a repository, judged as the server judges it by its lexicons. Pure."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import regex

COLLECTION = "app.bsky.feed.post"
MAX_GRAPHEMES = 300
MAX_BYTES = 3_000
MAX_TAGS = 8
MAX_LANGS = 3
_TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:\S+", re.IGNORECASE)
# Real servers take these; nothing here uses them, and to accept them without doing them would be a lie.
NOT_SIMULATED = ("reply", "labels", "entities")


class RefusedError(Exception):
    """The server does not accept the request; carries its status, its name for that and its text."""

    def __init__(self, sentence: str, *, status: int = 400, name: str = "InvalidRequest") -> None:
        super().__init__(sentence)
        self.status = status
        self.name = name
        self.sentence = sentence


@dataclass(frozen=True, kw_only=True)
class Put:
    """A `putRecord` that passed every check but the one of its place."""

    repo: str
    rkey: str
    record: Mapping[str, object]
    #: Whether `swapRecord: null` was sent: nothing else may be there.
    must_be_new: bool

    @property
    def cid(self) -> str:
        """The record's content id: equal for equal records, and for no others."""
        canonical = json.dumps(self.record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return "bafyrei" + base64.b32encode(hashlib.sha256(canonical.encode()).digest()).decode().lower().rstrip("=")


def read_put(body: Mapping[str, object]) -> Put:
    """Judge the parameters of `putRecord`; raises RefusedError with the server's words."""
    repo, collection, rkey = (_string(body, name, "Input") for name in ("repo", "collection", "rkey"))
    if collection != COLLECTION:
        raise RefusedError(f"This simulated server has no collection but {COLLECTION}.")
    record = body.get("record")
    if not isinstance(record, dict):
        raise RefusedError('Input/record must have the property "record"' if record is None else "Invalid record")
    if not _TID.fullmatch(rkey):
        raise RefusedError("Invalid record key")
    swap = body.get("swapRecord", "absent")
    if swap is not None and swap != "absent":
        raise RefusedError("This simulated server replaces no records.")
    check_post(record)
    return Put(repo=repo, rkey=rkey, record=record, must_be_new=swap is None)


def check_post(record: Mapping[str, object]) -> None:
    """Judge a post by its lexicon."""
    if record.get("$type") != COLLECTION:
        raise RefusedError(f"Invalid $type: expected {COLLECTION}, got {record.get('$type')}")
    for name in NOT_SIMULATED:
        if name in record:
            raise RefusedError(f"This simulated server does not offer {name}.")
    _check_text(_string(record, "text", "Record"))
    _check_moment(_string(record, "createdAt", "Record"))
    for name, most in (("tags", MAX_TAGS), ("langs", MAX_LANGS)):
        if len(_list(record, name)) > most:
            raise _invalid(name, f"array too big (maximum {most}, got {len(_list(record, name))})")
    for facet in _list(record, "facets"):
        _check_facet(facet)
    if "embed" in record:
        _check_embed(record["embed"])


def _check_text(text: str) -> None:
    if len(text.encode()) > MAX_BYTES:
        raise _invalid("text", f"string too big (maximum {MAX_BYTES}, got {len(text.encode())})")
    graphemes = len(regex.findall(r"\X", text))
    if graphemes > MAX_GRAPHEMES:
        raise _invalid("text", f"grapheme too big (maximum {MAX_GRAPHEMES}, got {graphemes})")


def _check_moment(text: str) -> None:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        text = ""
    if not _DATETIME.fullmatch(text):
        raise _invalid("createdAt", "must be a valid RFC 3339 datetime string")


def _check_facet(facet: object) -> None:
    index = facet.get("index") if isinstance(facet, dict) else None
    ends = [index.get(name) for name in ("byteStart", "byteEnd")] if isinstance(index, dict) else []
    if not isinstance(facet, dict) or not all(isinstance(end, int) and end >= 0 for end in ends) or not ends:
        raise _invalid("facets", "must have an index of two whole numbers")
    # A range beyond the text is accepted, as the real server does.
    for feature in _list(facet, "features"):
        kind = str(feature.get("$type")) if isinstance(feature, dict) else ""
        check = _FEATURES.get(kind)
        if check is None or not isinstance(feature, dict) or not check(feature):
            raise _invalid("facets", "must have features of a known type with their values")


def _check_embed(embed: object) -> None:
    card = embed.get("external") if isinstance(embed, dict) else None
    if not isinstance(embed, dict) or embed.get("$type") != "app.bsky.embed.external" or not isinstance(card, dict):
        raise RefusedError("This simulated server takes no embed but app.bsky.embed.external.")
    if not all(isinstance(card.get(name), str) for name in ("uri", "title", "description")):
        raise _invalid("embed/external", "must have uri, title and description")
    if not _is_uri(card["uri"]):
        raise _invalid("embed/external/uri", "must be a uri")
    if "thumb" in card:
        # No upload exists here yet, so every blob is unknown.
        raise RefusedError("Could not find blob", name="BlobNotFound")


def _is_uri(value: object) -> bool:
    return isinstance(value, str) and bool(_URI.fullmatch(value))


def _is_tag(value: object) -> bool:
    return isinstance(value, str) and len(value.encode()) <= 640 and len(regex.findall(r"\X", value)) <= 64


_FEATURES: Mapping[str, Callable[[Mapping[str, object]], bool]] = {
    "app.bsky.richtext.facet#link": lambda feature: _is_uri(feature.get("uri")),
    "app.bsky.richtext.facet#tag": lambda feature: _is_tag(feature.get("tag")),
    "app.bsky.richtext.facet#mention": lambda feature: str(feature.get("did", "")).startswith("did:"),
}


def _invalid(name: str, sentence: str) -> RefusedError:
    return RefusedError(f"Invalid {COLLECTION} record: Record/{name} {sentence}")


def _string(values: Mapping[str, object], name: str, where: str) -> str:
    value = values.get(name)
    if name not in values:
        raise RefusedError(f'{where} must have the property "{name}"')
    if not isinstance(value, str):
        raise RefusedError(f"{where}/{name} must be a string")
    return value


def _list(values: Mapping[str, object], name: str) -> list[object]:
    value = values.get(name, [])
    if not isinstance(value, list):
        raise _invalid(name, "must be an array")
    return value
