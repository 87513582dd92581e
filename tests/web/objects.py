"""Every way of the desk to one object: what it answers to whom, on somebody's own object and on somebody else's.

The ways are read from the routes, the buttons and the bulk actions that there are. One without a row in WAYS fails
`test_desk_objects.py`, so that none can be forgotten.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Final

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME

from publishing.adapters import clock
from publishing.admin.site import desk
from publishing.domain.account import AccountStatus
from publishing.domain.delivery import DeliveryState
from publishing.domain.message import MessageStatus
from publishing.domain.permissions import SYSTEM, Role
from publishing.domain.user import ProvenIdentity
from publishing.domain.web_session import SessionLimits, SessionToken
from publishing.dynadmin.forms import ONCE, new_once
from publishing.services.signing_in import disable_user, sign_in
from publishing.store import audit, users, writes
from tests.api.operations import World
from tests.web.desk import put_delivery, put_message
from tests.web.test_desk_permissions import ROUTES

#: Nobody's role, then the five roles, each with its letter in a row.
ROLES: Final = (None, "member", "viewer", "editor", "approver", "admin")
#: What a letter means. `a` is 200 of what shows, and something written by what does; nothing else writes anything. `l`
#: leads on: to the page that shows the object, or back because there is none, or because it cannot be done. `v` is 200
#: without anything of the object in it.
LETTERS: Final = {"a": {200, 302, 303}, "l": {302, 303, 409}, "f": {403}, "n": {404}, "v": {200}}


@dataclass(frozen=True, kw_only=True)
class Way:
    """What a way to an object answers, in the order of ROLES."""

    #: Names the object of the world that is meant.
    on: str
    #: To its owner; of an account, of one that was opened to members.
    own: str
    #: To somebody else; of an account, of one that was not.
    other: str
    writes: bool
    form: dict[str, Any] = field(default_factory=dict)

    @property
    def is_json(self) -> bool:
        """Whether it is sent as the scripts send it: with a number in it."""
        return any(isinstance(value, int) for value in self.form.values())


def shows(on: str, own: str, other: str, **form: Any) -> Way:
    return Way(on=on, own=own, other=other, writes=False, form=form)


def does(on: str, own: str, other: str, **form: Any) -> Way:
    return Way(on=on, own=own, other=other, writes=True, form=form)


def _of_messages() -> Iterator[tuple[str, Way]]:
    """Yield the ways to messages: a member's own are theirs, and others' do not exist."""
    page, row = "/admin/messages/<str:message_id>/", f"{ADMIN}/message/<path:object_id>/"
    written, button = "/admin/compose/<str:message_id>/", "/admin/messages/(?P<message_id>[^/]+)"
    delivery = f"{button}/deliveries/(?P<delivery_id>[^/]+)"
    yield f"GET {page}", shows("message", "naaaaa", "nnaaaa")
    yield f"GET {page}live/", shows("message", "naaaaa", "nnaaaa")
    # Who may read it and no more is led to its page. What was typed about one that is not there is shown again.
    yield f"GET {written}", shows("draft", "nalaaa", "nnlaaa")
    typed = {"action": "save", "text": "changed", "rev": "1", "accounts": "<account>"}
    yield f"POST {written}", does("draft", "fafaaa", "flfaaa", **typed)
    for action in ("publish", "cancel", "duplicate"):
        yield f"POST {button}/{action}/$", does("message", "nafaaa", "nnfaaa")
    yield f"POST {button}/submit/$", does("draft", "nafaaa", "nnfaaa")
    yield f"POST {button}/delete/$", does("message", "nffaaa", "nnfaaa")
    # Nobody decides about their own work.
    yield f"POST {button}/approve/$", does("submitted", "nfffff", "nnffaa", rev="2")
    yield f"POST {button}/reject/$", does("submitted", "nfffff", "nnffaa", rev="2", comment="No.")
    yield f"POST {delivery}/retry/$", does("failed", "nffaaa", "nnfaaa")
    yield f"POST {delivery}/resolve/$", does("doubtful", "nffaaa", "nnfaaa", there="no")
    yield f"POST {delivery}/unblock/$", does("bounced", "nffffa", "nnfffa")
    yield f"GET {row}change/", shows("message", "llllll", "flllll")
    yield f"POST {row}change/", does("message", "ffffff", "ffffff")
    yield f"GET {row}history/", shows("message", "faaaaa", "flaaaa")
    yield f"GET {row}delete/", shows("message", "fffaaa", "fffaaa")
    yield f"POST {row}delete/", does("message", "fffaaa", "fffaaa", post="yes")


def _of_media() -> Iterator[tuple[str, Way]]:
    page = "/admin/media/<str:medium_id>/"
    yield f"GET {page}", shows("medium", "naaaaa", "nnaaaa")
    yield f"GET {page}state/", shows("medium", "naaaaa", "nnaaaa")
    yield f"POST {page}", does("medium", "nafaaa", "nnfaaa", name="changed.jpg", alt_text="A door", rev="1")
    yield f"POST {page}describe/", does("medium", "nafaaa", "nnfaaa", alt_text="A door", rev=1)
    yield f"POST {page}delete/", does("medium", "nafaaa", "nnfaaa")


def _of_reusables() -> Iterator[tuple[str, Way]]:
    """Yield the ways to what belongs to all of the staff: it makes no difference whose it is."""
    typed: dict[str, dict[str, str]] = {
        "template": {"name": "changed", "body": "Hi"},
        "hashtaggroup": {"name": "changed", "tags": "#a"},
        "series": {
            "name": "changed", "message_id": "<submitted>", "frequency": "daily", "at": "09:00",
            "zone": "Europe/Berlin", "starts_on": f"{clock.now():%Y-%m-%d}",
        },
    }  # fmt: skip
    for model, form in typed.items():
        row, on = f"{ADMIN}/{model}/<path:object_id>/", model.removeprefix("hashtag")
        yield f"GET {row}change/", shows(on, "ffaaaa", "ffaaaa")
        yield f"POST {row}change/", does(on, "fffaaa", "fffaaa", edit_version="1", **form)
        yield f"GET {row}history/", shows(on, "ffaaaa", "ffaaaa")
        yield f"GET {row}delete/", shows(on, "fffaaa", "fffaaa")
        yield f"POST {row}delete/", does(on, "fffaaa", "fffaaa", post="yes")
    for verb, on in (("pause", "series"), ("end", "series"), ("resume", "paused")):
        yield f"POST {ADMIN}/series/<path:object_id>/do/{verb}/", does(on, "nnfaaa", "nnfaaa")
    filled_in = {"value-who": "you"}
    yield "POST /admin/compose/texts/<str:template_id>/", shows("template", "ffaaaa", "ffaaaa", **filled_in)


def _of_accounts() -> Iterator[tuple[str, Way]]:
    row = f"{ADMIN}/account/<path:object_id>/"
    yield f"GET {row}change/", shows("account", "faaaaa", "flaaaa")
    yield (
        f"POST {row}change/",
        does("account", "fffffa", "fffffa", name="Changed", base_url="https://hook.test/", edit_version="1"),
    )
    yield f"GET {row}history/", shows("account", "faaaaa", "flaaaa")
    yield f"GET {row}delete/", shows("account", "fffffa", "fffffa")
    yield f"POST {row}delete/", does("account", "fffffa", "fffffa", post="yes")
    # The worker is asked to; nothing is written here.
    yield f"POST {row}do/check/", shows("account", "nffffl", "nnfffl")
    for verb, on in (("pause", "account"), ("resume", "resting"), ("unblock", "blocked")):
        yield f"POST {row}do/{verb}/", does(on, "nffffa", "nnfffa")


def _of_people() -> Iterator[tuple[str, Way]]:
    """Yield the ways to keys, which are their owner's and administrators', and to what is administrators' alone."""
    key, record, user = (f"{ADMIN}/{model}/<path:object_id>/" for model in ("apikey", "auditentry", "user"))
    for way in ("change/", "history/"):
        yield f"GET {key}{way}", shows("key", "fffaaa", "ffflla")
        yield f"GET {record}{way}", shows("record", "fffffa", "fffffa")
        yield f"GET {user}{way}", shows("user", "fffffa", "fffffa")
    for row, on in ((key, "key"), (record, "record"), (user, "user")):
        yield f"POST {row}change/", does(on, "ffffff", "ffffff", name="changed")
        yield f"GET {row}delete/", shows(on, "ffffff", "ffffff")
        yield f"POST {row}delete/", does(on, "ffffff", "ffffff", post="yes")
    yield f"POST {key}do/revoke/", does("key", "nnnaaa", "nnnnna")
    # Its new secret would be shown to somebody else.
    yield f"POST {key}do/rotate/", does("key", "nnnaaa", "nnnnnl")
    # Nobody disables themselves.
    yield f"POST {user}do/disable/", does("user", "nnnnnl", "nnnnna")
    yield f"POST {user}do/enable/", does("kept_out", "nnnnna", "nnnnna")
    yield f"POST {user}do/end-sessions/", does("user", "nnnnna", "nnnnna")


def _in_bulk() -> Iterator[tuple[str, Way]]:
    """Yield what lists do to the objects that were chosen; what is not offered leads back to the list."""
    messages, users = f"POST {ADMIN}/message/#", f"POST {ADMIN}/user/#"
    for action in ("publish_now", "cancel"):
        yield messages + action, does("message", "falaaa", "fllaaa")
    yield f"{messages}duplicate", does("message", "falaaa", "fllaaa", **{ONCE: new_once()})
    yield f"{messages}retry_failed", does("failed", "fllaaa", "fllaaa")
    yield f"{messages}approve", does("submitted", "flllll", "flllaa", sure="yes", **{"rev-<submitted>": "2"})
    yield f"{messages}export_selected", shows("message", "faaaaa", "fvaaaa")
    yield f"{users}disable", does("user", "fffffl", "fffffa")
    yield f"{users}enable", does("kept_out", "fffffa", "fffffa")
    yield f"{users}end_sessions", does("user", "fffffa", "fffffa")


ADMIN: Final = "/admin/publishing"


class Desk(World):
    """One person's objects, and such as the pages need besides those that the API is asked for."""

    OTHER: Final = "bob"

    def __init__(self, put_account: Any, *, opened: bool) -> None:
        super().__init__(put_account, opened=opened)
        self.draft = put_message(MessageStatus.DRAFT, self.account, scheduled_at=None, owner=self.OWNER).id
        failed = put_message(MessageStatus.FAILED, self.account, owner=self.OWNER)
        doubtful = put_message(MessageStatus.NEEDS_ATTENTION, self.account, owner=self.OWNER)
        bounced = put_message(MessageStatus.FAILED, self.blocked, owner=self.OWNER)
        put_delivery(failed, DeliveryState.FAILED)
        put_delivery(doubtful, DeliveryState.UNCONFIRMED)
        put_delivery(bounced, DeliveryState.FAILED)
        self.failed, self.doubtful, self.bounced = failed.id, doubtful.id, bounced.id
        self.resting = put_account(open_to_members=opened, status=AccountStatus.PAUSED)
        self.user, self.kept_out = self.OWNER, "carol"
        self.tokens = {sub: enter(sub) for sub in (self.OWNER, self.OTHER, self.kept_out)}
        disable_user(actor=SYSTEM, user_id=self.kept_out, now=clock.now())
        self.record = audit.read_chain(f"{clock.now():%Y-%m-%d}")[0].id

    def parts(self, on: str) -> dict[str, str]:
        """Return the parts of an address that lead to an object."""
        found = getattr(self, on)
        identifier = found if isinstance(found, str) else found.id
        account = self.blocked if on == "bounced" else self.account
        delivery = f"webhook.{account.id}"
        names = ("message_id", "object_id", "medium_id", "template_id")
        return {"delivery_id": delivery} | dict.fromkeys(names, identifier)

    def place(self, way: str) -> str:
        """Return where a way leads in this world."""
        parts = self.parts(WAYS[way].on)
        plain = re.sub(r"\(\?P<(\w+)>.*?\)|<(?:\w+:)?(\w+)>", lambda found: parts[found[1] or found[2]], way)
        return plain.partition(" ")[2].partition("#")[0].rstrip("$")

    def form(self, way: str) -> dict[str, Any]:
        """Return what is sent on a way."""
        row, action = WAYS[way], way.partition("#")[2]
        chosen = {"action": action, ACTION_CHECKBOX_NAME: self._meant(f"<{row.on}>")} if action else {}
        return {self._meant(name): self._meant(value) for name, value in row.form.items()} | chosen

    def _meant(self, text: Any) -> Any:
        """Return a part of a form, with an object's id where one is named."""
        if not isinstance(text, str):
            return text
        return re.sub(r"<(\w+)>", lambda named: self.parts(named[1])["object_id"], text)


def enter(sub: str, role: str | None = None) -> SessionToken:
    """Sign somebody in; return what their browser keeps."""
    identity = ProvenIdentity(id=sub, roles=roles_of(role), name=sub)
    token = sign_in(identity=identity, browser="", limits=SessionLimits(), now=clock.now()).token
    assert token
    return token


def roles_of(role: str | None) -> frozenset[Role]:
    return frozenset({Role(role)} if role else ())


def give(sub: str, role: str | None) -> None:
    """Make a role somebody's only one, while they are signed in."""
    read = users.get_user(sub)
    writes.run(users.change_user(replace(read, roles=roles_of(role), rev=read.rev + 1), read=read))


def every_way() -> Iterator[str]:
    """Yield each way to one object: the routes that name one, spelled out for each button, and the bulk actions.

    Left out are the addresses that the stock admin had once, which lead on to `…/change/` whoever asks.
    """
    for route in ROUTES:
        is_former = route.startswith(ADMIN) and route.endswith("<path:object_id>/")
        if "<" in route and not is_former and not re.search(r"\?P<(app_label|url)>", route):
            # The stock page of an object's history reads, whatever the method.
            methods = ("GET",) if route.endswith("/history/") else ("GET", "POST")
            for spelled in _spelled_out(route):
                yield from (f"{method} {spelled}" for method in methods)
    for model, options in desk._registry.items():
        for action in options.actions or ():
            yield f"POST {ADMIN}/{model._meta.model_name}/#{action}"


def _spelled_out(route: str) -> Iterator[str]:
    if button := re.search(r"\(\?P<action>([a-z|]+)\)", route):
        for action in button[1].split("|"):
            yield route.replace(button[0], action)
    elif "<slug:verb>" in route:
        name = route.split("/")[3]
        options: Any = next(each for model, each in desk._registry.items() if model._meta.model_name == name)
        for verb in options.verbs():
            yield route.replace("<slug:verb>", verb.name)
    else:
        yield route


#: Method and way → what it answers. What is missing here takes no such method.
WAYS: Final[dict[str, Way]] = dict(
    row for rows in (_of_messages, _of_media, _of_reusables, _of_accounts, _of_people, _in_bulk) for row in rows()
)
