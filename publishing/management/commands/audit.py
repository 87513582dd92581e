"""`manage.py audit verify|export`: see whether the audit log is whole, and take it out as JSON lines."""

import json
import os
import re
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from publishing.config import Config, ConfigError
from publishing.domain.errors import UnavailableError
from publishing.domain.permissions import SYSTEM
from publishing.services import auditing
from publishing.store.binding import bind


class Command(BaseCommand):
    """Verifies the chains of the audit log, or exports them."""

    help = "Verify that no record of the audit log was edited, deleted, moved or cut off (verify), or export (export)."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and for which day."""
        parser.add_argument("what", choices=("verify", "export"))
        parser.add_argument("--day", help="One day in UTC, like 2026-12-01; all days unless given.")
        parser.add_argument("--head", help="With verify: a hash that was the head once, and must be in a chain still.")

    def handle(self, *_: object, what: str, day: str | None, head: str | None, **__: object) -> None:
        """Carry it out. Raises CommandError for a log that is not whole, and when the table cannot be reached."""
        if day is not None and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
            raise CommandError("--day should be a day like 2026-12-01.")
        try:
            config = Config.from_environment(os.environ)
            bind(config.table_name, timer_shards=config.timer_shards)
            if what == "verify":
                self._verify(day, head)
            else:
                self._export(day)
        except (ConfigError, UnavailableError) as error:
            raise CommandError(str(error)) from error

    def _verify(self, day: str | None, head: str | None) -> None:
        verdicts = auditing.verify(actor=SYSTEM, day=day, known_head=head)
        broken = [verdict for verdict in verdicts if verdict.problem]
        for verdict in verdicts:
            whole = f"whole, {verdict.size} records, head {verdict.head}"
            self.stdout.write(f"{verdict.chain}: {verdict.problem or whole}")
        if broken:
            raise CommandError(f"The audit log is not whole: {broken[0].chain}: {broken[0].problem}")

    def _export(self, day: str | None) -> None:
        for line in auditing.export(actor=SYSTEM, day=day):
            self.stdout.write(json.dumps(line, separators=(",", ":"), sort_keys=True))
