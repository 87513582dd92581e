"""The services' context as the web process is configured: made once, for the API and the desk alike."""

import os
from functools import cache

from publishing.adapters.functions import SchedulerWaker
from publishing.config import Config
from publishing.domain.timing import Timing
from publishing.http import OutgoingPolicy
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
        stream_name=config.kinesis_stream_name,
        key_id=config.kms_key_id,
        outgoing=OutgoingPolicy(allow_private=config.allow_private_networks),
    )
