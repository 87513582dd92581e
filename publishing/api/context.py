"""What the process knows once and every view needs: the services' context, and the clock."""

import os
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Final

from publishing.adapters import clock
from publishing.adapters.sns import Inbox
from publishing.config import Config
from publishing.domain.limits import API_PER_KEY, API_PER_USER, Limit
from publishing.domain.permissions import Actor
from publishing.http import HttpClient, OutgoingPolicy
from publishing.services.configured import context as context
from publishing.services.configured import public_url as public_url

#: Seconds for reading a certificate or confirming a subscription; SNS waits 15 for an answer.
_CALL_SECONDS: Final = 5.0


@cache
def mail_inbox() -> Inbox | None:
    """Return what opens notifications about mail; None where no topic is configured."""
    config = Config.from_environment(os.environ)
    if not config.mail_topics:
        return None
    policy = OutgoingPolicy(allow_private=config.allow_private_networks)
    http = HttpClient(policy, call_seconds=_CALL_SECONDS)
    return Inbox(topics=config.mail_topics, http=http, address=config.sns_address)


@cache
def _counts() -> tuple[Limit, Limit]:
    config = Config.from_environment(os.environ)
    return replace(API_PER_USER, count=config.api_limit), replace(API_PER_KEY, count=config.api_key_limit)


def api_limit(actor: Actor) -> Limit:
    """Return how often this actor may ask the API, as this process is configured."""
    per_user, per_key = _counts()
    return per_user if actor.key_id is None else per_key


def read_clock() -> datetime:
    """Return the present time. A view asks once per request and hands it on."""
    return clock.now()
