"""What all views share: who asks, strict reading of body and query, and which methods exist at all."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

from django.http import HttpRequest, QueryDict
from django.urls import reverse
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request
from rest_framework.views import APIView

from publishing.api.context import api_limit, read_clock
from publishing.api.problems import FieldError, invalid
from publishing.api.serializers.base import StrictSerializer
from publishing.domain.limits import Limit
from publishing.domain.permissions import Actor
from publishing.identity.api_keys import NAMESPACE, ApiKeyAuthentication
from publishing.services import limits

SerializerT = TypeVar("SerializerT", bound=StrictSerializer)


class View(APIView):
    """A view of the API."""

    http_method_names: ClassVar[list[str]] = ["get", "head", "post", "patch", "delete"]  # type: ignore[misc]
    #: Whether a POST here creates or acts, and so takes an Idempotency-Key.
    is_idempotent_by_key: ClassVar[bool] = False
    #: Whether a GET here gives a single object with an ETag.
    has_etag: ClassVar[bool] = False
    #: Limits of single methods (`POST`), besides those that hold for all of the API.
    limits: ClassVar[Mapping[str, Limit]] = MappingProxyType({})

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Return how somebody signs in here: with an API key at the routes for programs, with a token elsewhere."""
        if self.authentication_classes and is_for_programs(getattr(self, "request", None)):
            return [ApiKeyAuthentication()]
        return super().get_authenticators()

    def check_throttles(self, request: Request) -> None:
        """Count the request. Raises LimitedError when its actor asked too often; open views count nobody."""
        actor = request.user
        if not isinstance(actor, Actor):
            return
        now = read_clock()
        limits.spend(api_limit(actor), actor.key_id or actor.id, now=now)
        if own := self.limits.get(str(request.method)):
            limits.spend(own, actor.id, now=now)


def is_for_programs(request: HttpRequest | Request | None) -> bool:
    """Tell whether a request came in at the routes for programs."""
    match = getattr(request, "resolver_match", None)
    return match is not None and match.namespace == NAMESPACE


def link(request: Request, name: str, **names: str) -> str:
    """Return the path of a route, among those that the request came in at."""
    return reverse(f"{NAMESPACE}:{name}" if is_for_programs(request) else name, kwargs=names)


def actor_of(request: Request) -> Actor:
    """Return who asks. Authentication has made sure that there is somebody."""
    actor = request.user
    assert isinstance(actor, Actor)  # noqa: S101 - the permission class let nobody else in
    return actor


def read_body(request: Request, serializer: type[SerializerT], *, now: datetime) -> SerializerT:
    """Return the validated body. Raises ValidationError or ProblemError naming everything that is wrong."""
    reader = serializer(data=_plain(request), context={"now": now})
    reader.is_valid(raise_exception=True)
    return reader


def refuse_body(request: Request) -> None:
    """Refuse fields where an action takes none. An empty object will do."""
    if unknown := list(_plain(request)):
        detail = "This call takes no fields. Send no body, or an empty object."
        raise invalid(*(FieldError(pointer=f"/{name}", code="unknown", detail=detail) for name in unknown[:10]))


def read_query(request: Request, known: tuple[str, ...]) -> Mapping[str, str]:
    """Return the query's parameters. Raises ProblemError for unknown and for doubled ones."""
    problems = []
    for name, values in request.query_params.lists():
        if name not in known:
            detail = f"There is no parameter {name[:40]!r} here. There are: {', '.join(known)}."
            problems.append(FieldError(parameter=name[:40], code="unknown", detail=detail))
        elif len(values) > 1:
            detail = f"The parameter {name} is given more than once. Give it once."
            problems.append(FieldError(parameter=name, code="doubled", detail=detail))
    if problems:
        raise invalid(*problems)
    return {name: str(value) for name, value in request.query_params.items()}


def _plain(request: Request) -> dict[str, Any]:
    data = request.data
    # Without a body DRF hands out an empty form, in which a missing boolean would read as false.
    return {} if isinstance(data, QueryDict) else data
