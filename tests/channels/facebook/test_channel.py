"""The Facebook channel."""

from tests.channels.contract import ChannelContract


class TestFacebook(ChannelContract):
    kind = "facebook"
    secret = "token"
    carries_key = False
