"""`manage.py doctor`: ask everything that the main job needs, and say what to do about what is missing.

On AWS: `zappa manage <stage> doctor`, which asks with the function's own rights; and in a checkout
`manage.py doctor --stage <stage>`, which asks with an operator's, about backups, quotas and the other functions too.
"""

import os
from argparse import ArgumentParser
from collections.abc import Mapping

from django.core.management.base import BaseCommand, CommandError

from publishing.adapters import clock
from publishing.config import HINTS, Config, ConfigError
from publishing.management.doctor import examine

_NEEDS = (HINTS, "COGNITO_USER_POOL_ID", "COGNITO_CLIENT_ID", "MEDIA_BUCKET", "OMNIPUB_MEDIA_URL")


class Command(BaseCommand):
    """Prints a line for each check; ends with an error where one failed."""

    help = (
        "Check the table, stream, key, secret, bucket, user pool, scheduler and clock with this process's own rights."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the stage."""
        parser.add_argument("--stage", help="read what the stage's functions are told, and ask with your own rights")

    def handle(self, *_: object, stage: str | None, **__: object) -> None:
        """Examine and say it. Raises CommandError when something is not well."""
        try:
            config = Config.from_environment(os.environ if stage is None else _variables_of(stage), needs=_NEEDS)
        except ConfigError as error:
            raise CommandError(str(error)) from error
        troubles = 0
        for finding in examine(config, clock.now):
            verdict = "FAILED" if finding.trouble else "note" if finding.note else "ok"
            self.stdout.write(f"{verdict:<7} {finding.what}")
            troubles += bool(finding.trouble)
            if finding.trouble or finding.note:
                self.stdout.write(f"        {finding.trouble or finding.note}")
        if troubles:
            raise CommandError(f"{troubles} of the checks failed; each says what to do.")
        self.stdout.write("All is well.")


def _variables_of(stage: str) -> Mapping[str, str]:
    """Return what the stage's web function is told, from the stacks' outputs."""
    try:
        from click import ClickException

        from infra import web_function  # not in the functions' packages, where nobody asks for it
    except ImportError as error:
        raise CommandError(
            "The stages are in the project's repository: run this with --stage in a checkout."
        ) from error
    try:
        return web_function.variables_of(stage)
    except ClickException as error:
        raise CommandError(error.message) from error
