"""The credential of an account on its way through the worker: it is seen by the platform and by nobody else."""

from typing import Any

import pytest

from publishing.channels.bluesky.session import Session, Sessions
from publishing.domain.events import CheckAccount
from tests.canaries import logged, sightings
from tests.clock import Clock
from tests.emulator import Emulator
from tests.system import System

CHANNELS = ("webhook", "mastodon", "facebook", "linkedin", "bluesky")
NAME = "canary7Kq9Zr3"
FAULTS = ["", "rate_limited", "unavailable_before", "server_error_before", "hang_up_before", "expired_credential",
          "forbidden", "not_found", "html", "empty", "redirect", "server_error_after", "accept_and_hang_up",
          "malformed"]  # fmt: skip


def secret_of(channel: str) -> str:
    return f"{channel}-{NAME}-{'secret' if channel in {'webhook', 'bluesky'} else 'token'}"


def credential_of(channel: str) -> dict[str, str]:
    """What an account is connected with where it is more than the secret alone."""
    return {"credential": f"{NAME.lower()}.test:{secret_of(channel)}"} if channel == "bluesky" else {}


def dump(emulator: Emulator, table: str) -> list[Any]:
    rows: list[Any] = emulator.client("dynamodb").scan(TableName=table)["Items"]
    return rows


class TestACredential:
    @pytest.mark.parametrize("channel", CHANNELS)
    def test_is_seen_nowhere_whatever_its_platform_does(
        self,
        system: System,
        emulator: Emulator,
        table: str,
        clock: Clock,
        monkeypatch: pytest.MonkeyPatch,
        channel: str,
    ):
        monkeypatch.setenv("OMNIPUB_LOG_LEVEL", "DEBUG")
        settings = {"remote_id": "urn:li:organization:5583111"} if channel == "linkedin" else {}
        events: list[bytes] = []
        with logged() as text:
            account = system.connect(channel, NAME, settings=settings, **credential_of(channel))
            for fault in FAULTS:
                if fault:
                    system.misbehave(channel, fault, on="*", count=2)
                system.publish(account, text=f"About {fault or 'nothing'}")
                system.stream.append(CheckAccount(account_id=account.id))
                for _ in range(2):
                    system.tick()
                    events += [event.encode() for event in system.stream]
                    system.work()
                    clock.move(seconds=130)
                system.behave()

        seen = sightings(secret_of(channel), logs=text.getvalue(), table=dump(emulator, table), stream=events)
        assert seen == []
        assert "delivery" in text.getvalue()
        assert events


class TestASessionOfBluesky:
    def test_is_in_the_workers_memory_and_nowhere_else(
        self, system: System, emulator: Emulator, table: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setenv("OMNIPUB_LOG_LEVEL", "DEBUG")
        kept: list[Session] = []
        keep = Sessions._keep

        def noted(sessions: Sessions, key: str, session: Session) -> None:
            kept.append(session)
            keep(sessions, key, session)

        monkeypatch.setattr(Sessions, "_keep", noted)
        events: list[bytes] = []
        with logged() as text:
            account = system.connect("bluesky", NAME, **credential_of("bluesky"))
            for fault in ("", "expired_credential", "hang_up_before"):
                if fault:
                    system.misbehave("bluesky", fault, on="*", count=1)
                system.publish(account, text=f"About {fault or 'nothing'}")
                for _ in range(2):
                    system.tick()
                    events += [event.encode() for event in system.stream]
                    system.work()
                    clock.move(seconds=130)

        assert system.posts()
        tokens = {token for session in kept for token in (session.access, session.refresh)}
        assert len(tokens) >= 2
        assert min(map(len, tokens)) > 20
        places = {"logs": text.getvalue(), "table": dump(emulator, table), "stream": events}
        assert [token for token in tokens if sightings(token, **places)] == []
