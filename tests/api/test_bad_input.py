"""Bad input: each is answered with a problem that names the field and says what to do, and nothing is written."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publishing.domain.account import Account, AccountStatus
from publishing.domain.ids import new_id
from tests.api.conftest import Api, Table

CONTENT_TYPE = "application/problem+json"


def at(**span: float) -> str:
    return (datetime.now(UTC) + timedelta(**span)).isoformat()


def next_year(text: str) -> str:
    """A wall time in the next year whose clock changes are known: the last Sundays of March and October in Berlin."""
    month = 3 if "gap" in text else 10
    year = datetime.now(UTC).year
    for candidate in (year, year + 1):
        last = max(
            day
            for day in (datetime(candidate, month, 25 + offset, tzinfo=UTC) for offset in range(7))
            if day.weekday() == 6
        )
        if datetime.now(UTC) + timedelta(days=1) < last < datetime.now(UTC) + timedelta(days=364):
            return last.strftime("%Y-%m-%dT02:30:00")
    raise AssertionError("every year has both clock changes")


def assert_problem(response: Any, status: int) -> dict[str, Any]:
    problem: dict[str, Any] = response.json()
    assert (response.status_code, response["Content-Type"]) == (status, CONTENT_TYPE), response.content
    assert {"type", "title", "status", "detail", "code"} <= set(problem)
    assert problem["status"] == status
    assert all(one["detail"] and one["code"] for one in problem.get("errors", []))
    return problem


BODIES: dict[str, tuple[dict[str, Any], str, str]] = {
    "an empty text": ({"text": ""}, "/text", "blank"),
    "white space only": ({"text": " \n\t\u200b\u00a0"}, "/text", "blank"),
    "65,537 characters": ({"text": "x" * 65_537}, "/text", "too_long"),
    "half a character": ({"text": "a\ud800b"}, "/text", "not_text"),
    "a NUL character": ({"text": "a\x00b"}, "/text", "not_text"),
    "no text": ({"title": "x"}, "/text", "required"),
    "no text, said so": ({"text": None}, "/text", "null"),
    "a number for a text": ({"text": 7}, "/text", "invalid"),
    "a list for a text": ({"text": ["x"]}, "/text", "invalid"),
    "a truth for a text": ({"text": True}, "/text", "invalid"),
    "half a character in the title": ({"text": "x", "title": "\udfff"}, "/title", "not_text"),
    "a title that is too long": ({"text": "x", "title": "x" * 301}, "/title", "max_length"),
    "a link that is none": ({"text": "x", "link": "javascript:alert(1)"}, "/link", "not_a_link"),
    "a link that is too long": ({"text": "x", "link": "https://x.test/" + "x" * 2048}, "/link", "max_length"),
    "an unknown field": ({"text": "x", "txet": "y"}, "/txet", "unknown"),
    "a field that is the server's": ({"text": "x", "status": "published"}, "/status", "unknown"),
    "an unknown field with a slash": ({"text": "x", "a/b~c": 1}, "/a~1b~0c", "unknown"),
    "an unknown field with half a character": ({"text": "x", "\ud800": 1}, "/?", "unknown"),
    "an unknown field inside": ({"text": "x", "variants": {"x": {"text": "y", "z": 1}}}, "/variants/x/z", "unknown"),
    "an unknown channel": ({"text": "x", "variants": {"fax": {"text": "y"}}}, "/variants/fax", "unknown_channel"),
    "an empty variant": ({"text": "x", "variants": {"webhook": {"text": " "}}}, "/variants/webhook/text", "blank"),
    "variants that are a list": ({"text": "x", "variants": []}, "/variants", "not_a_dict"),
    "a medium that is not there": ({"text": "x", "media": [{"id": "m"}]}, "/media/0/id", "unknown_media"),
    "a medium without id": ({"text": "x", "media": [{}]}, "/media/0/id", "required"),
    "a medium that is a text": ({"text": "x", "media": ["m"]}, "/media/0", "invalid"),
    "accounts that are a text": ({"text": "x", "accounts": "all"}, "/accounts", "not_a_list"),
    "an account that is a number": ({"text": "x", "accounts": [1]}, "/accounts/0", "invalid"),
    "an account that nobody knows": ({"text": "x", "accounts": ["nobody"]}, "/accounts/0", "unknown_account"),
    "51 accounts": ({"text": "x", "accounts": [new_id(datetime.now(UTC)) for _ in range(51)]}, "/accounts", "too_many"),
    "a due time that has passed": ({"text": "x", "schedule": {"at": at(hours=-1)}}, "/schedule/at", "past"),
    "a due time in 366 days": ({"text": "x", "schedule": {"at": at(days=366)}}, "/schedule/at", "too_far"),
    "a due time without zone": ({"text": "x", "schedule": {"at": "2030-01-01T09:00:00"}}, "/schedule/zone", "no_zone"),
    "a due time in a gap": (
        {"text": "x", "schedule": {"at": next_year("gap"), "zone": "Europe/Berlin"}}, "/schedule/at", "gap",
    ),
    "a due time in a fold": (
        {"text": "x", "schedule": {"at": next_year("fold"), "zone": "Europe/Berlin"}}, "/schedule/at", "fold",
    ),
    "a zone that is none": (
        {"text": "x", "schedule": {"at": "2030-01-01T09:00:00", "zone": "Mars/Base"}}, "/schedule/zone", "unknown_zone",
    ),
    "a zone with half a character": (
        {"text": "x", "schedule": {"at": "2030-01-01T09:00:00", "zone": "\ud800"}}, "/schedule/zone", "not_text",
    ),
    "a zone that is a path": (
        {"text": "x", "schedule": {"at": "2030-01-01T09:00:00", "zone": "../../etc/passwd"}},
        "/schedule/zone", "unknown_zone",
    ),
    "a due time that is none": ({"text": "x", "schedule": {"at": "tomorrow"}}, "/schedule/at", "unreadable"),
    "a due time that is a number": ({"text": "x", "schedule": {"at": 1790000000}}, "/schedule/at", "invalid"),
    "a schedule without time": ({"text": "x", "schedule": {"zone": "Europe/Berlin"}}, "/schedule/at", "required"),
    "a schedule that is a word": ({"text": "x", "schedule": "soon"}, "/schedule", "invalid"),
    "a schedule with an unknown field": (
        {"text": "x", "schedule": {"at": at(hours=1), "on": 1}}, "/schedule/on", "unknown",
    ),
    "a schedule of nobody": ({"text": "x", "schedule": "now"}, "/accounts", "required"),
}  # fmt: skip

RAW: dict[str, tuple[bytes, str]] = {
    "nothing but a bracket": (b"{", "not_json"),
    "text that is no JSON": (b"text=hello", "not_json"),
    "a trailing comma": (b'{"text": "x",}', "not_json"),
    "NaN": (b'{"text": NaN}', "not_json"),
    "infinity": (b'{"text": -Infinity}', "not_json"),
    "a number beyond all bounds": (b'{"text": 1e999}', "number_too_large"),
    "a number of 5,000 digits": (b'{"text": ' + b"9" * 5_000 + b"}", "number_too_large"),
    "a doubled name": (b'{"text": "x", "text": "y"}', "doubled_field"),
    "a doubled name with half a character": (b'{"\\ud800": 1, "\\ud800": 2}', "doubled_field"),
    "a list": (b"[]", "not_an_object"),
    "a text": (b'"text"', "not_an_object"),
    "null": (b"null", "not_an_object"),
    "bytes that are no UTF-8": (b'{"text": "\xff"}', "not_utf8"),
    "a byte order mark": (b"\xef\xbb\xbf{}", "not_json"),
    "100,000 brackets": (b'{"text":' + b"[" * 100_000, "too_deep"),
    "100,000 braces": (b'{"a":' * 40_000, "too_deep"),
    "21 levels": (b'{"text":' + b"[" * 21 + b"]" * 21 + b"}", "too_deep"),
    "900 levels": (b'{"text":' + b"[" * 900 + b"]" * 900 + b"}", "too_deep"),
}


class TestAMessage:
    @pytest.mark.parametrize(
        ("path", "case"),
        [
            *(("messages/", case) for case in BODIES),
            # A preview shows what there is, even for nobody.
            *(("messages/preview/", case) for case in BODIES if case != "a schedule of nobody"),
        ],
    )
    def test_that_is_wrong_is_refused_by_field(self, api: Api, table: Table, path: str, case: str):
        body, pointer, code = BODIES[case]

        response = api.post(path, body)

        problem = assert_problem(response, 400)
        assert (pointer, code) in [(one["pointer"], one["code"]) for one in problem["errors"]]
        assert table.rows() == []

    def test_that_is_wrong_in_many_places_is_told_all_of_them(self, api: Api):
        response = api.post("messages/", {"text": " ", "title": 1, "x": 2, "schedule": {"at": "never", "y": 3}})

        pointers = {one["pointer"] for one in assert_problem(response, 400)["errors"]}
        assert pointers >= {"/text", "/title", "/x", "/schedule/y"}

    @pytest.mark.parametrize("case", RAW)
    def test_that_cannot_be_read_is_refused_as_a_whole(self, api: Api, table: Table, case: str):
        data, code = RAW[case]

        response = api.post("messages/", data)

        problem = assert_problem(response, 400)
        assert [(one["pointer"], one["code"]) for one in problem["errors"]] == [("", code)]
        assert table.rows() == []

    @pytest.mark.parametrize("status", [AccountStatus.DISCONNECTED, AccountStatus.PAUSED])
    def test_to_an_account_that_is_not_connected_is_refused(
        self, api: Api, table: Table, put_account: Callable[..., Account], status: AccountStatus
    ):
        account = put_account(status=status)

        response = api.post("messages/", {"text": "x", "accounts": [account.id]})

        assert assert_problem(response, 400)["errors"][0]["pointer"] == "/accounts/0"
        assert table.rows("MSG#") == []

    def test_to_one_account_twice_is_refused(self, api: Api, table: Table, account: Account):
        response = api.post("messages/", {"text": "x", "accounts": [account.id, account.id]})

        assert assert_problem(response, 400)["errors"][0]["pointer"] == "/accounts/1"
        assert table.rows("MSG#") == []

    def test_too_long_for_one_of_its_accounts_can_be_kept_but_not_scheduled(
        self, api: Api, table: Table, account: Account, put_account: Callable[..., Account]
    ):
        toots = put_account(channel="mastodon", name="Toots", base_url="https://toots.test")
        body = {"text": "x" * 501, "accounts": [account.id, toots.id]}

        refused = api.post("messages/", {**body, "schedule": {"at": at(hours=1)}})
        after_refusal = table.rows("MSG#")
        kept = api.post("messages/", body)

        error = assert_problem(refused, 400)["errors"][0]
        assert error["pointer"] == "/text"
        assert "Toots" in error["detail"]
        assert after_refusal == []
        assert kept.status_code == 201

    def test_of_257_kilobytes_is_413(self, api: Api, table: Table):
        response = api.post("messages/", {"text": "x" * 257 * 1024})

        assert assert_problem(response, 413)["errors"][0]["pointer"] == ""
        assert table.rows() == []

    @pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "x"])
    def test_of_another_type_is_415(self, api: Api, table: Table, kind: str):
        response = api.post("messages/", headers={"Content-Type": kind}, data=b'{"text": "x"}')

        assert assert_problem(response, 415)["errors"][0]["header"] == "Content-Type"
        assert table.rows() == []


class TestAnEdit:
    @pytest.mark.parametrize(
        "case",
        [case for case, (body, pointer, _) in BODIES.items() if "schedule" not in body and case != "no text"],
    )
    def test_that_is_wrong_is_refused_by_field(self, api: Api, table: Table, case: str):
        body, pointer, code = BODIES[case]
        message = api.post("messages/", {"text": "fine"}).json()
        before = table.snapshot()

        response = api.patch(f"messages/{message['id']}/", body)

        problem = assert_problem(response, 400)
        assert (pointer, code) in [(one["pointer"], one["code"]) for one in problem["errors"]]
        assert table.snapshot() == before


class TestAnAction:
    @pytest.mark.parametrize(("call", "pointer"), [("publish/", "/when"), ("cancel/", "/when"), ("schedule/", "/when")])
    def test_takes_no_field_that_it_does_not_know(
        self, api: Api, table: Table, account: Account, call: str, pointer: str
    ):
        message = api.post("messages/", {"text": "fine", "accounts": [account.id]}).json()
        before = table.snapshot()

        response = api.post(f"messages/{message['id']}/{call}", {"when": "now"})

        assert pointer in [one["pointer"] for one in assert_problem(response, 400)["errors"]]
        assert table.snapshot() == before

    @pytest.mark.parametrize(
        ("body", "pointer"),
        [({}, "/at"), ({"at": "2001-01-01T00:00:00Z"}, "/at"), ({"at": "2030-01-01T00:00:00"}, "/zone")],
    )
    def test_schedule_names_what_is_wrong_with_the_time(self, api: Api, account: Account, body: object, pointer: str):
        message = api.post("messages/", {"text": "fine", "accounts": [account.id]}).json()

        response = api.post(f"messages/{message['id']}/schedule/", body)

        assert [one["pointer"] for one in assert_problem(response, 400)["errors"]] == [pointer]
