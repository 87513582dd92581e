"""The API's description and the pages that show it. Open; everything they load is served by us."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import get_script_prefix, reverse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from publishing.api.answers import Answer
from publishing.api.views.base import View

SCHEMA_FILE: Final = Path(__file__).resolve().parent.parent / "openapi.json"
#: Swagger UI draws its icons as data images and sets styles on elements; no inline script and nothing from elsewhere.
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


@cache
def _schema() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SCHEMA_FILE.read_text())
    return document


class AnyRenderer(BaseRenderer):
    """Lets every Accept header through: a page for people is shown to any browser."""

    media_type = "*/*"
    format = "any"

    def render(self, data: Any, *_args: object, **_kwargs: object) -> Any:  # noqa: ANN401 - DRF's signature
        """Never asked: the view answers with a finished response."""
        return data


class SchemaView(View):
    """The OpenAPI document, as it is checked in; a test keeps it equal to the code."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (AnyRenderer,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002 - nothing of the request matters
        """Answer with the document, telling at which base path this deployment lives."""
        base = get_script_prefix().rstrip("/")
        return Answer.of({**_schema(), "servers": [{"url": base or "/"}]}).response()


class DocsView(View):
    """A page to read and try the API."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    renderer_classes = (AnyRenderer,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        """Answer with the page."""
        page = render(request._request, "publishing/docs.html", {"schema": reverse("schema")})  # noqa: SLF001 - Django's own request
        page["Content-Security-Policy"] = PAGE_POLICY
        return page
