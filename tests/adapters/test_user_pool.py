"""What the user pool says about a user, asked of the emulator's."""

import pytest

from publishing.adapters import aws, user_pool
from publishing.adapters.user_pool import PoolUser
from publishing.domain.errors import UnavailableError
from publishing.domain.permissions import Role
from publishing.identity import owners
from tests.emulator import Emulator


@pytest.fixture
def pool(emulator: Emulator, monkeypatch: pytest.MonkeyPatch):
    """A pool of its own; the process is configured for it."""
    cognito = emulator.client("cognito-idp")
    pool_id = cognito.create_user_pool(PoolName="owners", UsernameAttributes=["email"])["UserPool"]["Id"]
    for name, value in {**emulator.environment, "COGNITO_USER_POOL_ID": pool_id}.items():
        monkeypatch.setenv(name, value)
    for name in ("OMNIPUB_OIDC_ISSUER", "OMNIPUB_DEMO_SIGN_IN"):
        monkeypatch.delenv(name, raising=False)
    aws.client.cache_clear()
    owners.owner_roles.cache_clear()
    yield pool_id
    aws.client.cache_clear()
    owners.owner_roles.cache_clear()
    cognito.delete_user_pool(UserPoolId=pool_id)


@pytest.fixture
def ada(emulator: Emulator, pool: str) -> str:
    """A user of two groups; return their id."""
    cognito = emulator.client("cognito-idp")
    for name in ("ada@example.org", "bob@example.org"):
        cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
    for group in ("editor", "cooks"):
        cognito.create_group(UserPoolId=pool, GroupName=group)
        cognito.admin_add_user_to_group(UserPoolId=pool, Username="ada@example.org", GroupName=group)
    found = cognito.admin_get_user(UserPoolId=pool, Username="ada@example.org")
    return str(next(each["Value"] for each in found["UserAttributes"] if each["Name"] == "sub"))


class TestAUserOfThePool:
    def test_is_found_by_id_with_their_groups(self, pool: str, ada: str):
        found = user_pool.find_user(pool, ada)

        assert found is not None
        assert found.is_enabled
        assert set(found.groups) == {"editor", "cooks"}

    def test_who_is_disabled_is_so_at_once(self, emulator: Emulator, pool: str, ada: str):
        emulator.client("cognito-idp").admin_disable_user(UserPoolId=pool, Username="ada@example.org")

        found = user_pool.find_user(pool, ada)
        assert isinstance(found, PoolUser)
        assert not found.is_enabled

    @pytest.mark.parametrize("user_id", ["00000000-0000-0000-0000-000000000000", 'x" or sub = "y', "", "a#b"])
    def test_who_is_not_there_is_nobody(self, pool: str, ada: str, user_id: str):
        assert user_pool.find_user(pool, user_id) is None

    def test_cannot_be_told_of_by_a_pool_that_does_not_answer(self, pool: str, ada: str):
        with pytest.raises(UnavailableError):
            user_pool.find_user("eu-central-1_Gone00000", ada)


class TestAnOwner:
    def test_has_the_roles_of_their_groups_while_they_are_let_in(self, emulator: Emulator, pool: str, ada: str):
        ask = owners.owner_roles()
        assert ask is not None

        assert ask(ada) == {Role.EDITOR}
        emulator.client("cognito-idp").admin_disable_user(UserPoolId=pool, Username="ada@example.org")
        assert ask(ada) == frozenset()

    @pytest.mark.parametrize("variable", ["OMNIPUB_OIDC_ISSUER", "OMNIPUB_DEMO_SIGN_IN"])
    def test_whom_another_vouched_for_is_not_asked_about(
        self, pool: str, monkeypatch: pytest.MonkeyPatch, variable: str
    ):
        values = {"OMNIPUB_OIDC_ISSUER": "https://id.example.org", "OMNIPUB_DEMO_SIGN_IN": "true"}
        monkeypatch.setenv(variable, values[variable])
        monkeypatch.setenv("OMNIPUB_OIDC_CLIENT_ID", "client")
        monkeypatch.setenv("OMNIPUB_ALLOW_PRIVATE_NETWORKS", "true")
        owners.owner_roles.cache_clear()

        assert owners.owner_roles() is None
