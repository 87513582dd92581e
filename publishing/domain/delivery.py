"""Deliveries: one message to one account, the unit that has a state and is retried.

The table below is the whole life of a delivery; `docs/delivery.md` draws it and a test compares the two.
Which conditional write makes each step safe is in `publishing.domain.operations`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from publishing.domain.ids import delivery_key
from publishing.domain.outcome import Problem, Publication, Reason
from publishing.domain.quota import Quota


class DeliveryState(StrEnum):
    """Where a delivery is in its life."""

    PENDING = "pending"
    #: Claimed: media and texts are being prepared, which can be repeated.
    SENDING = "sending"
    #: Past the commit mark: the visible call may be under way.
    COMMITTING = "committing"
    #: Certainly not done yet (or, with a true key, safe to repeat); tried again at `next_at`.
    RETRY = "retry"
    #: It may have been done; evidence is sought at `next_at`.
    UNKNOWN = "unknown"
    PUBLISHED = "published"
    FAILED = "failed"
    CANCELLED = "cancelled"
    #: Nobody could find out; a person decides.
    UNCONFIRMED = "unconfirmed"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more happens to the delivery by itself."""
        return self in TERMINAL


TERMINAL: Final = frozenset(
    {DeliveryState.PUBLISHED, DeliveryState.FAILED, DeliveryState.CANCELLED, DeliveryState.UNCONFIRMED}
)


class DeliveryEvent(StrEnum):
    """What can happen to a delivery."""

    CLAIM = "claim"
    COMMIT = "commit"
    PUBLISHED = "published"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    AMBIGUOUS = "ambiguous"
    LEASE_EXPIRED = "lease_expired"
    FOUND = "found"
    ABSENT = "absent"
    RESEND = "resend"
    UNDECIDABLE = "undecidable"
    #: Reported by the platform, without being asked: it did not arrive.
    RETURNED = "returned"
    LOOK_AGAIN = "look_again"
    CANCEL = "cancel"
    GIVE_UP = "give_up"
    #: The table was put back to an earlier time: what happened since is not known here any more.
    RESTORED = "restored"
    REARM = "rearm"
    RESOLVE_PUBLISHED = "resolve_published"
    RESOLVE_ABSENT = "resolve_absent"


_S = DeliveryState
_E = DeliveryEvent
_DOUBT: Final = frozenset({_S.UNKNOWN})
#: Success evidence dominates: it is recorded from every state that has not ended otherwise.
_SUCCESS: Final = frozenset({_S.PUBLISHED})

#: (state, event) → the states it can lead to; two where `maybe_sent` decides. What is not in the table is refused.
TRANSITIONS: Final[Mapping[tuple[DeliveryState, DeliveryEvent], frozenset[DeliveryState]]] = MappingProxyType({
    (_S.PENDING, _E.CLAIM): frozenset({_S.SENDING}),
    (_S.PENDING, _E.CANCEL): frozenset({_S.CANCELLED}),
    (_S.PENDING, _E.GIVE_UP): frozenset({_S.FAILED}),
    (_S.PENDING, _E.PUBLISHED): _SUCCESS,
    # A lease that ran out before the commit mark: preparing can be repeated by the next claim.
    (_S.SENDING, _E.CLAIM): frozenset({_S.SENDING}),
    (_S.SENDING, _E.COMMIT): frozenset({_S.COMMITTING}),
    (_S.SENDING, _E.DEFERRED): frozenset({_S.RETRY}),
    # Only where nothing was ever sent; an earlier attempt in doubt is looked up once this claim's lease has run out.
    (_S.SENDING, _E.REJECTED): frozenset({_S.FAILED}),
    (_S.SENDING, _E.CANCEL): frozenset({_S.CANCELLED, _S.UNKNOWN}),
    (_S.SENDING, _E.GIVE_UP): frozenset({_S.FAILED, _S.UNKNOWN}),
    (_S.SENDING, _E.PUBLISHED): _SUCCESS,
    (_S.COMMITTING, _E.PUBLISHED): _SUCCESS,
    (_S.COMMITTING, _E.DEFERRED): frozenset({_S.RETRY}),
    # A refusal now says nothing about an earlier doubt.
    (_S.COMMITTING, _E.REJECTED): frozenset({_S.FAILED, _S.UNKNOWN}),
    (_S.COMMITTING, _E.AMBIGUOUS): _DOUBT,
    (_S.COMMITTING, _E.LEASE_EXPIRED): _DOUBT,
    (_S.RETRY, _E.CLAIM): frozenset({_S.SENDING}),
    (_S.RETRY, _E.CANCEL): frozenset({_S.CANCELLED, _S.UNKNOWN}),
    (_S.RETRY, _E.GIVE_UP): frozenset({_S.FAILED, _S.UNKNOWN}),
    (_S.RETRY, _E.PUBLISHED): _SUCCESS,
    (_S.UNKNOWN, _E.PUBLISHED): _SUCCESS,
    (_S.UNKNOWN, _E.FOUND): _SUCCESS,
    (_S.UNKNOWN, _E.ABSENT): frozenset({_S.RETRY, _S.CANCELLED, _S.FAILED}),
    (_S.UNKNOWN, _E.RESEND): frozenset({_S.RETRY}),
    (_S.UNKNOWN, _E.UNDECIDABLE): frozenset({_S.UNCONFIRMED}),
    (_S.UNKNOWN, _E.RETURNED): frozenset({_S.FAILED}),
    (_S.UNKNOWN, _E.LOOK_AGAIN): _DOUBT,
    (_S.UNKNOWN, _E.GIVE_UP): frozenset({_S.UNCONFIRMED}),
    (_S.PENDING, _E.RESTORED): frozenset({_S.UNCONFIRMED}),
    (_S.SENDING, _E.RESTORED): frozenset({_S.UNCONFIRMED}),
    (_S.COMMITTING, _E.RESTORED): frozenset({_S.UNCONFIRMED}),
    (_S.RETRY, _E.RESTORED): frozenset({_S.UNCONFIRMED}),
    (_S.UNKNOWN, _E.RESTORED): frozenset({_S.UNCONFIRMED}),
    (_S.FAILED, _E.REARM): frozenset({_S.PENDING}),
    (_S.CANCELLED, _E.REARM): frozenset({_S.PENDING}),
    (_S.UNCONFIRMED, _E.PUBLISHED): _SUCCESS,
    (_S.UNCONFIRMED, _E.RETURNED): frozenset({_S.FAILED}),
    (_S.UNCONFIRMED, _E.RESOLVE_PUBLISHED): _SUCCESS,
    (_S.UNCONFIRMED, _E.RESOLVE_ABSENT): frozenset({_S.FAILED}),
})  # fmt: skip


def allows(state: DeliveryState, event: DeliveryEvent) -> bool:
    """Tell whether an event may happen to a delivery in this state."""
    return (state, event) in TRANSITIONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message to one account."""

    message_id: str
    #: `facebook` or `facebook.<account>`; unique in its message.
    id: str
    channel: str
    account_id: str
    state: DeliveryState = DeliveryState.PENDING
    gen: int = 1
    #: When a person started it anew alone; without one it is due with its message. Fixed for the generation: what is
    #: sent, when it is late and when it is given up depend on it.
    due_at: datetime | None = None
    #: Grows with every claim and take-over; writes that record anything but success require it.
    fence: int = 0
    #: How often it was claimed; grows before any work, so that what kills a worker is counted too.
    claims: int = 0
    #: Tries that count: waiting that a platform or a person asked for does not.
    attempts: int = 0
    #: Results that do not count as tries: waits that a platform, a quota or a person asked for.
    waits: int = 0
    #: Token of the claim that holds it.
    owner: str | None = None
    leased_until: datetime | None = None
    #: Whether any attempt of this generation may have reached the platform. Sticky until evidence says otherwise.
    maybe_sent: bool = False
    #: What `maybe_sent` was before the present attempt's commit mark.
    maybe_before: bool = False
    #: Whether the one identical repeat that stands for a look-up was made, and may have been carried out.
    probed: bool = False
    #: Whether a doubt of this generation was settled as absent. Should the platform refuse a duplicate later, it may
    #: have carried out the attempt in doubt after all.
    doubted: bool = False
    commit_at: datetime | None = None
    first_commit_at: datetime | None = None
    #: Why it is in doubt or waits.
    last: Reason | None = None
    #: Id of a container or upload at the platform, saved before the call that makes it visible.
    handle: str | None = None
    #: The text as sent, written once, so that every attempt sends identical bytes.
    adapted: str | None = None
    payload_sha: str | None = None
    publication: Publication | None = None
    published_at: datetime | None = None
    problem: Problem | None = None
    #: What its platform said is left, after the call that published it.
    quota: Quota | None = None
    next_at: datetime | None = None
    #: Since when it waits for a person or a quota.
    parked_since: datetime | None = None

    @property
    def key(self) -> str:
        """The delivery key: the same for every attempt of this generation."""
        return delivery_key(message_id=self.message_id, delivery_id=self.id, gen=self.gen)
