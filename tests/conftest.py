"""Fixtures for every test."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.clock", "tests.emulator", "tests.leaks", "tests.system"]

# How long an example takes says something about the machine only.
settings.register_profile("omnipub", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("omnipub")
