"""What operators do to users, as they type it."""

from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from publishing.domain.errors import NotAllowedError
from publishing.domain.permissions import Role
from publishing.domain.user import ProvenIdentity
from publishing.domain.web_session import SessionLimits
from publishing.services.signing_in import DisabledUserError, SignedIn, get_user, resume, sign_in
from tests.api.conftest import Table, environment, jwks, module_table, table
from tests.builders import build_actor

__all__ = ["environment", "jwks", "module_table", "table"]


def enter(user_id: str = "ada-1") -> SignedIn:
    identity = ProvenIdentity(id=user_id, roles=frozenset({Role.EDITOR}))
    return sign_in(identity=identity, browser="", limits=SessionLimits(), now=datetime.now(UTC))


def is_in(began: SignedIn) -> bool:
    assert began.token
    return resume(token=began.token, limits=SessionLimits(), now=datetime.now(UTC)) is not None


class TestUsers:
    def test_are_kept_out_at_once_and_let_in_again(self, table: Table, capsys: pytest.CaptureFixture[str]):
        ada, bob = enter("ada-1"), enter("bob")

        call_command("users", "disable", "ada-1")

        assert not is_in(ada)
        assert is_in(bob)
        with pytest.raises(DisabledUserError):
            enter("ada-1")
        call_command("users", "enable", "ada-1")
        assert is_in(enter("ada-1"))
        assert capsys.readouterr().out.splitlines() == [
            "User ada-1 is disabled and has editor.",
            "User ada-1 is active and has editor.",
        ]

    def test_are_signed_out_everywhere(self, table: Table):
        first, second = enter(), enter()

        call_command("users", "sign-out", "ada-1")

        assert not is_in(first)
        assert not is_in(second)

    @pytest.mark.parametrize("what", ["show", "disable", "enable", "sign-out"])
    def test_that_never_signed_in_are_named_so(self, table: Table, what: str):
        with pytest.raises(CommandError, match="There is no such user"):
            call_command("users", what, "nobody")

    def test_are_shown_to_themselves_and_administrators_only(self, table: Table):
        enter("ada-1")

        assert get_user(actor=build_actor(id="ada-1"), user_id="ada-1").id == "ada-1"
        assert get_user(actor=build_actor(Role.ADMIN), user_id="ada-1").id == "ada-1"
        with pytest.raises(NotAllowedError):
            get_user(actor=build_actor(Role.APPROVER), user_id="ada-1")
