"""What the process knows once and every view needs: configuration, the services' context, and the clock's hand."""

import os
from datetime import datetime
from functools import cache

from publishing.adapters import clock
from publishing.config import Config
from publishing.domain.timing import Timing
from publishing.services.context import Context


@cache
def config() -> Config:
    """Return the configuration of this process."""
    return Config.from_environment(os.environ)


def read_clock() -> datetime:
    """Return the present time. A view asks once per request."""
    return clock.now()


class _NoScheduler:
    def wake(self) -> None: ...


@cache
def context() -> Context:
    """Return what use cases need."""
    return Context(waker=_NoScheduler(), review_on=config().review_on)
