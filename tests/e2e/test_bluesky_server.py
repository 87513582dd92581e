"""Bluesky against the real server of the network, over the whole path and over the channel alone."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from publishing.channels.base import border
from publishing.channels.base.contract import Trace
from publishing.channels.base.registry import get_channel
from publishing.channels.bluesky import BlueskyChannel
from publishing.channels.bluesky.payload import IMAGES
from publishing.domain.account import Destination
from publishing.domain.content import Content
from publishing.domain.message import MessageStatus
from publishing.domain.outcome import Absent, Deferred, Found, Published, Reason, Rejected, Unknown
from publishing.http import HttpClient, OutgoingPolicy
from publishing.store.deliveries import list_attempts
from tests.channels.pictured import Publisher, payload_of
from tests.channels.simulated import build_account, build_submission
from tests.e2e import pds
from tests.pictures import Shelf, picture_bytes, use_of
from tests.servers import RawServer, read_request, serving
from tests.system import System

pytestmark = pytest.mark.e2e_full

TEXT = "Grüße 👨‍👩‍👧‍👦 aus der Kantine: https://example.org/menü, heute #größe und #日本語"
FAMILY = "👨‍👩‍👧‍👦"
LINK = "https://example.org/menü"


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    folder = pds.install()
    with pds.running(folder, tmp_path_factory.mktemp("pds")) as url:
        yield url


@pytest.fixture
def account(server: str, request) -> pds.PdsAccount:
    return pds.create_account(server, f"a{abs(hash(request.node.name)) % 10**12}")


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient(OutgoingPolicy(allow_private=True), 15)
    yield client
    client.close_idle()


@contextmanager
def cutting(url: str, *, times: int, lost: bytes = b"com.atproto.repo.putRecord") -> Iterator[RawServer]:
    """Stand before the server: requests reach it and are carried out, but so many answers to a post are lost."""
    host, _, port = url.removeprefix("http://").partition(":")
    left = [times]

    def script(connection: socket.socket, request: bytes) -> None:
        with socket.create_connection((host, int(port)), timeout=15) as upstream:
            upstream.sendall(request)
            answer = read_request(upstream)
        if lost in request.split(b"\r\n")[0] and left[0] > 0:
            left[0] -= 1
            return
        connection.sendall(answer)

    with serving(script) as proxy:
        yield proxy


class TestAMessageToARealServer:
    @pytest.fixture
    def system(self, system: System, monkeypatch) -> System:
        # Doubt is settled after seconds, not minutes; all relations stay.
        monkeypatch.setenv("OMNIPUB_TIME_DIVISOR", "6")
        return system

    def test_is_published_with_its_links_hashtags_and_emoji(self, system: System, account):
        target = system.connect("bluesky", "real", base_url=account.url, credential=account.credential)
        message_id = system.publish(target, text=TEXT).message.id

        found = settle(system, message_id)

        (post,) = account.posts()
        record = post["value"]
        assert found.message.status is MessageStatus.PUBLISHED
        assert found.deliveries[0].publication.id == post["uri"]
        assert found.deliveries[0].publication.url.startswith(f"https://bsky.app/profile/{account.did}/post/")
        assert record["text"] == TEXT
        assert marked(record) == ["https://example.org/menü", "#größe", "#日本語"]

    def test_is_one_post_although_the_connection_was_cut_after_sending(self, system: System, account):
        with cutting(account.url, times=2) as proxy:
            target = system.connect("bluesky", "real", base_url=proxy.url, credential=account.credential)
            message_id = system.publish(target, text=TEXT).message.id
            found = settle(system, message_id)

        assert found.message.status is MessageStatus.PUBLISHED
        (post,) = account.posts()
        assert found.deliveries[0].publication.id == post["uri"]
        outcomes = [attempt.outcome for attempt in list_attempts(message_id, "bluesky")]
        assert outcomes == ["unknown", "unknown", "published"]
        assert sum(b"putRecord" in request.split(b"\r\n")[0] for request in proxy.requests) == 3

    def test_is_one_post_although_the_server_ended_the_session(self, system: System, account):
        target = system.connect("bluesky", "real", base_url=account.url, credential=account.credential)
        settle(system, system.publish(target, text="The first").message.id)
        end_sessions(get_channel("bluesky"))

        message_id = system.publish(target, text="The second").message.id
        found = settle(system, message_id)

        assert found.message.status is MessageStatus.PUBLISHED
        assert [post["value"]["text"] for post in account.posts()] == ["The first", "The second"]
        outcomes = [attempt.outcome for attempt in list_attempts(message_id, "bluesky")]
        assert outcomes == ["deferred", "published"]


class TestImagesAtARealServer:
    @pytest.fixture
    def shelf(self) -> Shelf:
        return Shelf()

    def test_are_one_post_although_connections_were_cut_after_uploading_and_after_posting(self, account, client, shelf):
        uses = (shelf.use(alt_text="Die Tür 👋🏽"), shelf.use(alt_text="", media_type="image/png", width=80))
        with (
            cutting(account.url, times=1, lost=b"com.atproto.repo.uploadBlob") as uploads,
            cutting(uploads.url, times=1) as proxy,
        ):
            publisher = Publisher(BlueskyChannel(), destination_of(replace(account, url=proxy.url)), client, shelf)
            payload = payload_of(publisher.channel, publisher.destination, *uses, text="Grüße", link=LINK)
            cut = publisher.step(payload)
            payload = publisher.prepared(payload)
            lost = publisher.publish(payload)
            (before,) = account.posts()
            again = publisher.publish(publisher.prepared(payload))

        (after,) = account.posts()
        assert (type(cut), type(lost), type(again)) == (Deferred, Unknown, Published)
        assert after == before
        record = after["value"]
        assert record["text"] == f"Grüße\n\n{LINK}"
        assert marked(record) == [LINK]
        assert [image["alt"] for image in record["embed"]["images"]] == ["Die Tür 👋🏽", ""]
        assert [image["aspectRatio"]["width"] for image in record["embed"]["images"]] == [64, 80]
        names = [image["image"]["ref"]["$link"] for image in record["embed"]["images"]]
        assert [account.blob(name) for name in names] == [shelf.files[file.key] for file in payload.files]

    def test_that_were_uploaded_anew_make_the_very_same_post(self, account, client, shelf):
        publisher = Publisher(BlueskyChannel(), destination_of(account), client, shelf)
        payload = payload_of(publisher.channel, publisher.destination, shelf.use(), shelf.use())
        now = datetime.now(UTC)
        publisher.publish(publisher.prepared(payload, now=now))
        (before,) = account.posts()

        again = publisher.publish(publisher.prepared(payload, now=now + timedelta(hours=1)))

        assert isinstance(again, Published)
        assert account.posts() == [before]

    def test_that_the_server_does_not_have_are_no_fault_of_the_content(self, server, account, client, shelf):
        elsewhere = pds.create_account(server, "elsewhere")
        publisher = Publisher(BlueskyChannel(), destination_of(elsewhere), client, shelf)
        payload = publisher.prepared(payload_of(publisher.channel, publisher.destination, shelf.use()))

        outcome = Publisher(BlueskyChannel(), destination_of(account), client, shelf).publish(payload)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Deferred, Reason.UNAVAILABLE)
        assert account.posts() == []

    @pytest.mark.parametrize(("more", "expected"), [(0, Published), (1, Rejected)])
    def test_may_have_as_many_bytes_as_the_channel_says(self, account, client, shelf, more, expected):
        limit = (IMAGES.max_size or 0) + more
        picture = picture_bytes("image/png")
        file = shelf.add(picture + b"\0" * (limit - len(picture)), "image/png")
        destination = destination_of(account, image_size_limit=str(limit))
        publisher = Publisher(BlueskyChannel(), destination, client, shelf)

        outcome = publisher.publish(publisher.prepared(payload_of(publisher.channel, destination, use_of(file))))

        assert type(outcome) is expected

    def test_go_on_with_another_session_when_the_server_ended_it(self, account, client, shelf):
        publisher = Publisher(BlueskyChannel(), destination_of(account), client, shelf)
        payload = payload_of(publisher.channel, publisher.destination, shelf.use(), shelf.use())
        payload = replace(payload, handle=publisher.step(payload).handle)
        end_sessions(publisher.channel)

        outcome = publisher.publish(publisher.prepared(payload))

        assert isinstance(outcome, Published)
        assert len(account.posts()[0]["value"]["embed"]["images"]) == 2


class TestTheChannelAtARealServer:
    def test_makes_a_card_of_a_link(self, account, client):
        submission = build_submission("Read this", link="https://example.org/a", title="Opening")

        outcome = publish(BlueskyChannel(), account, client, submission)

        assert isinstance(outcome, Published)
        card = account.posts()[0]["value"]["embed"]["external"]
        assert card == {"uri": "https://example.org/a", "title": "Opening", "description": ""}

    def test_finds_what_it_lost_sight_of_and_says_absent_of_the_rest(self, account, client):
        channel, ours = BlueskyChannel(), build_submission(TEXT)
        with cutting(account.url, times=1) as proxy:
            lost = publish(channel, replace(account, url=proxy.url), client, ours)

        found = look_up(channel, account, client, ours)
        absent = look_up(channel, account, client, build_submission(TEXT))

        assert isinstance(lost, Unknown)
        assert isinstance(found, Found)
        assert found.publication.id == account.posts()[0]["uri"]
        assert absent == Absent()

    def test_renews_a_session_before_the_visible_call(self, account, client):
        channel = BlueskyChannel()
        publish(channel, account, client)

        outcome = publish(channel, account, client, now=datetime.now(UTC) + timedelta(minutes=118))

        assert isinstance(outcome, Published)
        assert len(account.posts()) == 2

    def test_looks_up_with_a_session_that_the_server_ended(self, account, client):
        channel, ours = BlueskyChannel(), build_submission("Hi")
        publish(channel, account, client, ours)
        end_sessions(channel)

        assert isinstance(look_up(channel, account, client, ours), Found)

    def test_overwrites_nothing(self, account, client):
        ours = build_submission("First")
        publish(BlueskyChannel(), account, client, ours)

        outcome = publish(BlueskyChannel(), account, client, replace(ours, content=Content(text="Second")))

        assert (type(outcome), getattr(outcome, "reason", None)) == (Unknown, Reason.DUPLICATE)
        assert [post["value"]["text"] for post in account.posts()] == ["First"]

    @pytest.mark.parametrize("unit", ["a", "क्ष", "க்ஷ", "🇩🇪", "각", "ก็", "日", FAMILY])
    def test_counts_as_the_server_does(self, account, client, unit):
        channel = BlueskyChannel()
        target = build_account("bluesky", account.url)
        most = max(count for count in range(1, 301) if not channel.problems(Content(text=unit * count), target))

        fits = publish(channel, account, client, build_submission(unit * most))
        too_long = publish(channel, account, client, build_submission(unit * (most + 1)))

        assert isinstance(fits, Published)
        assert (type(too_long), getattr(too_long, "reason", None)) == (Rejected, Reason.CONTENT)

    def test_blames_a_wrong_app_password(self, account, client):
        outcome = publish(BlueskyChannel(), replace(account, password="wrong"), client)

        assert (type(outcome), getattr(outcome, "reason", None)) == (Deferred, Reason.CREDENTIAL)

    def test_waits_as_long_as_the_server_asks_once_it_opened_too_many_sessions(self, account, client):
        now = datetime.now(UTC)

        outcomes = [publish(BlueskyChannel(), account, client, build_submission("Hi", key="same")) for _ in range(31)]

        assert [type(outcome) for outcome in outcomes[:30]] == [Published] * 30
        last = outcomes[30]
        assert isinstance(last, Deferred)
        assert last.reason is Reason.RATE
        assert last.not_before is not None
        assert now < last.not_before <= datetime.now(UTC) + timedelta(minutes=5)
        assert len(account.posts()) == 1


def settle(system: System, message_id: str, *, seconds: float = 120) -> Any:
    """Let scheduler and worker run until the message has ended."""
    end = time.monotonic() + seconds
    while True:
        found = system.read(message_id)
        if found.message.status.is_final:
            return found
        assert time.monotonic() < end, f"still {found.message.status}, {[each.state for each in found.deliveries]}"
        system.tick()
        system.work()


def end_sessions(channel: Any) -> None:
    """Let the server see ended tokens where the channel believes in good ones, as when a server ends them early."""
    sessions = channel._sessions._sessions
    for key, session in list(sessions.items()):
        sessions[key] = replace(session, access=pds.expired(session.access))


def destination_of(account: pds.PdsAccount, **settings: str) -> Destination:
    return Destination(
        account=replace(build_account("bluesky", account.url, **settings), id=account.did),
        credential=account.credential,
    )


def publish(channel: Any, account: pds.PdsAccount, client: HttpClient, submission: Any = None, *, now: Any = None):
    destination = destination_of(account)
    payload = channel.build(submission or build_submission(), destination.account)
    return border.publish(channel, payload, destination, client.courier(), now=now or datetime.now(UTC))


def look_up(channel: Any, account: pds.PdsAccount, client: HttpClient, submission: Any):
    destination = destination_of(account)
    trace = Trace(payload=channel.build(submission, destination.account), first_commit_at=datetime.now(UTC))
    return border.look_up(channel, trace, destination, client.courier(), now=datetime.now(UTC))


def marked(record: dict[str, Any]) -> list[str]:
    """Return the pieces of a record's text that its facets mark."""
    raw = record["text"].encode()
    return [raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode() for facet in record["facets"]]
