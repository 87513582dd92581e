"""The desk in German: what use cases, channels and limits say in English, on the pages where people meet it."""

import html
import json
import re
from dataclasses import replace

import pytest
from django.utils import translation

from publishing.admin import composing
from publishing.admin.sentences import say
from publishing.domain.account import AccountStatus
from publishing.domain.attempt import AttemptOutcome
from publishing.domain.delivery import DeliveryState
from publishing.domain.limits import PREVIEW as LIMIT
from publishing.domain.message import MessageStatus
from publishing.domain.outcome import Problem, Reason
from publishing.services.sentences import problem
from tests.api.conftest import Table, put_account
from tests.web.composer import PutAccount, Writer, set_status, stored, tomorrow
from tests.web.conftest import Browser
from tests.web.desk import now, put_attempt, put_delivery, put_message, put_published
from tests.web.desk import put_account as put_account_of_any_kind
from tests.web.test_library import put as put_medium
from tests.web.test_message_page import act, read, told

__all__ = ["put_account"]

S, D = MessageStatus, DeliveryState


@pytest.fixture
def browser(browser: Browser) -> Browser:
    browser.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de-DE,de;q=0.9,en;q=0.5"
    return browser


@pytest.fixture
def writer(browser: Browser) -> Writer:
    return Writer(browser)


def shown(page: str) -> str:
    """What a page says, without its markup."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


class TestAPageInGerman:
    def test_leaves_the_thread_as_it_was(self, browser: Browser):
        page = browser.get("/auth/login/").content.decode()

        assert 'lang="de"' in page
        assert translation.get_language() == "en"


class TestTheComposer:
    def test_says_what_a_channel_does_not_take(self, writer: Writer, put_account: PutAccount):
        sky, sms = put_account(channel="bluesky", name="Sky"), put_account(channel="sms", name="Phones")
        picture = put_medium(owner="alice")
        writer.open()

        answer = writer.preview(
            text="x" * 1_400, accounts=[sky.id, sms.id], media=json.dumps([{"id": picture.id, "alt_text": ""}]),
            **tomorrow(),
        ).json()  # fmt: skip

        by_channel = {one["channel"]: one for one in answer["accounts"]}
        assert by_channel["bluesky"]["unit"] == "Zeichen"
        assert [each["detail"] for each in by_channel["bluesky"]["problems"]] == [
            "Bluesky erlaubt 300 Zeichen, hier sind es 1.400. Kürzen Sie um 1.100."
        ]
        assert by_channel["bluesky"]["warnings"] == [
            "Das Bild hat keine Beschreibung. Wer es nicht sehen kann, erfährt nicht, was darauf ist."
        ]
        assert "Auf SMS lassen sich keine Bilder veröffentlichen. Entfernen Sie sie." in [
            each["detail"] for each in by_channel["sms"]["problems"]
        ]
        assert by_channel["sms"]["facts"][-1] == "Insgesamt 1.400 Einheiten in GSM-7."

    def test_counts_pictures(self, writer: Writer, put_account: PutAccount):
        toot = put_account(channel="mastodon", name="Toot")
        pictures = [{"id": put_medium(owner="alice").id, "alt_text": "Sky"} for _ in range(6)]
        writer.open()

        writer.send("check", text="Hi", accounts=toot.id, media=json.dumps(pictures))

        assert "Mastodon erlaubt 4 Bilder, hier sind es 6. Entfernen Sie 2." in shown(writer.page)

    def test_says_what_is_wrong_with_each_field(self, writer: Writer, put_account: PutAccount):
        put_account(name="Hook")
        typed = {"text": "", "title": "x" * 1_301, "accounts": "nobody"}
        writer.open()

        writer.send("schedule", **typed, date="2020-01-01", time="09:00", zone="UTC")

        assert writer.problems() == [
            "1. Jan 2020, 09:00 Uhr UTC ist vorbei. Wählen Sie eine spätere Zeit, oder veröffentlichen Sie sofort."
        ]
        writer.send("schedule", **typed, **tomorrow())
        assert set(writer.problems()) == {
            "Der Text ist leer. Schreiben Sie, was veröffentlicht werden soll.",
            "Der Titel hat 1.301 Zeichen, möglich sind höchstens 300. Kürzen Sie ihn.",
            "Dieses Konto gibt es nicht. Sehen Sie in der Liste der Konten nach, welche Sie verwenden können.",
        }

    def test_says_that_an_account_cannot_be_used(self, writer: Writer, put_account: PutAccount):
        paused = put_account(name="Failed: the press", status=AccountStatus.PAUSED)
        writer.open()

        writer.send("schedule", text="Hi", accounts=paused.id, **tomorrow())

        assert writer.problems() == [
            "Failed: the press hat den Status „Pausiert“. Wählen Sie ein anderes Konto, oder verbinden Sie es neu."
        ]

    def test_says_when_it_is_too_late(self, writer: Writer, put_account: PutAccount, table: Table):
        account = put_account()
        writer.open()
        saved = stored(writer.send(text="Hi", accounts=account.id))
        writer.open(f"/admin/compose/{saved.message.id}/")
        set_status(table, saved, "publishing")

        response = writer.send(text="Hello", accounts=account.id)

        assert response.status_code == 409
        (said,) = writer.problems()
        assert said.startswith("Die Nachricht hat den Status „Wird veröffentlicht“; bearbeiten lässt sich nur")

    def test_says_when_it_was_asked_too_often(self, writer: Writer, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(composing, "PREVIEW", replace(LIMIT, count=1, block=1))
        writer.open()
        writer.preview(text="Hi")
        writer.open()

        limited = writer.preview(text="Hi")

        assert limited.status_code == 429
        said = limited.json()["detail"]
        assert re.fullmatch(r"Vorschau abrufen: höchstens 1-mal pro Minute möglich\. Warten Sie \d+ Sekunden?\.", said)


class TestAMessagesPage:
    @pytest.mark.parametrize(
        ("told_by", "expected"),
        [
            (
                problem(Reason.LOST_SIGHT, channel="Bluesky", retryable=False),
                "Die Verbindung brach ab, während Bluesky veröffentlichen sollte. Nach Belegen wird gesucht.",
            ),
            (
                Problem(
                    code="unavailable",
                    detail="Mastodon could not be reached. The server's name could not be resolved.",
                    retryable=True,
                ),
                "Mastodon war nicht erreichbar. Der Name des Servers ließ sich nicht auflösen.",
            ),
            (
                Problem(code="content", detail="“No such thing.” said their server, in its words.", retryable=False),
                "“No such thing.” said their server, in its words.",
            ),
        ],
    )
    def test_says_what_is_wrong_with_a_delivery(self, browser: Browser, told_by: Problem, expected: str):
        browser.sign_in()
        message = put_message(S.NEEDS_ATTENTION)
        put_delivery(message, D.FAILED, problem=told_by)

        assert expected in shown(read(browser, message))

    def test_says_why_an_attempt_failed(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.FAILED)
        failed = put_delivery(message, D.FAILED)
        put_attempt(
            failed, ended_at=now(), outcome=AttemptOutcome.DEFERRED, reason=Reason.RATE,
            detail="Webhook asks to wait until 2026-11-22 09:30 UTC.",
        )  # fmt: skip

        assert "Webhook bittet darum, bis 22. Nov 2026, 09:30 Uhr UTC zu warten." in shown(read(browser, message))

    def test_says_that_there_is_nothing_to_stop(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.PUBLISHED)
        put_published(message)

        _, page = act(browser, message, "cancel")

        assert [html.unescape(each) for each in told(page)] == [
            "Die Nachricht hat den Status „Veröffentlicht“: Es gibt nichts zu stoppen."
        ]

    def test_says_that_it_is_too_late_to_retry(self, browser: Browser):
        browser.sign_in()
        message = put_message(S.PUBLISHED)
        done = put_published(message)

        _, page = act(browser, message, f"deliveries/{done.id}/retry")

        (said,) = told(page)
        assert html.unescape(said) == (
            "Die Zustellung hat den Status „Veröffentlicht“; "
            "wiederholen lässt sich nur eine fehlgeschlagene oder abgebrochene."
        )


class TestOtherPages:
    def test_say_what_is_wrong_with_an_account(self, browser: Browser):
        browser.sign_in(groups=["admin"])
        account = put_account_of_any_kind(
            channel="mastodon", name="Toot", status=AccountStatus.NEEDS_REAUTH,
            problem=Problem(code="credential", detail="Mastodon asks to wait.", retryable=True),
        )  # fmt: skip

        assert "Mastodon bittet darum, zu warten." in html.unescape(
            browser.get(f"/admin/publishing/account/{account.id}/change/").content.decode()
        )
        assert "Mastodon bittet darum, zu warten." in html.unescape(
            browser.get("/admin/publishing/account/").content.decode()
        )

    @pytest.mark.parametrize(
        "path",
        ["/admin/publishing/account/", "/admin/publishing/account/add/", "/admin/publishing/account/add/?channel=email",
         "/admin/publishing/message/", "/admin/compose/"],
    )  # fmt: skip
    def test_call_channels_by_german_words(self, browser: Browser, path: str):
        browser.sign_in(groups=["admin"])
        put_account_of_any_kind(channel="email", name="Newsletter")

        page = browser.open(path).content.decode()

        assert "E-Mail" in page
        assert not re.search(r"\bEmail\b", page)

    def test_call_channels_by_german_words_in_sentences(self):
        with translation.override("de"):
            assert say("Email was not called. It is 9.").startswith("E-Mail ")
            assert say("The Email account is no longer connected. Connect it again, then retry.") == (
                "Das Konto bei E-Mail ist nicht mehr verbunden. Verbinden Sie es neu und wiederholen Sie dann."
            )

    def test_name_the_browser(self, browser: Browser):
        browser.sign_in()

        assert "Firefox unter Linux" in shown(browser.get("/admin/me/").content.decode())
