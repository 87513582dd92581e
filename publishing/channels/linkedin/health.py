"""What LinkedIn can be asked about an account without posting: an organization's posts, or whose token it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from publishing.channels.base.answers import read_health
from publishing.channels.linkedin.answers import NAME, read_answer
from publishing.domain.health import Health, cannot_tell, healthy, unusable
from publishing.domain.outcome import Reason
from publishing.http import Courier, UnreadableError

_MEMBER: Final = "urn:li:person:"


def ask_for_posts(base_url: str, headers: Mapping[str, str], author: str, *, courier: Courier, now: datetime) -> Health:
    """Ask for an organization's latest post: it is shown to those only who may act for it."""
    query = urlencode({"q": "author", "author": author, "count": "1", "start": "0", "sortBy": "LAST_MODIFIED"})
    finder = {**headers, "x-restli-method": "FINDER"}
    answer = courier.request("GET", f"{base_url}/rest/posts?{query}", headers=finder, acts=False)
    health = read_health(read_answer(answer, now=now, delivery_key=""), answer, name=NAME)
    if health:
        return health
    if not isinstance(answer.json_object().get("elements"), list):
        raise UnreadableError("The answer is no list of posts.")
    return healthy(f"{NAME} shows the organization's posts to the account's token.")


def ask_for_member(
    base_url: str, headers: Mapping[str, str], author: str, *, courier: Courier, now: datetime
) -> Health:
    """Ask whose token it is. A token for posting alone may not ask even that, and is good all the same."""
    answer = courier.request("GET", f"{base_url}/v2/userinfo", headers=headers, acts=False)
    refusal = read_answer(answer, now=now, delivery_key="")
    if answer.status == 403:
        return cannot_tell(f"{NAME} does not say whose token it is: it lacks the scopes openid and profile.")
    health = read_health(refusal, answer, name=NAME)
    if health:
        return health
    member = answer.json_object().get("sub")
    if not isinstance(member, str) or not member:
        raise UnreadableError("The answer names no member.")
    if author.startswith(_MEMBER) and author != _MEMBER + member:
        detail = f"{NAME} says that the token is that of another member. Check the account's remote_id."
        return unusable(Reason.DESTINATION, detail)
    return healthy(f"{NAME} accepts the account's token.")
