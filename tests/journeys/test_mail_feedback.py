"""Mail whose fate Amazon SES reports: over real sockets, signed, to the running application."""

import threading
import time
from collections.abc import Iterator
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.wsgi import get_wsgi_application

from local.plan import TOPIC
from publishing.adapters import clock as adapter
from publishing.api import context
from publishing.domain.account import Account, AccountStatus
from publishing.domain.delivery import DeliveryState
from publishing.domain.errors import InvalidError
from publishing.domain.message import MessageStatus, MessageWithDeliveries
from publishing.domain.permissions import Role
from publishing.services.blocking import unblock_account
from publishing.store import accounts
from publishing.store.feedback import list_feedback
from tests.builders import build_actor
from tests.mail import SETTINGS
from tests.system import System

S = DeliveryState


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def application() -> Iterator[WSGIServer]:
    """The web process, served on loopback."""
    server = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=_QuietHandler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def mail_hook(application: WSGIServer) -> str:
    return f"http://127.0.0.1:{application.server_port}/hooks/ses/"


@pytest.fixture
def mailing(system: System, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    """The system, in which the application takes the reports of the simulated service."""
    monkeypatch.setenv("OMNIPUB_MAIL_TOPICS", TOPIC)
    monkeypatch.setenv("OMNIPUB_SNS_ADDRESS", f"{system.platforms.url}/sns")
    context.mail_inbox.cache_clear()
    yield system
    context.mail_inbox.cache_clear()


def connect(system: System, recipient: str = "readers@example.org") -> Account:
    settings = {**SETTINGS, "recipient": recipient, "configuration_set": "events"}
    return system.connect("email", "newsletter", settings=settings)


def publish(system: System, account: Account) -> str:
    message_id = system.publish(account).message.id
    system.tick()
    system.work()
    return message_id


def reported(system: System, message_id: str, count: int) -> tuple[MessageWithDeliveries, list[str]]:
    """The message, once so many reports about its mail were answered, and what they said."""
    give_up_at = time.monotonic() + 60
    while [one["status"] for one in system.notifications()] != [200] * count:
        assert time.monotonic() < give_up_at, system.notifications()
        time.sleep(0.05)
    kinds = [one.kind.value for one in list_feedback(message_id, "email")]
    return system.read(message_id), kinds


class TestAMail:
    def test_is_shown_as_delivered(self, mailing: System):
        message_id = publish(mailing, connect(mailing))

        found, kinds = reported(mailing, message_id, 2)

        assert (found.message.status, sorted(kinds)) == (MessageStatus.PUBLISHED, ["delivered", "sent"])

    def test_whose_answer_was_lost_is_settled_by_its_report(self, mailing: System):
        account = connect(mailing)
        mailing.misbehave("email", "accept_and_hang_up")

        message_id = publish(mailing, account)

        found, _ = reported(mailing, message_id, 2)
        (post,) = mailing.posts()
        assert found.message.status is MessageStatus.PUBLISHED
        assert found.deliveries[0].publication is not None
        assert found.deliveries[0].publication.id == post["id"]

    def test_whose_answer_was_lost_stays_in_doubt_without_a_report(self, mailing: System):
        settings = {**SETTINGS, "recipient": "readers@example.org"}
        account = mailing.connect("email", "newsletter", settings=settings)
        mailing.misbehave("email", "accept_and_hang_up")

        message_id = publish(mailing, account)

        assert mailing.notifications() == []
        assert mailing.read(message_id).deliveries[0].state is S.UNKNOWN

    def test_that_bounces_stays_published_and_blocks_its_account(self, mailing: System):
        account = connect(mailing, "bounce@example.org")

        message_id = publish(mailing, account)

        found, kinds = reported(mailing, message_id, 2)
        assert (found.message.status, sorted(kinds)) == (MessageStatus.PUBLISHED, ["bounced", "sent"])
        assert accounts.get_account(account.id).status is AccountStatus.BLOCKED
        with pytest.raises(InvalidError, match="is blocked"):
            mailing.publish(account)

    def test_to_a_blocked_account_fails_before_anything_is_sent(self, mailing: System):
        account = connect(mailing, "complaint@example.org")
        waiting = mailing.publish(account).message.id
        mailing.tick()
        held, mailing.stream[:] = list(mailing.stream), []
        first = publish(mailing, account)
        reported(mailing, first, 3)

        mailing.handle(held)

        (delivery,) = mailing.read(waiting).deliveries
        assert (delivery.state, delivery.claims, len(mailing.posts())) == (S.FAILED, 0, 1)
        assert delivery.problem is not None
        assert delivery.problem.detail == "The recipient complained about the mail (abuse)."

    def test_goes_out_again_once_an_administrator_lifted_the_block(self, mailing: System):
        account = connect(mailing, "bounce@example.org")
        reported(mailing, publish(mailing, account), 2)
        admin = build_actor(Role.ADMIN)

        unblock_account(actor=admin, account_id=account.id, now=adapter.now())
        publish(mailing, accounts.get_account(account.id))

        assert len(mailing.posts()) == 2

    def test_is_reported_on_again_after_the_application_was_away(self, mailing: System, monkeypatch):
        monkeypatch.setenv("OMNIPUB_SNS_ADDRESS", "http://127.0.0.1:9/sns")
        context.mail_inbox.cache_clear()
        message_id = publish(mailing, connect(mailing))
        assert [one["status"] for one in mailing.notifications()] == [None, None]
        monkeypatch.setenv("OMNIPUB_SNS_ADDRESS", f"{mailing.platforms.url}/sns")
        context.mail_inbox.cache_clear()

        _, kinds = reported(mailing, message_id, 2)

        assert sorted(kinds) == ["delivered", "sent"]
