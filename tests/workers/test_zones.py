"""Time zones come with the packages: the functions' images may hold none."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


class TestTimeZones:
    def test_are_there_where_the_system_has_none(self):
        code = (
            "from datetime import datetime\n"
            "from zoneinfo import TZPATH, ZoneInfo\n"
            "assert not TZPATH, TZPATH\n"
            "print(datetime(2026, 7, 1, tzinfo=ZoneInfo('Europe/Berlin')).utcoffset())"
        )
        environment = {"PATH": os.environ["PATH"], "PYTHONTZPATH": ""}

        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
        )

        assert (done.returncode, done.stdout) == (0, "2:00:00\n"), done.stderr

    @pytest.mark.parametrize("group", ["worker", "web"])
    def test_are_locked_for_every_platform(self, group: str):
        locked = (ROOT / f"requirements/{group}.txt").read_text()

        assert re.search(r"^tzdata==[0-9.]+ \\$", locked, re.MULTILINE)
