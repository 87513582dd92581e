"""Who uses the library's admin."""

from collections.abc import Callable
from typing import Any


class Person:
    name = "Rita"
    granted: frozenset[str] = frozenset({"view", "add", "change", "delete"})
    pk = "rita"
    is_active = is_staff = is_authenticated = True
    is_anonymous = False

    def __str__(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.name

    def get_username(self) -> str:
        return self.name

    def has_usable_password(self) -> bool:
        return False

    def has_perm(self, *_: Any) -> bool:
        return False


def somebody(get_response: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Sign everybody in."""

    def answer(request: Any) -> Any:
        request.user = Person()
        return get_response(request)

    return answer
