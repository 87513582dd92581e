"""Build domain values; every field has a default, so that a test names only what matters to it."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from publishing.domain.account import Account
from publishing.domain.api_key import ApiKey, secret_hash
from publishing.domain.delivery import Delivery
from publishing.domain.media import MediaStatus, Medium
from publishing.domain.message import Message, MessageStatus, build_targets
from publishing.domain.permissions import Action, Actor, Role
from publishing.domain.series import Frequency, Rule, Series

NOW = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
MESSAGE_ID = "01KBCD0000000000000000000A"
ACCOUNT_ID = "01KBCD0000000000000000000B"


def build_actor(*roles: Role, **fields: Any) -> Actor:
    return Actor(**{"id": "editor-1", "roles": frozenset(roles or {Role.EDITOR}), **fields})


def build_message(**fields: Any) -> Message:
    defaults: dict[str, Any] = {
        "id": MESSAGE_ID,
        "owner": "editor-1",
        "status": MessageStatus.PUBLISHING,
        "text": "We are live!",
        "targets": build_targets([(ACCOUNT_ID, "webhook")]),
        "scheduled_at": NOW,
        "created_at": NOW - timedelta(hours=1),
        "updated_at": NOW - timedelta(hours=1),
    }
    return Message(**{**defaults, **fields})


def build_delivery(**fields: Any) -> Delivery:
    defaults: dict[str, Any] = {
        "message_id": MESSAGE_ID,
        "id": "webhook",
        "channel": "webhook",
        "account_id": ACCOUNT_ID,
    }
    return Delivery(**{**defaults, **fields})


def build_medium(**fields: Any) -> Medium:
    defaults: dict[str, Any] = {
        "id": "01KBCD0000000000000000000C",
        "owner": "editor-1",
        "status": MediaStatus.READY,
        "name": "door.jpg",
        "media_type": "image/jpeg",
        "size": 1_000,
        "token": "t" * 40,
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Medium(**{**defaults, **fields})


def build_api_key(**fields: Any) -> ApiKey:
    defaults: dict[str, Any] = {
        "id": "01KBCD0000000000000000000D",
        "owner": "editor-1",
        "name": "newsroom bot",
        "roles": frozenset({Role.EDITOR}),
        "scopes": frozenset({Action.READ_MESSAGE}),
        "secret_sha": secret_hash("01KBCD0000000000000000000D", "secret"),
        "expires_at": NOW + timedelta(days=90),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return ApiKey(**{**defaults, **fields})


def build_account(**fields: Any) -> Account:
    defaults: dict[str, Any] = {
        "id": ACCOUNT_ID,
        "channel": "webhook",
        "name": "Newsroom hook",
        "base_url": "https://hooks.example.org/omnipub",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Account(**{**defaults, **fields})


def build_rule(**fields: Any) -> Rule:
    defaults: dict[str, Any] = {
        "frequency": Frequency.DAILY,
        "at": time(9),
        "zone": "Europe/Berlin",
        "starts_on": date(2026, 12, 1),
    }
    return Rule(**{**defaults, **fields})


def build_series(**fields: Any) -> Series:
    defaults: dict[str, Any] = {
        "id": "S",
        "owner": "alice",
        "roles": frozenset({Role.EDITOR}),
        "name": "Weekly",
        "message_id": "M",
        "rule": build_rule(),
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Series(**{**defaults, **fields})
