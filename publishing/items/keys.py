"""Key strings of the single table, composed in one place. The forms of messages, deliveries and users are fixed.

Everything else under `MSG#<id>` sorts below `CHANNEL#`, so that `SK >= 'CHANNEL#'` reads a message with its deliveries
and nothing more.
"""

import zlib
from datetime import datetime
from typing import Final

METADATA: Final = "METADATA"
DELIVERY_PREFIX: Final = "CHANNEL#"
ATTEMPT_PREFIX: Final = "ATTEMPT#"
FEEDBACK_PREFIX: Final = "AFTER#"
CREDENTIAL: Final = "CREDENTIAL"
RATE: Final = "RATE"
HEAD: Final = "HEAD"
PROFILE: Final = "PROFILE"
SESSION_PREFIX: Final = "SESSION#"

SERIES_PREFIX: Final = "SERIES#"

SCHEDULED: Final = "STATUS#scheduled"
PUBLISHING: Final = "STATUS#publishing"
WAITING: Final = "STATUS#waiting"
#: No timer, but a list in the same sparse index: what waits for an approver, by when it was submitted.
IN_REVIEW: Final = "STATUS#in_review"

ACCOUNT_LIST: Final = "LIST#ACCOUNT"
MEDIA_LIST: Final = "LIST#MEDIA"
USER_LIST: Final = "LIST#USER"
API_KEY_LIST: Final = "LIST#KEY"
TEMPLATE_LIST: Final = "LIST#TEMPLATE"
SERIES_LIST: Final = "LIST#SERIES"
HASHTAG_LIST: Final = "LIST#HASHTAGS"
#: What the sort keys of a user's own media begin with, and those of a medium's uses.
MEDIUM_PREFIX: Final = "MEDIA#"
USE_PREFIX: Final = "MSG#"


def message(message_id: str) -> str:
    """Return the partition of a message, its deliveries and attempts."""
    return f"MSG#{message_id}"


def message_id_of(partition: str) -> str:
    """Return the message id that a partition key names."""
    return partition.removeprefix("MSG#")


def delivery(delivery_id: str) -> str:
    """Return a delivery's sort key: `CHANNEL#facebook`, or `CHANNEL#facebook#<account>` for `facebook.<account>`."""
    return DELIVERY_PREFIX + delivery_id.replace(".", "#", 1)


def delivery_id_of(sort: str) -> str:
    """Return the delivery id that a sort key names."""
    return sort.removeprefix(DELIVERY_PREFIX).replace("#", ".", 1)


def attempts(delivery_id: str) -> str:
    """Return what the sort keys of a delivery's attempts begin with."""
    return f"{ATTEMPT_PREFIX}{delivery_id}#"


def attempt(delivery_id: str, fence: int) -> str:
    """Return an attempt's sort key; the fence has six digits so that attempts sort by time."""
    return f"{attempts(delivery_id)}{fence:06d}"


def feedbacks(delivery_id: str) -> str:
    """Return what the sort keys of a delivery's feedback begin with."""
    return f"{FEEDBACK_PREFIX}{delivery_id}#"


def feedback(delivery_id: str, feedback_id: str) -> str:
    """Return the sort key of one report: the same however often it is reported, so that it is kept once."""
    return f"{feedbacks(delivery_id)}{feedback_id}"


def delivery_id_of_attempt(sort: str) -> str:
    """Return the id of the delivery that an attempt's sort key names."""
    return sort.removeprefix(ATTEMPT_PREFIX).rpartition("#")[0]


def user(user_id: str) -> str:
    """Return the partition of a user, and GSI1's partition of what they own."""
    return f"USER#{user_id}"


def session(token_hash: str) -> str:
    """Return the sort key of a web session in its user's partition; the token itself is never part of a key."""
    return f"{SESSION_PREFIX}{token_hash}"


def used_sign_in(state_hash: str) -> str:
    """Return the partition of the mark that a sign-in was used."""
    return f"SIGNIN#{state_hash}"


def account(account_id: str) -> str:
    """Return the partition of an account, its credential and rate bucket."""
    return f"ACCOUNT#{account_id}"


def sent(account_id: str) -> str:
    """Return GSI3's partition of the attempts at an account, which sort by when their visible calls began."""
    return f"LIST#SENT#{account_id}"


def medium(medium_id: str) -> str:
    """Return the partition of a medium and its uses, and its sort key among what its owner has."""
    return f"{MEDIUM_PREFIX}{medium_id}"


def month(moment: datetime) -> str:
    """Return GSI3's partition of the messages of one month, in UTC."""
    return f"MONTH#MSG#{moment:%Y-%m}"


def answer(key_sha: str) -> str:
    """Return the sort key of an answer kept under an idempotency key, in its user's partition."""
    return f"IDEM#{key_sha}"


def api_key(key_id: str) -> str:
    """Return the partition of an API key."""
    return f"KEY#{key_id}"


def template(template_id: str) -> str:
    """Return the partition of a template."""
    return f"TEMPLATE#{template_id}"


def hashtag_group(group_id: str) -> str:
    """Return the partition of a group of hashtags."""
    return f"HASHTAGS#{group_id}"


def series(series_id: str) -> str:
    """Return the partition of a series."""
    return f"{SERIES_PREFIX}{series_id}"


def limit(name: str, subject: str) -> str:
    """Return the partition of the counters of one limit and of whom it holds for."""
    return f"LIMIT#{name}#{subject}"


def audit(day: str) -> str:
    """Return the partition of one day's audit records (`2026-12-01`)."""
    return f"AUDIT#{day}"


def audited(target: str) -> str:
    """Return GSI1's partition of the audit records about one object (`message:<id>`)."""
    return f"AUDIT#{target}"


def parked(day: str) -> str:
    """Return the partition of one day's parked stream records."""
    return f"PARKED#{day}"


def evolution(evolution_id: str) -> str:
    """Return the partition of how far an evolution of the table is: a row for all of it and one for each segment."""
    return f"EVOLUTION#{evolution_id}"


def segment(number: int) -> str:
    """Return the sort key of one segment's progress."""
    return f"SEGMENT#{number:03d}"


def setting(name: str) -> str:
    """Return the partition of one setting of the whole deployment."""
    return f"SETTING#{name}"


def timer(status: str, message_id: str, shards: int) -> str:
    """Return the timer partition of a message: `STATUS#scheduled`, with a suffix when timers are spread."""
    return status if shards == 1 else f"{status}#{zlib.crc32(message_id.encode()) % shards}"


def timers(status: str, shards: int) -> tuple[str, ...]:
    """Return every timer partition of a status; the one without suffix holds what was set before timers were spread."""
    return (status,) if shards == 1 else (status, *(f"{status}#{shard}" for shard in range(shards)))
