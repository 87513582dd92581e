"""Signing in to the desk at the user pool, by the pool's own page: the real flow, the real keys, the real log-out."""

import re
import urllib.parse
from collections.abc import Iterator

import pytest
from django.test import Client

from local.aws import demo
from local.aws.provision import provision
from local.aws.token import _call, _hidden_fields
from publishing.identity import provider as configured
from publishing.store.binding import bind
from tests.emulator import Emulator

PUBLIC = "http://testserver"


@pytest.fixture
def desk(emulator: Emulator, emulator_table: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """A browser at a web process that is configured for the emulator's pool."""
    # A pool of this test's own, whose client knows the address of Django's test client.
    made = provision(emulator.url, name="desk", public_url=PUBLIC)
    for name, value in {**made.environment(), "TABLE_NAME": emulator_table}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("OMNIPUB_ALLOW_PRIVATE_NETWORKS", "true")
    bind(emulator_table)
    configured.forget()
    yield Client()
    configured.forget()


def enter(address: str, user: str, password: str = demo.PASSWORD) -> tuple[str, str]:
    """Fill in the pool's page, as a person does; return where it leads, and what it says."""
    endpoint = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(address))
    _, _, page = _call(address)
    _, location, said = _call(f"{endpoint}/login", {**_hidden_fields(page), "username": user, "password": password})
    return location, said


class TestTheDesk:
    @pytest.mark.parametrize("role", demo.ROLES)
    def test_opens_to_users_of_the_pool_with_the_roles_of_their_groups(self, desk: Client, role: str):
        leaving = desk.get("/auth/start/?next=/admin/%3Fpage%3D2")
        back, _ = enter(leaving["Location"], demo.email(role))

        arrived = desk.get(back)

        assert (arrived.status_code, arrived["Location"]) == (302, "/admin/?page=2"), arrived.content
        page = desk.get("/admin/me/").content.decode()
        assert demo.email(role) in page
        assert f'data-role="{role}"' in page

    def test_takes_an_answer_of_the_pool_once(self, desk: Client):
        leaving = desk.get("/auth/start/")
        back, _ = enter(leaving["Location"], demo.email("editor"))
        thief = Client()
        thief.cookies.load({name: cookie.value for name, cookie in desk.cookies.items()})
        desk.get(back)

        again = thief.get(back)

        assert again.status_code == 400
        assert 'data-failure="attempt"' in again.content.decode()

    def test_stays_closed_for_a_wrong_password(self, desk: Client):
        leaving = desk.get("/auth/start/")

        back, _ = enter(leaving["Location"], demo.email("editor"), "wrong")

        assert back == ""
        assert desk.get("/admin/").status_code == 302

    def test_signs_out_of_the_pool_too(self, desk: Client):
        back, _ = enter(desk.get("/auth/start/")["Location"], demo.email("viewer"))
        desk.get(back)

        page = desk.post("/auth/logout/").content.decode()
        found = re.search(r'content="0; url=([^"]+)"', page)
        assert found
        status, location, _ = _call(found[1].replace("&amp;", "&"))

        assert (status, location) == (302, f"{PUBLIC}/auth/logout/")
        assert "You are signed out" in desk.get(location).content.decode()
        assert desk.get("/admin/").status_code == 302
