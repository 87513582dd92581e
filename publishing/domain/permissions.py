"""Who may do what: one table for desk, API, commands and workers. Services ask it; nobody else decides."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from publishing.domain.account import Account
from publishing.domain.api_key import ApiKey
from publishing.domain.errors import NotAllowedError, NotFoundError
from publishing.domain.media import Medium
from publishing.domain.message import Message, MessageStatus
from publishing.domain.roles import Action as Action
from publishing.domain.roles import Role as Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who is asking: a user with roles, a program acting for one, or the system itself."""

    id: str
    roles: frozenset[Role] = frozenset()
    #: What a program's key is limited to; None for no limit.
    scopes: frozenset[Action] | None = None
    #: The key of the program that acts for the user; None for the user in person.
    key_id: str | None = None
    is_system: bool = False
    name: str = field(default="", repr=False)

    @property
    def recorded_as(self) -> str:
        """What audit records call the actor: the user's id, with the key's where a program acted."""
        return self.id if self.key_id is None else f"{self.id}/key:{self.key_id}"

    def has(self, *roles: Role) -> bool:
        """Tell whether the actor has one of these roles."""
        return not self.roles.isdisjoint(roles)


SYSTEM: Final = Actor(id="system", is_system=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """The actor may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The actor may not; the reason is a sentence. Hidden: the object must seem not to exist."""

    reason: str
    hidden: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRules:
    """How a deployment reviews messages."""

    #: Whether messages need an approver before they can go out.
    is_on: bool = False
    #: Whether approvers may approve what they wrote themselves: for teams of one.
    may_approve_own: bool = False


NO_REVIEW: Final = ReviewRules()

_EVERYONE: Final = frozenset(Role)
_STAFF: Final = frozenset({Role.VIEWER, Role.EDITOR, Role.APPROVER, Role.ADMIN})
_EDITORS: Final = frozenset({Role.EDITOR, Role.APPROVER, Role.ADMIN})
_APPROVERS: Final = frozenset({Role.APPROVER, Role.ADMIN})
_ADMINS: Final = frozenset({Role.ADMIN})

#: Roles that may act on every object.
_ON_ALL: Final[Mapping[Action, frozenset[Role]]] = MappingProxyType({
    Action.READ_MESSAGE: _STAFF,
    Action.CREATE_MESSAGE: _EDITORS,
    Action.EDIT_MESSAGE: _EDITORS,
    Action.SCHEDULE_MESSAGE: _EDITORS,
    Action.SUBMIT_MESSAGE: _EDITORS,
    Action.REVIEW_MESSAGE: _APPROVERS,
    Action.CANCEL_MESSAGE: _EDITORS,
    Action.DELETE_MESSAGE: _EDITORS,
    Action.RETRY_DELIVERY: _EDITORS,
    Action.RESOLVE_DELIVERY: _EDITORS,
    Action.SEE_ACCOUNT: _STAFF,
    Action.USE_ACCOUNT: _EDITORS,
    Action.MANAGE_ACCOUNTS: _ADMINS,
    Action.STOP_DISPATCH: _ADMINS,
    Action.READ_MEDIUM: _STAFF,
    Action.UPLOAD_MEDIUM: _EDITORS,
    Action.USE_MEDIUM: _EDITORS,
    Action.EDIT_MEDIUM: _EDITORS,
    Action.DELETE_MEDIUM: _EDITORS,
    Action.READ_TEMPLATE: _STAFF,
    Action.EDIT_TEMPLATE: _EDITORS,
    Action.READ_SERIES: _STAFF,
    Action.EDIT_SERIES: _EDITORS,
    Action.MANAGE_USERS: _ADMINS,
    Action.MANAGE_KEYS: _ADMINS,
    Action.READ_AUDIT: _ADMINS,
})  # fmt: skip

#: What a member may do with a message of their own.
_ON_OWN: Final = frozenset({
    Action.READ_MESSAGE, Action.EDIT_MESSAGE, Action.SUBMIT_MESSAGE, Action.SCHEDULE_MESSAGE, Action.CANCEL_MESSAGE,
    Action.DELETE_MESSAGE,
})  # fmt: skip
#: What a member may do with a medium that they uploaded.
_ON_OWN_MEDIUM: Final = frozenset({
    Action.READ_MEDIUM, Action.USE_MEDIUM, Action.EDIT_MEDIUM, Action.DELETE_MEDIUM,
})  # fmt: skip
#: What a member may do at all, before it comes to an object.
_WITHOUT_OBJECT: Final = frozenset({
    Action.CREATE_MESSAGE, Action.READ_MESSAGE, Action.SEE_ACCOUNT, Action.READ_MEDIUM, Action.UPLOAD_MEDIUM,
})  # fmt: skip
#: What can be acted on.
Target = Message | Account | Medium | ApiKey
#: What a member may do with an account that was opened to members.
_ON_OPENED: Final = frozenset({Action.SEE_ACCOUNT, Action.USE_ACCOUNT})


def may(
    actor: Actor, action: Action, target: Target | None = None, *, review: ReviewRules = NO_REVIEW
) -> Allowed | Refused:
    """Judge whether an actor may do something, to one object where the action has one."""
    if actor.is_system:
        return Allowed()
    if actor.scopes is not None and action not in actor.scopes:
        return Refused(reason=f"This key lacks the scope {action}.", hidden=_is_hidden(actor, target))
    if actor.has(*_ON_ALL[action]):
        return _reviewed(actor, action, target, review)
    if actor.has(Role.MEMBER) and _is_members(actor, action, target):
        return _reviewed(actor, action, target, review)
    if action is Action.MANAGE_KEYS and _is_own_key(actor, target):
        return Allowed()
    return _refuse(actor, action, target)


def demand(actor: Actor, action: Action, target: Target | None = None, *, review: ReviewRules = NO_REVIEW) -> None:
    """Raise NotAllowedError, or NotFoundError where the object must seem not to exist, unless the actor may."""
    verdict = may(actor, action, target, review=review)
    if isinstance(verdict, Refused):
        raise NotFoundError("There is no such object.") if verdict.hidden else NotAllowedError(verdict.reason)


def _is_members(actor: Actor, action: Action, target: Target | None) -> bool:
    match target:
        case Message():
            if action is Action.DELETE_MESSAGE and target.status is not MessageStatus.DRAFT:
                return False
            return target.owner == actor.id and action in _ON_OWN
        case Account():
            return target.open_to_members and action in _ON_OPENED
        case Medium():
            return target.owner == actor.id and action in _ON_OWN_MEDIUM
        case ApiKey():
            return False
        case None:
            return action in _WITHOUT_OBJECT


def _is_own_key(actor: Actor, target: Target | None) -> bool:
    """Tell whether somebody who may have keys asks about none in particular, or about one of theirs."""
    return actor.has(*_EDITORS) and (target is None or (isinstance(target, ApiKey) and target.owner == actor.id))


def approves(actor: Actor, message: Message, *, review: ReviewRules) -> bool:
    """Tell whether an actor's word is an approval of this message: of an approver, and not of their own work."""
    if actor.is_system:
        return True
    in_scope = actor.scopes is None or Action.REVIEW_MESSAGE in actor.scopes
    return actor.has(*_APPROVERS) and in_scope and (review.may_approve_own or not message.is_work_of(actor.id))


def _reviewed(actor: Actor, action: Action, target: Target | None, review: ReviewRules) -> Allowed | Refused:
    """Judge what roles allow by the rules of review."""
    if not isinstance(target, Message):
        return Allowed()
    if action is Action.REVIEW_MESSAGE and not approves(actor, target, review=review):
        return Refused(reason="You wrote this message or changed it last: somebody else approves or rejects it.")
    if action is not Action.SCHEDULE_MESSAGE or not review.is_on or approves(actor, target, review=review):
        return Allowed()
    if target.is_approved and actor.has(*_EDITORS):
        return Allowed()
    return Refused(reason="Review is on: submit the message, and somebody else who is an approver approves it.")


def _refuse(actor: Actor, action: Action, target: Target | None) -> Refused:
    detail = f"Your roles do not allow this: {action.replace('_', ' ')}."
    return Refused(reason=detail, hidden=_is_hidden(actor, target))


def _is_hidden(actor: Actor, target: Target | None) -> bool:
    """Tell whether an object must seem not to exist: the actor's roles do not let them read it."""
    match target:
        case Message():
            action = Action.READ_MESSAGE
        case Account():
            action = Action.SEE_ACCOUNT
        case Medium():
            action = Action.READ_MEDIUM
        case ApiKey():
            return not (actor.has(*_ADMINS) or _is_own_key(actor, target))
        case None:
            return False
    return not (actor.has(*_ON_ALL[action]) or (actor.has(Role.MEMBER) and _is_members(actor, action, target)))
