"""Answers to the library's scripts: JSON, and for everything that goes wrong one shape with a sentence to show."""

import functools
import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from publishing.admin.sentences import say
from publishing.domain.errors import (
    ConflictError,
    DomainError,
    InvalidError,
    KeyReusedError,
    LimitedError,
    NotAllowedError,
    NotFoundError,
    StaleError,
    UnavailableError,
)

View = Callable[..., HttpResponse]
_STATUSES: Final = (
    (InvalidError, 400), (NotAllowedError, 403), (NotFoundError, 404), (ConflictError, 409), (StaleError, 409),
    (KeyReusedError, 409),
    (LimitedError, 429),
)  # fmt: skip

log = logging.getLogger(__name__)


class UnreadableError(Exception):
    """The body of a request is no JSON object."""


def answered(*methods: str) -> Callable[[View], View]:
    """Let only these methods through to a view of data, and answer what its use case raises in words."""

    def decorate(view: View) -> View:
        @functools.wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ANN401 - any view's
            if request.method not in methods:
                response = problem(405, _("This cannot be asked for like that. Load the page again."))
                response["Allow"] = ", ".join(methods)
                return response
            try:
                return view(request, *args, **kwargs)
            except DomainError as error:
                return _refused(error)
            except UnreadableError:
                return problem(400, _("What was sent cannot be read. Load the page again."))
            except UnavailableError:
                log.exception("Dependency unavailable")
                return problem(503, _("Something that is needed does not answer. Wait a moment, then try again."))

        return checked

    return decorate


def read_object(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object that a script sent. Raises UnreadableError for anything else."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise UnreadableError from error
    if not isinstance(body, dict):
        raise UnreadableError
    return body


def problem(status: int, detail: str, fields: Mapping[str, str] | None = None) -> JsonResponse:
    """Return what went wrong: a sentence, and one for each field that is wrong."""
    return JsonResponse({"detail": detail, "fields": dict(fields or {})}, status=status)


def invalid(form: forms.Form) -> JsonResponse:
    """Return what is wrong with each field of a form."""
    fields = {name: " ".join(str(error) for error in errors) for name, errors in form.errors.items()}
    return problem(400, " ".join(fields.values()), fields)


def _refused(error: DomainError) -> HttpResponse:
    status = next((code for kind, code in _STATUSES if isinstance(error, kind)), 400)
    fields = {}
    if isinstance(error, InvalidError):
        fields = {each.pointer.removeprefix("/"): say(each.detail) for each in error.problems}
    response = problem(status, say(str(error)), fields)
    if isinstance(error, LimitedError):
        response["Retry-After"] = str(error.retry_after)
    return response
