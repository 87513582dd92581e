"""What the platforms remember, in one SQLite file: posts, idempotency keys, accounts and request counts.

Everything is committed before a platform answers, so it survives the death of the process.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS posts (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, channel TEXT NOT NULL, account TEXT NOT NULL, id TEXT NOT NULL,
  text TEXT NOT NULL, key TEXT, received_at TEXT NOT NULL, url TEXT NOT NULL, body BLOB NOT NULL,
  details TEXT NOT NULL, deleted_at TEXT, UNIQUE (channel, account, id)
);
CREATE INDEX IF NOT EXISTS posts_shown ON posts (channel, account, deleted_at);
CREATE TABLE IF NOT EXISTS keys (
  channel TEXT NOT NULL, account TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, stored_at REAL NOT NULL,
  PRIMARY KEY (channel, account, key)
);
CREATE TABLE IF NOT EXISTS accounts (
  channel TEXT NOT NULL, account TEXT NOT NULL, credentials TEXT NOT NULL, display_name TEXT NOT NULL,
  options TEXT NOT NULL, PRIMARY KEY (channel, account)
);
CREATE TABLE IF NOT EXISTS uploads (
  channel TEXT NOT NULL, account TEXT NOT NULL, id TEXT NOT NULL, body BLOB NOT NULL,
  PRIMARY KEY (channel, account, id)
);
CREATE TABLE IF NOT EXISTS requests (
  channel TEXT NOT NULL, account TEXT NOT NULL, method TEXT NOT NULL, kind TEXT NOT NULL, status INTEGER NOT NULL,
  fault TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (channel, account, method, kind, status, fault)
);
CREATE TABLE IF NOT EXISTS notifications (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, content TEXT NOT NULL, status INTEGER
);
"""
POST_COLUMNS = "channel, account, id, text, key, received_at, url, body, details, deleted_at"


@dataclass(frozen=True, kw_only=True)
class Post:
    """One thing that was published."""

    channel: str
    account: str
    id: str
    text: str
    #: The idempotency or delivery key that came with the request.
    key: str | None
    #: When its request arrived; a slow platform publishes later.
    received_at: str
    url: str
    #: The request's body as it arrived.
    body: bytes
    #: What the platform itself keeps about it.
    details: Mapping[str, object] = field(default_factory=dict)
    deleted_at: str | None = None


@dataclass(frozen=True, kw_only=True)
class AccountSettings:
    """What was registered for an account; an account that nobody registered has the defaults."""

    channel: str
    account: str
    credentials: tuple[str, ...] = ()
    display_name: str = ""
    options: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RequestCount:
    """How often one kind of request to one account ended in one way."""

    channel: str
    account: str
    method: str
    kind: str
    #: None where the platform hung up.
    status: int | None
    fault: str | None
    count: int


class Store:
    """The durable state, safe to use from several threads."""

    def __init__(self, state_dir: Path) -> None:
        state_dir.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._database = sqlite3.connect(state_dir / "platforms.sqlite3", check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        # A killed process loses nothing that it wrote; only a power cut could, and that is no part of this promise.
        self._database.execute("PRAGMA synchronous = NORMAL")
        self._database.execute("PRAGMA busy_timeout = 5000")
        self._database.executescript(SCHEMA)
        (last,) = self._database.execute("SELECT COALESCE(MAX(seq), 0) FROM sqlite_sequence").fetchone()
        self._numbers: Iterator[int] = itertools.count(int(last) + 1)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._database.close()

    def _rows(self, sql: str, parameters: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
        with self._lock:
            return self._database.execute(sql, parameters).fetchall()

    def next_number(self) -> int:
        """Return a number that was not used before, for remote ids."""
        with self._lock:
            return next(self._numbers)

    # --- notifications -----------------------------------------------------------------------------------------------

    def add_notification(self, content: str) -> None:
        """Keep what is to be brought to a subscriber."""
        self._rows("INSERT INTO notifications (content) VALUES (?)", (content,))

    def list_waiting_notifications(self) -> list[tuple[int, str]]:
        """Return number and content of what was not delivered yet, oldest first."""
        rows = self._rows("SELECT seq, content FROM notifications WHERE status IS NULL ORDER BY seq")
        return [(int(str(number)), str(content)) for number, content in rows]

    def end_notification(self, number: int, status: int) -> None:
        """Note what the subscriber answered; it is not brought again."""
        self._rows("UPDATE notifications SET status = ? WHERE seq = ?", (status, number))

    def list_notifications(self) -> list[tuple[str, int | None]]:
        """Return content of every notification, and the status with which it was answered."""
        rows = self._rows("SELECT content, status FROM notifications ORDER BY seq")
        return [(str(content), None if status is None else int(str(status))) for content, status in rows]

    # --- posts -------------------------------------------------------------------------------------------------------

    def add_post(self, post: Post) -> None:
        """Keep a post; it is on disk when this returns."""
        self._rows(
            f"INSERT INTO posts ({POST_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",  # noqa: S608 - a constant
            (post.channel, post.account, post.id, post.text, post.key, post.received_at, post.url, post.body,
             json.dumps(post.details), post.deleted_at),
        )  # fmt: skip

    def find_post(self, channel: str, account: str, post_id: str) -> Post | None:
        """Return a post that was not deleted, or None."""
        where = "channel = ? AND account = ? AND id = ? AND deleted_at IS NULL"
        posts = self._posts(where, (channel, account, post_id), "seq")
        return posts[0] if posts else None

    def list_posts(self, *, channel: str | None = None, account: str | None = None, since: str = "") -> list[Post]:
        """Return every post that was ever created, deleted ones too, oldest first."""
        where = "(? IS NULL OR channel = ?) AND (? IS NULL OR account = ?) AND received_at >= ?"
        return self._posts(where, (channel, channel, account, account, since), "seq")

    def list_newest(self, channel: str, account: str | None = None, limit: int = 40) -> list[Post]:
        """Return the newest posts that were not deleted, newest first."""
        where = "channel = ? AND (? IS NULL OR account = ?) AND deleted_at IS NULL"
        return self._posts(where, (channel, account, account), f"seq DESC LIMIT {int(limit)}")

    def _posts(self, where: str, parameters: tuple[object, ...], order: str) -> list[Post]:
        sql = f"SELECT {POST_COLUMNS} FROM posts WHERE {where} ORDER BY {order}"  # noqa: S608 - constants of this class
        names = POST_COLUMNS.split(", ")
        rows = [dict(zip(names, row, strict=True)) for row in self._rows(sql, parameters)]
        return [Post(**{**row, "details": json.loads(str(row["details"]))}) for row in rows]

    def mark_deleted(self, post: Post, deleted_at: str) -> None:
        """Take a post off the network; the evidence keeps it."""
        self._rows(
            "UPDATE posts SET deleted_at = ? WHERE channel = ? AND account = ? AND id = ?",
            (deleted_at, post.channel, post.account, post.id),
        )

    def count_posts(self, channel: str, account: str | None = None) -> dict[str, int]:
        """Count the posts of a channel, or of one account on it, that were not deleted, by account."""
        of_one = "" if account is None else "AND account = ?"
        sql = (
            "SELECT account, COUNT(*) FROM posts "  # noqa: S608 - constants
            f"WHERE channel = ? AND deleted_at IS NULL {of_one} GROUP BY account ORDER BY account"
        )
        parameters = (channel,) if account is None else (channel, account)
        return {str(name): int(str(count)) for name, count in self._rows(sql, parameters)}

    def clear_posts(self) -> None:
        """Forget all posts and idempotency keys, for a new run; ids are not used again."""
        self._rows("DELETE FROM posts")
        self._rows("DELETE FROM keys")

    # --- uploads -----------------------------------------------------------------------------------------------------

    def add_upload(self, channel: str, account: str, upload_id: str, body: bytes) -> None:
        """Keep a file; the same id again replaces it."""
        self._rows("INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?)", (channel, account, upload_id, body))

    def find_upload(self, channel: str, account: str, upload_id: str) -> bytes | None:
        """Return a file, or None."""
        sql = "SELECT body FROM uploads WHERE channel = ? AND account = ? AND id = ?"
        rows = self._rows(sql, (channel, account, upload_id))
        return rows[0][0] if rows and isinstance(rows[0][0], bytes) else None

    # --- idempotency keys --------------------------------------------------------------------------------------------

    def remember_key(self, channel: str, account: str, key: str, *, post_id: str, stored_at: float) -> None:
        """Remember which post a key stands for; a later post takes the key over."""
        self._rows("INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?)", (channel, account, key, post_id, stored_at))

    def find_key(self, channel: str, account: str, key: str, *, stored_after: float) -> str | None:
        """Return the id of the post that a key stands for, if it was remembered after the given second."""
        sql = "SELECT id FROM keys WHERE channel = ? AND account = ? AND key = ? AND stored_at > ?"
        rows = self._rows(sql, (channel, account, key, stored_after))
        return str(rows[0][0]) if rows else None

    # --- accounts ----------------------------------------------------------------------------------------------------

    def put_account(self, settings: AccountSettings) -> None:
        """Register an account, replacing what was registered for it before."""
        credentials, options = json.dumps(settings.credentials), json.dumps(dict(settings.options))
        self._rows(
            "INSERT OR REPLACE INTO accounts VALUES (?, ?, ?, ?, ?)",
            (settings.channel, settings.account, credentials, settings.display_name, options),
        )

    def get_account(self, channel: str, account: str) -> AccountSettings:
        """Return what was registered for an account, or the defaults."""
        sql = "SELECT credentials, display_name, options FROM accounts WHERE channel = ? AND account = ?"
        for credentials, display_name, options in self._rows(sql, (channel, account)):
            return AccountSettings(
                channel=channel,
                account=account,
                credentials=tuple(json.loads(str(credentials))),
                display_name=str(display_name),
                options=json.loads(str(options)),
            )
        return AccountSettings(channel=channel, account=account)

    def list_accounts(self) -> list[AccountSettings]:
        """Return every registered account."""
        rows = self._rows("SELECT channel, account FROM accounts ORDER BY channel, account")
        return [self.get_account(str(channel), str(account)) for channel, account in rows]

    # --- request counts ----------------------------------------------------------------------------------------------

    def count_request(self, *, channel: str, account: str, method: str, kind: str, status: int, fault: str) -> None:
        """Count one request under the way it ends; status 0 means without an answer."""
        self._rows(
            "INSERT INTO requests VALUES (?, ?, ?, ?, ?, ?, 1) "
            "ON CONFLICT (channel, account, method, kind, status, fault) DO UPDATE SET count = count + 1",
            (channel, account, method, kind, status, fault),
        )

    def list_requests(self) -> list[RequestCount]:
        """Return all request counts."""
        sql = "SELECT channel, account, method, kind, status, fault, count FROM requests ORDER BY 1, 2, 3, 4, 5, 6"
        return [
            RequestCount(
                channel=str(channel),
                account=str(account),
                method=str(method),
                kind=str(kind),
                status=int(str(status)) or None,
                fault=str(fault) or None,
                count=int(str(count)),
            )
            for channel, account, method, kind, status, fault, count in self._rows(sql)
        ]

    def clear_requests(self) -> None:
        """Set all request counts to zero."""
        self._rows("DELETE FROM requests")
