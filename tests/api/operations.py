"""Every operation of the schema: what it answers to whom, and objects to call it on.

The table names every operation; one that is missing fails `test_permissions.py`, so that no route can be forgotten.
Roles are given in the order of `ROLES`; a letter says what each of them gets: `a` the operation's own answer, `f` 403,
`n` 404.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from publishing.api.views.docs import SCHEMA_FILE
from publishing.domain.account import AccountStatus
from publishing.domain.outcome import Problem
from publishing.domain.permissions import Action
from publishing.services import limits
from tests.api.conftest import Api

#: One who signed in and was given no role, then the five roles.
ROLES: Final = (None, "member", "viewer", "editor", "approver", "admin")
A = Action


@dataclass(frozen=True, kw_only=True)
class Row:
    """What an operation answers."""

    #: To whom it is allowed, on the object as it was made.
    status: int
    #: On an object of one's own, or an account opened to members; or without any object.
    own: str
    #: On somebody else's, or an account not opened to members.
    other: str = ""
    #: The scopes that a program's key needs; None where no key will do.
    scopes: frozenset[Action] | None = frozenset()
    body: Any = None


def needs(*scopes: Action) -> frozenset[Action]:
    return frozenset(scopes)


LATER = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
HOOK = {"channel": "webhook", "name": "New", "base_url": "https://hook.example.org/", "credential": "c" * 40}
RULE = {"frequency": "daily", "at": "09:00", "zone": "Europe/Berlin", "starts_on": f"{datetime.now(UTC):%Y-%m-%d}"}
#: A series schedules what it makes in the name of its owner: whoever makes one needs what that takes.
MAKES = needs(A.EDIT_SERIES, A.READ_MESSAGE, A.CREATE_MESSAGE, A.SCHEDULE_MESSAGE)
EXPECTED: Final[dict[str, Row]] = {
    "listMessages": Row(status=200, own="faaaaa", scopes=needs(A.READ_MESSAGE)),
    "createMessage": Row(status=201, own="fafaaa", scopes=needs(A.CREATE_MESSAGE), body={"text": "new"}),
    "previewMessage": Row(status=200, own="fafaaa", scopes=needs(A.CREATE_MESSAGE), body={"text": "new"}),
    "getMessage": Row(status=200, own="naaaaa", other="nnaaaa", scopes=needs(A.READ_MESSAGE)),
    "editMessage": Row(
        status=200, own="nafaaa", other="nnfaaa", scopes=needs(A.EDIT_MESSAGE, A.USE_ACCOUNT),
        body={"text": "changed"}
    ),
    "deleteMessage": Row(status=204, own="nffaaa", other="nnfaaa", scopes=needs(A.DELETE_MESSAGE)),
    "scheduleMessage": Row(
        status=200, own="nafaaa", other="nnfaaa", scopes=needs(A.SCHEDULE_MESSAGE, A.USE_ACCOUNT), body={"at": LATER}
    ),
    "publishMessage": Row(status=202, own="nafaaa", other="nnfaaa", scopes=needs(A.SCHEDULE_MESSAGE, A.USE_ACCOUNT)),
    "cancelMessage": Row(status=200, own="nafaaa", other="nnfaaa", scopes=needs(A.CANCEL_MESSAGE)),
    "submitMessage": Row(
        status=200, own="nafaaa", other="nnfaaa", scopes=needs(A.SUBMIT_MESSAGE, A.USE_ACCOUNT), body={}
    ),
    # Nobody decides about their own work.
    "approveMessage": Row(status=200, own="nfffff", other="nnffaa", scopes=needs(A.REVIEW_MESSAGE), body={"rev": 2}),
    "rejectMessage": Row(
        status=200, own="nfffff", other="nnffaa", scopes=needs(A.REVIEW_MESSAGE), body={"comment": "No."}
    ),
    "duplicateMessage": Row(
        status=201, own="nafaaa", other="nnfaaa", scopes=needs(A.READ_MESSAGE, A.CREATE_MESSAGE)
    ),
    "listDeliveries": Row(status=200, own="naaaaa", other="nnaaaa", scopes=needs(A.READ_MESSAGE)),
    "getDelivery": Row(status=200, own="naaaaa", other="nnaaaa", scopes=needs(A.READ_MESSAGE)),
    # It is still to come, so there is nothing to retry or to resolve.
    "retryDelivery": Row(status=409, own="nffaaa", other="nnfaaa", scopes=needs(A.RETRY_DELIVERY, A.SCHEDULE_MESSAGE)),
    "resolveDelivery": Row(
        status=409, own="nffaaa", other="nnfaaa", scopes=needs(A.RESOLVE_DELIVERY), body={"published": True}
    ),
    "listChannels": Row(status=200, own="aaaaaa"),
    "listAccounts": Row(status=200, own="faaaaa", scopes=needs(A.SEE_ACCOUNT)),
    "connectAccount": Row(status=201, own="fffffa", scopes=needs(A.MANAGE_ACCOUNTS), body=HOOK),
    "getAccount": Row(status=200, own="naaaaa", other="nnaaaa", scopes=needs(A.SEE_ACCOUNT)),
    "changeAccount": Row(
        status=200, own="nffffa", other="nnfffa", scopes=needs(A.MANAGE_ACCOUNTS), body={"name": "Changed"}
    ),
    "disconnectAccount": Row(status=204, own="nffffa", other="nnfffa", scopes=needs(A.MANAGE_ACCOUNTS)),
    "checkAccount": Row(status=202, own="nffffa", other="nnfffa", scopes=needs(A.MANAGE_ACCOUNTS)),
    "unblockAccount": Row(status=200, own="nffffa", other="nnfffa", scopes=needs(A.MANAGE_ACCOUNTS)),
    "listMedia": Row(status=200, own="faaaaa", scopes=needs(A.READ_MEDIUM)),
    "uploadMedium": Row(
        status=201, own="fafaaa", scopes=needs(A.UPLOAD_MEDIUM),
        body={"name": "new.jpg", "media_type": "image/jpeg", "size": 9},
    ),
    "getMedium": Row(status=200, own="naaaaa", other="nnaaaa", scopes=needs(A.READ_MEDIUM)),
    "editMedium": Row(
        status=200, own="nafaaa", other="nnfaaa", scopes=needs(A.EDIT_MEDIUM), body={"name": "changed.jpg"}
    ),
    "deleteMedium": Row(status=204, own="nafaaa", other="nnfaaa", scopes=needs(A.DELETE_MEDIUM)),
    "listApiKeys": Row(status=200, own="fffaaa", scopes=None),
    "createApiKey": Row(
        status=201, own="fffaaa", scopes=None, body={"name": "new", "scopes": ["read_message"]}
    ),
    "getApiKey": Row(status=200, own="nnnaaa", other="nnnnna", scopes=None),
    "rotateApiKey": Row(status=200, own="nnnaaa", other="nnnnnf", scopes=None, body={}),
    "revokeApiKey": Row(status=204, own="nnnaaa", other="nnnnna", scopes=None),
    "listTemplates": Row(status=200, own="ffaaaa", scopes=needs(A.READ_TEMPLATE)),
    "createTemplate": Row(
        status=201, own="fffaaa", scopes=needs(A.EDIT_TEMPLATE), body={"name": "new", "text": "Hi {{ who }}"}
    ),
    "getTemplate": Row(status=200, own="ffaaaa", other="ffaaaa", scopes=needs(A.READ_TEMPLATE)),
    "editTemplate": Row(
        status=200, own="fffaaa", other="fffaaa", scopes=needs(A.EDIT_TEMPLATE), body={"name": "changed"}
    ),
    "deleteTemplate": Row(status=204, own="fffaaa", other="fffaaa", scopes=needs(A.EDIT_TEMPLATE)),
    "renderTemplate": Row(
        status=200, own="ffaaaa", other="ffaaaa", scopes=needs(A.READ_TEMPLATE), body={"values": {"who": "you"}}
    ),
    "listHashtagGroups": Row(status=200, own="ffaaaa", scopes=needs(A.READ_TEMPLATE)),
    "createHashtagGroup": Row(
        status=201, own="fffaaa", scopes=needs(A.EDIT_TEMPLATE), body={"name": "new", "hashtags": ["#a"]}
    ),
    "getHashtagGroup": Row(status=200, own="ffaaaa", other="ffaaaa", scopes=needs(A.READ_TEMPLATE)),
    "editHashtagGroup": Row(
        status=200, own="fffaaa", other="fffaaa", scopes=needs(A.EDIT_TEMPLATE), body={"name": "changed"}
    ),
    "deleteHashtagGroup": Row(status=204, own="fffaaa", other="fffaaa", scopes=needs(A.EDIT_TEMPLATE)),
    "listSeries": Row(status=200, own="ffaaaa", scopes=needs(A.READ_SERIES)),
    "createSeries": Row(status=201, own="fffaaa", scopes=MAKES, body={"name": "new", "message": "", "rule": RULE}),
    "getSeries": Row(status=200, own="ffaaaa", other="ffaaaa", scopes=needs(A.READ_SERIES)),
    "editSeries": Row(status=200, own="fffaaa", other="fffaaa", scopes=MAKES, body={"name": "changed"}),
    "pauseSeries": Row(status=200, own="fffaaa", other="fffaaa", scopes=needs(A.EDIT_SERIES)),
    "resumeSeries": Row(status=200, own="fffaaa", other="fffaaa", scopes=MAKES),
    "endSeries": Row(status=200, own="fffaaa", other="fffaaa", scopes=needs(A.EDIT_SERIES)),
    "deleteSeries": Row(status=204, own="fffaaa", other="fffaaa", scopes=needs(A.EDIT_SERIES)),
    "getMe": Row(status=200, own="aaaaaa"),
}  # fmt: skip
#: What everybody may read without signing in.
OPEN: Final = frozenset({"getHealth", "getSchema", "getDocs"})
REFUSALS: Final = {"f": (403, "not_allowed"), "n": (404, "not_found")}
OPERATIONS: Final = {
    operation["operationId"]: (method, path)
    for path, item in json.loads(SCHEMA_FILE.read_text())["paths"].items()
    for method, operation in item.items()
    if operation["operationId"] not in OPEN
}
#: Operations that name an object.
ON_OBJECTS: Final = [name for name, (_, path) in OPERATIONS.items() if "{" in path]


class World:
    """Objects of one person, and whoever asks about them."""

    OWNER: Final = "alice"

    def __init__(self, put_account: Any, *, opened: bool) -> None:
        limits.forget()
        editor = Api(groups=["editor"], sub=self.OWNER)
        self.account = put_account(open_to_members=opened)
        self.blocked = put_account(
            open_to_members=opened,
            status=AccountStatus.BLOCKED,
            problem=Problem(code="destination", detail="Bounced.", retryable=False),
        )
        body = {"text": "mine", "accounts": [self.account.id], "schedule": {"at": LATER}}
        self.message = editor.post("messages/", body).json()["id"]
        submitted = {"text": "mine, to be approved", "accounts": [self.account.id]}
        self.submitted = editor.post("messages/", submitted).json()["id"]
        assert editor.post(f"messages/{self.submitted}/submit/", {}).json()["rev"] == 2
        draft = {"name": "door.jpg", "media_type": "image/jpeg", "size": 9}
        self.medium = editor.post("media/", draft).json()["id"]
        self.template = editor.post("templates/", {"name": "greeting", "text": "Hi {{ who }}"}).json()["id"]
        self.group = editor.post("hashtag-groups/", {"name": "launch", "hashtags": ["launch"]}).json()["id"]
        self.series, self.paused = (
            editor.post("series/", {"name": name, "message": self.submitted, "rule": RULE}).json()["id"]
            for name in ("greetings", "paused")
        )
        assert editor.post(f"series/{self.paused}/pause/").status_code == 200
        EXPECTED["createSeries"].body["message"] = self.submitted
        self.key = editor.post("keys/", {"name": "bot", "scopes": ["read_message"]}).json()["id"]

    def address(self, name: str, prefix: str = "/api/v1/") -> str:
        account = self.blocked if name == "unblockAccount" else self.account
        message = self.submitted if name in {"approveMessage", "rejectMessage"} else self.message
        series = self.paused if name == "resumeSeries" else self.series
        path: str = OPERATIONS[name][1].format(
            message_id=message, delivery_id="webhook", account_id=account.id, medium_id=self.medium,
            key_id=self.key, template_id=self.template, group_id=self.group, series_id=series,
        )  # fmt: skip
        return path.replace("/api/v1/", prefix, 1)


def call(client: Any, name: str, address: str) -> Any:
    return getattr(client, OPERATIONS[name][0])(address, EXPECTED[name].body)


def seen(response: Any) -> Any:
    return response.status_code, response.json()["code"]
