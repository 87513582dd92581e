"""API keys as values: which secret they take, and when they end."""

from datetime import timedelta

import pytest

from publishing.domain.api_key import ApiKeyStatus
from publishing.domain.permissions import Role
from tests.builders import NOW, build_api_key

HOUR = timedelta(hours=1)
VIEWER = frozenset({Role.VIEWER})


class TestAKey:
    def test_takes_its_own_secret_and_no_other(self):
        key = build_api_key()

        assert key.accepts("secret", NOW)
        assert not any(key.accepts(other, NOW) for other in ("", "Secret", "secret ", key.secret_sha))

    def test_takes_no_secret_of_another_key(self):
        other = build_api_key(id="01KBCD0000000000000000000E")

        assert not other.accepts("secret", NOW)

    def test_takes_both_secrets_within_the_overlap_of_a_rotation(self):
        key = build_api_key().rotated("newer", roles=VIEWER, overlap=HOUR, now=NOW)

        assert [key.accepts(secret, NOW + HOUR / 2) for secret in ("secret", "newer")] == [True, True]
        assert [key.accepts(secret, NOW + HOUR) for secret in ("secret", "newer")] == [False, True]
        assert key.roles == VIEWER

    def test_takes_the_newest_two_secrets_at_most(self):
        once = build_api_key().rotated("newer", roles=VIEWER, overlap=HOUR, now=NOW)
        twice = once.rotated("newest", roles=VIEWER, overlap=HOUR, now=NOW)

        assert [twice.accepts(secret, NOW) for secret in ("secret", "newer", "newest")] == [False, True, True]

    def test_forgets_the_secret_before_at_once_without_an_overlap(self):
        key = build_api_key().rotated("newer", roles=VIEWER, overlap=timedelta(0), now=NOW)

        assert not key.accepts("secret", NOW)
        assert key.previous_sha is None

    @pytest.mark.parametrize(
        ("fields", "after", "status"),
        [
            ({}, timedelta(0), ApiKeyStatus.ACTIVE),
            ({}, timedelta(days=90), ApiKeyStatus.EXPIRED),
            ({"revoked_at": NOW}, timedelta(0), ApiKeyStatus.REVOKED),
            ({"revoked_at": NOW}, timedelta(days=91), ApiKeyStatus.REVOKED),
        ],
    )
    def test_is_good_until_it_ends(self, fields, after, status):
        assert build_api_key(**fields).status(NOW + after) is status

    def test_shows_no_hash(self):
        key = build_api_key().rotated("newer", roles=VIEWER, overlap=HOUR, now=NOW)

        assert key.secret_sha not in repr(key)
        assert str(key.previous_sha) not in repr(key)
