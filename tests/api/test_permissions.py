"""Who may call what: every operation of the schema, for every role, on one's own objects and on somebody else's."""

from typing import Any

import pytest
from django.test import Client

from publishing.domain.permissions import Action
from publishing.domain.roles import SCOPES
from tests.api.conftest import Api, Table
from tests.api.operations import EXPECTED, ON_OBJECTS, OPERATIONS, REFUSALS, ROLES, A, World, call, needs, seen

pytestmark = pytest.mark.usefixtures("surroundings")


class TestTheTable:
    def test_names_every_operation_of_the_schema_and_no_other(self):
        assert set(OPERATIONS) == set(EXPECTED)

    def test_says_of_every_operation_on_an_object_what_happens_on_somebody_elses(self):
        assert {name for name, row in EXPECTED.items() if row.other} == set(ON_OBJECTS)
        assert all(
            len(letters) == len(ROLES) for row in EXPECTED.values() for letters in (row.own, row.other or row.own)
        )


class TestAnybody:
    @pytest.mark.parametrize("prefix", ["/api/v1/", "/keyed/v1/"])
    def test_who_did_not_sign_in_is_refused(self, table: Table, put_account: Any, prefix: str):
        world = World(put_account, opened=True)
        before = table.snapshot()

        for name in OPERATIONS:
            response = call(Client(raise_request_exception=False), name, world.address(name, prefix))

            assert (name, *seen(response)) == (name, 401, "not_signed_in")
        assert table.snapshot() == before


class TestARole:
    @pytest.mark.parametrize("name", EXPECTED)
    def test_may_with_its_own_what_the_table_says(self, table: Table, put_account: Any, name: str):
        self.check(table, put_account, name, EXPECTED[name].own, sub=World.OWNER)

    @pytest.mark.parametrize("name", ON_OBJECTS)
    def test_may_with_somebody_elses_what_the_table_says(self, table: Table, put_account: Any, name: str):
        self.check(table, put_account, name, EXPECTED[name].other, sub="bob")

    def check(self, table: Table, put_account: Any, name: str, letters: str, *, sub: str) -> None:
        world = World(put_account, opened=sub == World.OWNER)
        before = table.snapshot()
        expected = dict(zip(ROLES, letters, strict=True))

        for role, letter in expected.items():
            if letter != "a":
                response = call(Api(groups=[role] if role else [], sub=sub), name, world.address(name))
                assert (role, *seen(response)) == (role, *REFUSALS[letter])
        assert table.snapshot() == before

        is_unchanged = True
        for role, letter in expected.items():
            if letter == "a":
                # What was refused and what only reads left everything as it was.
                world = world if is_unchanged else World(put_account, opened=sub == World.OWNER)
                is_unchanged = OPERATIONS[name][0] == "get"
                response = call(Api(groups=[role] if role else [], sub=sub), name, world.address(name))
                assert (role, response.status_code) == (role, EXPECTED[name].status), response.content


class TestAKey:
    """Of an administrator, who may do everything: what remains is what the scopes say."""

    @pytest.fixture
    def make(self, table: Table) -> Any:
        admin = Api(groups=["admin"], sub="root")

        def make(scopes: frozenset[Action]) -> Api:
            made = admin.post("keys/", {"name": "bot", "scopes": sorted(scopes)})
            assert made.status_code == 201, made.content
            return Api(key=made.json()["token"])

        return make

    @pytest.mark.parametrize("name", EXPECTED)
    def test_needs_its_scopes_and_no_more(self, table: Table, put_account: Any, make: Any, name: str):
        scopes = EXPECTED[name].scopes
        program = make(SCOPES if scopes is None else scopes or needs(A.RESOLVE_DELIVERY))
        world = World(put_account, opened=False)

        response = call(program, name, world.address(name, "/keyed/v1/"))

        if scopes is None:
            assert seen(response) == (403, "not_allowed")
        else:
            assert response.status_code == EXPECTED[name].status, response.content

    @pytest.mark.parametrize("name", [name for name, row in EXPECTED.items() if row.scopes])
    def test_is_refused_for_want_of_any_one_of_them(self, table: Table, put_account: Any, make: Any, name: str):
        world = World(put_account, opened=False)
        programs = {missing: make(SCOPES - {missing}) for missing in sorted(EXPECTED[name].scopes or ())}
        for program in programs.values():
            program.get("/keyed/v1/me/")  # so that its first use is noted already
        before = table.snapshot()

        for missing, program in programs.items():
            response = call(program, name, world.address(name, "/keyed/v1/"))

            # An account that may not be used is as good as none: the field says so.
            refusal = (400, "invalid") if missing is A.USE_ACCOUNT else (403, "not_allowed")
            assert (missing, *seen(response)) == (missing, *refusal)
        assert table.snapshot() == before

    def test_is_not_taken_where_tokens_are_due(self, table: Table, put_account: Any, make: Any):
        program = make(SCOPES)
        world = World(put_account, opened=True)
        before = table.snapshot()

        for name in OPERATIONS:
            response = call(program, name, world.address(name))

            assert (name, *seen(response)) == (name, 401, "authentication_failed")
        assert table.snapshot() == before
