"""What states are called on pages, in the reader's language; and how a moment is written."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from publishing.channels.base.registry import UnknownChannelError, get_channel
from publishing.domain.permissions import Action
from publishing.domain.quota import Quota, QuotaUnit

#: Statuses of messages, states of deliveries and accounts, outcomes of attempts, kinds of feedback.
LABELS: Final[Mapping[str, str | Promise]] = MappingProxyType({
    "draft": _("Draft"), "in_review": _("In review"), "scheduled": _("Scheduled"), "publishing": _("Publishing"),
    "cancelling": _("Cancelling"), "published": _("Published"), "partly_published": _("Partly published"),
    "failed": _("Failed"), "cancelled": _("Cancelled"), "needs_attention": _("Needs attention"),
    "pending": _("Waiting for its time"), "sending": _("Preparing"), "committing": _("Sending"),
    "retry": _("Waiting to retry"),
    "unknown": _("Checking"), "unconfirmed": _("Unconfirmed"),
    "ok": _("Connected"), "needs_reauth": _("Connect again"), "paused": _("Paused"), "blocked": _("Blocked"),
    "disconnected": _("Disconnected"), "stopped": _("Stopped"), "ended": _("Ended"),
    "active": _("Active"), "disabled": _("Disabled"), "revoked": _("Revoked"), "expired": _("Expired"),
    "deferred": _("Deferred"), "rejected": _("Refused"),
    "sent": _("Passed on"), "delivered": _("Delivered"), "delayed": _("Delayed"), "bounced": _("Bounced"),
    "complained": _("Complained"), "refused": _("Not passed on"),
})  # fmt: skip

#: Why something did not work, in words. The sentence beside it says more.
REASONS: Final[Mapping[str, str | Promise]] = MappingProxyType({
    "rate": _("the platform asks to wait"), "quota": _("a quota is used up"),
    "credential": _("the account must be connected again"), "permission": _("the account lacks a right"),
    "content": _("the platform does not take this content"), "duplicate": _("the same content is there already"),
    "destination": _("the destination is gone or wrong"), "unavailable": _("the platform could not be reached"),
    "server_error": _("the platform had an error of its own"), "lost_sight": _("the answer was lost"),
    "internal": _("something went wrong here"), "no_time": _("working time ran out"),
    "expired": _("it took too long"), "late": _("it did not start in time"),
    "claims": _("it was begun too often without a result"), "cancelled": _("it was cancelled"),
    "resolved": _("a person looked"), "unconfirmed": _("nobody could see whether it was published"),
    "restored": _("the data were put back to an earlier state"),
})  # fmt: skip

#: How much is left at a platform, by what it counts.
_LEFT: Final[Mapping[QuotaUnit, str | Promise]] = MappingProxyType({
    QuotaUnit.CALLS: _("%(left)s of %(limit)s calls left"),
    QuotaUnit.POINTS: _("%(left)s of %(limit)s points left"),
    QuotaUnit.PERCENT: _("%(left)s %% of the calls left"),
})  # fmt: skip

#: What channels call themselves where that is a word and no name of a platform.
_CHANNELS: Final[Mapping[str, str | Promise]] = MappingProxyType(
    {"Email": _("Email"), "SMS": _("SMS"), "Webhook": _("Webhook")}
)

ROLES: Final[Mapping[str, str | Promise]] = MappingProxyType({
    "member": _("Member"), "viewer": _("Viewer"), "editor": _("Editor"), "approver": _("Approver"),
    "admin": _("Administrator"),
})  # fmt: skip


def label_of(state: str) -> str:
    """Return what a status or state is called; itself in words where it has no name."""
    return str(LABELS.get(state) or state.replace("_", " ").capitalize())


def reason_of(code: str) -> str:
    """Return why, in words."""
    return str(REASONS.get(code) or code.replace("_", " "))


def quota_left(quota: Quota) -> str:
    """Return how much is left at a platform: `4,997 of 5,000 points left`."""
    sentence = _LEFT[quota.unit]
    counts = {"left": quota.left, "limit": quota.limit}
    return str(sentence) % {name: number_format(count, force_grouping=True) for name, count in counts.items()}


def channel_name(kind: str) -> str:
    """Return a channel's name for people: `LinkedIn`."""
    try:
        return channel_said(get_channel(kind).capabilities.name)
    except UnknownChannelError:
        return kind


def channel_said(name: str) -> str:
    """Return what a channel calls itself in the reader's language: most are names of platforms and stay as they are."""
    return str(_CHANNELS.get(name, name))


def device_name(browser: str) -> str:
    """Return what `identity.browsers` made of a browser's own words: `Firefox on Linux`."""
    name, joined, system = browser.partition(" on ")
    if not name or name == "A browser":
        name = gettext("A browser")
    return gettext("%(browser)s on %(system)s") % {"browser": name, "system": system} if joined else name


#: What one may do, as one's own page lists it.
ACTIONS: Final[Mapping[Action, str | Promise]] = MappingProxyType({
    Action.READ_MESSAGE: _("Read messages"),
    Action.CREATE_MESSAGE: _("Write messages"),
    Action.EDIT_MESSAGE: _("Edit messages"),
    Action.SCHEDULE_MESSAGE: _("Schedule and publish messages"),
    Action.SUBMIT_MESSAGE: _("Submit messages for review"),
    Action.REVIEW_MESSAGE: _("Approve and reject messages"),
    Action.CANCEL_MESSAGE: _("Cancel messages"),
    Action.DELETE_MESSAGE: _("Delete messages"),
    Action.RETRY_DELIVERY: _("Retry deliveries"),
    Action.RESOLVE_DELIVERY: _("Say what became of unconfirmed deliveries"),
    Action.SEE_ACCOUNT: _("See accounts"),
    Action.USE_ACCOUNT: _("Publish to accounts"),
    Action.MANAGE_ACCOUNTS: _("Connect and change accounts"),
    Action.STOP_DISPATCH: _("Stop everything from going out"),
    Action.READ_MEDIUM: _("See media"),
    Action.UPLOAD_MEDIUM: _("Upload media"),
    Action.USE_MEDIUM: _("Use media in messages"),
    Action.EDIT_MEDIUM: _("Describe media"),
    Action.DELETE_MEDIUM: _("Delete media"),
    Action.READ_TEMPLATE: _("Read templates and hashtag groups"),
    Action.EDIT_TEMPLATE: _("Write templates and hashtag groups"),
    Action.READ_SERIES: _("Read recurring messages"),
    Action.EDIT_SERIES: _("Write recurring messages"),
    Action.MANAGE_USERS: _("Manage users"),
    Action.MANAGE_KEYS: _("Manage API keys"),
    Action.READ_AUDIT: _("Read the audit log"),
})  # fmt: skip


def action_name(action: Action) -> str:
    """Return what an action is called; its own word where it has no name yet."""
    return str(ACTIONS.get(action) or action.value.replace("_", " ").capitalize())
