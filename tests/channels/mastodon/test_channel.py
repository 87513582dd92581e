"""The Mastodon channel."""

from tests.channels.contract import ChannelContract


class TestMastodon(ChannelContract):
    kind = "mastodon"
    secret = "token"
