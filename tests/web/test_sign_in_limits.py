"""How often somebody may sign in: by user once they are proved, by where they come from before."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import RequestFactory

from publishing.adapters import clock
from publishing.domain.limits import SIGN_IN, SIGN_IN_FROM, SIGN_IN_THROUGH
from publishing.identity.addresses import Source, source_of
from publishing.services import limits
from tests.api.conftest import Table
from tests.provider import OpenIdProvider
from tests.web.conftest import Browser, failure_of

CLOUDFRONT, VIEWER, OTHER = "130.176.0.1", "198.51.100.7", "198.51.100.8"


@pytest.fixture(autouse=True)
def _at_one_moment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within one window, however long the test takes."""
    moment = datetime.now(UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)
    limits.forget()
    yield
    limits.forget()


@pytest.fixture
def _low(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SIGN_IN_FROM", replace(SIGN_IN_FROM, count=4, block=1))
    monkeypatch.setattr(limits, "SIGN_IN_THROUGH", replace(SIGN_IN_THROUGH, count=8, block=1))


def through_gateway(peer: str, forwarded: str = "") -> dict[str, Any]:
    """What Zappa hands to Django besides the request: the gateway's own event, and the header that it completed."""
    header = f"{forwarded}, {peer}" if forwarded else peer
    return {"lambda.event": {"requestContext": {"identity": {"sourceIp": peer}}}, "HTTP_X_FORWARDED_FOR": header}


class TestAUser:
    def test_who_signs_in_again_and_again_is_told_when_to_come_back(self, browser: Browser, provider: OpenIdProvider):
        answers = [browser.sign_in() for _ in range(SIGN_IN.count)]

        refused = browser.sign_in()

        assert {answer.status_code for answer in answers} == {302}
        assert failure_of(refused) == (429, "limited")
        assert 1 <= int(refused["Retry-After"]) <= 300
        assert "wait some minutes" in refused.content.decode()
        assert Browser(provider).sign_in(sub="somebody-else").status_code == 302


@pytest.mark.usefixtures("_low")
class TestAnAddress:
    def test_from_which_many_set_out_is_told_when_to_come_back(self, browser: Browser):
        answers = [browser.get("/auth/start/") for _ in range(5)]

        assert [answer.status_code for answer in answers] == [302] * 4 + [429]
        assert failure_of(answers[-1])[1] == "limited"
        assert 1 <= int(answers[-1]["Retry-After"]) <= 300

    def test_from_which_many_come_back_is_refused_before_the_provider_is_asked(
        self, browser: Browser, provider: OpenIdProvider
    ):
        for _ in range(3):
            browser.leave()
        asked = browser.leave()

        refused = browser.come_back(state=asked["state"], code=provider.authorize(asked))

        assert failure_of(refused) == (429, "limited")
        assert provider.redeemed == []

    def test_that_a_client_makes_up_counts_for_nothing(self, browser: Browser):
        answers = [
            browser.get("/auth/start/", headers={"X-Forwarded-For": f"203.0.113.{n}, 1.1.1.1"}) for n in range(5)
        ]

        assert answers[-1].status_code == 429

    def test_that_is_made_up_past_cloudfront_uses_up_its_connection(self, browser: Browser):
        answers = [browser.get("/auth/start/", **through_gateway(OTHER, f"203.0.113.{n}")) for n in range(9)]

        assert [answer.status_code for answer in answers] == [302] * 8 + [429]
        assert browser.get("/auth/start/", **through_gateway(VIEWER)).status_code == 302

    def test_behind_cloudfront_uses_up_nobody_elses(self, browser: Browser):
        answers = [browser.get("/auth/start/", **through_gateway(CLOUDFRONT, VIEWER)) for _ in range(5)]

        assert answers[-1].status_code == 429
        assert browser.get("/auth/start/", **through_gateway(CLOUDFRONT, OTHER)).status_code == 302

    def test_is_stored_nowhere_as_it_is(self, browser: Browser, table: Table):
        browser.get("/auth/start/", **through_gateway(CLOUDFRONT, VIEWER))

        stored = str(table.dump())
        assert "sign-in-from" in stored
        assert VIEWER not in stored
        assert CLOUDFRONT not in stored

    def test_says_nothing_about_a_stray_answer_which_costs_nothing(self, browser: Browser):
        answers = [browser.come_back(state="x", code="y") for _ in range(10)]

        assert {failure_of(answer) for answer in answers} == {(400, "attempt")}


class TestASource:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (through_gateway(VIEWER), Source(peer=VIEWER, viewer=VIEWER)),
            (through_gateway(CLOUDFRONT, VIEWER), Source(peer=CLOUDFRONT, viewer=VIEWER)),
            (through_gateway(CLOUDFRONT, f"6.6.6.6, {VIEWER}"), Source(peer=CLOUDFRONT, viewer=VIEWER)),
            (through_gateway(CLOUDFRONT, "nonsense"), Source(peer=CLOUDFRONT, viewer="unknown")),
            (
                {**through_gateway(VIEWER), "HTTP_X_FORWARDED_FOR": f"6.6.6.6, {OTHER}"},
                Source(peer=VIEWER, viewer=VIEWER),
            ),
            ({"REMOTE_ADDR": VIEWER, "HTTP_X_FORWARDED_FOR": OTHER}, Source(peer=VIEWER, viewer=VIEWER)),
            ({"REMOTE_ADDR": ""}, Source(peer="unknown", viewer="unknown")),
            (through_gateway("2001:db8:1:2:3::4"), Source(peer="2001:db8:1:2::/64", viewer="2001:db8:1:2::/64")),
            (through_gateway("::ffff:198.51.100.7"), Source(peer=VIEWER, viewer=VIEWER)),
            ({"lambda.event": {"requestContext": None}, "REMOTE_ADDR": VIEWER}, Source(peer=VIEWER, viewer=VIEWER)),
        ],
    )
    def test_is_what_nobody_can_choose(self, given: dict[str, Any], expected: Source):
        assert source_of(RequestFactory().get("/", **given)) == expected
