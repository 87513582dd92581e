"""Sessions: short-lived tokens for an app password, kept in memory, because a server opens few of them.

`com.atproto.server.createSession` is limited to 30 in 5 minutes and 300 a day per account and address (reference
server's sources, read 2026-11-22). Losing a session costs one request, so nothing is stored.
"""

import base64
import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from publishing.channels.base.answers import bearer
from publishing.channels.bluesky.errors import NAME, read_session_error
from publishing.domain.account import Destination
from publishing.domain.outcome import Deferred, Reason, Rejected
from publishing.http import Answer, Courier, UnreadableError

#: Sessions that a process keeps; the one that was not used for the longest time goes first.
KEPT: Final = 256
#: A token is renewed this long before its end, so that none ends during a call.
MARGIN: Final = timedelta(minutes=5)
#: What a token that does not tell its life is trusted for; documented is 2 h.
_SHORT_LIFE: Final = timedelta(minutes=30)
_LONGEST_LIFE: Final = timedelta(days=1)
_DID: Final = re.compile(r"did:[a-z]+:[A-Za-z0-9._:%-]*[A-Za-z0-9._-]")
_LONGEST_DID: Final = 2_048
#: Sessions are opened rarely: a connection kept for the next one would only be closed by the other side.
_ALONE: Final = {"connection": "close"}


class NoSessionError(Exception):
    """There is no session, and why; carries the outcome. Nothing visible was asked for."""

    def __init__(self, outcome: Deferred | Rejected) -> None:
        super().__init__("There is no session.")
        self.outcome = outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session of one account."""

    did: str
    access: str = field(repr=False)
    refresh: str = field(repr=False)
    #: From here on the access token is not used any more.
    ends_at: datetime
    #: Whether it was opened or renewed by the attempt in hand: a refusal then is no matter of age.
    is_fresh: bool = True
    #: False for an account that was taken down, suspended or deactivated and can sign in all the same.
    is_active: bool = True

    @property
    def headers(self) -> Mapping[str, str]:
        """The header that carries the access token."""
        return bearer(self.access) or {}


class Sessions:
    """The sessions of a process, bounded and safe to use from several threads."""

    def __init__(self, kept: int = KEPT) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def get(self, destination: Destination, base_url: str, courier: Courier, *, now: datetime) -> Session:
        """Return a session whose access token is good for a while: the kept one, else renewed, else opened anew.

        Raises `NoSessionError`, and `CourierError` when no answer came. Makes no visible call.
        """
        key = _key(destination, base_url)
        kept = self._find(key)
        if kept is not None and now < kept.ends_at:
            return replace(kept, is_fresh=False)
        session = _renew(kept, base_url, courier, now=now) if kept is not None else None
        if session is None:
            session = _open(destination.credential, base_url, courier, now=now)
        self._keep(key, session)
        return session

    def open_anew(self, destination: Destination, base_url: str, courier: Courier, *, now: datetime) -> Session:
        """Return a session that the credential opened just now, and keep it. Raises as `get` does."""
        session = _open(destination.credential, base_url, courier, now=now)
        self._keep(_key(destination, base_url), session)
        return session

    def expire(self, destination: Destination, base_url: str, session: Session, *, now: datetime) -> None:
        """Note that the server refused a session's access token. One that came in its place meanwhile stays."""
        key = _key(destination, base_url)
        with self._lock:
            kept = self._sessions.get(key)
            if kept is not None and kept.access == session.access:
                self._sessions[key] = replace(kept, ends_at=now)

    def __len__(self) -> int:
        with self._lock:
            return len(self._sessions)

    def _find(self, key: str) -> Session | None:
        with self._lock:
            if key in self._sessions:
                self._sessions.move_to_end(key)
            return self._sessions.get(key)

    def _keep(self, key: str, session: Session) -> None:
        with self._lock:
            self._sessions[key] = session
            self._sessions.move_to_end(key)
            while len(self._sessions) > self._kept:
                self._sessions.popitem(last=False)


def read_credential(credential: str) -> tuple[str, str] | None:
    """Return identifier and app password of `identifier:app-password`, or None when it cannot be one.

    It is divided at the last colon: a DID holds colons, an app password none.
    """
    identifier, _, password = credential.strip().rpartition(":")
    identifier = identifier.strip().removeprefix("@")
    return (identifier, password) if identifier and password and credential.strip().isprintable() else None


def _key(destination: Destination, base_url: str) -> str:
    """Name a session without holding the credential. A token goes to no other server than the one that gave it."""
    parts = (destination.account.id, base_url, destination.credential)
    return hashlib.sha256("\x00".join(parts).encode(errors="surrogatepass")).hexdigest()


def _renew(kept: Session, base_url: str, courier: Courier, *, now: datetime) -> Session | None:
    """Return the session with new tokens, or None when it has to be opened anew."""
    token = bearer(kept.refresh)
    if token is None:
        return None
    url = f"{base_url}/xrpc/com.atproto.server.refreshSession"
    answer = courier.request("POST", url, headers={**token, **_ALONE}, acts=False)
    if answer.status in {400, 401}:
        return None
    session = _read(answer, now=now)
    return session if session.did == kept.did else None


def _open(credential: str, base_url: str, courier: Courier, *, now: datetime) -> Session:
    parts = read_credential(credential)
    if parts is None:
        detail = f"{NAME} was not called: the credential must be handle:app-password. Connect the account again."
        raise NoSessionError(Deferred(reason=Reason.CREDENTIAL, detail=detail))
    url = f"{base_url}/xrpc/com.atproto.server.createSession"
    body = {"identifier": parts[0], "password": parts[1]}
    answer = courier.request("POST", url, headers=_ALONE, json=body, acts=False)
    return _read(answer, now=now)


def _read(answer: Answer, *, now: datetime) -> Session:
    refusal = read_session_error(answer, now=now)
    if refusal is not None:
        raise NoSessionError(refusal)
    try:
        stated = answer.json_object()
    except UnreadableError:
        raise NoSessionError(_not_understood()) from None
    did, access, refresh = (stated.get(name) for name in ("did", "accessJwt", "refreshJwt"))
    if not (isinstance(did, str) and isinstance(access, str) and isinstance(refresh, str)):
        raise NoSessionError(_not_understood())
    if not _DID.fullmatch(did) or len(did) > _LONGEST_DID or bearer(access) is None:
        raise NoSessionError(_not_understood())
    return Session(
        did=did, access=access, refresh=refresh, ends_at=now + _life(access) - MARGIN,
        is_active=stated.get("active") is not False,
    )  # fmt: skip


def _not_understood() -> Deferred:
    detail = f"{NAME} answered in a way that cannot be understood when asked for a session. Nothing was sent."
    return Deferred(reason=Reason.UNAVAILABLE, detail=detail)


def _life(token: str) -> timedelta:
    """Return how long a token lives by its own words, counted from now: the server's clock may differ from ours.

    Nobody is trusted on the strength of it: it only saves asking in vain.
    """
    try:
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        life = timedelta(seconds=float(claims["exp"]) - float(claims["iat"]))
    except (ValueError, KeyError, IndexError, TypeError, OverflowError, RecursionError):
        return _SHORT_LIFE
    return min(max(life, timedelta()), _LONGEST_LIFE)
