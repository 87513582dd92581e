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
MAX_IMAGES = 4
MAX_TAGS = 8
MAX_LANGS = 3
MAX_TAG_GRAPHEMES = 64
MAX_TAG_BYTES = 640
_TID = re.compile(r"[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}")
_DATETIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_URI = re.compile(r"\w+:(//)?[^\s/]\S*")
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
    repo, collection, rkey = (read_string(body, name, "$") for name in ("repo", "collection", "rkey"))
    record = _required(body, "record", "$")
    if collection != COLLECTION:
        raise RefusedError(f"This simulated server has no collection but {COLLECTION}.")
    if not isinstance(record, dict):
        raise RefusedError("Expected object value type at $.record")
    if not _TID.fullmatch(rkey):
        raise RefusedError(f'Invalid record key for {COLLECTION}: Invalid TID string (got "{rkey}") at $')
    swap = body.get("swapRecord", "absent")
    if swap is not None and swap != "absent":
        raise RefusedError("This simulated server replaces no records.")
    if record.get("$type") != COLLECTION:
        raise RefusedError(f"Invalid $type: expected {COLLECTION}, got {record.get('$type')}")
    try:
        check_post(record)
    except RefusedError as refused:
        raise RefusedError(f"Invalid {COLLECTION} record: {refused.sentence}", name=refused.name) from None
    return Put(repo=repo, rkey=rkey, record=record, must_be_new=swap is None)


def check_post(record: Mapping[str, object]) -> None:
    """Judge a post by its lexicon."""
    for name in NOT_SIMULATED:
        if name in record:
            raise RefusedError(f"This simulated server does not offer {name}")
    _check_text(read_string(record, "text", "$.record"))
    _check_moment(read_string(record, "createdAt", "$.record"))
    for name, most in (("tags", MAX_TAGS), ("langs", MAX_LANGS)):
        length = len(_list(record, name, "$.record"))
        if length > most:
            raise RefusedError(f"array too big (maximum {most}, got {length}) at $.record.{name}")
    for number, facet in enumerate(_list(record, "facets", "$.record")):
        _check_facet(facet, f"$.record.facets[{number}]")
    if "embed" in record:
        _check_embed(record["embed"])


def _check_text(text: str) -> None:
    if len(text.encode()) > MAX_BYTES:
        raise RefusedError(f"string too big (maximum {MAX_BYTES}, got {len(text.encode())}) at $.record.text")
    _check_graphemes(text, MAX_GRAPHEMES, "$.record.text")


def _check_graphemes(text: str, most: int, where: str) -> None:
    graphemes = len(regex.findall(r"\X", text))
    if graphemes > most:
        raise RefusedError(f"grapheme too big (maximum {most}, got {graphemes}) at {where}")


def _check_moment(text: str) -> None:
    try:
        datetime.fromisoformat(text)
        is_moment = bool(_DATETIME.fullmatch(text))
    except ValueError:
        is_moment = False
    if not is_moment:
        raise RefusedError(f'Invalid datetime (got "{text}") at $.record.createdAt')


def _check_facet(facet: object, where: str) -> None:
    values = _object(facet, where)
    index = _object(_required(values, "index", where), f"{where}.index")
    for name in ("byteStart", "byteEnd"):
        # A range beyond the text is accepted, as the real server does.
        octet = _required(index, name, f"{where}.index")
        if not isinstance(octet, int) or octet < 0:
            raise RefusedError(f"integer too small (minimum 0, got {octet}) at {where}.index.{name}")
    for number, feature in enumerate(_list(values, "features", where)):
        place = f"{where}.features[{number}]"
        found = _object(feature, place)
        check = _FEATURES.get(str(found.get("$type")))
        # An unknown type is open to the future, and accepted.
        if check is not None:
            check(found, place)


def _check_embed(embed: object) -> None:
    values = _object(embed, "$.record.embed")
    check = _EMBEDS.get(str(values.get("$type")))
    if check is None:
        raise RefusedError(f"This simulated server takes no embed but {' and '.join(_EMBEDS)}")
    check(values)


def _check_card(embed: Mapping[str, object]) -> None:
    where = "$.record.embed.external"
    card = _object(_required(embed, "external", "$.record.embed"), where)
    _check_uri(card, where)
    for name in ("title", "description"):
        read_string(card, name, where)
    if "thumb" in card:
        raise RefusedError("This simulated server takes no picture on a card.")


def _check_images(embed: Mapping[str, object]) -> None:
    where = "$.record.embed.images"
    _required(embed, "images", "$.record.embed")
    images = _list(embed, "images", "$.record.embed")
    if len(images) > MAX_IMAGES:
        raise RefusedError(f"array too big (maximum {MAX_IMAGES}, got {len(images)}) at {where}")
    for number, one in enumerate(images):
        place = f"{where}[{number}]"
        image = _object(one, place)
        _check_blob(_required(image, "image", place), f"{place}.image")
        read_string(image, "alt", place)
        if "aspectRatio" in image:
            _check_ratio(_object(image["aspectRatio"], f"{place}.aspectRatio"), f"{place}.aspectRatio")


def _check_blob(blob: object, where: str) -> None:
    values = blob if isinstance(blob, dict) else {}
    ref = values.get("ref")
    link = ref.get("$link") if isinstance(ref, dict) else None
    is_blob = values.get("$type") == "blob" and isinstance(values.get("size"), int)
    if not (is_blob and isinstance(link, str) and isinstance(values.get("mimeType"), str)):
        raise RefusedError(f"Expected blob value type at {where}")


def _check_ratio(ratio: Mapping[str, object], where: str) -> None:
    for name in ("width", "height"):
        side = _required(ratio, name, where)
        if not isinstance(side, int) or side < 1:
            raise RefusedError(f"integer too small (minimum 1, got {side}) at {where}.{name}")


_EMBEDS: Mapping[str, Callable[[Mapping[str, object]], None]] = {
    "app.bsky.embed.external": _check_card,
    "app.bsky.embed.images": _check_images,
}


def _check_uri(values: Mapping[str, object], where: str) -> None:
    uri = read_string(values, "uri", where)
    if not _URI.fullmatch(uri):
        raise RefusedError(f'Invalid uri (got "{uri}") at {where}.uri')


def _check_tag(values: Mapping[str, object], where: str) -> None:
    tag = read_string(values, "tag", where)
    if len(tag.encode()) > MAX_TAG_BYTES:
        raise RefusedError(f"string too big (maximum {MAX_TAG_BYTES}, got {len(tag.encode())}) at {where}.tag")
    _check_graphemes(tag, MAX_TAG_GRAPHEMES, f"{where}.tag")


def _check_mention(values: Mapping[str, object], where: str) -> None:
    did = read_string(values, "did", where)
    if not did.startswith("did:"):
        raise RefusedError(f'Invalid did (got "{did}") at {where}.did')


_FEATURES: Mapping[str, Callable[[Mapping[str, object], str], None]] = {
    "app.bsky.richtext.facet#link": _check_uri,
    "app.bsky.richtext.facet#tag": _check_tag,
    "app.bsky.richtext.facet#mention": _check_mention,
}


def _required(values: Mapping[str, object], name: str, where: str) -> object:
    if name not in values:
        raise RefusedError(f'Missing required key "{name}" at {where}')
    return values[name]


def read_string(values: Mapping[str, object], name: str, where: str) -> str:
    """Return a required text; raises RefusedError with the server's words."""
    value = _required(values, name, where)
    if not isinstance(value, str):
        raise RefusedError(f"Expected string value type at {where}.{name}")
    return value


def _object(value: object, where: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise RefusedError(f"Expected object value type at {where}")
    return value


def _list(values: Mapping[str, object], name: str, where: str) -> list[object]:
    value = values.get(name, [])
    if not isinstance(value, list):
        raise RefusedError(f"Expected array value type at {where}.{name}")
    return value
