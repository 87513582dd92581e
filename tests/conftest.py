"""Fixtures for every test."""

pytest_plugins = ["tests.emulator", "tests.system"]
