"""Strict building blocks: unknown fields are refused by name, texts are texts, times are UTC with `Z`."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.settings import api_settings

from publishing.domain.content import TEXT_LIMIT, has_lone_surrogate, text_problem

NON_FIELD: Final = api_settings.NON_FIELD_ERRORS_KEY
MESSAGES: Final[Mapping[str, str]] = {
    "required": "This field is missing. Add it.",
    "null": "This field cannot be null. Give a value or leave the field out.",
}


class StrictSerializer(serializers.Serializer[Any]):
    """Reads an object and refuses members that it does not know, each by its name."""

    default_error_messages: ClassVar = {
        "invalid": "This should be an object: {{…}}. It is of type {datatype}.",
        "unknown": "There is no such field here, or it cannot be set. Remove it.",
    }

    def to_internal_value(self, data: Any) -> Any:  # noqa: ANN401 - DRF's signature
        """Return the values; raise ValidationError naming every wrong and every unknown field at once."""
        if not isinstance(data, Mapping):
            self.fail_as_object(data)
        known = {name for name, field in self.fields.items() if not field.read_only}
        text = str(self.default_error_messages["unknown"])
        problems: dict[str, Any] = {
            str(name): [ErrorDetail(text, code="unknown")] for name in data if name not in known
        }
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            found = error.detail if isinstance(error.detail, dict) else {NON_FIELD: error.detail}
            raise serializers.ValidationError({**found, **problems}) from None
        if problems:
            raise serializers.ValidationError(problems)
        return values

    def fail_as_object(self, data: object) -> None:
        """Refuse what is no object."""
        text = str(self.default_error_messages["invalid"]).format(datatype=type_name(data))
        raise serializers.ValidationError([ErrorDetail(text, code="invalid")])


class StringField(serializers.CharField):
    """A text as it is: numbers are not made texts, white space stays, half characters and NUL are refused."""

    default_error_messages: ClassVar = {
        **MESSAGES,
        "invalid": "This should be a text in quotes.",
        "max_length": "This is longer than {max_length} characters. Shorten it.",
        "blank": "This is empty. Write something or leave the field out.",
        "not_text": "This holds half of a character (a lone surrogate) or a NUL character. Remove it.",
    }

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - DRF's signature
        """Keep white space."""
        kwargs.setdefault("trim_whitespace", False)
        super().__init__(**kwargs)
        # Those of DRF would answer beside ours, in other words.
        self.validators = [one for one in self.validators if not type(one).__name__.startswith("Prohibit")]

    def to_internal_value(self, data: Any) -> str:  # noqa: ANN401 - DRF's signature
        """Return the text."""
        if not isinstance(data, str):
            self.fail("invalid")
        if has_lone_surrogate(data) or "\x00" in data:
            self.fail("not_text")
        return str(data)


class WordingField(StringField):
    """A text to publish: judged by the domain's rule, in the domain's words."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - DRF's signature
        """Leave emptiness to the domain's rule."""
        kwargs["allow_blank"] = True
        kwargs["max_length"] = TEXT_LIMIT
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:  # noqa: ANN401 - DRF's signature
        """Return the text; raise what the domain says against it."""
        if not isinstance(data, str):
            self.fail("invalid")
        if problem := text_problem(data):
            code, detail = problem
            raise serializers.ValidationError(detail, code=code)
        return str(data)


class StrictBooleanField(serializers.BooleanField):
    """True or false, and nothing that looks like it."""

    default_error_messages: ClassVar = {**MESSAGES, "invalid": "This should be true or false, without quotes."}

    def to_internal_value(self, data: Any) -> bool:  # noqa: ANN401 - DRF's signature
        """Return the value."""
        if not isinstance(data, bool):
            self.fail("invalid")
        return bool(data)


class StrictIntegerField(serializers.IntegerField):
    """A whole number, and nothing that looks like it."""

    default_error_messages: ClassVar = {**MESSAGES, "invalid": "This should be a whole number, without quotes."}

    def to_internal_value(self, data: Any) -> int:  # noqa: ANN401 - DRF's signature
        """Return the value."""
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return int(data)


class StrictListField(serializers.ListField):
    """A list of values."""

    default_error_messages: ClassVar = {
        **MESSAGES,
        "not_a_list": "This should be a list: […]. It is of type {input_type}.",
    }


class StrictDictField(serializers.DictField):
    """An object whose names are data."""

    default_error_messages: ClassVar = {
        **MESSAGES,
        "not_a_dict": "This should be an object: {{…}}. It is of type {input_type}.",
    }


@extend_schema_field(OpenApiTypes.DATETIME)
class MomentField(serializers.Field[datetime, object, str, Any]):
    """A moment in answers: RFC 3339, UTC, with `Z`."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - DRF's signature
        """Only ever written."""
        super().__init__(read_only=True, **kwargs)

    def to_representation(self, value: datetime) -> str:
        """Return the moment as text."""
        return utc_text(value)


def choices_of(words: type[StrEnum]) -> list[tuple[str, str]]:
    """Return the words of a closed list as DRF's choices, in the form by which the schema knows them again."""
    return [(word.value, word.name) for word in words]


def utc_text(moment: datetime) -> str:
    """Return a moment as RFC 3339 in UTC: whole seconds, or milliseconds where there are some."""
    moment = moment.astimezone(UTC)
    timespec = "milliseconds" if moment.microsecond >= 1000 else "seconds"
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")


def type_name(value: object) -> str:
    """Return what JSON calls the type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list():
            return "list"
        case _:
            return "object"
