"""Gathering what a chaos run is judged by: the API's word, and the posts that the platforms really have."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, Final

from local.api import Client
from local.chaos.load import Track, number_of, text_of
from local.chaos.verdict import DeliveryFact, MessageFact
from local.picture import spoken

_THREADS: Final = 4
#: Posts by message number and account id: what each says, and how many pictures it shows.
Posts = Mapping[tuple[int, str], tuple[tuple[str, int], ...]]


def gather(api: Client, wall: Client, tracks: Sequence[Track]) -> tuple[MessageFact, ...]:
    """Return the facts about every message that was written. Raises RefusedError and NoAnswerError."""
    classes = {channel["kind"]: channel["deduplication"] for channel in api.get("/api/v1/channels/")["results"]}
    posts = _posts(api, wall)
    written = [track for track in tracks if track.id]
    with ThreadPoolExecutor(_THREADS) as pool:
        return tuple(pool.map(lambda track: _message(api, track, posts, classes), written))


def _posts(api: Client, wall: Client) -> Posts:
    accounts = api.get("/api/v1/accounts/")["results"]
    found: dict[tuple[int, str], tuple[tuple[str, int], ...]] = {}
    for post in wall.get("/_control/posts")["posts"]:
        place = f"/{post['channel']}/{post['account']}"
        account_id = next(each["id"] for each in accounts if each["base_url"].endswith(place))
        text = spoken(post["text"])
        number = number_of(text)
        if number is not None:
            key = (number, account_id)
            found[key] = (*found.get(key, ()), (text, len(post["images"])))
    return found


def _message(api: Client, track: Track, posts: Posts, classes: Mapping[str, str]) -> MessageFact:
    message = api.get(f"/api/v1/messages/{track.id}/")
    texts = (text_of(track.number, 1), text_of(track.number, 2)) if track.text_is_unsure else (track.text,)
    deliveries = (
        _delivery(api, track, each, posts=posts, deduplication=classes[each["channel"]])
        for each in message["deliveries"]
    )
    return MessageFact(number=track.number, status=message["status"], texts=texts, deliveries=tuple(deliveries))


def _delivery(
    api: Client, track: Track, delivery: Mapping[str, Any], *, posts: Posts, deduplication: str
) -> DeliveryFact:
    detail = api.get(f"/api/v1/messages/{track.id}/deliveries/{delivery['id']}/")
    attempts = detail["receipt"]["attempts"]
    last = attempts[-1] if attempts else None
    lateness = None
    if last is not None and track.due is not None:
        lateness = (datetime.fromisoformat(last["committed_at"]) - track.due).total_seconds()
    found = posts.get((track.number, delivery["account"]), ())
    return DeliveryFact(
        message=track.number,
        id=delivery["id"],
        deduplication=deduplication,
        state=detail["state"],
        receipt_text=spoken(last["text"]) if last and detail["state"] == "published" else None,
        posts=tuple(text for text, _ in found),
        wanted_pictures=int(track.shows_picture),
        pictures=tuple(pictures for _, pictures in found),
        was_answered_cancelled=delivery["id"] in track.cancelled,
        may_be_cancelled=track.has_cancel,
        lateness=lateness,
    )
