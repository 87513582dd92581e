"""A short run of what `make chaos` does for minutes."""

import subprocess
import sys

import pytest

from local.chaos.private import ROOT

pytestmark = pytest.mark.e2e


class TestAShortChaos:
    def test_keeps_every_promise(self):
        command = [sys.executable, "-m", "local.chaos", "--seconds", "25", "--messages", "20", "--seed", "7"]

        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

        assert done.returncode == 0, done.stdout + done.stderr
        assert "Every promise was kept." in done.stdout
