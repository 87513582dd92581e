from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from local.platforms import RunningPlatforms, faults, start
from local.platforms.faults import HUGE_BODY, NAMES, Fault, FaultBook, choose
from tests.local.platforms.client import Client, Clock

APPLIED = {"unavailable_after", "server_error_after", "accept_and_hang_up", "malformed", "huge", "slow_drip", "slow"}
STATUS = {
    "rate_limited": 429,
    "unavailable_before": 503,
    "unavailable_after": 503,
    "server_error_before": 500,
    "server_error_after": 500,
    "expired_credential": 401,
    "forbidden": 403,
    "not_found": 404,
    "redirect": 307,
    "html": 200,
    "empty": 200,
    "malformed": 200,
    "huge": 200,
    "slow_drip": 200,
    "slow": 200,
}
HANG_UPS = {"hang_up_before", "accept_and_hang_up"}


class TestChoosing:
    def test_lays_shares_side_by_side(self):
        slices = [Fault(fault="a", share=0.1), Fault(fault="b", share=0.05), Fault(fault="c", share=0.05)]

        chosen = [choose(slices, (number + 0.5) / 1000) for number in range(1000)]

        names = [fault.fault if fault else "" for fault in chosen]
        assert {name: names.count(name) for name in ("a", "b", "c", "")} == {"a": 100, "b": 50, "c": 50, "": 800}

    def test_spoils_with_three_shares_the_same_requests_as_with_their_sum(self):
        parted, whole = FaultBook(), FaultBook()
        for name, share in (("rate_limited", 0.1), ("accept_and_hang_up", 0.05), ("unavailable_before", 0.05)):
            parted.add(Fault(fault=name, share=share), seed=1)
        whole.add(Fault(fault="forbidden", share=0.2), seed=1)

        spoiled = [
            [book.draw("mastodon", "demo", "create") is not None for _ in range(2000)] for book in (parted, whole)
        ]

        assert spoiled[0] == spoiled[1]
        assert 0 < sum(spoiled[0]) < 2000

    def test_always_meets_a_share_of_one(self):
        assert choose([Fault(fault="a", share=1.0)], 0.9999999999) is not None

    def test_never_meets_a_share_of_zero(self):
        assert choose([Fault(fault="a", share=0.0)], 0.0) is None


class TestEveryFault:
    def test_is_described_here(self):
        assert {*STATUS, *HANG_UPS} == NAMES

    def test_is_explained_in_the_readme(self):
        rows = re.findall(r"^\| `(\w+)` \|", Path(faults.__file__).with_name("README.md").read_text(), re.MULTILINE)

        assert sorted(rows) == sorted(NAMES)

    @pytest.mark.parametrize("name", sorted(STATUS))
    @pytest.mark.parametrize("channel", ["mastodon", "webhook"])
    def test_answers_its_status_and_applies_or_not(self, client: Client, name, channel):
        client.fault(name, delay=0)

        answer = client.toot() if channel == "mastodon" else client.hook()

        # The webhook's own success is 202; what spoils the body only keeps or simplifies it.
        assert answer.status_code in ({200, 202} if STATUS[name] == 200 else {STATUS[name]})
        assert len(client.posts()) == (name in APPLIED)
        [count] = client.requests()
        assert (count["status"], count["fault"], count["count"]) == (answer.status_code, name, 1)

    @pytest.mark.parametrize("name", sorted(HANG_UPS))
    def test_that_hangs_up_says_nothing(self, client: Client, name):
        client.fault(name)

        with pytest.raises(httpx.RemoteProtocolError):
            client.toot()

        assert len(client.posts()) == (name in APPLIED)
        assert [(count["status"], count["fault"]) for count in client.requests()] == [(None, name)]


class TestOneFault:
    def test_rate_limited_says_when_to_come_back_the_platforms_way(self, client: Client):
        client.fault("rate_limited", retry_after=90)

        mastodon, webhook = client.toot(), client.hook()

        assert mastodon.headers["x-ratelimit-reset"] == "2026-11-22T12:01:30.250Z"
        assert mastodon.headers["x-ratelimit-remaining"] == "0"
        assert "retry-after" not in mastodon.headers
        assert webhook.headers["retry-after"] == "90"

    def test_malformed_cuts_the_json(self, client: Client):
        client.fault("malformed")

        with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
            client.toot().json()

    def test_empty_and_html_are_no_json(self, client: Client):
        client.fault("empty", account="empty")
        client.fault("html", account="html")

        assert client.toot(account="empty").content == b""
        assert client.toot(account="html").headers["content-type"].startswith("text/html")

    def test_huge_is_ten_megabytes(self, client: Client):
        client.fault("huge")

        assert len(client.toot().content) == HUGE_BODY

    def test_redirect_leads_to_a_place_that_counts_whoever_follows(self, client: Client):
        client.fault("redirect")
        place = client.toot().headers["location"]

        client.http.post(place, content=b"{}")

        assert ("elsewhere", 404) in [(count["channel"], count["status"]) for count in client.requests()]

    def test_slow_drip_sends_the_whole_answer_byte_by_byte(self, client: Client):
        client.fault("slow_drip", delay=0)

        assert client.toot("Drip").json()["content"] == "<p>Drip</p>"

    @pytest.mark.parametrize(("applied", "seen_while_waiting"), [("before", ["Slow"]), ("after", [])])
    def test_slow_waits_before_or_after_applying(self, tmp_path: Path, clock: Clock, applied, seen_while_waiting):
        waiting, go_on = threading.Event(), threading.Event()

        def sleep(seconds: float) -> None:
            waiting.set()
            go_on.wait(10)

        with start(state_dir=tmp_path, now=clock, sleep=sleep) as running, ThreadPoolExecutor(1) as pool:
            client, observer = Client(running.url, clock), Client(running.url, clock)
            client.fault("slow", applied=applied)
            answer = pool.submit(client.toot, "Slow")
            assert waiting.wait(10)
            seen = observer.texts()
            clock.advance(60)
            go_on.set()
            created_at = answer.result().json()["created_at"]
            assert (answer.result().status_code, observer.texts()) == (200, ["Slow"])
            assert observer.posts()[0]["received_at"] == "2026-11-22T12:00:00.250Z"
            client.http.close()
            observer.http.close()

        assert seen == seen_while_waiting
        # The evidence says when the request came, the platform when it published.
        assert created_at == ("2026-11-22T12:00:00.250Z" if applied == "before" else "2026-11-22T12:01:00.250Z")


class TestAFaultsReach:
    def test_is_its_account_and_channel(self, client: Client):
        client.fault("unavailable_before", channel="mastodon", account="bad")

        statuses = [client.toot(account="bad"), client.toot(), client.hook(account="bad")]

        assert [answer.status_code for answer in statuses] == [503, 200, 202]

    def test_is_creating_requests_unless_told_otherwise(self, client: Client):
        client.fault("expired_credential")

        assert client.read("api/v1/accounts/verify_credentials").status_code == 200
        assert client.toot().status_code == 401

    def test_can_be_reading_requests(self, client: Client):
        client.fault("server_error_before", on="read")

        assert client.read("api/v1/accounts/verify_credentials").status_code == 500
        assert client.toot().status_code == 200

    def test_ends_after_its_count(self, client: Client):
        client.fault("unavailable_before", count=2)

        assert [client.toot().status_code for _ in range(3)] == [503, 503, 200]

    def test_ends_when_it_is_cleared(self, client: Client):
        fault = client.fault("forbidden", account="demo")
        client.fault("not_found", account="other")

        cleared = client.http.delete("/_control/faults", params={"id": str(fault["id"])})

        assert cleared.json() == {"cleared": 1}
        assert (client.toot().status_code, client.toot(account="other").status_code) == (200, 404)

    def test_is_repeatable_with_a_seed_whatever_other_accounts_do(self, client: Client):
        def draw(others: int) -> list[int]:
            client.http.delete("/_control/faults")
            client.fault("unavailable_before", share=0.5, seed=7)
            for _ in range(others):
                client.toot(account="other")
            return [client.toot().status_code for _ in range(20)]

        first = draw(others=0)

        assert draw(others=5) == first
        assert set(first) == {200, 503}

    def test_shows_how_often_it_was_met(self, client: Client):
        client.fault("unavailable_before", count=5)
        client.toot()

        [fault] = client.http.get("/_control/faults").json()["faults"]
        assert (fault["fault"], fault["fired"], fault["count"]) == ("unavailable_before", 1, 4)


class TestStopping:
    def test_does_not_wait_for_slow_answers_and_leaves_no_thread(self, tmp_path: Path, clock: Clock):
        before = set(threading.enumerate())
        running: RunningPlatforms = start(state_dir=tmp_path, now=clock)
        client = Client(running.url, clock)
        client.fault("slow_drip", delay=600)
        with client.http.stream(
            "POST",
            "/mastodon/demo/api/v1/statuses",
            json={"status": "Drip"},
            headers={"Authorization": "Bearer mastodon-demo-token"},
        ) as answer:
            assert answer.status_code == 200
            running.stop()
        client.http.close()

        assert set(threading.enumerate()) == before
