"""The canary, as cron and pipelines send it: by the whole path, to a receiver on a real socket."""

import logging
import threading
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from publishing.adapters import clock
from publishing.domain.draft import AccountChanges, MessageFilter
from publishing.domain.permissions import SYSTEM
from publishing.services import queries
from publishing.services.connecting import change_account
from publishing.services.halting import set_stop_switch
from tests.system import System


def canary(*arguments: str) -> str:
    out = StringIO()
    call_command("canary", *arguments, stdout=out)
    return out.getvalue()


def written() -> int:
    """How many messages there are."""
    page = queries.list_messages(actor=SYSTEM, filter=MessageFilter(), cursor=None, limit=50, now=clock.now())
    return len(page.rows)


class Heard(logging.Handler):
    """Keeps what was logged."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record)


@pytest.fixture
def minute(monkeypatch: pytest.MonkeyPatch):
    """A clock that is never so near the end of a minute that a test falls into two of them."""
    shift = timedelta(seconds=-clock.now().second)
    real = clock.now
    monkeypatch.setattr(clock, "now", lambda: real() + shift)


@pytest.fixture
def running(system: System, minute):
    """The system with a scheduler and a worker that go on by themselves."""
    is_over = threading.Event()

    def go_on() -> None:
        while not is_over.wait(0.1):
            system.tick()
            system.work()

    thread = threading.Thread(target=go_on)
    thread.start()
    yield system
    is_over.set()
    thread.join()


class TestACanary:
    def test_arrives_once_a_minute_and_is_read_back_with_its_lateness(self, running: System):
        account = running.connect("webhook", "canary")

        said = canary("--account", account.id)
        again = canary("--account", account.id)

        (post,) = running.posts()
        assert "The canary arrived" in said
        assert "s after its due time, as " in said
        assert "This minute's canary arrived" in again
        assert post["text"].startswith("omnipub canary 20")
        assert written() == 1

    def test_goes_to_the_account_of_the_environment(self, running: System, monkeypatch):
        monkeypatch.setenv("OMNIPUB_CANARY_ACCOUNT", running.connect("webhook", "canary").id)

        assert "The canary arrived" in canary()

    @pytest.mark.usefixtures("minute")
    def test_that_nobody_carries_out_is_cancelled_and_never_goes_out_later(self, system: System):
        account = system.connect("webhook", "canary")

        with pytest.raises(CommandError, match=r"did not arrive within 1 s: .* is cancelled\.") as caught:
            canary("--account", account.id, "--limit", "1")

        system.settle()
        assert caught.value.returncode == 1
        assert system.posts() == []

    def test_that_meets_the_stop_switch_says_so(self, running: System):
        account = running.connect("webhook", "canary")
        set_stop_switch(actor=SYSTEM, is_on=True, now=clock.now())

        with pytest.raises(CommandError, match=r"manage\.py dispatch resume"):
            canary("--account", account.id, "--limit", "1")

        assert running.posts() == []

    def test_whose_answer_was_lost_is_said_to_be_in_doubt(self, running: System):
        account = running.connect("webhook", "canary")
        running.misbehave("webhook", "accept_and_hang_up")

        with pytest.raises(CommandError, match=r"is un(known|confirmed)\. It may still be published") as caught:
            canary("--account", account.id, "--limit", "8")

        assert caught.value.returncode == 1
        assert len(running.posts()) == 1

    def test_is_logged_for_the_alarm(self, running: System):
        account, heard = running.connect("webhook", "canary"), Heard()
        logger = logging.getLogger("publishing.services.canary")
        logger.addHandler(heard)

        canary("--account", account.id)
        set_stop_switch(actor=SYSTEM, is_on=True, now=clock.now())
        with pytest.raises(CommandError):
            canary("--account", running.connect("webhook", "second").id, "--limit", "1")

        logger.removeHandler(heard)
        assert [(line.msg, line.levelname) for line in heard.lines] == [
            ("canary.arrived", "INFO"),
            ("canary.failed", "ERROR"),
        ]
        arrived, failed = (vars(line)["late_ms"] for line in heard.lines)
        assert 0 <= arrived < 20_000
        # At least as late as was waited for: with 20 s, the alarm on lateness goes off.
        assert failed >= 1_000


class TestNoCanary:
    def test_is_sent_where_others_would_see_it(self, system: System):
        public = system.connect("mastodon", "news")
        opened = system.connect("webhook", "newsroom", open_to_members=True)

        with pytest.raises(CommandError, match="others would see the canary") as caught:
            canary("--account", public.id)
        with pytest.raises(CommandError, match="is open to members"):
            canary("--account", opened.id)

        assert caught.value.returncode == 2
        assert written() == 0

    def test_is_sent_to_a_paused_account(self, system: System):
        account = system.connect("webhook", "canary")
        change_account(
            actor=SYSTEM,
            account_id=account.id,
            changes=AccountChanges(is_paused=True),
            rev=None,
            now=clock.now(),
            context=system.context,
        )

        with pytest.raises(CommandError, match="is paused and receives nothing"):
            canary("--account", account.id)

    @pytest.mark.usefixtures("table")
    def test_is_sent_without_an_account(self):
        with pytest.raises(CommandError, match="canary --account <its id>"):
            canary()
        with pytest.raises(CommandError, match="no such"):
            canary("--account", "01KBCD0000000000000000000B")

    @pytest.mark.parametrize("limit", ["0", "nan", "1e9"])
    def test_is_waited_for_without_end(self, limit):
        with pytest.raises(CommandError, match="from 1 to 600"):
            canary("--limit", limit)
