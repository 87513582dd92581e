"""Inviting users as operators type it, and the web function's handler is invoked: against the emulator's pool."""

import os
from datetime import UTC, datetime

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from publishing.adapters import aws, user_pool
from publishing.domain.errors import ConflictError, NotAllowedError, UnavailableError
from publishing.domain.permissions import SYSTEM, Role
from publishing.services import auditing
from publishing.services.inviting import invite_user
from publishing.store import audit
from publishing.store.binding import bind
from tests.builders import build_actor
from tests.emulator import Emulator

ADDRESS = "first.admin@example.org"


@pytest.fixture
def pool(emulator: Emulator, monkeypatch: pytest.MonkeyPatch):
    """An empty pool with the groups of a deployment and an empty table; the process is configured for both."""
    cognito = emulator.client("cognito-idp")
    made = cognito.create_user_pool(PoolName="invited", UsernameAttributes=["email"])["UserPool"]["Id"]
    for role in Role:
        cognito.create_group(UserPoolId=made, GroupName=role.value)
    variables = {**emulator.environment, "COGNITO_USER_POOL_ID": made, "TABLE_NAME": emulator.create_table()}
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    for name in ("OMNIPUB_OIDC_ISSUER", "OMNIPUB_ROLES_BY_GROUP"):
        monkeypatch.delenv(name, raising=False)
    aws.client.cache_clear()
    audit._heads.clear()
    bind(variables["TABLE_NAME"])
    yield made
    aws.client.cache_clear()
    audit._heads.clear()
    cognito.delete_user_pool(UserPoolId=made)


def members(emulator: Emulator, pool: str, group: str) -> list[dict[str, str]]:
    found = emulator.client("cognito-idp").list_users_in_group(UserPoolId=pool, GroupName=group)["Users"]
    return [{each["Name"]: each["Value"] for each in user["Attributes"]} for user in found]


def recorded() -> list[audit.LinkedRecord]:
    return [link for day in auditing.list_days(actor=SYSTEM) for link in audit.read_chain(day)]


class TestTheFirstAdmin:
    def test_is_in_the_pool_and_its_group_by_one_command(
        self, emulator: Emulator, pool: str, capsys: pytest.CaptureFixture[str]
    ):
        call_command("users", "invite", "--email", ADDRESS, "--role", "admin")

        (admin,) = members(emulator, pool, "admin")
        assert (admin["email"], admin["email_verified"]) == (ADDRESS, "true")
        said = capsys.readouterr().out
        assert said == (
            f"User {admin['sub']} is in the group admin, which gives admin. A first password was mailed to them.\n"
        )
        found = user_pool.find_user(pool, admin["sub"])
        assert found is not None
        assert found.groups == ("admin",)

    def test_is_recorded_by_id_and_never_by_address(self, emulator: Emulator, pool: str):
        call_command("users", "invite", "--email", ADDRESS, "--role", "admin")

        (link,) = recorded()
        assert (link.record.actor, link.record.action) == ("system", "user.invite")
        assert link.record.target == f"user:{members(emulator, pool, 'admin')[0]['sub']}"
        assert link.record.facts == {"role": "admin", "group": "admin", "mailed": True}
        rows = emulator.client("dynamodb").scan(TableName=os.environ["TABLE_NAME"])["Items"]
        assert ADDRESS not in str(rows)
        assert all(verdict.problem is None for verdict in auditing.verify(actor=SYSTEM))

    def test_is_the_same_user_when_invited_again_or_with_another_role(
        self, emulator: Emulator, pool: str, capsys: pytest.CaptureFixture[str]
    ):
        call_command("users", "invite", "--email", ADDRESS, "--role", "admin")
        call_command("users", "invite", "--email", ADDRESS.title(), "--role", "editor")

        assert members(emulator, pool, "admin") == members(emulator, pool, "editor")
        assert len(emulator.client("cognito-idp").list_users(UserPoolId=pool)["Users"]) == 1
        assert capsys.readouterr().out.count("A first password was mailed to them.") == 2

    def test_who_has_a_password_is_mailed_none(self, emulator: Emulator, pool: str, capsys: pytest.CaptureFixture[str]):
        call_command("users", "invite", "--email", ADDRESS, "--role", "viewer")
        emulator.client("cognito-idp").admin_set_user_password(
            UserPoolId=pool, Username=ADDRESS, Password="Some-Passw0rd!", Permanent=True
        )
        capsys.readouterr()

        call_command("users", "invite", "--email", ADDRESS, "--role", "admin")

        assert "They have a password already." in capsys.readouterr().out
        assert len(members(emulator, pool, "admin")) == 1

    def test_may_do_nothing_while_their_role_is_not_recorded(
        self, emulator: Emulator, pool: str, monkeypatch: pytest.MonkeyPatch
    ):
        def away(*_: object) -> None:
            raise UnavailableError("The table is away.")

        with monkeypatch.context() as broken:
            broken.setattr("publishing.services.inviting.transact_with_audit", away)
            with pytest.raises(CommandError, match="away"):
                call_command("users", "invite", "--email", ADDRESS, "--role", "admin")
        assert members(emulator, pool, "admin") == []

        call_command("users", "invite", "--email", ADDRESS, "--role", "admin")
        assert len(members(emulator, pool, "admin")) == 1


class TestAnInvitation:
    def test_gives_the_group_that_the_configuration_names(
        self, emulator: Emulator, pool: str, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("OMNIPUB_ROLES_BY_GROUP", "newsroom=editor,viewer=admin")

        call_command("users", "invite", "--email", ADDRESS, "--role", "admin")

        assert len(members(emulator, pool, "viewer")) == 1
        assert members(emulator, pool, "admin") == []
        with pytest.raises(CommandError, match="names no group that gives approver"):
            call_command("users", "invite", "--email", ADDRESS, "--role", "approver")
        with pytest.raises(CommandError, match="no group newsroom in it"):
            call_command("users", "invite", "--email", ADDRESS, "--role", "editor")

    def test_is_refused_where_people_sign_in_elsewhere(
        self, emulator: Emulator, pool: str, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("OMNIPUB_OIDC_ISSUER", "https://id.example.org")
        monkeypatch.setenv("OMNIPUB_OIDC_CLIENT_ID", "client")

        with pytest.raises(CommandError, match=r"another provider than the user pool\. Invite them there"):
            call_command("users", "invite", "--email", ADDRESS, "--role", "admin")

        assert emulator.client("cognito-idp").list_users(UserPoolId=pool)["Users"] == []

    @pytest.mark.parametrize("address", ["ada", "ada@example", 'a" or sub = "x@example.org', "a b@example.org"])
    def test_needs_an_address(self, emulator: Emulator, pool: str, address: str):
        with pytest.raises(CommandError, match="This is no e-mail address"):
            call_command("users", "invite", "--email", address, "--role", "admin")

        assert emulator.client("cognito-idp").list_users(UserPoolId=pool)["Users"] == []
        assert recorded() == []

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            (("invite", "--email", ADDRESS), "Type: users invite --email"),
            (("invite", "--role", "admin"), "Type: users invite --email"),
            (("invite", "ada-1", "--email", ADDRESS, "--role", "admin"), "Type: users invite --email"),
            (("disable",), "Name the user by their id"),
            (("disable", "ada-1", "--role", "admin"), "belong to invite"),
        ],
    )
    def test_that_is_typed_wrongly_is_told_how(self, pool: str, typed: tuple[str, ...], sentence: str):
        with pytest.raises(CommandError, match=sentence):
            call_command("users", *typed)

    def test_is_for_administrators(self, pool: str):
        now = datetime.now(UTC)
        with pytest.raises(NotAllowedError):
            invite_user(
                actor=build_actor(Role.APPROVER), email=ADDRESS, role=Role.ADMIN, group="admin", pool_id=pool, now=now
            )

    def test_to_a_pool_that_is_gone_says_so(self, pool: str):
        with pytest.raises(ConflictError, match="There is no such user pool"):
            user_pool.invite("eu-central-1_Gone00000", ADDRESS)
