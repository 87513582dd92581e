"""Which platforms are simulated. A new one is a folder beside this file and one line here."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from local.platforms.bluesky import Bluesky
from local.platforms.email import Email
from local.platforms.facebook import Facebook
from local.platforms.linkedin import LinkedIn
from local.platforms.mastodon import Mastodon
from local.platforms.sms import Sms
from local.platforms.webhook import Webhook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.platforms.base import Platform

PLATFORMS: Mapping[str, type[Platform]] = MappingProxyType({
    "bluesky": Bluesky,
    "email": Email,
    "facebook": Facebook,
    "linkedin": LinkedIn,
    "mastodon": Mastodon,
    "sms": Sms,
    "webhook": Webhook,
})  # fmt: skip
