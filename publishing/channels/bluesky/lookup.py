"""Evidence: reading the one place where our post would be."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from publishing.channels.base.answers import read_lookup_refusal
from publishing.channels.base.contract import Trace
from publishing.channels.bluesky.errors import NAME, error_name, is_token_refused, read_reset
from publishing.channels.bluesky.payload import COLLECTION
from publishing.channels.bluesky.session import Session
from publishing.domain.account import Account
from publishing.domain.outcome import Absent, Finding, Found, Publication, Undecidable
from publishing.http import Courier, UnreadableError

#: Where people read posts, unless the account names another site.
_WEB_URL: Final = "https://bsky.app"
_ABSENT: Final = "RecordNotFound"


def find_record(
    trace: Trace, *, account: Account, base_url: str, session: Session, courier: Courier, now: datetime
) -> Finding | None:
    """Return what is at the post's place, or None when only the token was refused.

    Raises `UnreadableError` for an answer that cannot be understood.
    """
    rkey = str(trace.payload.body["rkey"])
    query = urlencode({"repo": session.did, "collection": COLLECTION, "rkey": rkey})
    url = f"{base_url}/xrpc/com.atproto.repo.getRecord?{query}"
    answer = courier.request("GET", url, headers=session.headers, acts=False)
    if is_token_refused(answer):
        return None
    if answer.status in {400, 404} and error_name(answer) == _ABSENT:
        return Absent()
    refused = read_lookup_refusal(answer, name=NAME, now=now, wait_until=read_reset(answer, now=now))
    if refused:
        return refused
    stated = answer.json_object()
    publication = read_publication(stated, session.did, rkey, account)
    record = stated.get("value")
    if not isinstance(record, dict):
        raise UnreadableError("The answer holds no record.")
    if record.get("text") == trace.payload.text:
        return Found(publication=publication)
    return Undecidable(detail=f"{NAME} has a post with another text at the place of this one. Compare the two.")


def read_publication(stated: Mapping[str, object], did: str, rkey: str, account: Account) -> Publication:
    """Return the post that an answer names. Raise `UnreadableError` unless it is the one at our key."""
    uri = f"at://{did}/{COLLECTION}/{rkey}"
    cid = stated.get("cid")
    if stated.get("uri") != uri or not isinstance(cid, str) or not cid:
        raise UnreadableError("The answer names another record.")
    web_url = account.settings.get("web_url", _WEB_URL).rstrip("/")
    is_link = web_url.startswith(("https://", "http://"))
    return Publication(id=uri, url=f"{web_url}/profile/{did}/post/{rkey}" if is_link else None)
