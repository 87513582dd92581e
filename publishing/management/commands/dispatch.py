"""`manage.py dispatch stop|resume|show`: halt all dispatch in an emergency, and lift the halt."""

import os
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from publishing.adapters import clock
from publishing.config import Config, ConfigError
from publishing.domain.errors import UnavailableError
from publishing.domain.permissions import SYSTEM
from publishing.services import halting, queries
from publishing.store.binding import bind

_SAYS = {
    True: "Dispatch is halted: nothing new is sent until `manage.py dispatch resume`.",
    False: "Dispatch is on.",
}


class Command(BaseCommand):
    """Halts all dispatch at once, lifts the halt, or tells which of the two holds."""

    help = "Halt all dispatch at once (stop), lift the halt (resume), or tell which holds (show)."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the one word that says what to do."""
        parser.add_argument("what", choices=("stop", "resume", "show"))

    def handle(self, *_: object, what: str, **__: object) -> None:
        """Carry it out and say how things stand. Raises CommandError when the table cannot be reached."""
        try:
            config = Config.from_environment(os.environ)
            bind(config.table_name, timer_shards=config.timer_shards)
            if what != "show":
                halting.set_stop_switch(actor=SYSTEM, is_on=what == "stop", now=clock.now())
            self.stdout.write(_SAYS[queries.is_dispatch_stopped()])
        except (ConfigError, UnavailableError) as error:
            raise CommandError(str(error)) from error
