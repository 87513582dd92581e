"""Waiting for what another thread does."""

import time

import pytest


@pytest.fixture
def wait_until():
    def wait(condition):
        give_up_at = time.monotonic() + 20
        while time.monotonic() < give_up_at:
            if result := condition():
                return result
            time.sleep(0.01)
        raise AssertionError("It did not come to pass within 20 s.")

    return wait
