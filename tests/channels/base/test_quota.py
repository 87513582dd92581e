"""Reading from headers what may still be asked of a platform; platforms write anything there."""

import json
from datetime import UTC, datetime

import pytest

from publishing.channels.base.quota import read_rate_limit, read_usage
from publishing.domain.quota import Quota, QuotaUnit
from publishing.http import Answer

NOW = datetime(2026, 11, 22, 8, tzinfo=UTC)
SOON = datetime(2026, 11, 22, 8, 5, tzinfo=UTC)


def build_answer(**headers: str) -> Answer:
    return Answer(status=200, headers={name.replace("_", "-"): value for name, value in headers.items()}, body=b"")


def limits(limit: str, remaining: str, reset: str = "") -> Answer:
    return build_answer(ratelimit_limit=limit, ratelimit_remaining=remaining, ratelimit_reset=reset)


class TestReadRateLimit:
    @pytest.mark.parametrize("reset", ["2026-11-22T08:05:00.000Z", str(int(SOON.timestamp()))])
    def test_reads_what_is_left_and_until_when(self, reset):
        quota = read_rate_limit(limits("300", "299", reset), prefix="ratelimit", now=NOW)

        assert quota == Quota(left=299, limit=300, resets_at=SOON)

    def test_counts_what_the_platform_counts(self):
        quota = read_rate_limit(limits("5000", "4997"), prefix="ratelimit", now=NOW, unit=QuotaUnit.POINTS)

        assert quota == Quota(left=4997, limit=5000, unit=QuotaUnit.POINTS)

    @pytest.mark.parametrize("reset", ["", "soon", "-1", "1e9", "99999999999", "2099-01-01T00:00:00Z", "2026-11-22"])
    def test_leaves_out_a_reset_that_is_none(self, reset):
        quota = read_rate_limit(limits("300", "299", reset), prefix="ratelimit", now=NOW)

        assert quota == Quota(left=299, limit=300)

    @pytest.mark.parametrize(
        ("limit", "left"),
        [
            ("", "1"),
            ("300", ""),
            ("0", "0"),
            ("300", "301"),
            ("300", "-1"),
            ("300", "2.5"),
            ("٣", "1"),
            ("9" * 99, "1"),
        ],
    )
    def test_says_nothing_where_the_headers_are_nonsense(self, limit, left):
        assert read_rate_limit(limits(limit, left), prefix="ratelimit", now=NOW) is None

    def test_says_nothing_without_headers(self):
        assert read_rate_limit(build_answer(), prefix="ratelimit", now=NOW) is None


class TestReadUsage:
    def test_takes_the_largest_percentage_of_all(self):
        app = json.dumps({"call_count": 28, "total_time": 25, "total_cputime": 3})
        case = json.dumps({"1067": [{"type": "pages", "call_count": 71, "total_time": 2}]})

        quota = read_usage(build_answer(x_app_usage=app, x_case=case), names=("x-app-usage", "x-case"))

        assert quota == Quota(left=29, limit=100, unit=QuotaUnit.PERCENT)

    def test_leaves_nothing_where_more_is_used_than_there_is(self):
        quota = read_usage(build_answer(x_app_usage='{"call_count": 130}'), names=("x-app-usage",))

        assert quota == Quota(left=0, limit=100, unit=QuotaUnit.PERCENT)

    @pytest.mark.parametrize(
        "text",
        ["", "{}", "[]", "null", "7", '{"call_count": "28"}', '{"call_count": -1}', '{"1": [3]}', "{", "[" * 5000,
         '{"call_count": 1e400}', '{"call_count": NaN}'],
    )  # fmt: skip
    def test_says_nothing_where_the_header_is_nonsense(self, text):
        assert read_usage(build_answer(x_app_usage=text), names=("x-app-usage",)) is None
