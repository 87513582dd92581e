"""Due times in requests: `{"at": …, "zone": …}`, or `"now"`. The domain resolves them; it knows gaps and folds."""

from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from publishing.api.serializers.base import MESSAGES, StrictSerializer, StringField
from publishing.domain.errors import InvalidError
from publishing.domain.schedule import Due, due_now, resolve_due

NOW: Final = "now"
_OBJECT: Final = {
    "type": "object",
    "required": ["at"],
    "additionalProperties": False,
    "properties": {
        "at": {
            "type": "string",
            "description": "RFC 3339 with an offset or Z, or wall time together with `zone`.",
            "examples": ["2026-12-01T09:00:00"],
        },
        "zone": {"type": ["string", "null"], "description": "IANA name.", "examples": ["Europe/Berlin"]},
    },
}


class ScheduleIn(StrictSerializer):
    """A due time to set or to move."""

    at = StringField(max_length=64, help_text="RFC 3339 with an offset or Z, or wall time together with `zone`.")
    zone = StringField(required=False, allow_null=True, max_length=64, help_text="IANA name: Europe/Berlin.")


def read_due(data: object, context: dict[str, Any]) -> Due:
    """Return the due time. Raises ValidationError with pointers relative to `data`. Needs `now` in the context."""
    now = context["now"]
    if data == NOW:
        return due_now(now)
    if not isinstance(data, dict):
        text = 'This should be {"at": "2026-12-01T09:00:00", "zone": "Europe/Berlin"}, or "now".'
        raise serializers.ValidationError([ErrorDetail(text, code="invalid")])
    given = ScheduleIn(data=data)
    given.is_valid(raise_exception=True)
    try:
        return resolve_due(at=given.validated_data["at"], zone=given.validated_data.get("zone"), now=now, pointer="")
    except InvalidError as error:
        problems = {one.pointer.removeprefix("/"): [ErrorDetail(one.detail, code=one.code)] for one in error.problems}
        raise serializers.ValidationError(problems) from None


@extend_schema_field(_OBJECT)
class WishField(serializers.Field[Due, object, object, Any]):
    """The due time that is wished for a message in review. "Now" will have passed when it is approved."""

    default_error_messages: ClassVar = dict(MESSAGES)

    def to_internal_value(self, data: object) -> Due:
        """Return the due time."""
        if data == NOW:
            text = "It cannot go out before it is approved. Give a time, or leave it to whoever approves it."
            raise serializers.ValidationError(text, code="invalid")
        return read_due(data, self.context)

    def to_representation(self, value: Due) -> object:  # noqa: ARG002 - DRF's signature
        """Only ever read."""
        raise TypeError("A due time is read from requests and never written by this field.")


@extend_schema_field({"oneOf": [_OBJECT, {"type": "string", "enum": [NOW]}]})
class ScheduleField(serializers.Field[Due, object, object, Any]):
    """The due time of a new message; null for a draft."""

    default_error_messages: ClassVar = dict(MESSAGES)

    def to_internal_value(self, data: object) -> Due:
        """Return the due time."""
        return read_due(data, self.context)

    def to_representation(self, value: Due) -> object:  # noqa: ARG002 - DRF's signature
        """Only ever read."""
        raise TypeError("A due time is read from requests and never written by this field.")
