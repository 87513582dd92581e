"""Which addresses may be called: the guard against requests forged into our own network (SSRF).

A URL is judged twice: by its form before anything happens, and by the addresses that its name resolves to at the moment
of connecting. The connection then goes to the very address that was judged, so a resolver that changes its answer in
between gains nothing.
"""

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import SplitResult, urlsplit

from publishing.http.errors import NotSentError, RefusedError

#: Name and port to addresses in text form. Raises OSError when there are none.
Resolver = Callable[[str, int], Sequence[str]]

_NAME: Final = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.?")
#: RFC 3986 and nothing else, so that no two readers can disagree about what a URL says.
_PLAIN: Final = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_LONGEST_URL: Final = 2_048

#: Assigned for use on the public internet; everything outside is refused whatever `is_global` says.
_GLOBAL_V6: Final = ipaddress.IPv6Network("2000::/3")
#: Inside the public space, yet they carry or stand for other addresses, or are not for use.
_REFUSED: Final = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",  # protocol assignments
        "192.88.99.0/24",  # 6to4 relays
        "198.18.0.0/15",  # benchmarks
        "240.0.0.0/4",  # reserved
        "2001::/23",  # Teredo, ORCHID and other protocol assignments
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: holds an IPv4 address
        "3fff::/20",  # documentation
    )
)
_LOCAL: Final = tuple(
    ipaddress.ip_network(network)
    for network in ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL that passed, taken apart once. What is sent is put together from these parts, never parsed again."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    #: Path and query.
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingPolicy:
    """Where requests may go. The default is the public internet over HTTPS on port 443."""

    #: Local mode only, from configuration: also plain HTTP, any port, loopback and private addresses.
    allow_private: bool = False
    ports: frozenset[int] = frozenset({443})

    def read(self, url: str) -> Target:
        """Take a URL apart. Raise `RefusedError` when its form alone forbids it."""
        parts = _split(url)
        if parts.scheme == "http" and not self.allow_private:
            raise RefusedError("The address uses http. Use one that starts with https://.")
        if "@" in parts.netloc:
            raise RefusedError("The address holds a user name or password. Leave them out.")
        port = _port(parts)
        if not self.allow_private and port not in self.ports:
            allowed = ", ".join(str(number) for number in sorted(self.ports))
            raise RefusedError(f"The address names a port that is not allowed. Use port {allowed}.")
        host = _host(parts)
        if _is_address(host):
            self._judge(host, is_plain=parts.scheme == "http")
        return Target(
            scheme="http" if parts.scheme == "http" else "https",
            host=host,
            port=port,
            target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        )

    def refusal(self, url: str) -> str | None:
        """Return why a URL's form forbids it, as a sentence, or None. Asks no resolver."""
        try:
            self.read(url)
        except RefusedError as error:
            return str(error)
        return None

    def addresses(self, target: Target, resolve: Resolver) -> tuple[str, ...]:
        """Resolve a target's name. Raise `RefusedError` unless every single address is allowed."""
        try:
            found = tuple(dict.fromkeys(resolve(target.host, target.port)))
        except (OSError, UnicodeError):
            raise NotSentError("The server's name could not be resolved.") from None
        if not found:
            raise NotSentError("The server's name has no address.")
        for address in found:
            self._judge(address, is_plain=target.scheme == "http")
        return found

    def _judge(self, text: str, *, is_plain: bool) -> None:
        try:
            address = ipaddress.ip_address(text)
        except ValueError:
            raise RefusedError("The server's name resolves to something that is no address.") from None
        if self.allow_private and any(address in network for network in _LOCAL):
            return
        if is_plain:
            raise RefusedError("Plain http is possible to this machine or network only. Use https://.")
        if not is_public(address):
            raise RefusedError("The server's name leads into a private or reserved network. Use a public server.")


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Tell whether an address is an ordinary one of the public internet."""
    if isinstance(address, ipaddress.IPv6Address) and (address.scope_id or address not in _GLOBAL_V6):
        return False  # Mapped, NAT64, link-local, unique local and multicast addresses all end here.
    if address.is_multicast or any(address in network for network in _REFUSED):
        return False
    return address.is_global


def resolve_by_system(host: str, port: int) -> Sequence[str]:
    """Ask the system's resolver."""
    return [str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _split(url: str) -> SplitResult:
    if len(url) > _LONGEST_URL:
        raise RefusedError(f"The address is longer than {_LONGEST_URL:,} characters.")
    if not _PLAIN.fullmatch(url):
        raise RefusedError("The address holds characters that a URL may not hold. Copy it again from its source.")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise RefusedError("The address is not a URL.") from None
    if parts.scheme not in {"http", "https"} or not url.lower().startswith(f"{parts.scheme}://"):
        raise RefusedError("The address must start with https://.")
    return parts


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _port(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        raise RefusedError("The address names an impossible port.") from None
    if port == 0:
        raise RefusedError("The address names an impossible port.")
    return port or (80 if parts.scheme == "http" else 443)


def _host_in_brackets(host: str) -> str:
    try:
        address = ipaddress.IPv6Address(host)
    except ValueError:
        raise RefusedError("The address names no server.") from None
    if address.scope_id:
        raise RefusedError("The address names a network card of this machine. Use a public server.")
    return address.compressed


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").lower()
    if ":" in host:
        return _host_in_brackets(host)
    if len(host) > 253 or not _NAME.fullmatch(host):
        raise RefusedError("The address names no server. International names are written with xn--.")
    return host
