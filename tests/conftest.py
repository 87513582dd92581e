"""Fixtures for every test."""

pytest_plugins = ["tests.clock", "tests.emulator", "tests.system"]
