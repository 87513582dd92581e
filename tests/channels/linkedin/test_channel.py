"""The LinkedIn channel."""

from typing import ClassVar

from local.platforms.linkedin.platform import ORGANIZATION
from tests.channels.contract import ChannelContract


class TestLinkedIn(ChannelContract):
    kind = "linkedin"
    secret = "token"
    settings: ClassVar = {"remote_id": ORGANIZATION}
    carries_key = False
    header_is_proof = True
    states_waiting_time = False
