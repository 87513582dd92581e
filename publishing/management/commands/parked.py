"""`manage.py parked list|show|again`: see records that could not be understood, and send one to the worker again.

On AWS: `zappa manage <stage> "parked list"`.
"""

import os
from argparse import ArgumentParser
from datetime import date

from django.core.management.base import BaseCommand, CommandError

from publishing.adapters import clock
from publishing.adapters.transports import transport_of
from publishing.config import HINTS, Config, ConfigError
from publishing.domain.errors import DomainError, UnavailableError
from publishing.domain.permissions import SYSTEM
from publishing.services import parking
from publishing.services.context import Context
from publishing.store.binding import bind
from publishing.store.parked import ParkedRecord


class NoWaker:
    """Wakes nobody: a record on its way to the worker needs no tick."""

    def wake(self) -> None:
        """Do nothing."""


class Command(BaseCommand):
    """Lists a day's parked records, shows one, or sends one to the worker again."""

    help = "List the records parked on a day, show one, or send one to the worker again."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and the day and sequence number that name a record."""
        what = parser.add_subparsers(dest="what", required=True)
        listing = what.add_parser("list", help="a day's records, today's unless --day says otherwise")
        listing.add_argument("--day", help="in UTC, such as 2026-12-01")
        for name, does in (("show", "one record as it came"), ("again", "send one to the worker again")):
            one = what.add_parser(name, help=does)
            one.add_argument("day", help="in UTC, such as 2026-12-01")
            one.add_argument("sequence", help="its sequence number, which `list` shows")

    def handle(self, *_: object, what: str, day: str | None = None, sequence: str = "", **__: object) -> None:
        """Carry it out. Raises CommandError with a sentence for what is not there, and what cannot be reached."""
        needs = (HINTS,) if what == "again" else ()
        try:
            config = Config.from_environment(os.environ, needs=needs)
            bind(config.table_name, timer_shards=config.timer_shards)
            named = f"{clock.now():%Y-%m-%d}" if day is None else _day(day)
            if what == "list":
                self._list(named)
            elif what == "show":
                self._show(parking.get_parked(actor=SYSTEM, day=named, sequence_number=sequence))
            else:
                context = Context(waker=NoWaker(), hints=transport_of(config))
                parking.put_back(actor=SYSTEM, day=named, sequence_number=sequence, now=clock.now(), context=context)
                self.stdout.write("It is on its way to the worker again, whose log says what becomes of it.")
        except DomainError as error:
            raise CommandError(f"{error} Type: manage.py parked list --day <day>") from error
        except (ConfigError, UnavailableError) as error:
            raise CommandError(f"{error} Nothing is lost: try again, or ask manage.py doctor.") from error

    def _list(self, day: str) -> None:
        found = parking.list_parked(actor=SYSTEM, day=day)
        if not found:
            self.stdout.write(f"Nothing is parked on {day}.")
        for record in found:
            again = "  put back" if record.again_at else ""
            self.stdout.write(f"{record.at:%H:%M:%S}  {record.sequence_number}  {record.reason}{again}")
        if len(found) == parking.LIST_LIMIT:
            self.stdout.write(f"These are the first {parking.LIST_LIMIT}; there may be more.")

    def _show(self, record: ParkedRecord) -> None:
        again = f"{record.again_at:%Y-%m-%d %H:%M:%S} UTC" if record.again_at else "never"
        self.stdout.write(f"sequence   {record.sequence_number}")
        self.stdout.write(f"parked     {record.at:%Y-%m-%d %H:%M:%S} UTC")
        self.stdout.write(f"reason     {record.reason}")
        self.stdout.write(f"lane       {record.partition_key}")
        self.stdout.write(f"put back   {again}")
        # As Python writes bytes: whoever sent it must not be able to steer a terminal.
        self.stdout.write(f"data       {record.data!r}")


def _day(text: str) -> str:
    try:
        return f"{date.fromisoformat(text):%Y-%m-%d}"
    except ValueError:
        raise CommandError(f"{text!r} is no day. Write it as 2026-12-01.") from None
