"""Where a request comes from, as far as nobody can choose it freely; for counting before anybody is known."""

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The two addresses that a request is counted by, each as the network that one household or office has."""

    #: Whose connection it is. CloudFront's, where it stands in between: many people's then.
    peer: str
    #: Whom the peer names. Only CloudFront is to be believed, so it never counts without the peer.
    viewer: str


def source_of(request: HttpRequest) -> Source:
    """Return where a request comes from.

    Deployed, the gateway says whose connection it is, and adds it to `X-Forwarded-For` as its last address. The one
    before it is what that peer wrote: the viewer's address, when the peer is CloudFront; whatever a client made up,
    when somebody calls the gateway past CloudFront. Elsewhere there is the connection alone.
    """
    peer = _of_gateway(request.META.get("lambda.event"))
    if not peer:
        alone = _network(request.META.get("REMOTE_ADDR", ""))
        return Source(peer=alone, viewer=alone)
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    viewer = hops[-2] if len(hops) > 1 and hops[-1] == peer else peer
    return Source(peer=_network(peer), viewer=_network(viewer))


def _of_gateway(event: object) -> str:
    context = event.get("requestContext") if isinstance(event, Mapping) else None
    identity: Any = context.get("identity") if isinstance(context, Mapping) else None
    address = identity.get("sourceIp") if isinstance(identity, Mapping) else None
    return address if isinstance(address, str) else ""


def _network(address: str) -> str:
    """Return an address as it is counted: of IPv6 the /64, which one customer has whole; `unknown` for what is none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
