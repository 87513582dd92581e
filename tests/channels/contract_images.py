"""The part of the channels' contract that is about images: chosen, put in place, published once, in their order."""

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import pytest

from publishing.channels.base import border
from publishing.channels.base.capabilities import ImageRules
from publishing.channels.base.contract import Channel, Payload, Prepared
from publishing.channels.base.registry import get_channel
from publishing.domain.account import Destination
from publishing.domain.content import Content, MediaUse, Severity
from publishing.domain.outcome import Deferred, Outcome, Published, Reason, Rejected
from publishing.http import HttpClient
from tests.channels.applying import names_a_limit, takes_images, takes_images_beforehand, where
from tests.channels.contract_pure import PureContract
from tests.channels.simulated import build_submission, utc_now
from tests.pictures import Shelf, build_rendition, use_of

#: Each way in which the platform misbehaves while it gets an image, and what becomes of the attempt.
UPLOAD_OUTCOMES = {
    "rate_limited": (Deferred, Reason.RATE),
    "expired_credential": (Deferred, Reason.CREDENTIAL),
    "forbidden": (Rejected, Reason.PERMISSION),
    "unavailable_before": (Deferred, Reason.UNAVAILABLE),
    "server_error_after": (Deferred, Reason.UNAVAILABLE),
    "hang_up_before": (Deferred, Reason.UNAVAILABLE),
    "accept_and_hang_up": (Deferred, Reason.UNAVAILABLE),
    "html": (Deferred, Reason.UNAVAILABLE),
    "empty": (Deferred, Reason.UNAVAILABLE),
    "huge": (Deferred, Reason.UNAVAILABLE),
}


class ImageContract(PureContract):
    """Part of `ChannelContract`; a channel without images proves that it refuses them."""

    #: Outcomes of faults during an upload that differ from everybody's, each documented in the channel's README.
    upload_outcomes: ClassVar[Mapping[str, tuple[type[Outcome], Reason]]] = {}
    #: Whether the platform is given addresses and fetches the files from there.
    fetches_itself: ClassVar[bool] = False
    #: Whether images have to be at the platform before the visible call.
    prepares: ClassVar[bool] = True

    @pytest.fixture
    def rules(self, channel: Channel) -> ImageRules:
        rules = channel.capabilities.images
        assert rules is not None
        return rules

    @pytest.fixture
    def shelf(self) -> Shelf:
        return Shelf()

    # --- what is taken -----------------------------------------------------------------------------------------------

    def test_refuses_one_image_too_many(self, channel, account):
        limit = channel.capabilities.image_limit
        kind = channel.capabilities.images.types[0] if channel.capabilities.images else "image/jpeg"
        fitting = tuple(use_of(build_rendition(kind), alt_text="") for _ in range(limit + 1))
        target = account.destination().account

        assert self.refusals(channel, Content(text="Look", media=fitting[:limit]), target) == []
        assert self.refusals(channel, Content(text="Look", media=fitting), target) == ["too_many_media"]

    @where(takes_images)
    def test_refuses_a_type_that_it_does_not_take(self, channel, account, rules):
        use = use_of(build_rendition("image/x-icon"))

        (problem,) = channel.problems(Content(text="Look", media=(use,)), account.destination().account)

        assert (problem.code, problem.field) == ("unfit_media", "media")
        assert channel.capabilities.name in problem.detail
        assert "X-ICON" in problem.detail

    @where(names_a_limit("max_size"))
    def test_refuses_a_file_one_byte_too_large(self, channel, account, rules):
        target = account.destination().account
        fits, too_large = (use_of(build_rendition(rules.types[0], size=rules.max_size + more)) for more in (0, 1))

        assert self.refusals(channel, Content(text="Look", media=(fits,)), target) == []
        assert self.refusals(channel, Content(text="Look", media=(too_large,)), target) == ["unfit_media"]

    @where(names_a_limit("max_pixels"))
    def test_refuses_a_picture_with_too_many_pixels(self, channel, account, rules):
        target = account.destination().account
        too_large = use_of(build_rendition(rules.types[0], width=rules.max_pixels + 1, height=1))

        assert self.refusals(channel, Content(text="Look", media=(too_large,)), target) == ["unfit_media"]

    @where(takes_images)
    def test_takes_the_smaller_file_where_the_full_one_does_not_fit(self, channel, account, rules):
        full, small = build_rendition("image/x-icon"), build_rendition(rules.types[0])
        content = Content(text="Look", media=(use_of(full, small, alt_text=""),))

        payload = self.payload(channel, account.destination(), content)

        assert self.refusals(channel, content, account.destination().account) == []
        assert full.key not in repr(payload)
        assert small.key in repr(payload) or small.sha256 in repr(payload)

    @where(names_a_limit("alt_text_limit"))
    def test_counts_a_description_as_the_platform_does(self, channel, account, rules):
        target = account.destination().account
        file, limit = build_rendition(rules.types[0]), rules.alt_text_limit

        assert self.refusals(channel, Content(text="Look", media=(use_of(file, alt_text="a" * limit),)), target) == []
        assert self.refusals(
            channel, Content(text="Look", media=(use_of(file, alt_text="a" * (limit + 1)),)), target
        ) == ["alt_text_too_long"]

    # --- put in place and published ----------------------------------------------------------------------------------

    @where(takes_images)
    @pytest.mark.parametrize("count", ["one", "all"])
    def test_publishes_its_images_in_their_order(self, channel, account, client, rules, shelf, count):
        uses = self.uses(rules, shelf, 1 if count == "one" else min(rules.limit, 4))
        with shelf.serving() as media_url:
            outcome = self.publish_all(channel, account.destination(), client, shelf, uses, media_url)

        (post,) = account.posts()
        assert isinstance(outcome, Published)
        assert outcome.publication.id == post["id"]
        assert [image["sha256"] for image in post["images"]] == [self.sent(use, rules).sha256 for use in uses]
        if rules.alt_text_limit != 0:
            assert [image["alt_text"] for image in post["images"]] == [use.alt_text for use in uses]

    @where(takes_images)
    def test_wants_images_there_first_where_the_platform_does(self, channel, account, rules, shelf):
        uses, destination = self.uses(rules, shelf, 1), account.destination()
        with_image = self.payload(channel, destination, Content(text="Look", media=uses))
        without = self.payload(channel, destination, Content(text="Look"))

        assert channel.needs_preparing(with_image) is self.prepares
        assert not channel.needs_preparing(without)

    @where(takes_images)
    def test_shows_nothing_before_the_visible_call(self, channel, account, client, rules, shelf):
        with shelf.serving() as media_url:
            content = Content(text="Look", media=self.uses(rules, shelf, 1))
            payload = self.payload(channel, account.destination(), content, media_url)
            self.prepared(channel, payload, account.destination(), client, shelf)

        assert account.posts() == []
        assert account.count("create") == 0

    @where(takes_images_beforehand)
    def test_goes_on_in_another_process_where_it_stopped(self, channel, account, client, rules, shelf):
        uses = self.uses(rules, shelf, min(rules.limit, 3))
        with shelf.serving() as media_url:
            payload = self.payload(channel, account.destination(), Content(text="Look", media=uses), media_url)
            whole = self.prepared(channel, payload, account.destination(), client, shelf)
            before = account.count("upload")
            other = type(channel)()
            again = self.prepared(other, replace(payload, handle=whole.handle), account.destination(), client, shelf)

        assert again.handle == whole.handle
        assert account.count("upload") == before
        assert payload.sha() == whole.sha()

    @where(takes_images_beforehand)
    @pytest.mark.parametrize("fault", UPLOAD_OUTCOMES)
    def test_gives_each_fault_of_an_upload_its_outcome(self, channel, account, client, rules, shelf, fault):
        with shelf.serving() as media_url:
            content = Content(text="Look", media=self.uses(rules, shelf, 1))
            payload = self.payload(channel, account.destination(), content, media_url)
            account.misbehaves(fault, on="upload")
            outcome = self.step(channel, payload, account.destination(), client, shelf)

        assert (type(outcome), getattr(outcome, "reason", None)) == {**UPLOAD_OUTCOMES, **self.upload_outcomes}[fault]
        assert outcome.detail.endswith(".")
        assert "127.0.0.1" not in outcome.detail
        assert self.secret_word(account) not in repr(outcome)
        assert account.count("create") == 0

    @where(lambda its: takes_images_beforehand(its) and not its.contract.fetches_itself)
    def test_says_so_when_an_image_is_gone(self, channel, account, client, rules, shelf):
        content = Content(text="Look", media=self.uses(rules, shelf, 1))
        payload = self.payload(channel, account.destination(), content)
        shelf.files.clear()

        outcome = self.step(channel, payload, account.destination(), client, shelf)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Rejected, Reason.CONTENT)
        assert "no longer there" in outcome.detail

    @where(takes_images_beforehand)
    def test_keeps_no_secret_in_what_it_stores(self, channel, account, client, rules, shelf):
        with shelf.serving() as media_url:
            content = Content(text="Look", media=self.uses(rules, shelf, rules.limit))
            payload = self.payload(channel, account.destination(), content, media_url)
            handle = str(self.prepared(channel, payload, account.destination(), client, shelf).handle)

        assert self.secret_word(account) not in handle
        assert len(handle) <= 4_000

    # --- helpers -----------------------------------------------------------------------------------------------------

    def uses(self, rules: ImageRules, shelf: Shelf, count: int) -> tuple[MediaUse, ...]:
        return tuple(shelf.use(media_type=rules.types[0], alt_text=f"Picture {number}") for number in range(count))

    def sent(self, use: MediaUse, rules: ImageRules):
        return next(file for file in use.renditions if file.media_type in rules.types)

    def secret_word(self, account) -> str:
        return str(account.credential).split()[-1].rpartition(":")[2].rpartition("/")[2]

    def payload(self, channel: Channel, destination: Destination, content: Content, media_url: str = "") -> Payload:
        submission = replace(build_submission(), content=content, media_url=media_url or "https://media.example")
        return channel.build(submission, destination.account)

    def step(self, channel: Channel, payload: Payload, destination: Destination, client: HttpClient, shelf: Shelf):
        return border.prepare(channel, payload, destination, client.courier(), library=shelf, now=utc_now())

    def prepared(
        self, channel: Channel, payload: Payload, destination: Destination, client: HttpClient, shelf: Shelf
    ) -> Payload:
        """Do all steps, each with a channel that remembers nothing."""
        while channel.needs_preparing(payload):
            step = self.step(type(channel)(), payload, destination, client, shelf)
            assert isinstance(step, Prepared), step
            payload = replace(payload, handle=step.handle)
            if step.is_complete:
                break
        return payload

    def publish_all(
        self,
        channel: Channel,
        destination: Destination,
        client: HttpClient,
        shelf: Shelf,
        uses: tuple[MediaUse, ...],
        media_url: str,
    ) -> Outcome:
        payload = self.payload(channel, destination, Content(text="Look at this.", media=uses), media_url)
        payload = self.prepared(channel, payload, destination, client, shelf)
        return border.publish(channel, payload, destination, client.courier(), now=utc_now())

    def refusals(self, channel: Channel, content: Content, account) -> list[str]:
        found = get_channel(self.kind).problems(content, account)
        return [problem.code for problem in found if problem.severity is Severity.PROBLEM]
