"""Web sessions: until when they live, and that they end at once everywhere."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings

from publishing.domain.errors import ConflictError, NotAllowedError, UnavailableError
from publishing.domain.permissions import Actor, Role
from publishing.domain.user import ProvenIdentity
from publishing.domain.web_session import SessionLimits, SessionToken, new_session_token, read_session_token
from publishing.services import signing_in
from publishing.services.signing_in import disable_user, resume, sign_out_everywhere
from publishing.store import users
from tests.api.conftest import Table
from tests.builders import NOW
from tests.clock import Clock
from tests.web.conftest import Browser, failure_of

ADMIN = Actor(id="an-admin", roles=frozenset({Role.ADMIN}))
EDITOR = Actor(id="an-editor", roles=frozenset({Role.EDITOR}))


class TestASession:
    def test_ends_at_once_for_every_copy_of_its_cookie(
        self, browser: Browser, other_browser: Browser, sessions: Callable[[], int]
    ):
        browser.sign_in()
        other_browser.session = browser.session
        assert other_browser.is_in()

        response = browser.post("/admin/", "/auth/logout/")

        assert response.status_code == 200
        assert not other_browser.is_in()
        assert (browser.session, sessions()) == ("", 0)

    def test_can_be_ended_from_another_browser(self, browser: Browser, other_browser: Browser):
        browser.sign_in()
        other_browser.sign_in()
        page = browser.get("/admin/me/").content.decode()
        assert "Firefox on Linux" in page
        assert "Safari on iPhone" in page
        token = read_session_token(other_browser.session)
        assert token

        response = browser.post("/admin/", "/admin/sessions/end/", session=token.key)

        assert response["Location"] == "/admin/me/"
        assert "That browser is signed out." in browser.get("/admin/me/").content.decode()
        assert not other_browser.is_in()
        assert browser.is_in()

    def test_of_somebody_else_cannot_be_ended(self, browser: Browser, other_browser: Browser):
        browser.sign_in()
        other_browser.sign_in(sub="bob")
        token = read_session_token(other_browser.session)
        assert token

        response = browser.post("/admin/", "/admin/sessions/end/", session=token.key)

        assert failure_of(response) == (404, "gone")
        assert other_browser.is_in()

    @pytest.mark.parametrize("key", ["", "x", "A" * 64, "PROFILE", "\x00"])
    def test_that_is_none_is_gone(self, browser: Browser, key: str):
        browser.sign_in()

        assert failure_of(browser.post("/admin/", "/admin/sessions/end/", session=key)) == (404, "gone")
        assert browser.is_in()

    def test_ends_with_all_others_of_its_user(self, browser: Browser, other_browser: Browser, table: Table):
        browser.sign_in()
        other_browser.sign_in()

        response = browser.post("/admin/", "/admin/sessions/end-all/")

        assert response["Location"] == "/auth/logout/"
        assert not browser.is_in()
        assert not other_browser.is_in()
        assert "user.sign_out_everywhere" in str(table.rows("AUDIT#"))

    def test_ends_when_its_user_is_disabled(self, browser: Browser):
        browser.sign_in()

        disable_user(actor=ADMIN, user_id="ada-1", now=NOW)

        assert not browser.is_in()

    def test_ends_after_two_idle_hours(self, browser: Browser, clock: Clock):
        browser.sign_in()
        clock.move(minutes=119)
        assert browser.is_in()

        clock.move(minutes=121)

        assert not browser.is_in()

    def test_ends_after_eight_hours_of_work(self, browser: Browser, clock: Clock):
        browser.sign_in()
        for _ in range(7):
            clock.move(hours=1)
            assert browser.is_in()

        clock.move(minutes=61)

        assert not browser.is_in()

    def test_lives_as_long_as_is_configured_now(self, browser: Browser, clock: Clock):
        browser.sign_in()
        token = read_session_token(browser.session)
        assert token
        limits = SessionLimits(lifetime=timedelta(minutes=30))
        clock.move(minutes=31)

        assert resume(token=token, limits=limits, now=clock.now()) is None

    def test_is_noted_in_use_seldom_and_never_brought_back_to_life(
        self, browser: Browser, table: Table, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ):
        browser.sign_in()
        before = table.snapshot()
        clock.move(minutes=4)
        assert browser.is_in()
        assert table.snapshot() == before
        clock.move(minutes=2)
        find = users.find_session

        def find_and_be_late(user_id: str, key: str) -> object:
            found = find(user_id, key)
            monkeypatch.setattr(users, "find_session", find)
            signing_in.sign_out(token=token, now=clock.now())
            return found

        token = _token(browser)
        # Signed out in another tab between the read and the note.
        monkeypatch.setattr(users, "find_session", find_and_be_late)

        assert resume(token=token, limits=SessionLimits(), now=clock.now()) is None
        assert not browser.is_in()

    def test_is_not_taken_for_ended_while_the_table_is_away(self, browser: Browser, monkeypatch: pytest.MonkeyPatch):
        browser.sign_in()

        def away(*_: object) -> None:
            raise UnavailableError("the inside")

        with monkeypatch.context() as patch:
            patch.setattr(users, "find_session", away)
            response = browser.get("/admin/")

        assert failure_of(response) == (503, "unavailable")
        assert "the inside" not in response.content.decode()
        assert browser.is_in()

    def test_opens_no_door_of_the_api(self, browser: Browser):
        browser.sign_in()

        assert browser.get("/api/v1/me/").status_code == 401


def _token(browser: Browser) -> SessionToken:
    token = read_session_token(browser.session)
    assert token
    return token


class TestACookie:
    @pytest.mark.parametrize(
        "value",
        [
            "",
            ".",
            "YWRhLTE.",
            f"YWRhLTE.{'x' * 43}",
            f"YWRhLTE.{'x' * 44}",
            f".{'x' * 43}",
            f"!!!.{'x' * 43}",
            f"YSNi.{'x' * 43}",
            f"//79.{'x' * 43}",
            "x" * 9_000,
            "YWRhLTE.PROFILE",
        ],
    )
    def test_that_nobody_was_given_leads_to_the_log_in_page(self, browser: Browser, value: str):
        browser.sign_in()
        browser.session = value

        response = browser.get("/admin/?page=2")

        assert response.status_code == 302
        assert response["Location"].startswith("/auth/login/?next=/admin/%3Fpage%3D2")
        assert response.cookies[settings.SESSION_TOKEN_COOKIE].value == ""

    def test_with_the_secret_of_another_user_proves_nothing(self, browser: Browser, other_browser: Browser):
        browser.sign_in()
        other_browser.sign_in(sub="bob")
        bob, ada = _token(other_browser), _token(browser)

        browser.session = SessionToken(user_id=bob.user_id, secret=ada.secret).encode()

        assert not browser.is_in()

    @pytest.mark.parametrize("user_id", ["ada-1", "auth0|5f7c8ec7", "ü.ñ/漢", "a" * 128])
    def test_says_whose_session_it_is_for_any_id(self, user_id: str):
        token = new_session_token(user_id)

        assert read_session_token(token.encode()) == token
        assert token.secret not in repr(token)


class TestUsers:
    def test_are_disabled_and_signed_out_by_administrators_only(self, browser: Browser):
        browser.sign_in()

        with pytest.raises(NotAllowedError):
            disable_user(actor=EDITOR, user_id="ada-1", now=NOW)
        with pytest.raises(NotAllowedError):
            sign_out_everywhere(actor=EDITOR, user_id="ada-1", now=NOW)
        assert browser.is_in()
        sign_out_everywhere(actor=ADMIN, user_id="ada-1", now=NOW)
        assert not browser.is_in()

    def test_do_not_disable_themselves(self, table: Table):
        with pytest.raises(ConflictError):
            disable_user(actor=ADMIN, user_id=ADMIN.id, now=NOW)

    def test_that_sign_in_at_the_same_time_for_the_first_time_both_come_in(
        self, table: Table, monkeypatch: pytest.MonkeyPatch
    ):
        identity = ProvenIdentity(id="ada-1", roles=frozenset({Role.EDITOR}), name="Ada")
        now = datetime.now(UTC)
        find = users.find_user

        def find_before_the_other(user_id: str) -> object:
            found = find(user_id)
            monkeypatch.setattr(users, "find_user", find)
            signing_in.sign_in(identity=identity, browser="first", limits=SessionLimits(), now=now)
            return found

        monkeypatch.setattr(users, "find_user", find_before_the_other)
        second = signing_in.sign_in(identity=identity, browser="second", limits=SessionLimits(), now=now)

        assert second.user.rev == 2
        assert {one.browser for one in users.list_sessions("ada-1")} == {"first", "second"}
        records = [row["action"]["S"] for row in table.rows("AUDIT#") if row["SK"]["S"] != "HEAD"]
        assert sorted(records) == ["audit.day", "user.create", "user.sign_in"]
