"""Where a browser may be sent after signing in: a path of the desk on this site, and nowhere else."""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

from django.urls import reverse

#: Longer ones are not kept.
LIMIT: Final = 1_000
#: RFC 3986's characters without the backslash, which browsers read as a slash.
_PLAIN: Final = re.compile(r"/[A-Za-z0-9._~/%?=&+:,@;!$'()*-]*")


def home() -> str:
    """Return the desk's first page."""
    return reverse("desk")


def checked(wanted: str) -> str:
    """Return the path that was wanted if it is one of the desk, else the desk's first page."""
    desk = home()
    if len(wanted) > LIMIT or not _PLAIN.fullmatch(wanted) or not wanted.startswith(desk):
        return desk
    # Read as a browser and as a careless server would: neither may find another host or climb out of the desk.
    path = urlsplit(wanted).path
    for seen in (path, unquote(path), unquote(unquote(path))):
        if "//" in seen or "\\" in seen or any(part in {".", ".."} for part in seen.split("/")):
            return desk
    return wanted
