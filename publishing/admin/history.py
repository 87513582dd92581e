"""Histories of objects, from the audit log, in words."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.contrib.admin.utils import quote
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from publishing.admin.facts import facts_of
from publishing.dynadmin.history import Entry
from publishing.models import AuditEntry, User

#: What audit records call actions, in words.
SENTENCES: Final[Mapping[str, str | Promise]] = {
    "account.block": _("Blocked, as its recipient is not to be sent to"),
    "account.change": _("Changed"),
    "account.check": _("Checked, with another result than before"),
    "account.connect": _("Connected"),
    "account.disconnect": _("Disconnected"),
    "account.needs_reauth": _("Credential refused; a new one is needed"),
    "account.unblock": _("Block lifted"),
    "account.works_again": _("Works again"),
    "audit.day": _("Day begun"),
    "audit.remove": _("Records of a day removed, as they were kept long enough"),
    "delivery.resolve": _("Said what became of a delivery"),
    "delivery.retry": _("Retried a delivery"),
    "dispatch.resume": _("Dispatch resumed"),
    "dispatch.stop": _("Dispatch stopped"),
    "key.create": _("Made"),
    "key.erase": _("Deleted with the data of its owner"),
    "key.follow_roles": _("Roles taken away, as its owner lost them"),
    "key.revoke": _("Revoked"),
    "key.rotate": _("Secret replaced"),
    "media.delete": _("Deleted"),
    "media.edit": _("Changed"),
    "media.upload": _("Uploaded"),
    "message.cancel": _("Cancelled"),
    "message.create": _("Written"),
    "message.delete": _("Deleted"),
    "message.edit": _("Edited"),
    "message.expire": _("Deleted, as it was kept long enough"),
    "message.hold": _("Sent back to review, as nobody approved this version"),
    "message.needs_attention": _("Needs attention"),
    "message.restored": _("Held back after the table was restored from a backup"),
    "message.schedule": _("Scheduled"),
    "parked.again": _("Sent to the worker again"),
    "message.approve": _("Approved"),
    "message.reject": _("Sent back"),
    "message.submit": _("Submitted for review"),
    "hashtag_group.create": _("Made"),
    "hashtag_group.delete": _("Deleted"),
    "hashtag_group.edit": _("Changed"),
    "series.advance": _("Messages made"),
    "series.create": _("Made"),
    "series.delete": _("Deleted"),
    "series.edit": _("Changed"),
    "series.end": _("Ended"),
    "series.pause": _("Paused"),
    "series.resume": _("Resumed"),
    "table.evolve": _("Rows brought to a new shape"),
    "template.create": _("Made"),
    "template.delete": _("Deleted"),
    "template.edit": _("Changed"),
    "user.create": _("Signed in for the first time"),
    "user.disable": _("Disabled"),
    "user.enable": _("Enabled"),
    "user.erase": _("Personal data deleted"),
    "user.export": _("Personal data handed out"),
    "user.invite": _("Invited"),
    "user.sign_in": _("Signed in"),
    "user.sign_out": _("Signed out"),
    "user.sign_out_everywhere": _("All web sessions ended"),
}
#: What audit records call kinds of objects, in words.
KINDS: Final[Mapping[str, str | Promise]] = {
    "account": _("Account"),
    "day": _("Day"),
    "evolution": _("Evolution"),
    "hashtag_group": _("Hashtags"),
    "key": _("API key"),
    "media": _("Medium"),
    "message": _("Message"),
    "parked": _("Parked event"),
    "series": _("Series"),
    "setting": _("Setting"),
    "template": _("Template"),
    "user": _("User"),
}
#: Where objects of a kind have a page.
_PAGES: Final[Mapping[str, str]] = {
    "account": "admin:publishing_account_change",
    "key": "admin:publishing_apikey_change",
    "hashtag_group": "admin:publishing_hashtaggroup_change",
    "media": "desk-medium",
    "message": "desk-message",
    "series": "admin:publishing_series_change",
    "template": "admin:publishing_template_change",
    "user": "admin:publishing_user_change",
}
_SYSTEM: Final = "system"


class AuditLog:
    """The audit log as the admin asks for it."""

    def of_object(self, request: HttpRequest, obj: Any, *, limit: int) -> Sequence[Entry]:  # noqa: ANN401 - an instance
        """Return what was done to an object, the latest first: one query, then the records, then the names."""
        del request
        return self.of_target(f"{obj.recorded_as}:{obj.pk}", limit=limit)

    def of_target(self, target: str, *, limit: int) -> Sequence[Entry]:
        """Return what was done to something that records name, the latest first, as above."""
        return _entries(list(AuditEntry.objects.filter(target=target)[:limit]))

    def recent(self, request: HttpRequest, *, user_id: Any, limit: int) -> Sequence[Entry]:  # noqa: ANN401 - any key
        """Return what was done on the last days, by one user or by all."""
        del request
        found = AuditEntry.objects.filter(actor=user_id) if user_id else AuditEntry.objects.all()
        return _entries(list(found[:limit]))


def actors(ids: Sequence[str]) -> dict[str, str]:
    """Return what people know actors by: names, with a word for programs and for the system itself."""
    people = {actor.partition("/")[0] for actor in ids} - {_SYSTEM}
    with User.reading():
        known = {user.pk: str(user) for user in User.read(sorted(people)[:100])}
    return {actor: _name(actor, known) for actor in ids}


def address_of(kind: str, identifier: str) -> str | None:
    """Return where an object that a record names is shown; None where it has no page."""
    name = _PAGES.get(kind)
    if name is None or not identifier:
        return None
    try:
        return reverse(name, args=[quote(identifier)])
    except NoReverseMatch:
        return None


def _name(actor: str, known: Mapping[str, str]) -> str:
    person, _slash, key = actor.partition("/")
    if person == _SYSTEM:
        return "omnipub"
    return f"{known.get(person, person)} (API)" if key else known.get(person, person)


def _entries(records: Sequence[AuditEntry]) -> list[Entry]:
    names = actors([record.actor for record in records])
    return [
        Entry(
            action_time=record.at, who=names[record.actor], who_id=record.actor, facts=facts_of(record),
            sentence=str(SENTENCES.get(record.action, record.action)), object_repr=record.target,
        )
        for record in records
    ]  # fmt: skip
