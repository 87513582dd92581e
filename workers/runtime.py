"""What a cold start builds, once per process: configuration, the table, the HTTP client."""

import os
import random
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Protocol

from publishing import logs
from publishing.config import Config
from publishing.domain.timing import Timing
from publishing.store.binding import bind


class LambdaContext(Protocol):
    """What AWS passes to a handler beside the event."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Return how long the invocation may still run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """What every invocation of this process shares."""

    config: Config
    timing: Timing
    #: Chance for jitter and tokens. Seeded by the operating system.
    random: random.Random


@cache
def runtime(*needs: str | tuple[str, ...]) -> Runtime:
    """Build the runtime. `needs` names variables that this function cannot do without; a tuple, alternatives.

    Raises ConfigError naming everything that is missing at once: the function then fails at its start, visibly.
    """
    config = Config.from_environment(os.environ, needs=needs)
    logs.configure(config.log_level)
    timing = timing_of(config)
    timing.check()
    bind(config.table_name, timer_shards=config.timer_shards)
    return Runtime(config=config, timing=timing, random=random.SystemRandom())


def starts_function() -> bool:
    """Tell whether Lambda's runtime is importing this process's handler now: the time to build what invocations share.

    AWS gives that phase a full CPU and sets the variable; a test that imports a handler builds nothing.
    """
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def timing_of(config: Config) -> Timing:
    """Return the protocol's durations as configured."""
    return Timing(late=config.late_limit).divided_by(config.time_divisor)


def remaining(context: LambdaContext) -> timedelta:
    """Return how long an invocation may still work."""
    return timedelta(milliseconds=context.get_remaining_time_in_millis())
