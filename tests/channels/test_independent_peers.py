"""An independent imitation of AWS takes what we send: the emulator, whose SES and SNS nobody here wrote."""

import json
import urllib.request

import pytest

from publishing.channels.base import border
from publishing.channels.base.registry import get_channel
from publishing.domain.account import Destination
from publishing.domain.outcome import Published, Reason, Rejected
from tests.channels.contract_aws import role  # noqa: F401 - a fixture
from tests.channels.simulated import build_account, build_submission, utc_now
from tests.emulator import Emulator

MAIL = {"region": "us-east-1", "sender": "news@example.org", "sender_name": "Küche", "recipient": "list@example.org"}
PHONE = {"region": "us-east-1", "number": "+12065550100", "sender_id": "EXAMPLE"}


@pytest.fixture
def publish(emulator: Emulator, monkeypatch, client):
    """Publish at the emulator."""

    def publish(kind, settings, submission):
        channel = get_channel(kind)
        account = build_account(kind, emulator.url, **settings)
        payload = channel.build(submission, account)
        destination = Destination(account=account, credential="")
        return border.publish(channel, payload, destination, client.courier(), now=utc_now())

    return publish


def read(emulator: Emulator, path: str):
    with urllib.request.urlopen(f"{emulator.url}/_ministack/{path}", timeout=10) as answer:
        return json.loads(answer.read())


@pytest.mark.usefixtures("role")
class TestTheEmulator:
    def test_takes_a_mail(self, emulator, publish):
        emulator.client("sesv2").create_email_identity(EmailIdentity="news@example.org")

        outcome = publish("email", MAIL, build_submission("Grüße 👋🏽", title="Opening", key="key-peer"))

        assert isinstance(outcome, Published)
        assert "Grüße 👋🏽" in json.dumps(read(emulator, "ses/messages"), ensure_ascii=False)

    def test_refuses_a_sender_that_is_not_verified(self, emulator, publish):
        outcome = publish("email", {**MAIL, "sender": "stranger@elsewhere.example"}, build_submission())

        assert (type(outcome), getattr(outcome, "reason", None)) == (Rejected, Reason.PERMISSION)

    def test_takes_a_text_message(self, emulator, publish):
        outcome = publish("sms", PHONE, build_submission("Grüße & 👋🏽 + 100 %"))

        assert isinstance(outcome, Published)
        assert "Grüße & 👋🏽 + 100 %" in json.dumps(read(emulator, "sns/sms-messages"), ensure_ascii=False)
