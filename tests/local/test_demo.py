"""What `make demo` accepts; that it works on a running system is in tests/e2e."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from local import demo
from local.api import Client, NoAnswerError, RefusedError
from local.demo import Line, judge, report


def build_line(**changes):
    fields: dict[str, Any] = {
        "channel": "mastodon", "account": "News", "state": "published", "lateness": 0.4, "url": "http://x/1",
        "posts": 1,
    }  # fmt: skip
    return Line(**(fields | changes))


class TestJudgment:
    def test_accepts_one_post_in_time_everywhere(self):
        assert judge([build_line(), build_line(account="Jobs", lateness=1.4)]) == []

    @pytest.mark.parametrize(
        "changes",
        [
            {"state": "unconfirmed"},
            {"state": "retry"},
            {"posts": 0},
            {"posts": 2},
            {"lateness": 1.6},
            {"lateness": -0.1},
            {"lateness": None},
        ],
    )
    def test_refuses_everything_else(self, changes):
        assert judge([build_line(), build_line(**changes)])

    def test_names_the_latest_where_it_is_far_too_late(self):
        problems = judge([build_line() for _ in range(99)] + [build_line(lateness=4.2)])

        assert problems == ["The latest delivery started 4.20 s after its due time, not within 4.0 s."]


class TestReport:
    def test_shows_where_each_post_is_and_how_late_it_was(self):
        assert report([build_line()]).splitlines()[-1] == "mastodon  News     published    0.40 s      1  http://x/1"


class TestDemonstration:
    def test_says_in_a_sentence_that_nothing_runs(self, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("OMNIPUB_STATE", str(tmp_path))

        assert demo.main() == 1
        assert capsys.readouterr().err == "omnipub is not running here. Start it with: make run\n"


@dataclass(frozen=True, kw_only=True)
class Restarting(Client):
    """A client of an API of which a part was killed: what it says, one after the other."""

    answers: list[Any]

    def get(self, path: str) -> Any:
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def restarting(*answers: Any) -> Restarting:
    return Restarting(url="", answers=list(answers))


class TestWaiting:
    @pytest.fixture(autouse=True)
    def hurry(self, monkeypatch):
        monkeypatch.setattr("local.demo.time.sleep", lambda seconds: None)

    def test_outlasts_a_part_that_is_killed_and_comes_back(self):
        ended = {"deliveries": [{"state": "published"}]}
        api = restarting(RefusedError(503, "The table is away."), NoAnswerError("Reset"), ended)

        assert demo._wait(api, ["1"], datetime.now(UTC)) == [ended]

    def test_ends_when_nothing_comes_back(self):
        api = restarting(RefusedError(503, "The table is away."))

        with pytest.raises(RefusedError, match="The table is away"):
            demo._wait(api, ["1"], datetime.now(UTC) - timedelta(minutes=2))

    def test_ends_at_any_other_refusal(self):
        with pytest.raises(RefusedError, match="403"):
            demo._wait(restarting(RefusedError(403, "Not yours.")), ["1"], datetime.now(UTC))
