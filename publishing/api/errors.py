"""From errors to problem documents: DRF's, the domain's, and Django's own. The border of the API."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Final

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from rest_framework import exceptions
from rest_framework.settings import api_settings

from publishing import logs
from publishing.api.problems import FieldError, Problem, ProblemError, escape_pointer
from publishing.domain import errors as domain

log = logging.getLogger(__name__)

RETRY_AFTER: Final = {"Retry-After": "5"}
_NOT_FOUND: Final = "There is no such object, or you may not know that there is."

#: Domain error → status; the first class that fits.
_STATUSES: Final[Sequence[tuple[type[domain.DomainError], int]]] = (
    (domain.InvalidError, HTTPStatus.BAD_REQUEST),
    (domain.NotFoundError, HTTPStatus.NOT_FOUND),
    (domain.NotAllowedError, HTTPStatus.FORBIDDEN),
    (domain.StaleError, HTTPStatus.PRECONDITION_FAILED),
    (domain.KeyReusedError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (domain.ConflictError, HTTPStatus.CONFLICT),
    (domain.RunningError, HTTPStatus.CONFLICT),
    (domain.LimitedError, HTTPStatus.TOO_MANY_REQUESTS),
)


def handle(error: Exception, context: Mapping[str, object]) -> HttpResponse | None:  # noqa: ARG001 - DRF's signature
    """Return the answer to an error that a view raised; None leaves it to Django, which answers 500 and logs it."""
    problem = to_problem(error)
    return None if problem is None else problem.response()


def to_problem(error: Exception) -> Problem | None:
    """Return the problem document for an error, or None for one that nobody anticipated."""
    for kind, read in _READERS:
        if isinstance(error, kind):
            return read(error)
    return None


def too_large() -> Problem:
    """Return the problem of a body over the limit."""
    detail = "The body is larger than 256 KB (262,144 bytes). Shorten it; media are uploaded apart from messages."
    errors = (FieldError(pointer="", code="too_large", detail=detail),)
    return Problem(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE, code="too_large", detail=detail, errors=errors)


def _problem(status: int, code: str, detail: str, headers: Mapping[str, str] | None = None) -> Problem:
    return Problem(status=status, code=code, detail=detail, headers=headers or {})


def _from_domain(error: domain.DomainError) -> Problem:
    status = next((status for kind, status in _STATUSES if isinstance(error, kind)), HTTPStatus.BAD_REQUEST)
    problems = error.problems if isinstance(error, domain.InvalidError) else ()
    errors = tuple(FieldError(pointer=one.pointer, code=one.code, detail=one.detail) for one in problems)
    if isinstance(error, domain.StaleError):
        errors = (
            FieldError(header="If-Match", code=error.code, detail="Read the object again and repeat the change."),
        )
    if isinstance(error, domain.KeyReusedError):
        detail = "Choose a new key for a new request, or repeat the first one unchanged."
        errors = (FieldError(header="Idempotency-Key", code=error.code, detail=detail),)
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, domain.LimitedError) else {}
    return Problem(
        status=status, code=error.code, detail=str(error) or type(error).code, errors=errors, headers=headers
    )


def _unavailable(error: domain.UnavailableError) -> Problem:
    log.error("Dependency unavailable", exc_info=error)
    detail = "Something that is needed could not be reached. Read the object to see whether it changed, or repeat."
    return _problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", detail, RETRY_AFTER)


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers: dict[str, str] = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if error.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        headers |= RETRY_AFTER
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait))
    return headers


def _from_drf(error: exceptions.APIException) -> Problem:
    headers = _headers(error)
    match error:
        case exceptions.ValidationError():
            errors = tuple(_flatten(error.detail))
            detail = " ".join(one.detail for one in errors[:5])
            return Problem(status=HTTPStatus.BAD_REQUEST, code="invalid", detail=detail, errors=errors)
        case exceptions.UnsupportedMediaType():
            detail = "Send the body as JSON, with Content-Type: application/json."
            return _about_header(error.status_code, "unsupported_media_type", "Content-Type", detail)
        case exceptions.NotAcceptable():
            detail = "Only JSON is given. Send Accept: application/json, or no such header."
            return _about_header(error.status_code, "not_acceptable", "Accept", detail)
        case exceptions.NotAuthenticated():
            detail = "Sign in first: send Authorization: Bearer <access token>, or an API key under /keyed/v1/."
            return _problem(error.status_code, "not_signed_in", detail, headers)
        case exceptions.MethodNotAllowed():
            return _problem(error.status_code, "method_not_allowed", "This address does not take this method.")
        case _:
            code = str(error.get_codes()) if isinstance(error.detail, exceptions.ErrorDetail) else error.default_code
            return _problem(error.status_code, code, str(error.detail), headers)


def _about_header(status: int, code: str, header: str, detail: str) -> Problem:
    errors = (FieldError(header=header, code=code, detail=detail),)
    return Problem(status=status, code=code, detail=detail, errors=errors)


def _flatten(detail: object, pointer: str = "") -> Iterator[FieldError]:
    """Yield every error of a serializer with the pointer of its field."""
    match detail:
        case exceptions.ErrorDetail():
            yield FieldError(pointer=pointer, code=detail.code or "invalid", detail=str(detail))
        case Mapping():
            for name, inner in detail.items():
                own = name == api_settings.NON_FIELD_ERRORS_KEY
                yield from _flatten(inner, pointer if own else f"{pointer}/{escape_pointer(str(name))}")
        case list() | tuple():
            for index, inner in enumerate(detail):
                is_leaf = isinstance(inner, exceptions.ErrorDetail)
                yield from _flatten(inner, pointer if is_leaf else f"{pointer}/{index}")
        case _:
            yield FieldError(pointer=pointer, code="invalid", detail=str(detail))


_READERS: Final[Sequence[tuple[type[Exception], Callable[..., Problem]]]] = (
    (ProblemError, lambda error: error.problem),
    (domain.DomainError, _from_domain),
    (domain.UnavailableError, _unavailable),
    (exceptions.APIException, _from_drf),
    (RequestDataTooBig, lambda _: too_large()),
    (Http404, lambda _: _problem(HTTPStatus.NOT_FOUND, "not_found", _NOT_FOUND)),
    (PermissionDenied, lambda _: _problem(HTTPStatus.FORBIDDEN, "not_allowed", "You may not do this.")),
)


# --- what Django answers itself ---------------------------------------------------------------------------------------


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer a request for an address that does not exist."""
    detail = "There is nothing at this address."
    if not request.path_info.endswith("/") and _exists(f"{request.path_info}/"):
        detail = "There is nothing at this address. It ends with a slash: add one."
    return _problem(HTTPStatus.NOT_FOUND, "not_found", detail).response()


def _exists(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer a request that Django finds suspicious, a wrong Host header for one."""
    if isinstance(exception, RequestDataTooBig):
        return too_large().response()
    return _problem(HTTPStatus.BAD_REQUEST, "bad_request", "The request is malformed.").response()


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer a request that Django refuses."""
    return _problem(HTTPStatus.FORBIDDEN, "not_allowed", "You may not do this.").response()


def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer for an error that nobody anticipated, telling its number and nothing of its inside."""
    detail = f"Something went wrong here. Give this number when you report it: {logs.correlation_id() or 'none'}."
    return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", detail).response()
