"""What becomes of keys when their owner loses something in the user pool, and nobody tells us."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from publishing.domain.api_key import ApiKeyDraft
from publishing.domain.errors import UnavailableError
from publishing.domain.permissions import Action, Role
from publishing.services import api_keys
from publishing.store import api_keys as stored
from publishing.store import audit
from tests.builders import NOW, build_actor

BOTH = frozenset({Role.EDITOR, Role.ADMIN})
QUARTER = timedelta(minutes=15)


@dataclass
class Pool:
    """What the pool says, and how often it was asked."""

    roles: frozenset[Role] = BOTH
    is_away: bool = False
    asked: list[str] = field(default_factory=list)

    def __call__(self, user_id: str) -> frozenset[Role]:
        self.asked.append(user_id)
        if self.is_away:
            raise UnavailableError("The user pool does not answer.")
        return self.roles


@pytest.mark.usefixtures("table")
class TestAKeyInUse:
    @pytest.fixture
    def pool(self) -> Pool:
        return Pool()

    @pytest.fixture
    def token(self, table: str) -> str:
        return self.make("robot")

    def make(self, name: str) -> str:
        draft = ApiKeyDraft(name=name, scopes=frozenset({Action.CREATE_MESSAGE}), expires_at=None)
        return api_keys.create_key(actor=build_actor(*BOTH, id="ada"), draft=draft, now=NOW).token

    @pytest.fixture
    def use(self, token: str, pool: Pool) -> Callable[[datetime], frozenset[Role]]:
        return lambda now: api_keys.authenticate(token=token, now=now, owner_roles=pool).roles

    def test_asks_about_its_owner_every_quarter_of_an_hour(self, use: Callable[..., object], pool: Pool):
        for minutes in (0, 5, 14, 15, 16, 29, 30, 44):
            use(NOW + timedelta(minutes=minutes))

        assert pool.asked == ["ada"] * 2

    def test_may_do_nothing_once_its_owner_is_out(self, use: Callable[..., object], pool: Pool, token: str):
        other = self.make("other")
        pool.roles = frozenset()

        assert use(NOW + timedelta(minutes=14)) == BOTH
        assert use(NOW + QUARTER) == frozenset()
        # All of theirs, and for good: letting somebody in again is no gift of roles to programs.
        pool.roles = BOTH
        assert use(NOW + 2 * QUARTER) == frozenset()
        assert api_keys.authenticate(token=other, now=NOW + timedelta(minutes=1)).roles == frozenset()
        taken = [link.record for link in audit.read_chain(f"{NOW:%Y-%m-%d}")]
        assert [record.facts for record in taken if record.action == "key.follow_roles"] == [
            {"lost": "admin,editor"}
        ] * 2

    def test_loses_what_its_owner_lost_and_keeps_the_rest(self, use: Callable[..., object], pool: Pool):
        pool.roles = frozenset({Role.EDITOR, Role.VIEWER})

        assert use(NOW + QUARTER) == {Role.EDITOR}

    def test_goes_on_while_the_pool_is_away_and_asks_again_soon(self, use: Callable[..., object], pool: Pool):
        pool.is_away = True
        pool.roles = frozenset()

        assert use(NOW + QUARTER) == BOTH
        assert use(NOW + QUARTER + timedelta(seconds=59)) == BOTH
        assert len(pool.asked) == 1
        pool.is_away = False
        assert use(NOW + QUARTER + timedelta(minutes=1)) == frozenset()

    def test_of_an_earlier_version_is_asked_about_at_its_first_use(self, token: str, pool: Pool):
        key_id = token.partition(".")[0]
        key = stored.get_key(key_id)
        stored.claim_question(key_id, now=NOW - timedelta(days=30), asked_at=key.owner_asked_at)
        pool.roles = frozenset({Role.EDITOR})

        assert api_keys.authenticate(token=token, now=NOW, owner_roles=pool).roles == {Role.EDITOR}

    def test_is_asked_about_by_one_function_at_a_time(self, token: str, pool: Pool):
        key_id = token.partition(".")[0]
        later = NOW + QUARTER

        claims = [stored.claim_question(key_id, now=later, asked_at=NOW) for _ in range(2)]

        assert claims == [True, False]
