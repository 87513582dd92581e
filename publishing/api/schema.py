"""What the OpenAPI document says beyond serializers: sign-in, conditional headers, and problems on every operation."""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter
from rest_framework.serializers import Serializer

_TEXT: Final = {"type": "string"}
#: What `publishing.api.problems` writes.
_FIELD_ERROR: Final = {
    "type": "object",
    "description": "What is wrong with one part of the request; exactly one of pointer, parameter and header is there.",
    "properties": {
        "pointer": {**_TEXT, "description": "JSON pointer into the body; empty for the body as a whole."},
        "parameter": {**_TEXT, "description": "Name of a query parameter."},
        "header": {**_TEXT, "description": "Name of a request header."},
        "code": _TEXT,
        "detail": {**_TEXT, "description": "A sentence that says what to do."},
    },
    "required": ["code", "detail"],
    "additionalProperties": False,
}
_PROBLEM: Final = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "properties": {
        "type": {**_TEXT, "format": "uri"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": _TEXT,
        "errors": {"type": "array", "items": {"$ref": "#/components/schemas/FieldError"}},
        "request_id": {**_TEXT, "description": "Given with errors of the server."},
    },
    "required": ["type", "title", "status", "detail", "code"],
    "additionalProperties": False,
}
#: Any request can end like this.
_ALWAYS: Final = (400, 401, 403, 404, 405, 406, 413, 415, 429, 500, 503)
_BY_METHOD: Final = {"post": (409, 422), "patch": (409, 412), "delete": (409, 412)}


def _header(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=description)


_IDEMPOTENCY_KEY: Final = _header(
    "Idempotency-Key", "1 to 255 visible ASCII characters of your choice: the same key and body give the same answer."
)
_IF_MATCH: Final = _header("If-Match", "The ETag that you got with the object: 412 when somebody edited it since.")
_IF_NONE_MATCH: Final = _header("If-None-Match", "The ETag that you have: 304 when nothing changed since.")


class Schema(AutoSchema):  # type: ignore[no-untyped-call, unused-ignore]
    """Adds the headers that a view understands, and tags by noun."""

    def get_override_parameters(self) -> list[OpenApiParameter | Serializer[Any] | type[Serializer[Any]]]:
        """Return the headers of this operation."""
        view = self.view
        if self.method == "POST" and getattr(view, "is_idempotent_by_key", False):
            return [_IDEMPOTENCY_KEY, *([_IF_MATCH] if getattr(view, "takes_revision", False) else [])]
        if self.method in {"PATCH", "DELETE"}:
            return [_IF_MATCH]
        if self.method == "GET" and getattr(view, "has_etag", False):
            return [_IF_NONE_MATCH]
        return []

    def get_tags(self) -> list[str]:
        """Return the noun that the address begins with."""
        return [self.path.removeprefix("/api/v1/").strip("/").split("/")[0]]


class AccessTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call, unused-ignore]
    """Describes how to sign in."""

    target_class = "publishing.identity.authentication.AccessTokenAuthentication"
    name = "accessToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:  # noqa: ARG002 - the library's signature
        """Return the scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "JWT",
            "description": "An access token of the user pool, with the scope omnipub/api.",
        }


def describe_once(
    endpoints: list[tuple[str, str, str, object]], **_context: object
) -> list[tuple[str, str, str, object]]:
    """Leave out the routes for programs: they are those of `/api/v1/` over again."""
    return [endpoint for endpoint in endpoints if not endpoint[0].startswith("/keyed/")]


def add_problems(result: dict[str, Any], **_context: object) -> dict[str, Any]:
    """Say on every operation how it can fail, and which headers every answer bears."""
    components = result.setdefault("components", {})
    components["responses"] = {
        _name(status): {
            "description": HTTPStatus(status).phrase,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*_ALWAYS, *(one for more in _BY_METHOD.values() for one in more)})
    }
    schemas = components.setdefault("schemas", {})
    schemas |= {"Problem": _PROBLEM, "FieldError": _FIELD_ERROR}
    for name, schema in schemas.items():
        if name.endswith("InRequest"):
            schema["additionalProperties"] = False
    for method, operation in _operations(result):
        responses = operation["responses"]
        open_to_all = not operation.get("security")
        for status in (406, 500) if open_to_all else (*_ALWAYS, *_BY_METHOD.get(method, ())):
            responses.setdefault(str(status), {"$ref": f"#/components/responses/{_name(status)}"})
        headers = {parameter["name"] for parameter in operation.get("parameters", ())}
        if "If-Match" in headers:
            responses.setdefault("412", {"$ref": f"#/components/responses/{_name(412)}"})
        if "If-None-Match" in headers:
            responses.setdefault("304", {"description": "Not changed since the ETag that you have."})
        operation["responses"] = dict(sorted(responses.items()))
    return result


def _operations(result: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in result["paths"].values():
        for method, operation in item.items():
            if method in {"get", "post", "patch", "delete"}:
                yield method, operation


def _name(status: int) -> str:
    return HTTPStatus(status).phrase.title().replace(" ", "").replace("'", "").replace("-", "")
