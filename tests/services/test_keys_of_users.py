"""What becomes of a user's API keys when the user's roles change, or the user is disabled."""

from datetime import timedelta

import pytest

from publishing.domain.api_key import ApiKeyDraft
from publishing.domain.permissions import SYSTEM, Action, Role
from publishing.domain.user import ProvenIdentity
from publishing.domain.web_session import SessionLimits
from publishing.services import api_keys, signing_in
from tests.builders import NOW, build_actor

LIMITS = SessionLimits(idle=timedelta(hours=2), lifetime=timedelta(hours=8))
BOTH = frozenset({Role.EDITOR, Role.ADMIN})


def sign_in(roles: frozenset[Role]) -> None:
    identity = ProvenIdentity(id="ada", name="Ada", email="ada@example.org", roles=roles)
    signing_in.sign_in(identity=identity, browser="Firefox", limits=LIMITS, now=NOW)


@pytest.mark.usefixtures("table")
class TestAKey:
    @pytest.fixture
    def token(self, table: str) -> str:
        sign_in(BOTH)
        draft = ApiKeyDraft(name="robot", scopes=frozenset({Action.CREATE_MESSAGE}), expires_at=None)
        actor = build_actor(*BOTH, id="ada")
        return api_keys.create_key(actor=actor, draft=draft, now=NOW).token

    def test_loses_a_role_that_its_owner_signs_in_without(self, token: str):
        sign_in(frozenset({Role.EDITOR}))

        assert api_keys.authenticate(token=token, now=NOW).roles == {Role.EDITOR}

    def test_gains_none_by_a_sign_in(self, token: str):
        sign_in(frozenset({Role.EDITOR}))
        sign_in(BOTH)

        assert api_keys.authenticate(token=token, now=NOW).roles == {Role.EDITOR}

    def test_may_do_nothing_once_its_owner_is_disabled(self, token: str):
        signing_in.disable_user(actor=SYSTEM, user_id="ada", now=NOW)

        assert api_keys.authenticate(token=token, now=NOW).roles == frozenset()
