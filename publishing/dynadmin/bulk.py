"""Do something to each of many objects, and tell what came of it in one or two sentences."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext, ngettext

from publishing.dynadmin.errors import ConflictError, RefusedError

#: Names of objects that a sentence lists before it says how many more there are.
_NAMED = 3


class BatchQuerySet(list[Any]):
    """Rows that were chosen, as actions expect them."""

    def count(self) -> int:  # type: ignore[override]  # as a queryset's
        """Return how many there are."""
        return len(self)


def each(
    request: HttpRequest, objects: Iterable[Any], act: Callable[[Any], object], *, done: Callable[[int], str]
) -> None:
    """Act on each object; say how many it was done to, and for every reason which ones it could not be done to.

    `done` makes the sentence of a number. Nothing is rolled back: each object is a use case of its own.
    """
    finished, refused = 0, dict[str, list[str]]()
    for found in objects:
        try:
            act(found)
        except (RefusedError, ConflictError) as error:
            refused.setdefault(str(error), []).append(str(found))
        else:
            finished += 1
    if finished:
        messages.success(request, done(finished))
    for sentence in _sentences(refused):
        messages.warning(request, sentence)


def _sentences(refused: dict[str, list[str]]) -> Iterator[str]:
    for reason, names in refused.items():
        listed = ", ".join(f"“{name}”" for name in names[:_NAMED])
        if len(names) > _NAMED:
            listed = gettext("%(names)s and %(count)d more") % {"names": listed, "count": len(names) - _NAMED}
        text = ngettext(
            "%(count)d could not be: %(names)s. %(reason)s", "%(count)d could not be: %(names)s. %(reason)s", len(names)
        )
        yield text % {"count": len(names), "names": listed, "reason": reason}
