"""What use cases of a request need besides the table, as this process is configured. Desk and API share it."""

import os
from functools import cache

from publishing.adapters.functions import SchedulerWaker
from publishing.adapters.transports import transport_of
from publishing.config import Config
from publishing.domain.timing import Timing
from publishing.http import OutgoingPolicy
from publishing.services.context import Context


@cache
def context() -> Context:
    """Return the context; the environment is read once a process."""
    config = Config.from_environment(os.environ)
    return Context(
        waker=SchedulerWaker(config.scheduler_function),
        timing=Timing(late=config.late_limit).divided_by(config.time_divisor),
        review_on=config.review_on,
        review_own=config.review_own,
        series_horizon=config.series_horizon,
        media_bucket=config.media_bucket,
        media_url=config.media_url,
        hints=transport_of(config),
        key_id=config.kms_key_id,
        outgoing=OutgoingPolicy(allow_private=config.allow_private_networks),
    )


def public_url(key: str) -> str:
    """Return where anybody who knows it can fetch a file of a medium."""
    return f"{context().media_url}/{key}"
