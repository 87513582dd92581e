"""`manage.py doctor`: ask everything that the main job needs, and say what to do about what is missing.

On AWS: `zappa manage <stage> doctor`, which asks with the function's own rights.
"""

import os

from django.core.management.base import BaseCommand, CommandError

from publishing.adapters import clock
from publishing.config import Config, ConfigError
from publishing.management.doctor import examine

_NEEDS = ("KINESIS_STREAM_NAME", "COGNITO_USER_POOL_ID", "COGNITO_CLIENT_ID", "MEDIA_BUCKET", "OMNIPUB_MEDIA_URL")


class Command(BaseCommand):
    """Prints a line for each check; ends with an error where one failed."""

    help = (
        "Check the table, stream, key, secret, bucket, user pool, scheduler and clock with this process's own rights."
    )
    requires_system_checks = ()

    def handle(self, *_: object, **__: object) -> None:
        """Examine and say it. Raises CommandError when something is not well."""
        try:
            config = Config.from_environment(os.environ, needs=_NEEDS)
        except ConfigError as error:
            raise CommandError(str(error)) from error
        troubles = 0
        for finding in examine(config, clock.now):
            self.stdout.write(f"{'FAILED' if finding.trouble else 'ok':<7} {finding.what}")
            if finding.trouble:
                troubles += 1
                self.stdout.write(f"        {finding.trouble}")
        if troubles:
            raise CommandError(f"{troubles} of the checks failed; each says what to do.")
        self.stdout.write("All is well.")
