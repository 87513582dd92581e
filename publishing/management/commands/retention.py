"""`manage.py retention run`: remove what was kept for as long as the deployment keeps it.

On AWS a schedule runs it every night, where the stage's settings say how long things are kept.
"""

import logging
import os
from argparse import ArgumentParser
from collections.abc import Callable
from datetime import datetime, timedelta

from django.core.management.base import BaseCommand, CommandError

from publishing.adapters import clock
from publishing.adapters.audit_heads import HeadBucket
from publishing.config import Config, ConfigError
from publishing.domain.errors import UnavailableError
from publishing.domain.permissions import SYSTEM
from publishing.services import retaining
from publishing.store.binding import bind

log = logging.getLogger(__name__)

#: Much more than any run needs, and less than any process is left alone for.
_LONGEST = 24 * 3600.0


class Command(BaseCommand):
    """Removes messages that ended long ago, and old days of the audit log, each where it is configured."""

    help = (
        "Remove messages that ended more than OMNIPUB_RETENTION_DAYS ago, with their evidence, and days of the audit "
        "log older than OMNIPUB_AUDIT_RETENTION_DAYS. Without these variables everything is kept. Run it daily where "
        "no schedule does."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, how much of it, and whether in earnest."""
        parser.add_argument("what", choices=("run",))
        parser.add_argument("--limit", type=int, default=200, help="Messages to remove at most, in one run (200).")
        parser.add_argument("--seconds", type=float, default=_LONGEST, help="Begin nothing new after so many seconds.")
        parser.add_argument("--dry-run", action="store_true", help="Say what would be removed, and change nothing.")

    def handle(self, *_: object, limit: int, seconds: float, dry_run: bool, **__: object) -> None:
        """Carry it out. Raises CommandError when a day cannot be removed as it should, or nothing can be reached."""
        if limit < 1 or not 1 <= seconds <= _LONGEST:
            raise CommandError(f"--limit should be 1 or more, --seconds from 1 to {_LONGEST:.0f}.")
        now = clock.now()
        until = now + timedelta(seconds=seconds)

        def is_late() -> bool:
            return clock.now() >= until

        try:
            config = Config.from_environment(os.environ)
            bind(config.table_name, timer_shards=config.timer_shards)
            self._messages(config, limit, now, is_late=is_late, is_dry=dry_run)
            self._days(config, now, is_late=is_late, is_dry=dry_run)
        except (ConfigError, UnavailableError, CommandError) as error:
            # Nobody reads what a run by schedule says; an alarm reads this.
            log.critical("retention.failed", extra={"reason": str(error)})
            raise CommandError(str(error)) from error
        except Exception as error:
            log.critical("retention.failed", extra={"reason": type(error).__name__})
            raise

    def _messages(
        self, config: Config, limit: int, now: datetime, *, is_late: Callable[[], bool], is_dry: bool
    ) -> None:
        if config.retention is None:
            self.stdout.write("Messages: all are kept; OMNIPUB_RETENTION_DAYS is not set.")
            return
        found = retaining.remove_messages(actor=SYSTEM, kept_for=config.retention, limit=limit, now=now, is_dry=is_dry)
        count, has_stopped = 0, False
        for count, _ in enumerate(found, start=1):
            has_stopped = count == limit or is_late()
            if has_stopped:
                break
        verb = "would be removed" if is_dry else "removed"
        more = " There may be more: type the same again." if has_stopped else ""
        self.stdout.write(f"Messages: {count} {verb} that ended more than {config.retention.days} days ago.{more}")

    def _days(self, config: Config, now: datetime, *, is_late: Callable[[], bool], is_dry: bool) -> None:
        if config.audit_retention is None:
            self.stdout.write("Audit log: all of it is kept; OMNIPUB_AUDIT_RETENTION_DAYS is not set.")
            return
        if not config.audit_bucket:
            raise CommandError(
                "OMNIPUB_AUDIT_BUCKET is not set: days of the audit log are removed only when heads are kept there."
            )
        if is_late():
            self.stdout.write("Audit log: no time was left for it; type the same again.")
            return
        bucket = HeadBucket(config.audit_bucket)
        kept, has_stopped = 0, False
        days = retaining.remove_days(
            actor=SYSTEM, bucket=bucket, kept_for=config.audit_retention, now=now, is_dry=is_dry
        )
        for each in days:
            kept += each.refusal is not None
            gone = f"{each.size} records {'would be removed' if is_dry else 'removed'}."
            self.stdout.write(f"{each.day}: {f'kept. {each.refusal}' if each.refusal else gone}")
            has_stopped = is_late()
            if has_stopped:
                break
        if kept:
            raise CommandError(f"{kept} days of the audit log are kept although their time is over: see above.")
        if has_stopped:
            self.stdout.write("Audit log: there may be more; type the same again.")
            return
        self.stdout.write(f"Audit log: nothing older than {config.audit_retention.days} days is left to remove.")
