"""The pages as browsers meet them: Django's test client, the real services, an in-process table, a real provider."""

import itertools
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from publishing.domain.ids import new_id
from publishing.domain.message import Message, MessageStatus
from publishing.identity import provider as configured
from publishing.store import messages, writes
from tests.api.conftest import Table, environment, jwks, module_table, table
from tests.builders import build_message
from tests.provider import CLIENT, OpenIdProvider, serve_provider

__all__ = ["environment", "jwks", "module_table", "table"]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@pytest.fixture(scope="session")
def running_provider() -> Iterator[OpenIdProvider]:
    with serve_provider() as running:
        yield running


@pytest.fixture
def provider(
    running_provider: OpenIdProvider, table: Table, monkeypatch: pytest.MonkeyPatch
) -> Iterator[OpenIdProvider]:
    """The provider that this process is configured for."""
    running_provider.reset()
    monkeypatch.setenv("OMNIPUB_OIDC_ISSUER", running_provider.url)
    monkeypatch.setenv("OMNIPUB_OIDC_CLIENT_ID", CLIENT)
    monkeypatch.setenv("OMNIPUB_ALLOW_PRIVATE_NETWORKS", "true")
    configured.forget()
    yield running_provider
    configured.forget()


class Browser:
    """A browser that speaks https, keeps cookies, and follows a redirect only when told to."""

    def __init__(self, provider: OpenIdProvider, user_agent: str = FIREFOX) -> None:
        self.client = Client(
            enforce_csrf_checks=True, raise_request_exception=False, headers={"User-Agent": user_agent}
        )
        self.provider = provider

    def get(self, path: str, **options: Any) -> Any:
        return self.client.get(path, secure=True, **options)

    def open(self, path: str) -> Any:
        """Get a page, going on where it leads: forms that create something have a token in their address."""
        return self.client.get(path, secure=True, follow=True)

    def post(self, page: str, path: str, **form: str) -> Any:
        """Send a form of a page, with the token that the page holds."""
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.open(page).content.decode())
        token = {"csrfmiddlewaretoken": found[1]} if found else {}
        headers = {"Origin": "https://testserver"}
        return self.client.post(path, {**token, **form}, secure=True, headers=headers)

    def leave(self, after: str = "/admin/") -> dict[str, str]:
        """Set out for the provider; return what it is asked."""
        response = self.get("/auth/start/", data={"next": after})
        assert response.status_code == 302, response.content
        return dict(parse_qsl(urlsplit(response["Location"]).query))

    def come_back(self, **parameters: str) -> Any:
        return self.get("/auth/callback/", data=parameters)

    def sign_in(self, after: str = "/admin/", **claims: Any) -> Any:
        """Go the whole way; return what the last step is answered."""
        asked = self.leave(after)
        return self.come_back(state=asked["state"], code=self.provider.authorize(asked, **claims))

    @property
    def session(self) -> str:
        """The session's cookie; empty without one."""
        cookie = self.client.cookies.get(settings.SESSION_TOKEN_COOKIE)
        return cookie.value if cookie else ""

    @session.setter
    def session(self, value: str) -> None:
        self.client.cookies[settings.SESSION_TOKEN_COOKIE] = value

    def is_in(self) -> bool:
        """Tell whether the desk opens."""
        status = self.get("/admin/").status_code
        assert status in {200, 302}
        return bool(status == 200)


@pytest.fixture
def browser(provider: OpenIdProvider) -> Browser:
    return Browser(provider)


@pytest.fixture
def other_browser(provider: OpenIdProvider) -> Browser:
    return Browser(provider, "Mozilla/5.0 (iPhone) Version/19.0 Safari/604.1")


@pytest.fixture
def sessions(table: Table) -> Callable[[], int]:
    """Count the web sessions in the table."""
    return lambda: len([row for row in table.rows("USER#") if row["SK"]["S"].startswith("SESSION#")])


def failure_of(response: Any) -> tuple[int, str]:
    """Return the status and the name of the page that a failure was answered with."""
    found = re.search(r'data-failure="(\w+)"', response.content.decode())
    return response.status_code, found[1] if found else ""


@pytest.fixture
def write_message(table: Table) -> Callable[..., Message]:
    """Store messages as they would be after whatever happened to them; each made a second after the one before."""
    count = itertools.count()

    def write(**fields: Any) -> Message:
        made = datetime.now(UTC) + timedelta(seconds=next(count))
        defaults: dict[str, Any] = {
            "id": new_id(made), "owner": "alice", "status": MessageStatus.DRAFT, "targets": (), "scheduled_at": None,
            "created_at": made, "updated_at": made,
        }  # fmt: skip
        message = build_message(**{**defaults, **fields})
        writes.run(messages.put_message(message))
        return message

    return write
