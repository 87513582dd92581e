"""ETags of single objects, and the conditions that requests make with them.

An ETag is `"r<rev>.<hash of the body>"`. The hash makes a GET's 304 exact: deliveries move on while nobody edits, and a
client that follows them must see it. A change (`If-Match`) is compared by revision alone, because a delivery that moved
on in between is no reason to refuse an edit; the services still refuse what the new state does not allow.
"""

import hashlib
import re
from typing import Final

from rest_framework.request import Request

from publishing.api.problems import FieldError, Problem, ProblemError

_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')
_REV: Final = re.compile(r"r(\d{1,9})(?:\.[0-9a-f]{1,64})?")


def make_etag(rev: int, body: str) -> str:
    """Return the ETag of an object at a revision with this body."""
    return f'"r{rev}.{hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()[:16]}"'


def is_unchanged(request: Request, etag: str) -> bool:
    """Tell whether the client has exactly this already (If-None-Match, weak comparison)."""
    header = request.headers.get("If-None-Match", "")
    return header.strip() == "*" or etag.strip('"') in _TAG.findall(header)


def demanded_rev(request: Request) -> int | None:
    """Return the revision that `If-Match` demands; None without the header, or with `*`.

    Proxies that compress weaken an ETag, so `W/` is read like the strong one. Raises ProblemError (412) for a tag that
    is none of ours: nothing can match it.
    """
    header = request.headers.get("If-Match")
    if header is None or header.strip() == "*":
        return None
    tags = _TAG.findall(header)
    revs = {int(match.group(1)) for tag in tags if (match := _REV.fullmatch(tag))}
    if len(revs) != 1:
        detail = "If-Match should hold the one ETag that you got with the object. Read it again and repeat the change."
        errors = (FieldError(header="If-Match", code="stale", detail=detail),)
        raise ProblemError(Problem(status=412, code="stale", detail=detail, errors=errors))
    return revs.pop()
