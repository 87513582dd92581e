"""The part of the channels' contract that needs no answer of a platform: building, counting, refusing."""

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import pytest

from publishing.channels.base.capabilities import Deduplication
from publishing.channels.base.contract import Channel
from publishing.channels.base.registry import get_channel
from publishing.domain.content import TEXT_LIMIT, Content, Severity
from tests.channels.simulated import SimulatedAccount, build_submission, new_account


class PureContract:
    """Every channel passes these tests, as part of `ChannelContract`."""

    kind: ClassVar[str]
    #: The last word of an account's secret on the simulated platform, or all of it with `{name}` in it.
    secret: ClassVar[str]
    #: What connecting an account has to state besides address and secret.
    settings: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture
    def channel(self) -> Channel:
        return get_channel(self.kind)

    @pytest.fixture
    def account(self, platforms_url: str) -> SimulatedAccount:
        return self.new_account(platforms_url)

    def new_account(self, platforms_url: str) -> SimulatedAccount:
        return new_account(platforms_url, self.kind, self.secret, settings=self.settings)

    def test_finds_no_problem_with_an_account_as_it_is_connected(self, channel, account):
        assert channel.account_problems(account.destination().account) == ()

    def test_names_itself_like_its_folder(self, channel):
        assert channel.capabilities.kind == self.kind
        assert type(channel).__module__.startswith(f"publishing.channels.{self.kind}.")

    def test_states_a_window_exactly_when_it_has_a_key(self, channel):
        has_key = channel.capabilities.deduplication is Deduplication.KEY

        assert (channel.capabilities.key_window is not None) == has_key

    def test_builds_the_same_payload_twice_and_leaves_its_input_untouched(self, channel, account):
        submission = build_submission("Once", link="https://example.org/a", title="Title")
        before = copy.deepcopy(submission)
        target = account.destination().account

        first = channel.build(submission, target)
        second = channel.build(submission, target)

        assert (first, first.sha()) == (second, second.sha())
        assert submission == before

    def test_builds_another_payload_for_another_text(self, channel, account):
        target = account.destination().account
        submission = build_submission("Once")
        other = replace(submission, content=Content(text="Twice"))

        assert channel.build(submission, target).sha() != channel.build(other, target).sha()

    def test_finds_no_problem_with_an_ordinary_text(self, channel, account):
        content = Content(text="Grüße 👨‍👩‍👧‍👦", link="https://example.org/")

        assert channel.problems(content, account.destination().account) == ()

    def test_takes_a_text_of_exactly_its_limit(self, channel, account):
        target = account.destination().account
        limit = channel.text_limit(target) or TEXT_LIMIT

        assert channel.problems(Content(text="a" * limit), target) == ()

    def test_refuses_a_text_one_unit_too_long_before_any_request(self, channel, account):
        target = account.destination().account
        limit = channel.text_limit(target) or TEXT_LIMIT

        problems = channel.problems(Content(text="a" * (limit + 1)), target)

        assert [(problem.code, problem.field, problem.severity) for problem in problems] == [
            ("too_long", "text", Severity.PROBLEM)
        ]
        assert f"{limit:,}" in problems[0].detail
        assert account.count("create") == 0

    def test_obeys_the_limit_that_the_account_states(self, channel, account):
        target = account.destination(text_limit="10").account

        assert channel.problems(Content(text="a" * 10), target) == ()
        assert [problem.code for problem in channel.problems(Content(text="a" * 11), target)] == ["too_long"]

    @pytest.mark.parametrize("text", ["", " \n\t", "\u200b\ufeff", "\ud83d", "a\x00b"])
    def test_refuses_what_is_no_text(self, channel, account, text):
        problems = channel.problems(Content(text=text), account.destination().account)

        assert [problem.severity for problem in problems] == [Severity.PROBLEM]

    @pytest.mark.parametrize(
        "link", ["example.org", "javascript:alert(1)", "https://example.org/\n", "https://" + "a" * 2_048]
    )
    def test_refuses_what_is_no_link(self, channel, account, link):
        problems = channel.problems(Content(text="Look", link=link), account.destination(text_limit="9000").account)

        assert [problem.field for problem in problems] == ["link"]
