"""What the process knows once and every view needs: the services' context, and the clock."""

import os
from datetime import datetime
from functools import cache

from publishing.adapters import clock
from publishing.adapters.functions import SchedulerWaker
from publishing.config import Config
from publishing.domain.timing import Timing
from publishing.services.context import Context


@cache
def context() -> Context:
    """Return what use cases need besides the table, as this process is configured."""
    config = Config.from_environment(os.environ)
    return Context(
        waker=SchedulerWaker(config.scheduler_function),
        timing=Timing(late=config.late_limit).divided_by(config.time_divisor),
        review_on=config.review_on,
        media_bucket=config.media_bucket,
        media_url=config.media_url,
    )


def read_clock() -> datetime:
    """Return the present time. A view asks once per request and hands it on."""
    return clock.now()


def public_url(key: str) -> str:
    """Return where anybody who knows it can fetch a file of a medium."""
    return f"{context().media_url}/{key}"
