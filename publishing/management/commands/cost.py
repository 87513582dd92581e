"""`manage.py cost`: what a stage costs a month, item by item. Runs in a checkout, where the stages' profiles are."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

_ROW = "{:<16} {:<24} {:>9} {:>9}"


class Command(BaseCommand):
    """Prints an estimate from measured units and dated prices. Asks nothing of AWS."""

    help = "Estimate what a stage costs a month, with the always-free tiers and without."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the load and the stage."""
        parser.add_argument("--messages-per-day", type=int, default=50)
        parser.add_argument("--channels", type=int, default=3, help="accounts that a message goes to")
        parser.add_argument("--requests-per-day", type=int, help="of the API and the desk; 20 for each message")
        parser.add_argument("--stage", default="prod")
        parser.add_argument("--month", type=int, default=1, help="which month of use: what was stored before is kept")

    def handle(
        self,
        *_: object,
        messages_per_day: int,
        channels: int,
        requests_per_day: int | None,
        stage: str,
        month: int,
        **__: object,
    ) -> None:
        """Print the items and their sums. Raises CommandError for a load or a stage that there is not."""
        try:
            from infra import cost  # not in the functions' packages, where nobody asks for it
            from infra.stages import SettingsError, load
        except ImportError as error:
            raise CommandError(
                "The stages' profiles are in the project's repository: run this in a checkout."
            ) from error
        requests = messages_per_day * 20 if requests_per_day is None else requests_per_day
        if min(messages_per_day, requests) < 0 or min(channels, month) < 1:
            raise CommandError("Messages and requests are counted from 0, channels and months from 1.")
        try:
            profile = load(stage)
        except SettingsError as error:
            raise CommandError(str(error)) from error
        asked = cost.Load(requests_a_day=requests, messages_a_day=messages_per_day, channels=channels, month=month)
        items = cost.estimate(profile, asked)
        after = cost.with_free_tiers(items)
        self.stdout.write(_ROW.format("Service", "", "Dollars", "No free"))
        for item in items:
            self.stdout.write(_ROW.format(item.service, item.what, f"{after[item]:.2f}", f"{item.full:.2f}"))
        free, full = sum(after.values()), sum(item.full for item in items)
        self.stdout.write(_ROW.format("A month", f"in stage {stage}", f"{free:.2f}", f"{full:.2f}"))
