"""`manage.py after_restore --point <time>`: make a table that was put back to an earlier time safe to publish from.

See `docs/runbooks/backup-and-restore.md`; dispatch must be halted in the restored table first.
"""

import os
from argparse import ArgumentParser
from datetime import datetime

from django.core.management.base import BaseCommand, CommandError

from publishing.adapters import clock
from publishing.config import Config, ConfigError
from publishing.domain.errors import DomainError, UnavailableError
from publishing.domain.permissions import SYSTEM
from publishing.services.restoring import Held, hold_restored
from publishing.store.binding import bind


class Command(BaseCommand):
    """Leaves to a person whatever a restored table would send, so that nothing is published twice."""

    help = "After a restore: hold every message that the restored table would send, so that nothing is published twice."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the time to which the table was put back."""
        parser.add_argument("--point", required=True, help="the time it was restored to, such as 2026-12-01T08:00:00Z")
        parser.add_argument(
            "--keep-later",
            action="store_true",
            help="leave messages alone that are due after now; right only if nobody published, moved or cancelled any",
        )
        parser.add_argument("--dry-run", action="store_true", help="list what would be held, and write nothing")

    def handle(self, *_: object, point: str, keep_later: bool, dry_run: bool, **__: object) -> None:
        """Carry it out. Raises CommandError unless dispatch is halted, and when the table cannot be reached."""
        moment = _moment(point)
        held = kept = 0
        try:
            config = Config.from_environment(os.environ)
            bind(config.table_name, timer_shards=config.timer_shards)
            now = clock.now()
            for each in hold_restored(actor=SYSTEM, point=moment, now=now, keeps_later=keep_later, is_dry=dry_run):
                held, kept = held + each.is_held, kept + (not each.is_held)
                self._say(each)
        except (ConfigError, DomainError) as error:
            raise CommandError(str(error)) from error
        except UnavailableError as error:
            raise CommandError(f"{error} Nothing is lost: type the same again.") from error
        would = "would be held; nothing was written" if dry_run else "held for a person"
        self.stdout.write(f"{held} messages {would}, {kept} left to go out at their time.")
        if held and not dry_run:
            self.stdout.write(
                "They need attention: look where they may have been published, and resolve each delivery."
            )

    def _say(self, held: Held) -> None:
        due = f"{held.message.scheduled_at:%Y-%m-%d %H:%M:%S} UTC" if held.message.scheduled_at else "now"
        which = ", ".join(held.delivery_ids) if held.is_held else "left alone"
        self.stdout.write(f"{held.message.id}  due {due}  {which}")


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise CommandError(f"{text!r} is no time with its zone. Write it as 2026-12-01T08:00:00Z.")
    return moment
