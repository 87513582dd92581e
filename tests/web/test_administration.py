"""The desk's pages for accounts, users, API keys, media and the audit log."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publishing.adapters import clock
from publishing.domain.account import Account, AccountStatus
from publishing.domain.outcome import Problem
from publishing.domain.user import UserStatus
from publishing.services.api_keys import KeyRefusedError, authenticate
from publishing.store import accounts, users
from tests.api.conftest import Table, put_account, surroundings
from tests.web.conftest import Browser, failure_of
from tests.web.counting import counted
from tests.web.test_lists import text_of

__all__ = ["put_account", "surroundings"]

ACCOUNTS = "/admin/publishing/account/"
USERS = "/admin/publishing/user/"
KEYS = "/admin/publishing/apikey/"
AUDIT = "/admin/publishing/auditentry/"
PutAccount = Callable[..., Account]


def field(page: str, name: str) -> str:
    """Return the value that a form's field shows."""
    found = re.search(rf'<(?:input|textarea)[^>]*\bname="{name}"[^>]*>', page)
    assert found, name
    value = re.search(r'value="([^"]*)"', found[0])
    return value[1] if value else ""


def form_of(page: str, **typed: str) -> dict[str, str]:
    """Return what a form of the page sends, with what was typed into it."""
    every = dict(re.findall(r'<input type="(?:hidden|text|number)" name="(\w+)" value="([^"]*)"', page))
    return {**every, **typed}


def admin(browser: Browser, sub: str = "ada", name: str = "Ada King") -> Browser:
    browser.sign_in(sub=sub, name=name, groups=["admin"])
    return browser


class TestAccounts:
    def test_have_marks_of_one_size(self, browser: Browser, put_account: PutAccount):
        put_account(name="Old page", channel="mastodon")

        page = text_of(admin(browser).get(ACCOUNTS))

        assert re.search(r'<svg class="icon [^>]*><use href="[^"]*#channel-mastodon">', page)

    def test_are_disconnected_rather_than_deleted(self, browser: Browser, put_account: PutAccount):
        account = put_account(name="Old page", channel="mastodon")
        admin(browser)

        page = text_of(browser.get(f"{ACCOUNTS}{account.id}/change/"))
        confirmation = text_of(browser.get(f"{ACCOUNTS}{account.id}/delete/"))
        history = text_of(browser.get(f"{ACCOUNTS}{account.id}/history/"))

        assert re.search(r'class="deletelink">Disconnect</a>', page)
        for shown in (page, confirmation, history):
            assert re.search(r'<a href="/admin/">Dashboard</a>\s*&rsaquo; <a href="[^"]+">Accounts</a>', shown)

    def test_are_listed_with_their_health(self, browser: Browser, put_account: PutAccount):
        put_account(name="Newsroom")
        put_account(
            name="Old page", channel="mastodon", status=AccountStatus.NEEDS_REAUTH,
            problem=Problem(code="credential", detail="The token was revoked.", retryable=True),
        )  # fmt: skip
        admin(browser)

        with counted() as asked:
            page = text_of(browser.get(ACCOUNTS))

        assert page.index("Old page") < page.index("Newsroom")
        assert "Connect again" in page
        assert "The token was revoked." in page
        assert asked["Query"] == 1
        assert sum(asked.values()) <= 4

    @pytest.mark.parametrize(
        ("query", "expected"), [("of=mastodon", 1), ("status__exact=ok", 1), ("q=NEWS", 1), ("", 2)]
    )
    def test_are_filtered(self, browser: Browser, put_account: PutAccount, query: str, expected: int):
        put_account(name="Newsroom")
        put_account(name="Old page", channel="mastodon", status=AccountStatus.NEEDS_REAUTH)
        admin(browser)

        page = text_of(browser.get(f"{ACCOUNTS}?{query}"))

        assert page.count('class="action-select"') == 0
        assert len(re.findall(r'class="field-title"', page)) == expected

    def test_connecting_asks_for_the_channel_first(self, browser: Browser, table: Table):
        admin(browser)

        page = text_of(browser.open(f"{ACCOUNTS}add/"))

        assert 'href="?channel=mastodon"' in page

    def test_connecting_keeps_what_was_typed_but_never_the_credential(
        self, browser: Browser, table: Table, surroundings: Any
    ):
        admin(browser)
        address = f"{ACCOUNTS}add/?channel=email"
        page = text_of(browser.open(address))
        typed = form_of(page, name="Mail", setting_sender="not an address", setting_recipient="l@example.org")

        page = text_of(
            browser.post(address, address, **typed, setting_region="eu-central-1", credential="s3cr3t-value")
        )

        assert field(page, "name") == "Mail"
        assert field(page, "setting_sender") == "not an address"
        assert "s3cr3t-value" not in page
        problem = page[page.index('class="errorlist"') :]
        assert problem.index("errorlist") < problem.index('name="setting_sender"')
        assert not table.rows("ACCOUNT#")

    def test_are_connected_once_however_often_the_form_is_sent(self, browser: Browser, table: Table, surroundings: Any):
        admin(browser)
        address = f"{ACCOUNTS}add/?channel=webhook"
        typed = form_of(
            text_of(browser.open(address)), name="Hook", base_url="https://hook.test/", credential="s3cr3t-value-long"
        )  # fmt: skip

        first = browser.post(address, address, **typed)
        second = browser.post(address, address, **typed)
        third = browser.post(address, address, **{**typed, "name": "Another"})

        assert (first.status_code, second.status_code) == (302, 302)
        assert "This form was sent before with other contents" in text_of(third)
        rows = [row for row in table.rows("ACCOUNT#") if row["SK"]["S"] == "METADATA"]
        assert [row["name"]["S"] for row in rows] == ["Hook"]
        assert b"s3cr3t-value-long" not in repr(table.dump()).encode()

    def test_are_changed_by_what_differs(self, browser: Browser, put_account: PutAccount, surroundings: Any):
        account = put_account(name="Before", settings={"text_limit": "500"})
        admin(browser)
        address = f"{ACCOUNTS}{account.id}/change/"
        typed = form_of(text_of(browser.get(address)), name="After")

        response = browser.post(address, address, **typed)

        changed = accounts.get_account(account.id)
        assert response.status_code == 302, text_of(response)
        assert (changed.name, changed.rev, dict(changed.settings)) == ("After", 2, {"text_limit": "500"})

    def test_a_second_editor_is_told_who_changed_what(
        self, browser: Browser, other_browser: Browser, put_account: PutAccount, surroundings: Any
    ):
        account = put_account(name="Before")
        admin(browser)
        admin(other_browser, "bob", "Bob Stone")
        address = f"{ACCOUNTS}{account.id}/change/"
        mine, theirs = (text_of(each.get(address)) for each in (browser, other_browser))
        assert other_browser.post(address, address, **form_of(theirs, name="Theirs")).status_code == 302

        page = text_of(browser.post(address, address, **form_of(mine, name="Mine")))

        assert accounts.get_account(account.id).name == "Theirs"
        assert "Bob Stone changed this at " in page
        assert "It says now: Theirs" in page
        assert field(page, "name") == "Mine"
        # Whoever was told and saves again means it.
        assert browser.post(address, address, **form_of(page, name="Mine")).status_code == 302
        assert accounts.get_account(account.id).name == "Mine"

    def test_are_paused_used_again_and_checked(
        self, browser: Browser, put_account: PutAccount, surroundings: list[Any]
    ):
        account = put_account()
        admin(browser)
        address = f"{ACCOUNTS}{account.id}/change/"

        browser.post(address, f"{ACCOUNTS}{account.id}/do/pause/")
        paused = accounts.get_account(account.id).status
        page = text_of(browser.get(address))
        browser.post(address, f"{ACCOUNTS}{account.id}/do/resume/")
        browser.post(address, f"{ACCOUNTS}{account.id}/do/check/")

        assert paused is AccountStatus.PAUSED
        assert "do/resume/" in page
        assert "do/pause/" not in page
        assert accounts.get_account(account.id).status is AccountStatus.OK
        assert [event.account_id for event in surroundings] == [account.id]

    def test_are_unblocked(self, browser: Browser, put_account: PutAccount):
        account = put_account(status=AccountStatus.BLOCKED)
        admin(browser)

        browser.post(f"{ACCOUNTS}{account.id}/change/", f"{ACCOUNTS}{account.id}/do/unblock/")

        assert accounts.get_account(account.id).status is AccountStatus.OK

    def test_are_disconnected_after_saying_what_happens_then(self, browser: Browser, put_account: PutAccount):
        account = put_account(name="Hook")
        admin(browser)
        address = f"{ACCOUNTS}{account.id}/delete/"
        asked = text_of(browser.get(address))

        response = browser.post(address, address, post="yes")

        assert "Messages that are scheduled to it stay scheduled" in asked
        assert "Hook was disconnected." in text_of(browser.get(response["Location"]))
        assert accounts.get_account(account.id).status is AccountStatus.DISCONNECTED

    def test_are_only_seen_by_editors(self, browser: Browser, put_account: PutAccount, table: Table):
        account = put_account(name="Hook")
        browser.sign_in(groups=["editor"])
        before = table.snapshot()
        address = f"{ACCOUNTS}{account.id}/change/"
        page = text_of(browser.get(address))

        refused = [
            browser.post(address, f"{ACCOUNTS}{account.id}/do/pause/"),
            browser.post(address, f"{ACCOUNTS}{account.id}/delete/", post="yes"),
            browser.post(address, address, name="Mine"),
            browser.open(f"{ACCOUNTS}add/"),
            browser.get(f"{ACCOUNTS}stop/"),
        ]

        assert 'name="_save"' not in page
        assert "/do/" not in page
        assert [each.status_code for each in refused] == [403] * 5
        assert table.snapshot() == before

    def test_that_were_not_opened_are_hidden_from_members(self, browser: Browser, put_account: PutAccount):
        put_account(name="Opened", open_to_members=True)
        closed = put_account(name="Closed")
        browser.sign_in(groups=["member"])

        page = text_of(browser.get(ACCOUNTS))

        assert "Opened" in page
        assert "Closed" not in page
        assert browser.get(f"{ACCOUNTS}{closed.id}/change/").status_code == 302


class TestTheStopSwitch:
    def test_stops_only_what_was_confirmed(self, browser: Browser, table: Table):
        admin(browser)
        address = f"{ACCOUNTS}stop/"

        unsure = browser.post(address, address, switch="stop")
        assert unsure.status_code == 400
        assert not accounts.is_stopped()
        browser.post(address, address, switch="stop", sure="yes")
        stopped = accounts.is_stopped()
        page = text_of(browser.get(address))
        browser.post(address, address, switch="resume", sure="yes")

        assert stopped
        assert "Nothing goes out to any account." in page
        assert not accounts.is_stopped()
        actions = [record["action"]["S"] for record in table.records()]
        assert [action for action in actions if action.startswith("dispatch.")] == ["dispatch.stop", "dispatch.resume"]


class TestUsers:
    def test_are_listed_with_roles_that_the_provider_gave(self, browser: Browser, other_browser: Browser):
        other_browser.sign_in(sub="eva", name="Eva <b>Lang</b>", email="eva@example.org", groups=["editor"])
        admin(browser)

        with counted() as asked:
            page = text_of(browser.get(USERS))
        detail = text_of(browser.get(f"{USERS}eva/change/"))

        assert "Eva &lt;b&gt;Lang&lt;/b&gt;" in page
        assert "badge-role-editor" in page
        assert asked["Query"] == 1
        assert sum(asked.values()) <= 4
        assert "The sign-in provider&#x27;s groups." in detail
        assert 'name="_save"' not in detail

    def test_are_found(self, browser: Browser, other_browser: Browser):
        other_browser.sign_in(sub="eva", name="Eva Lang", email="eva@example.org")
        admin(browser)

        assert "Eva Lang" in text_of(browser.get(f"{USERS}?q=EVA@"))
        assert "Eva Lang" not in text_of(browser.get(f"{USERS}?q=nobody"))

    def test_are_kept_out_and_let_in_again(self, browser: Browser, other_browser: Browser):
        other_browser.sign_in(sub="eva")
        admin(browser)

        browser.post(USERS, f"{USERS}eva/do/disable/")
        was_in = other_browser.is_in()
        assert users.get_user("eva").status is UserStatus.DISABLED
        browser.post(USERS, USERS, action="enable", _selected_action="eva", index="0")

        assert not was_in
        assert users.get_user("eva").status is UserStatus.ACTIVE

    def test_nobody_disables_themselves(self, browser: Browser):
        admin(browser)

        response = browser.post(USERS, f"{USERS}ada/do/disable/")

        assert "Nobody disables themselves." in text_of(browser.get(response["Location"]))

    def test_are_signed_out_everywhere(self, browser: Browser, other_browser: Browser):
        other_browser.sign_in(sub="eva")
        admin(browser)

        browser.post(USERS, f"{USERS}eva/do/end-sessions/")

        assert not other_browser.is_in()

    @pytest.mark.parametrize("role", ["viewer", "editor", "approver", "member"])
    @pytest.mark.parametrize("address", [USERS, AUDIT, f"{AUDIT}verify/", f"{USERS}ada/change/"])
    def test_are_for_administrators(self, browser: Browser, role: str, address: str):
        browser.sign_in(sub="ada", groups=[role])

        response = browser.get(address)

        assert response.status_code == 403


class TestApiKeys:
    def make(self, browser: Browser, **typed: str) -> tuple[dict[str, str], str]:
        form = form_of(text_of(browser.open(f"{KEYS}add/")), name="Newsroom bot", scopes="read_message", **typed)
        return form, text_of(browser.post(f"{KEYS}add/", f"{KEYS}add/", **form))

    def token(self, page: str) -> str:
        found = re.search(r"<code>([0-9A-Z]{26}\.[\w-]{43})</code>", page)
        return found[1] if found else ""

    def test_are_shown_once(self, browser: Browser, table: Table):
        browser.sign_in(sub="alice")

        form, page = self.make(browser)
        again = text_of(browser.post(f"{KEYS}add/", f"{KEYS}add/", **form))

        token = self.token(page)
        assert authenticate(token=token, now=clock.now()).id == "alice"
        assert not self.token(again)
        assert "its secret was shown then" in again
        assert len(table.rows("KEY#")) == 1
        assert token.partition(".")[2] not in repr(table.dump())

    def test_are_refused_next_to_the_field(self, browser: Browser, table: Table):
        browser.sign_in(sub="alice", groups=["editor"])

        _form, page = self.make(browser, days="9999")

        assert re.search(r'errorlist".*?name="days" value="9999"', page, re.DOTALL)
        assert field(page, "name") == "Newsroom bot"
        assert not table.rows("KEY#")

    def test_are_rotated_and_revoked(self, browser: Browser, table: Table):
        browser.sign_in(sub="alice")
        _form, page = self.make(browser)
        key_id = self.token(page).partition(".")[0]

        rotated = self.token(text_of(browser.post(KEYS, f"{KEYS}{key_id}/do/rotate/")))
        assert authenticate(token=rotated, now=clock.now()).id == "alice"
        browser.post(KEYS, f"{KEYS}{key_id}/do/revoke/")

        with pytest.raises(KeyRefusedError):
            authenticate(token=rotated, now=clock.now())
        assert "Revoked" in text_of(browser.get(KEYS))

    def test_of_others_are_seen_by_administrators_only(self, browser: Browser, other_browser: Browser, table: Table):
        browser.sign_in(sub="alice")
        _form, page = self.make(browser)
        key_id = self.token(page).partition(".")[0]

        other_browser.sign_in(sub="bob", groups=["editor"])
        assert "Newsroom bot" not in text_of(other_browser.get(KEYS))
        assert other_browser.get(f"{KEYS}{key_id}/change/").status_code == 302
        assert failure_of(other_browser.post(KEYS, f"{KEYS}{key_id}/do/revoke/")) == (404, "gone")
        admin(other_browser)
        with counted() as asked:
            assert "Newsroom bot" in text_of(other_browser.get(KEYS))

        assert asked["Query"] == 1
        assert sum(asked.values()) <= 4


class TestTheAuditLog:
    def test_says_who_did_what_by_day(self, browser: Browser, put_account: PutAccount):
        account = put_account()
        admin(browser)
        browser.post(ACCOUNTS, f"{ACCOUNTS}{account.id}/do/pause/")

        with counted() as asked:
            page = text_of(browser.get(AUDIT))

        assert "Ada King" in page
        assert f"account:{account.id}" in page
        assert "<bdi>Paused</bdi>" in page
        assert asked["Query"] <= 3
        assert sum(asked.values()) <= 5

    def test_is_filtered_and_searched(self, browser: Browser, put_account: PutAccount):
        account = put_account()
        admin(browser)
        browser.post(ACCOUNTS, f"{ACCOUNTS}{account.id}/do/pause/")

        accounts_only = text_of(browser.get(f"{AUDIT}?did=account"))
        by_target = text_of(browser.get(f"{AUDIT}?q=account:{account.id}"))
        assert f'<a href="{ACCOUNTS}{account.id}/change/" title="account:{account.id}">Account ' in by_target
        yesterday = datetime.now(UTC) - timedelta(days=1)
        other_day = text_of(
            browser.get(f"{AUDIT}?at__year={yesterday.year}&at__month={yesterday.month}&at__day={yesterday.day}")
        )  # fmt: skip

        assert "user:ada" not in accounts_only
        assert f"account:{account.id}" in accounts_only
        assert f"account:{account.id}" in by_target
        assert f"account:{account.id}" not in other_day

    def test_shows_one_record_and_lets_nobody_change_it(self, browser: Browser, table: Table):
        admin(browser)
        record = table.records()[0]["SK"]["S"]
        address = f"{AUDIT}{record}/change/"

        page = text_of(browser.get(address))

        assert table.records()[0]["hash"]["S"] in page
        assert 'name="_save"' not in page
        assert browser.post(address, address, actor="somebody").status_code == 403
        assert browser.post(address, f"{AUDIT}{record}/delete/", post="yes").status_code == 403

    def test_is_verified(self, browser: Browser, table: Table):
        admin(browser)

        whole = text_of(browser.get(f"{AUDIT}verify/"))
        row = table.records()[0]
        table._client.put_item(TableName="test", Item={**row, "actor": {"S": "somebody else"}})
        broken = text_of(browser.get(f"{AUDIT}verify/"))

        assert "Whole" in whole
        assert "Broken" in broken
        assert "was changed or put elsewhere" in broken
