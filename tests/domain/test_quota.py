"""What is left at a platform, as time goes by."""

from datetime import UTC, datetime, timedelta

import pytest

from publishing.domain.quota import Quota, QuotaUnit

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)


def build_quota(left: int = 3, **fields) -> Quota:
    return Quota(left=left, limit=300, **fields)


class TestAQuota:
    def test_stays_as_it_was_told_until_its_time_is_over(self):
        quota = build_quota(resets_at=NOW + timedelta(seconds=1))

        assert quota.at(NOW) == quota

    def test_is_whole_again_afterwards(self):
        quota = build_quota(resets_at=NOW, unit=QuotaUnit.POINTS)

        assert quota.at(NOW) == Quota(left=300, limit=300, unit=QuotaUnit.POINTS)

    def test_stays_where_nobody_says_when_it_ends(self):
        assert build_quota().at(NOW + timedelta(days=9)) == build_quota()

    @pytest.mark.parametrize(("left", "is_low"), [(0, True), (29, True), (30, False), (300, False)])
    def test_is_low_below_a_tenth(self, left, is_low):
        assert build_quota(left).is_low is is_low
