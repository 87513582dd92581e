"""`manage.py evolve [list]`: bring rows that older versions wrote into the form of this one. Safe to stop and repeat.

In a checkout, with an operator's own rights: it reads the whole table, which no function may. See `docs/evolutions.md`.
"""

import os
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from publishing.adapters import clock
from publishing.config import Config, ConfigError
from publishing.domain.errors import UnavailableError
from publishing.domain.permissions import SYSTEM
from publishing.services.evolving import PAGE, Pacing, Standing, evolve, list_evolutions
from publishing.store.binding import bind
from publishing.store.errors import ContentionError
from publishing.store.evolutions import Evolution, Segment


class Command(BaseCommand):
    """Carries out the evolutions that were not carried out yet, or lists all of them."""

    help = "Bring rows that older versions wrote into the form of this one; safe to stop and to repeat."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take what to do, and how fast."""
        parser.add_argument("what", nargs="?", choices=("run", "list"), default="run")
        parser.add_argument("--dry-run", action="store_true", help="count what would be changed, and write nothing")
        parser.add_argument("--segments", type=int, default=4, help="parts of the table that are read at a time (4)")
        parser.add_argument("--page", type=int, default=PAGE, help=f"rows that are read at a time ({PAGE})")
        parser.add_argument("--units", type=float, default=500.0, help="capacity units a second, all together (500)")

    def handle(
        self, *_: object, what: str, dry_run: bool, segments: int, page: int, units: float, **__: object
    ) -> None:
        """Carry it out. Raises CommandError for settings that cannot be, and when the table is out of reach."""
        if not (1 <= segments <= 64 and 1 <= page <= 10_000 and 1 <= units <= 100_000):
            raise CommandError(
                "--segments should be from 1 to 64, --page from 1 to 10000, --units from 1 to 100000 a second."
            )
        if what == "run" and os.environ.get("AWS_LAMBDA_FUNCTION_NAME"):
            raise CommandError(
                "No function may read the whole table. In a checkout, with your own credentials, type: "
                "TABLE_NAME=<table> .venv/bin/python manage.py evolve"
            )
        try:
            config = Config.from_environment(os.environ)
            bind(config.table_name, timer_shards=config.timer_shards)
            standings = list_evolutions(actor=SYSTEM)
            if what == "list":
                self._list(standings)
                return
            pacing = Pacing(segments=segments, units=units, is_dry=dry_run, page=page)
            for standing in standings:
                self._run(standing, pacing)
        except ConfigError as error:
            raise CommandError(str(error)) from error
        except (UnavailableError, ContentionError) as error:
            raise CommandError(
                f"It stopped half way, which does no harm: {error} Type the same again, and it goes on from there."
            ) from error

    def _list(self, standings: tuple[Standing, ...]) -> None:
        for standing in standings:
            progress = standing.progress
            how_far = "not begun" if progress is None else "begun, not done"
            if progress is not None and progress.done_at is not None:
                how_far = f"done on {progress.done_at:%Y-%m-%d %H:%M} UTC"
            self.stdout.write(f"{standing.evolution.id:<32} {how_far}")
            self.stdout.write(f"  {standing.evolution.description}")

    def _run(self, standing: Standing, pacing: Pacing) -> None:
        if standing.is_done:
            self.stdout.write(f"{standing.evolution.id}: done before; nothing to do.")
            return
        if standing.progress is not None and not pacing.is_dry:
            done = sum(segment.is_done for segment in standing.progress.segments)
            self.stdout.write(
                f"{standing.evolution.id}: going on; {done} of {len(standing.progress.segments)} segments are done."
            )
        evolution = standing.evolution
        ended = evolve(
            actor=SYSTEM,
            evolution=evolution,
            pacing=pacing,
            read_clock=clock.now,
            tell=lambda segment: self._tell(evolution, segment),
        )
        seen, changed = (sum(getattr(each, what) for each in ended.segments) for what in ("seen", "changed"))
        would = "would be changed; nothing was written" if pacing.is_dry else "changed"
        self.stdout.write(f"{evolution.id}: {seen} rows looked at, {changed} {would}.")

    def _tell(self, evolution: Evolution, segment: Segment) -> None:
        self.stdout.write(f"{evolution.id}: segment {segment.number}: {segment.seen} seen, {segment.changed} changed")
        self.stdout.flush()
