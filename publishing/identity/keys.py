"""The user pool's public keys: read from one configured address, kept, and read again within bounds."""

import json
import logging
import threading
import time
import urllib.error
import urllib.request  # nosemgrep: requests-go-through-the-guarded-client - the one address is the operator's
from collections.abc import Callable, Mapping
from typing import Final

import jwt

log = logging.getLogger(__name__)

TIMEOUT: Final = 3.0
SIZE_LIMIT: Final = 64 * 1024
KEY_LIMIT: Final = 20
#: An unknown key id makes us look again no sooner than this, else anybody could make us fetch for every request.
REFETCH_AFTER: Final = 300.0
#: While no key could be read at all, this soon.
RETRY_AFTER: Final = 5.0
#: Keys are read anew after this long, so that a withdrawn one does not live as long as the process.
MAX_AGE: Final = 3600.0


class KeysUnavailableError(Exception):
    """The user pool's keys cannot be read just now, so no token can be judged."""


class KeySet:
    """The keys behind one address, by key id. Serves all threads of a process; at most one of them fetches."""

    def __init__(
        self, url: str, *, clock: Callable[[], float] = time.monotonic, read: Callable[[str], bytes] | None = None
    ) -> None:
        """Fetch nothing yet; `read` returns what is at an address, or raises OSError."""
        self._url = url
        self._clock = clock
        self._read = read or fetch
        self._lock = threading.Lock()
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._tried_at: float | None = None
        self._read_at: float | None = None

    def find(self, kid: str) -> jwt.PyJWK | None:
        """Return the key with this id, or None. Raises KeysUnavailableError when no key could ever be read."""
        with self._lock:
            if self._may_fetch(is_known=kid in self._keys):
                self._fetch()
            if self._read_at is None:
                raise KeysUnavailableError("The keys that sign-ins are checked with cannot be read just now.")
            return self._keys.get(kid)

    def _may_fetch(self, *, is_known: bool) -> bool:
        now = self._clock()
        if self._tried_at is None:
            return True
        since = now - self._tried_at
        if self._read_at is None:
            return since >= RETRY_AFTER
        if is_known and now - self._read_at < MAX_AGE:
            return False
        return since >= REFETCH_AFTER

    def _fetch(self) -> None:
        self._tried_at = self._clock()
        try:
            self._keys = read_keys(self._read(self._url))
        except (OSError, ValueError) as error:
            # The old keys stay good: the pool signs with them for days after a new one appears.
            log.warning("Keys of the user pool unread", extra={"url": self._url, "cause": type(error).__name__})
            return
        self._read_at = self._tried_at


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        """Follow nothing: the address is configured, and nobody else names another."""


def fetch(url: str) -> bytes:
    """Return what is at an address. Raises OSError or ValueError; waits `TIMEOUT` and reads `SIZE_LIMIT` at most."""
    if not url.startswith(("https://", "http://")):
        raise ValueError("The keys' address is no web address.")
    opener = urllib.request.build_opener(_NoRedirect)
    with opener.open(url, timeout=TIMEOUT) as response:
        data: bytes = response.read(SIZE_LIMIT + 1)
    if len(data) > SIZE_LIMIT:
        raise ValueError("The keys' document is too large.")
    return data


def read_keys(data: bytes) -> Mapping[str, jwt.PyJWK]:
    """Return the RSA signing keys of a JWKS document by id. Raises ValueError when there is not one."""
    document = json.loads(data)
    entries = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise ValueError("The document holds no keys.")  # noqa: TRY004 - about a document, not an argument
    keys: dict[str, jwt.PyJWK] = {}
    for entry in entries[:KEY_LIMIT]:
        if not isinstance(entry, dict) or entry.get("kty") != "RSA" or entry.get("use", "sig") != "sig":
            continue
        kid = entry.get("kid")
        if isinstance(kid, str) and kid and entry.get("alg", "RS256") == "RS256":
            try:
                keys[kid] = jwt.PyJWK(entry, algorithm="RS256")
            except jwt.PyJWTError:
                # One unreadable key must not hide the others.
                log.warning("Key of the user pool unusable", extra={"kid": kid})
    if not keys:
        raise ValueError("The document holds no RSA signing key.")
    return keys
