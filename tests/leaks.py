"""Each test leaves the process as it found it: what one leaves behind makes another fail, in some order, some day."""

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone, translation

_ENVIRONMENT = pytest.StashKey[dict[str, str]]()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Fail a test that left a language, a time zone or another folder; a module, that left variables.

    Fixtures of a module may set variables for as long as its tests run.
    """
    result = yield
    left = [name for name, found, expected in _shared(item.config) if found != expected]
    if nextitem is None or nextitem.getparent(pytest.Module) is not item.getparent(pytest.Module):
        left += [f"the variable {name}" for name in _changed(item.config.stash[_ENVIRONMENT])]
    _put_back(item.config)
    if left:
        pytest.fail(f"This test, or its module, changed and did not put back: {', '.join(left)}.", pytrace=False)
    return result


def pytest_sessionstart(session: pytest.Session) -> None:
    """Note what variables there are before anything runs."""
    session.config.stash[_ENVIRONMENT] = dict(os.environ)


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """Let pytest see the log again: a function that starts takes it over, as it should where it runs alone."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


def _shared(config: pytest.Config) -> Iterator[tuple[str, object, object]]:
    yield "the language", translation.get_language(), "en"
    yield "the time zone", timezone.get_current_timezone_name(), "UTC"
    yield "the folder", Path.cwd(), config.invocation_params.dir


def _changed(before: dict[str, str]) -> list[str]:
    ours = {"PYTEST_CURRENT_TEST"}
    return sorted(name for name in {*before, *os.environ} - ours if before.get(name) != os.environ.get(name))


def _put_back(config: pytest.Config) -> None:
    """Spare the tests that come next. Variables stay: fixtures of a session may rely on them."""
    os.chdir(config.invocation_params.dir)
    translation.deactivate()
    timezone.deactivate()
