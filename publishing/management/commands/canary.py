"""`manage.py canary`: publish one message to a webhook of one's own and see it arrive; after a deployment, or hourly.

On AWS: `zappa manage <stage> canary`. Ends with 0 when the message arrived, 1 when it did not, 2 when none was sent.
"""

import math
import os
import time
from argparse import ArgumentParser
from datetime import timedelta

from django.core.management.base import BaseCommand, CommandError

from publishing.adapters import clock
from publishing.adapters.functions import SchedulerWaker
from publishing.adapters.transports import transport_of
from publishing.config import Config, ConfigError
from publishing.domain.delivery import DeliveryState
from publishing.domain.errors import DomainError, UnavailableError
from publishing.domain.permissions import SYSTEM
from publishing.domain.timing import Timing
from publishing.http import OutgoingPolicy
from publishing.services.canary import Flight, fly
from publishing.services.context import Context
from publishing.store.binding import bind

#: The web function ends after 30 seconds, and has to say what it saw.
_LONGEST = 600.0
_ENDS = {
    DeliveryState.CANCELLED: "It was cancelled and will not be published.",
    DeliveryState.FAILED: "It was given up and will not be published.",
}
_OPEN = "It may still be published; look at the receiver's log before you try again."


class Command(BaseCommand):
    """Sends a canary and says what became of it."""

    help = "Publish one message to a private webhook by the whole path, and read back that it arrived, and how late."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the account and the patience."""
        parser.add_argument("--account", help="id of a webhook account; OMNIPUB_CANARY_ACCOUNT unless given")
        parser.add_argument("--limit", type=float, default=20.0, help="seconds after which it is cancelled (20)")

    def handle(self, *_: object, account: str | None, limit: float, **__: object) -> None:
        """Send it. Raises CommandError with 1 when it did not arrive, with 2 when none could be sent."""
        if not (math.isfinite(limit) and 1 <= limit <= _LONGEST):
            raise CommandError(f"--limit should be a number of seconds from 1 to {_LONGEST:.0f}.", returncode=2)
        try:
            config = Config.from_environment(os.environ)
            bind(config.table_name, timer_shards=config.timer_shards)
            flight = fly(
                actor=SYSTEM,
                account_id=_named(account, config),
                limit=timedelta(seconds=limit),
                read_clock=clock.now,
                pause=lambda span: time.sleep(span.total_seconds()),
                context=_context(config),
            )
        except (ConfigError, DomainError) as error:
            raise CommandError(str(error), returncode=2) from error
        except UnavailableError as error:
            raise CommandError(f"{error} Ask: manage.py doctor", returncode=2) from error
        self._say(flight, limit)

    def _say(self, flight: Flight, limit: float) -> None:
        which = "This minute's canary" if flight.is_repeated else "The canary"
        if flight.late is not None and flight.has_arrived:
            late = flight.late.total_seconds()
            self.stdout.write(f"{which} arrived {late:.1f} s after its due time, as {flight.publication_id}.")
            self.stdout.write(f"Message {flight.message_id}.")
            return
        said = f"{which} did not arrive within {limit:g} s: message {flight.message_id} is {flight.state.value}."
        raise CommandError(" ".join([said, _ENDS.get(flight.state, _OPEN), flight.hint]).rstrip())


def _named(account: str | None, config: Config) -> str:
    named = account or config.canary_account
    if not named:
        raise ConfigError(
            "No account is named. Connect a webhook of your own, then type: manage.py canary --account <its id>"
        )
    return named


def _context(config: Config) -> Context:
    return Context(
        waker=SchedulerWaker(config.scheduler_function),
        timing=Timing(late=config.late_limit).divided_by(config.time_divisor),
        review_on=config.review_on,
        hints=transport_of(config),
        key_id=config.kms_key_id,
        outgoing=OutgoingPolicy(allow_private=config.allow_private_networks),
    )
