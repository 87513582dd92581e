"""What Django itself answers when something goes wrong: pages for people, problem documents for programs."""

from django.http import HttpRequest, HttpResponse

from publishing.admin.middleware import is_page
from publishing.admin.pages import failure
from publishing.api import errors


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django could not read."""
    return errors.bad_request(request, exception)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that a view refused."""
    return failure(request, "not_allowed") if is_page(request) else errors.forbidden(request, exception)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request for an address that nobody has."""
    return failure(request, "not_found") if is_page(request) else errors.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer a request on which something unforeseen went wrong; it was logged."""
    return failure(request, "internal") if is_page(request) else errors.server_error(request)
