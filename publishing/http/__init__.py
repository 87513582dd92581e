"""The one HTTP client: guarded, one shared TLS context, and it knows whether a request may have acted.

It stands on httpcore, the transport below httpx: its public interface lets a connection be pinned to a checked address,
and a cold start loads 22 modules less.
"""

from publishing.http.answer import Answer, UnreadableError
from publishing.http.client import Courier, HttpClient
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
]
