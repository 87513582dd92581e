"""`manage.py audit verify|export`: see whether the audit log is whole, and take it out as JSON lines or CSV."""

import csv
import json
import os
import re
from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandError

from publishing.adapters.audit_heads import HeadBucket
from publishing.config import Config, ConfigError
from publishing.domain.csv_cells import cell
from publishing.domain.errors import UnavailableError
from publishing.domain.permissions import SYSTEM
from publishing.services import auditing
from publishing.services.keeping_heads import verify_heads
from publishing.store.binding import bind

_COLUMNS: Final = ("day", "position", "at", "actor", "action", "target", "facts", "hash")


class Command(BaseCommand):
    """Verifies the chains of the audit log, or exports them."""

    help = "Verify that no record of the audit log was edited, deleted, moved or cut off (verify), or export (export)."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and for which day."""
        parser.add_argument("what", choices=("verify", "export"))
        parser.add_argument("--day", help="One day in UTC, like 2026-12-01; all days unless given.")
        parser.add_argument("--head", help="With verify: a hash that was the head once, and must be in a chain still.")
        parser.add_argument(
            "--heads",
            action="store_true",
            help="With verify: hold the log against the heads in OMNIPUB_AUDIT_BUCKET too.",
        )
        parser.add_argument(
            "--format", default="json", choices=("json", "csv"), help="With export: JSON lines, or a table."
        )

    def handle(self, *_: object, what: str, day: str | None, **options: Any) -> None:  # noqa: ANN401 - the parser's
        """Carry it out. Raises CommandError for a log that is not whole, and when the table cannot be reached."""
        if day is not None and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
            raise CommandError("--day should be a day like 2026-12-01.")
        try:
            config = Config.from_environment(os.environ)
            bind(config.table_name, timer_shards=config.timer_shards)
            if what == "verify":
                self._verify(day, options.get("head"), _bucket(config) if options.get("heads") else None)
            elif options.get("format") == "csv":
                self._export_table(day)
            else:
                self._export(day)
        except (ConfigError, UnavailableError) as error:
            raise CommandError(str(error)) from error

    def _verify(self, day: str | None, head: str | None, bucket: HeadBucket | None) -> None:
        verdicts = auditing.verify(actor=SYSTEM, day=day, known_head=head)
        broken = [verdict for verdict in verdicts if verdict.problem]
        for verdict in verdicts:
            whole = f"whole, {verdict.size} records, head {verdict.head}"
            self.stdout.write(f"{verdict.chain}: {verdict.problem or verdict.note or whole}")
        if bucket is not None:
            held = verify_heads(actor=SYSTEM, bucket=bucket, day=day)
            for each in held:
                holds = f"holds the {each.size} heads that were kept of it"
                self.stdout.write(f"{each.chain}: {each.problem or each.note or holds}")
            if not held:
                self.stdout.write("No head was kept: nothing is shown by that.")
            broken += [verdict for verdict in held if verdict.problem]
        if broken:
            raise CommandError(f"The audit log is not whole: {broken[0].chain}: {broken[0].problem}")

    def _export(self, day: str | None) -> None:
        for line in auditing.export(actor=SYSTEM, day=day):
            self.stdout.write(json.dumps(line, separators=(",", ":"), sort_keys=True))

    def _export_table(self, day: str | None) -> None:
        """Write records as rows for people; what chains them is in the other form."""
        table = csv.writer(self.stdout, lineterminator="\n")
        table.writerow(_COLUMNS)
        for line in auditing.export(actor=SYSTEM, day=day):
            if "position" in line:
                facts = json.dumps(line["facts"], separators=(",", ":"), sort_keys=True)
                table.writerow([cell(facts if name == "facts" else line[name]) for name in _COLUMNS])


def _bucket(config: Config) -> HeadBucket:
    if not config.audit_bucket:
        raise CommandError("OMNIPUB_AUDIT_BUCKET is not set: no heads were kept from here.")
    return HeadBucket(config.audit_bucket)
