"""Every way of the desk to one object, for two users and every role. Only what a person may do writes anything."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from publishing.services import configured, limits
from tests.api.conftest import Table, put_account, surroundings
from tests.web.objects import LETTERS, ROLES, WAYS, Desk, enter, every_way, give
from tests.web.test_desk_permissions import address

__all__ = ["put_account", "surroundings"]
pytestmark = pytest.mark.usefixtures("surroundings", "provider")

EVERY = sorted(every_way())
WITHOUT = sorted(set(EVERY) - set(WAYS))


@pytest.fixture(scope="module")
def worlds() -> dict[bool, Any]:
    """What was made once for the tests of this module, with the rows that it consists of."""
    return {}


@pytest.fixture
def world(table: Table, put_account: Any, worlds: dict[bool, Any]) -> Callable[[bool], tuple[Desk, Any]]:
    def make(opened: bool) -> tuple[Desk, Any]:
        if opened not in worlds:
            worlds[opened] = Desk(put_account, opened=opened), table.copy()
        found: tuple[Desk, Any] = worlds[opened]
        return found

    return make


class TestTheTable:
    def test_has_no_row_for_what_is_gone(self):
        assert set(WAYS) <= set(EVERY)

    def test_has_a_row_for_every_way_that_is_open(self, table: Table):
        """What has none takes no such method, not even from an administrator."""
        client, statuses = Client(raise_request_exception=False), {}
        client.cookies[settings.SESSION_TOKEN_COOKIE] = enter("ada", "admin").encode()

        for way in WITHOUT:
            method, _, route = way.partition(" ")
            statuses[way] = client.generic(method, address(route), secure=True).status_code

        assert statuses == dict.fromkeys(WITHOUT, 405)

    def test_says_it_for_every_role(self):
        rows = [letters for way in WAYS.values() for letters in (way.own, way.other)]

        assert all(len(letters) == len(ROLES) and set(letters) <= set(LETTERS) for letters in rows)


class TestAWay:
    @pytest.fixture
    def review(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
        """Switches review on, without which nobody can approve; what there is to approve was made before."""

        def switch_on() -> None:
            monkeypatch.setenv("OMNIPUB_REVIEW", "true")
            configured.context.cache_clear()

        yield switch_on
        configured.context.cache_clear()

    @pytest.fixture
    def check(self, table: Table, review: Callable[[], None]) -> Callable[..., None]:
        def make_sure(stored: tuple[Desk, Any], way: str, letters: str, sub: str) -> None:
            if "approve" in way:
                review()
            check(table, stored, way, letters, sub)

        return make_sure

    @pytest.mark.parametrize("way", WAYS)
    def test_to_ones_own_is_as_the_table_says(self, world: Any, check: Callable[..., None], way: str):
        check(world(True), way, WAYS[way].own, Desk.OWNER)

    @pytest.mark.parametrize("way", WAYS)
    def test_to_what_is_somebody_elses_is_as_the_table_says(self, world: Any, check: Callable[..., None], way: str):
        check(world(False), way, WAYS[way].other, Desk.OTHER)


def check(table: Table, stored: tuple[Desk, Any], way: str, letters: str, sub: str) -> None:
    """Ask in every role, and see what it is answered and what is written."""
    (world, made), row = stored, WAYS[way]
    client = Client(raise_request_exception=False)
    client.cookies[settings.SESSION_TOKEN_COOKIE] = world.tokens[sub].encode()
    table.restore(made)
    before = present(table)
    # Whoever may do it comes after those who may not.
    for role, letter in sorted(zip(ROLES, letters, strict=True), key=lambda pair: pair[1] == "a"):
        does = row.writes and letter == "a"
        if does:
            assert present(table) == before
            table.restore(made)
        limits.forget()
        give(sub, role)

        response = ask(client, world, way)

        seen = (role, response.status_code, response.headers.get("Location"))
        assert response.status_code in LETTERS[letter], seen
        assert letter != "a" or row.writes or response.status_code == 200, seen
        assert letter != "v" or world.parts(row.on)["object_id"].encode() not in response.getvalue(), seen
        if does:
            assert present(table) != before, seen
            table.restore(made)
    assert present(table) == before


def present(table: Table) -> list[str]:
    """Return all that is stored but for profiles, in which the test changes roles."""
    return [row for row in table.snapshot() if "'PROFILE'" not in row]


def ask(client: Client, world: Desk, way: str) -> Any:
    row, where = WAYS[way], world.place(way)
    if way.startswith("GET"):
        return client.get(where, secure=True)
    sent: dict[str, Any] = {"content_type": "application/json"} if row.is_json else {}
    return client.post(where, world.form(way), secure=True, **sent)
