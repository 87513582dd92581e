"""Review: who asked for a message to be approved, and what an approver said."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from publishing.domain.content import has_lone_surrogate, is_blank

COMMENT_LIMIT: Final = 2_000


class Decision(StrEnum):
    """What an approver decided."""

    APPROVED = "approved"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The latest round of a message's review; earlier rounds are in the audit log."""

    #: Id of a user, or `system` where review was switched on after the message was scheduled.
    submitted_by: str
    submitted_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision: Decision | None = None
    #: What the approver wrote, for people; empty for nothing.
    comment: str = field(default="", repr=False)


def comment_problem(comment: str, *, is_needed: bool) -> tuple[str, str] | None:
    """Return what is wrong with an approver's comment as a code and a sentence, or None."""
    if len(comment) > COMMENT_LIMIT:
        detail = f"The comment has {len(comment):,} characters; at most {COMMENT_LIMIT:,} are possible. Shorten it."
        return "too_long", detail
    if has_lone_surrogate(comment) or "\x00" in comment:
        return "not_text", "The comment holds half of a character or a NUL character. Type it again."
    if is_needed and is_blank(comment):
        return "required", "The comment is empty. Say what has to change before the message can go out."
    return None
