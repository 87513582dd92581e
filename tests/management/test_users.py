"""What operators do to users, as they type it."""

import json
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from publishing.domain.errors import ConflictError, NotAllowedError, UnavailableError
from publishing.domain.permissions import SYSTEM, Role
from publishing.domain.user import ProvenIdentity
from publishing.domain.web_session import SessionLimits
from publishing.services.auditing import verify
from publishing.services.privacy import erase_user, export_user
from publishing.services.signing_in import DisabledUserError, SignedIn, get_user, resume, sign_in
from publishing.store import users
from tests.api.conftest import Api, Table, environment, jwks, module_table, table
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


class TestAUsersData:
    """Everything that names a person, or was made for them, given to them and forgotten."""

    @pytest.fixture
    def ada(self, table: Table) -> SignedIn:
        identity = ProvenIdentity(
            id="ada-1", name="Ada Lovelace", email="ada@example.org", roles=frozenset({Role.EDITOR})
        )
        began = sign_in(identity=identity, browser="Firefox on Linux", limits=SessionLimits(), now=datetime.now(UTC))
        api = Api(groups=["editor"], sub="ada-1")
        api.post("messages/", {"text": "Hers"}, headers={"Idempotency-Key": "first"})
        api.post("keys/", {"name": "Ada's robot", "scopes": ["read_message"]})
        api.post("media/", {"name": "door.jpg", "media_type": "image/jpeg", "size": 9})
        Api(groups=["editor"], sub="bob").post("messages/", {"text": "His"})
        enter("bob")
        return began

    def test_is_given_to_them_whole_and_without_secrets(
        self, ada: SignedIn, table: Table, capsys: pytest.CaptureFixture[str]
    ):
        call_command("users", "export", "ada-1")

        text = capsys.readouterr().out
        lines = [json.loads(line) for line in text.splitlines()]
        kinds = {line["what"] for line in lines}
        assert kinds == {"profile", "web_session", "api_key", "message", "medium", "audit"}
        for word in ("Ada Lovelace", "ada@example.org", "Firefox on Linux", "Ada's robot", "door.jpg", "Hers"):
            assert word in text
        assert "His" not in text
        assert ada.session.key not in text
        hashes = [row["secret_sha"]["S"] for row in table.rows("KEY#")]
        assert hashes
        assert not [each for each in hashes if each in text]
        assert "user.export" in str(table.rows("AUDIT#"))

    def test_is_forgotten_everywhere_and_they_are_out(
        self, ada: SignedIn, table: Table, capsys: pytest.CaptureFixture[str]
    ):
        call_command("users", "erase", "ada-1")

        left = str(table.dump())
        for word in ("Lovelace", "ada@example.org", "Firefox on Linux", "Ada's robot"):
            assert word not in left
        assert [row["SK"]["S"] for row in table.rows("USER#ada-1")] == []
        assert not is_in(ada)
        assert table.rows("USER#bob")
        # What the organisation published stays, under an id that says nothing any more.
        assert "Hers" in left
        assert "user.erase" in str(table.rows("AUDIT#"))
        assert "Remove them from the provider too." in capsys.readouterr().out
        assert all(verdict.problem is None for verdict in verify(actor=SYSTEM))

    def test_that_a_broken_try_left_is_deleted_by_the_next(self, ada: SignedIn, monkeypatch: pytest.MonkeyPatch):
        delete_rest = users.delete_rest

        def break_down(_: str) -> int:
            raise UnavailableError("The table is away.")

        monkeypatch.setattr(users, "delete_rest", break_down)
        with pytest.raises(CommandError, match="away"):
            call_command("users", "erase", "ada-1")
        assert not is_in(ada)
        monkeypatch.setattr(users, "delete_rest", delete_rest)

        call_command("users", "erase", "ada-1")

        with pytest.raises(CommandError, match="There is no such user"):
            call_command("users", "erase", "ada-1")

    @pytest.mark.parametrize("what", ["export", "erase"])
    def test_of_nobody_is_said_to_be_none(self, table: Table, what: str):
        with pytest.raises(CommandError, match="There is no such user"):
            call_command("users", what, "nobody")

    def test_is_for_administrators_and_nobody_erases_themselves(self, ada: SignedIn):
        now = datetime.now(UTC)
        with pytest.raises(NotAllowedError):
            erase_user(actor=build_actor(Role.APPROVER), user_id="ada-1", now=now)
        with pytest.raises(NotAllowedError):
            list(export_user(actor=build_actor(Role.APPROVER), user_id="ada-1", now=now))
        with pytest.raises(ConflictError):
            erase_user(actor=build_actor(Role.ADMIN, id="ada-1"), user_id="ada-1", now=now)
