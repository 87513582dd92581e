"""The one HTTP client: guarded, one shared TLS context, and it knows whether a request may have acted.

It stands on httpcore, the transport below httpx: that is where a connection can be pinned to a checked address, and it
costs a third of httpx's modules at a cold start.
"""

from publishing.http.answer import Answer, UnreadableError
from publishing.http.client import Courier, HttpClient, make_tls_context
from publishing.http.errors import CourierError, LostSightError, NotSentError, RefusedError
from publishing.http.guard import OutgoingPolicy, Resolver

__all__ = [
    "Answer",
    "Courier",
    "CourierError",
    "HttpClient",
    "LostSightError",
    "NotSentError",
    "OutgoingPolicy",
    "RefusedError",
    "Resolver",
    "UnreadableError",
    "make_tls_context",
]
