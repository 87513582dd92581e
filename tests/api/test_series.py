"""Series over HTTP, and the messages that the scheduler makes of them."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from publishing.adapters import clock as adapter
from publishing.adapters.hints import Nowhere
from publishing.domain.account import Account, AccountStatus
from publishing.domain.roles import Role
from publishing.domain.timing import Timing
from publishing.domain.user import User, UserStatus
from publishing.services import configured as process
from publishing.services import making
from publishing.services.dispatching import TickReport, TickRules, tick
from publishing.services.making import make_occurrences
from publishing.services.performing_ticks import TickPerformer
from publishing.services.steps import drive
from publishing.store import accounts, series, users, writes
from tests.api.conftest import Api, Table
from tests.clock import Clock

pytestmark = pytest.mark.usefixtures("surroundings")

Made = dict[str, Any]
DAY = timedelta(days=1)


def today(days: int = 0) -> str:
    return f"{adapter.now() + days * DAY:%Y-%m-%d}"


def rule(**fields: Any) -> Made:
    return {"frequency": "daily", "at": "09:00", "zone": "Europe/Berlin", "starts_on": today(1), **fields}


def scheduler(*, review_on: bool = False) -> TickReport:
    """Let the scheduler do what it does at this minute."""
    rules = TickRules(timing=Timing(), random=Random(1), review_on=review_on)
    performer = TickPerformer(hints=Nowhere(), remaining=lambda: timedelta(seconds=15))
    report: TickReport = drive(tick(rules=rules, is_wake=False), performer)
    return report


@pytest.fixture
def model(api: Api, account: Account, clock: Clock) -> Made:
    """A draft that series repeat; the clock is one that the test can move."""
    body = {"text": "Good morning", "title": "Daily", "accounts": [account.id], "variants": {"webhook": {"text": "Hi"}}}
    made: Made = api.post("messages/", body).json()
    return made


def create(api: Api, model: Made, **fields: Any) -> Made:
    response = api.post("series/", {"name": "Morning", "message": model["id"], "rule": rule(**fields)})
    assert response.status_code == 201, response.content
    made: Made = response.json()
    return made


def made_by(api: Api, of: Made) -> list[Made]:
    """The messages of a series, the earliest first."""
    listed = api.get("messages/", {"limit": 100}).json()["results"]
    every = [api.get(f"messages/{each['id']}/").json() for each in listed]
    return sorted((each for each in every if each["series"] == of["id"]), key=lambda each: each["scheduled_at"] or "")


class TestMaking:
    def test_makes_the_messages_of_the_next_week_each_once(self, table: Table, api: Api, model: Made):
        daily = create(api, model)

        report = scheduler()
        before = table.snapshot()
        again = scheduler()

        messages = made_by(api, daily)
        assert (report.made, again.made, table.snapshot() == before) == (len(messages), 0, True)
        assert len(messages) in {6, 7}
        assert {each["status"] for each in messages} == {"scheduled"}
        assert {each["wall_time"][10:] for each in messages} == {"T09:00:00"}
        first = messages[0]
        assert (first["text"], first["title"], first["variants"]) == ("Good morning", "Daily", model["variants"])
        assert (first["owner"], first["zone"], first["accounts"]) == (
            daily["owner"],
            "Europe/Berlin",
            model["accounts"],
        )
        assert [each["state"] for each in first["deliveries"]] == ["pending"]
        assert [row["actor"]["S"] for row in table.records()].count("system") == len(messages) + 1

    def test_goes_on_day_by_day_and_publishes_them(self, api: Api, model: Made, clock: Clock, surroundings: list[Any]):
        daily = create(api, model)
        scheduler()
        count = len(made_by(api, daily))

        clock.move(days=1)
        report = scheduler()
        clock.move(days=1)
        scheduler()

        assert report.made == 1
        assert len(made_by(api, daily)) == count + 2
        assert surroundings
        assert surroundings[0].message_id == made_by(api, daily)[0]["id"]

    def test_by_two_ticks_at_once_makes_each_once(self, api: Api, model: Made, monkeypatch: pytest.MonkeyPatch):
        """The second one read the series before the first one wrote how far it got."""
        daily = create(api, model)
        stale = series.get_series(daily["id"])
        scheduler()
        first = made_by(api, daily)
        monkeypatch.setattr(series, "find_series", lambda _: stale)

        made = make_occurrences(series_id=daily["id"], now=adapter.now(), horizon=7 * DAY, review_on=False)

        assert made == 0
        assert made_by(api, daily) == first

    def test_takes_the_words_that_the_message_has_by_then(self, api: Api, model: Made, clock: Clock):
        daily = create(api, model)
        scheduler()
        api.patch(f"messages/{model['id']}/", {"text": "Good day"})
        clock.move(days=1)

        scheduler()

        texts = [each["text"] for each in made_by(api, daily)]
        assert texts[-1] == "Good day"
        assert set(texts[:-1]) == {"Good morning"}

    def test_passes_over_what_was_missed(self, api: Api, model: Made, clock: Clock):
        daily = create(api, model)
        clock.move(days=30)

        scheduler()

        assert all(each["scheduled_at"] > f"{adapter.now():%Y-%m-%dT%H:%M:%S}" for each in made_by(api, daily))

    def test_ends_with_the_last_date(self, api: Api, model: Made):
        short = create(api, model, count=2)

        scheduler()

        assert len(made_by(api, short)) == 2
        assert api.get(f"series/{short['id']}/").json()["status"] == "ended"

    def test_is_bounded_and_goes_on_at_the_next_tick(self, api: Api, model: Made, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(making, "_AT_ONCE", 2)
        daily = create(api, model, count=5)

        reports = [scheduler().made for _ in range(3)]

        assert (reports, len(made_by(api, daily))) == ([2, 2, 1], 5)

    def test_does_not_make_again_what_was_deleted(self, api: Api, model: Made):
        daily = create(api, model, count=2)
        scheduler()
        gone = made_by(api, daily)[0]
        assert api.delete(f"messages/{gone['id']}/").status_code == 204

        scheduler()

        assert [each["id"] for each in made_by(api, daily)] != [gone["id"]]
        assert len(made_by(api, daily)) == 1

    def test_of_a_series_that_fails_keeps_no_message_from_going_out(
        self, api: Api, model: Made, monkeypatch: pytest.MonkeyPatch, surroundings: list[Any]
    ):
        create(api, model)
        due = api.post("messages/", {"text": "x", "accounts": model["accounts"], "schedule": "now"}).json()

        def fail(**_: Any) -> int:
            raise RuntimeError("A bug.")

        monkeypatch.setattr("publishing.services.performing_ticks.make_occurrences", fail)

        scheduler()

        assert [event.message_id for event in surroundings] == [due["id"]]


class TestAMessageThatCannotGoOut:
    def test_is_a_draft_that_says_why(self, api: Api, model: Made, account: Account):
        daily = create(api, model, count=1)
        paused = replace(account, status=AccountStatus.PAUSED, rev=account.rev + 1)
        writes.run(accounts.change_account(paused, read=accounts.get_account(account.id)))

        scheduler()

        (message,) = made_by(api, daily)
        assert (message["status"], message["deliveries"]) == ("draft", [])
        assert "paused" in message["problem"]["detail"]
        nine = datetime.fromisoformat(f"{today(1)}T09:00").replace(tzinfo=ZoneInfo("Europe/Berlin"))
        assert datetime.fromisoformat(message["scheduled_at"]) == nine

    def test_says_what_a_channel_refuses_and_says_it_no_more_once_it_is_mended(
        self, api: Api, put_account: Callable[..., Account], clock: Clock
    ):
        long = put_account(
            channel="mastodon", base_url="https://social.test", name="Toots", settings={"text_limit": "9"}
        )
        made = api.post("messages/", {"text": "Far more than nine", "accounts": [long.id]}).json()
        daily = create(api, made, count=1)

        scheduler()

        (message,) = made_by(api, daily)
        assert message["status"] == "draft"
        assert "Toots" in message["problem"]["detail"]
        assert api.patch(f"messages/{message['id']}/", {"text": "Short"}).json()["problem"] is None


class TestReview:
    def test_gets_what_a_series_made(
        self, api: Api, model: Made, monkeypatch: pytest.MonkeyPatch, clock: Clock, surroundings: list[Any]
    ):
        monkeypatch.setenv("OMNIPUB_REVIEW", "true")
        process.context.cache_clear()
        daily = create(api, model, count=2)

        scheduler(review_on=True)
        first, second = made_by(api, daily)
        approved = Api(groups=["approver"], sub="bob").post(f"messages/{first['id']}/approve/", {"rev": first["rev"]})
        clock.move(days=3)
        scheduler(review_on=True)

        process.context.cache_clear()
        assert {first["status"], second["status"]} == {"in_review"}
        assert first["review"]["submitted_by"] == daily["owner"]
        assert approved.json()["status"] == "scheduled"
        assert [event.message_id for event in surroundings] == [first["id"]]


class TestItsOwner:
    def put(self, owner: str, *roles: Role, status: UserStatus = UserStatus.ACTIVE) -> None:
        now = datetime.now(UTC)
        user = User(id=owner, roles=frozenset(roles), status=status, created_at=now, updated_at=now, signed_in_at=now)
        writes.run(users.put_user(user))

    @pytest.mark.parametrize(
        ("roles", "status", "why"),
        [((Role.EDITOR,), UserStatus.DISABLED, "kept out"), ((Role.VIEWER,), UserStatus.ACTIVE, "no editor any more")],
    )
    def test_who_may_not_go_on_stops_it_and_another_one_takes_it_over(
        self, table: Table, api: Api, model: Made, roles: tuple[Role, ...], status: UserStatus, why: str
    ):
        daily = create(api, model)
        self.put(daily["owner"], *roles, status=status)

        scheduler()

        stopped = api.get(f"series/{daily['id']}/").json()
        assert (stopped["status"], stopped["next"], made_by(api, daily)) == ("stopped", [], [])
        assert why in stopped["problem"]["detail"]
        assert not [row for row in table.rows("SERIES#") if "GSI2PK" in row]

        resumed = Api(groups=["editor"], sub="carol").post(f"series/{daily['id']}/resume/").json()
        scheduler()

        assert (resumed["status"], resumed["owner"], resumed["problem"]) == ("active", "carol", None)
        assert {each["owner"] for each in made_by(api, daily)} == {"carol"}

    def test_who_is_still_an_editor_goes_on(self, api: Api, model: Made):
        daily = create(api, model, count=3)
        self.put(daily["owner"], Role.EDITOR)

        assert scheduler().made == 3

    def test_is_told_when_the_message_is_gone(self, api: Api, model: Made):
        daily = create(api, model)
        api.delete(f"messages/{model['id']}/")

        scheduler()

        stopped = api.get(f"series/{daily['id']}/").json()
        assert stopped["status"] == "stopped"
        assert "is gone" in stopped["problem"]["detail"]
        assert api.post(f"series/{daily['id']}/resume/").status_code == 400


class TestASeries:
    def test_shows_its_next_moments(self, api: Api, model: Made):
        weekly = create(api, model, frequency="weekly", weekdays=["sunday", "monday"])

        assert weekly["rule"]["weekdays"] == ["monday", "sunday"]
        assert len(weekly["next"]) == 5
        assert weekly["next"] == sorted(weekly["next"])

    def test_is_changed_for_what_was_not_made_yet(self, api: Api, model: Made, clock: Clock):
        daily = create(api, model)
        scheduler()
        before = made_by(api, daily)

        edited = api.patch(f"series/{daily['id']}/", {"rule": rule(at="18:00")}).json()
        scheduler()

        assert (edited["rule"]["at"], edited["rev"]) == ("18:00", 2)
        assert made_by(api, daily)[: len(before)] == before
        clock.move(days=2)
        scheduler()
        assert made_by(api, daily)[-1]["wall_time"].endswith("T18:00:00")

    def test_is_paused_and_resumed(self, api: Api, model: Made):
        daily = create(api, model, exceptions=[today(days) for days in range(4, 12)])

        paused = api.post(f"series/{daily['id']}/pause/").json()
        nothing = scheduler().made
        resumed = api.post(f"series/{daily['id']}/resume/").json()

        assert (paused["status"], paused["next"], nothing) == ("paused", [], 0)
        assert resumed["status"] == "active"
        assert scheduler().made == 3
        assert api.post(f"series/{daily['id']}/resume/").status_code == 409

    def test_is_ended_for_good_and_what_it_made_stays(self, api: Api, model: Made, clock: Clock):
        daily = create(api, model)
        scheduler()
        before = made_by(api, daily)

        ended = api.post(f"series/{daily['id']}/end/").json()
        clock.move(hours=20)
        report = scheduler()

        assert (ended["status"], ended["next"], report.made) == ("ended", [], 0)
        assert [each["id"] for each in made_by(api, daily)] == [each["id"] for each in before]
        assert "scheduled" in {each["status"] for each in made_by(api, daily)}
        assert api.post(f"series/{daily['id']}/end/").status_code == 409

    def test_that_was_ended_too_early_goes_on_and_one_without_a_date_left_does_not(self, api: Api, model: Made):
        daily, short = create(api, model), create(api, model, count=1)
        api.post(f"series/{daily['id']}/end/")
        scheduler()

        resumed = api.post(f"series/{daily['id']}/resume/")
        over = api.post(f"series/{short['id']}/resume/")

        assert (resumed.status_code, resumed.json()["status"]) == (200, "active")
        assert over.status_code == 400
        assert [each["pointer"] for each in over.json()["errors"]] == ["/rule"]

    def test_whose_message_changes_changes_nothing_that_was_made(self, api: Api, model: Made, clock: Clock):
        daily = create(api, model)
        scheduler()
        before = made_by(api, daily)

        api.patch(f"messages/{model['id']}/", {"text": "Other words", "accounts": []})
        scheduler()

        assert made_by(api, daily) == before
        clock.move(days=1)
        scheduler()
        # Addressed to nobody by then, it is kept as a draft that says so.
        last = made_by(api, daily)[-1]
        assert (last["status"], last["text"]) == ("draft", "Other words")
        assert "addressed to no account" in last["problem"]["detail"]

    def test_is_deleted_and_what_it_made_stays(self, api: Api, model: Made):
        daily = create(api, model, count=1)
        scheduler()

        assert api.delete(f"series/{daily['id']}/").status_code == 204
        assert api.get(f"series/{daily['id']}/").status_code == 404
        assert [each["status"] for each in made_by(api, daily)] == ["scheduled"]

    def test_is_made_once_under_one_key(self, api: Api, model: Made):
        body = {"name": "Morning", "message": model["id"], "rule": rule()}
        options = {"headers": {"Idempotency-Key": "once"}}

        first, again = api.post("series/", body, **options), api.post("series/", body, **options)

        assert first.json() == again.json()
        assert len(api.get("series/").json()["results"]) == 1

    def test_is_not_changed_by_whoever_read_an_older_one(self, api: Api, model: Made):
        daily = create(api, model)
        etag = api.get(f"series/{daily['id']}/")["ETag"]
        api.patch(f"series/{daily['id']}/", {"name": "First"})

        for send in (api.patch, api.delete):
            body = [{"name": "Second"}] if send is api.patch else []
            assert send(f"series/{daily['id']}/", *body, headers={"If-Match": etag}).status_code == 412

    @pytest.mark.parametrize(
        ("fields", "pointer"),
        [
            ({"at": "9:00"}, "/rule/at"), ({"at": "25:00"}, "/rule/at"), ({"at": 9}, "/rule/at"),
            ({"starts_on": "01.12.2026"}, "/rule/starts_on"), ({"zone": "Nowhere"}, "/rule/zone"),
            ({"frequency": "hourly"}, "/rule/frequency"), ({"weekdays": ["funday"]}, "/rule/weekdays/0"),
            ({"weekdays": ["monday"]}, "/rule/weekdays"), ({"month_day": 0}, "/rule/month_day"),
            ({"count": "3"}, "/rule/count"), ({"x": 1}, "/rule/x"), ({"exceptions": ["x"]}, "/rule/exceptions/0"),
            ({"starts_on": "2020-01-01", "ends_on": "2020-02-01"}, "/rule"),
        ],
    )  # fmt: skip
    def test_says_which_field_is_wrong(self, api: Api, model: Made, fields: Made, pointer: str):
        refused = api.post("series/", {"name": "Morning", "message": model["id"], "rule": rule(**fields)})

        assert refused.status_code == 400, refused.content
        assert [each["pointer"] for each in refused.json()["errors"]] == [pointer]

    def test_repeats_a_message_that_there_is(self, api: Api, clock: Clock):
        refused = api.post("series/", {"name": "Morning", "message": "nothing", "rule": rule()})

        assert [each["pointer"] for each in refused.json()["errors"]] == ["/message"]

    def test_wakes_nobody_by_an_idle_tick(self, api: Api, model: Made, monkeypatch: pytest.MonkeyPatch):
        """Its timer stands among those of messages, so that a tick asks the table nothing more."""
        scheduler()
        asked: list[str] = []
        send = writes.dispatch

        def note(operation: str, arguments: Any) -> Any:
            asked.append(operation)
            return send(operation, arguments)

        for module in ("publishing.store.timers", "publishing.store.writes"):
            monkeypatch.setattr(f"{module}.dispatch", note)
        scheduler()
        idle = list(asked)
        asked.clear()
        create(api, model, starts_on=today(30))
        asked.clear()

        scheduler()

        assert asked == idle == ["Query"] * 3


class TestTheScheduler:
    def test_makes_messages_without_django(self):
        code = (
            "import workers.scheduler, sys; print(sorted({m.split('.')[0] for m in sys.modules} & {'django', 'PIL'}))"
        )

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

        assert done.stdout.strip() == "[]"
