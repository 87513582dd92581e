"""Django's command line for the web process."""

import os
import sys


def main() -> None:
    """Run one of Django's commands."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omnipub.settings")
    from django.core.management import execute_from_command_line  # the settings' name comes first

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
