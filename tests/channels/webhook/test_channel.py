"""The webhook channel."""

from tests.channels.contract import ChannelContract


class TestWebhook(ChannelContract):
    kind = "webhook"
    secret = "secret"
    status_is_proof = True
