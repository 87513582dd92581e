"""Simulated platforms and clients for the tests of channels."""

import pytest

from local.platforms import start
from publishing.http import HttpClient, OutgoingPolicy
from tests.channels.applying import applies


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the contract's cases that a channel does not have."""
    kept = [item for item in items if applies(item)]
    config.hook.pytest_deselected(items=[item for item in items if not applies(item)])
    items[:] = kept


@pytest.fixture(scope="session")
def platforms_url(tmp_path_factory):
    """Serve the simulated platforms; every test has accounts of its own on them."""
    with start(port=0, state_dir=tmp_path_factory.mktemp("platforms")) as platforms:
        yield platforms.url


@pytest.fixture
def client():
    """A client as local mode has it."""
    client = HttpClient(OutgoingPolicy(allow_private=True), 10)
    yield client
    client.close_idle()


@pytest.fixture
def hasty():
    """A client whose calls end after a moment."""
    client = HttpClient(OutgoingPolicy(allow_private=True), 0.4)
    yield client
    client.close_idle()
