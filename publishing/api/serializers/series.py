"""Series in requests and answers."""

from datetime import date, time
from itertools import islice
from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from publishing.api.context import read_clock
from publishing.api.serializers.accounts import ProblemNoteOut
from publishing.api.serializers.base import (
    MESSAGES,
    MomentField,
    StrictIntegerField,
    StrictListField,
    StrictSerializer,
    StringField,
    choices_of,
    utc_text,
)
from publishing.domain.series import (
    COUNT_LIMIT,
    EXCEPTION_LIMIT,
    NAME_LIMIT,
    Frequency,
    Rule,
    Series,
    SeriesDraft,
    SeriesStatus,
    Weekday,
)

#: How many of the dates to come an answer names.
_SHOWN: Final = 5
_CHOICE: Final = {**MESSAGES, "invalid_choice": "{input} is none of the words that are possible here."}


@extend_schema_field(OpenApiTypes.DATE)
class DateField(StringField):
    """A date: `2026-12-01`."""

    def to_internal_value(self, data: Any) -> date:  # type: ignore[override]  # noqa: ANN401 - DRF's signature
        """Return the date."""
        text = super().to_internal_value(data)
        try:
            if len(text) == len("2026-12-01"):
                return date.fromisoformat(text)
        except ValueError:
            pass
        raise serializers.ValidationError("This should be a date like 2026-12-01.", code="bad_date")


class WallTimeField(StringField):
    """A time on the wall: `09:00`."""

    def to_internal_value(self, data: Any) -> time:  # type: ignore[override]  # noqa: ANN401 - DRF's signature
        """Return the time."""
        text = super().to_internal_value(data)
        try:
            if len(text) == len("09:00"):
                return time.fromisoformat(text)
        except ValueError:
            pass
        raise serializers.ValidationError("This should be hours and minutes like 09:00.", code="bad_time")


class RuleIn(StrictSerializer):
    """When a series recurs."""

    frequency = serializers.ChoiceField(choices=choices_of(Frequency), error_messages={**_CHOICE})
    at = WallTimeField(help_text="Hours and minutes on the wall: 09:00. It stays when clocks change.")
    zone = StringField(max_length=64, help_text="IANA name: Europe/Berlin.")
    starts_on = DateField(help_text="The first date that can have an occurrence.")
    ends_on = DateField(required=False, allow_null=True, help_text="The last one, inclusive.")
    count = StrictIntegerField(
        required=False, allow_null=True, min_value=1, max_value=COUNT_LIMIT, help_text="Dates in all, exceptions too."
    )
    weekdays = StrictListField(
        required=False,
        child=serializers.ChoiceField(choices=choices_of(Weekday), error_messages={**_CHOICE}),
        max_length=len(Weekday),
        help_text="Of a weekly series.",
    )
    month_day = StrictIntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=31,
        help_text="Of a monthly series; a shorter month has its last day instead.",
    )
    exceptions = StrictListField(
        required=False, child=DateField(), max_length=EXCEPTION_LIMIT, help_text="Dates without an occurrence."
    )


class SeriesIn(StrictSerializer):
    """A series that somebody wants."""

    name = StringField(max_length=NAME_LIMIT, help_text="For people.")
    message = StringField(max_length=64, help_text="Id of the message that it repeats, as it is when that is due.")
    rule = RuleIn()

    def draft(self) -> SeriesDraft:
        """Return the value for the service."""
        values = self.validated_data
        rule = read_rule(values["rule"]) if "rule" in values else None
        return SeriesDraft(name=values.get("name"), message_id=values.get("message"), rule=rule)


class SeriesChangesIn(SeriesIn):
    """An edit; fields that are left out stay as they are, and a rule is given as a whole."""

    name = StringField(required=False, max_length=NAME_LIMIT)
    message = StringField(required=False, max_length=64)
    rule = RuleIn(required=False)


def read_rule(values: dict[str, Any]) -> Rule:
    """Return the rule of validated values."""
    return Rule(
        frequency=Frequency(values["frequency"]),
        at=values["at"],
        zone=values["zone"],
        starts_on=values["starts_on"],
        ends_on=values.get("ends_on"),
        count=values.get("count"),
        weekdays=frozenset(Weekday(day) for day in values.get("weekdays", [])),
        month_day=values.get("month_day"),
        exceptions=frozenset(values.get("exceptions", [])),
    )


class RuleOut(serializers.Serializer[Rule]):
    """When a series recurs."""

    frequency = serializers.ChoiceField(choices=choices_of(Frequency))
    at = serializers.TimeField(format="%H:%M")
    zone = serializers.CharField()
    starts_on = serializers.DateField()
    ends_on = serializers.DateField(allow_null=True)
    count = serializers.IntegerField(allow_null=True)
    weekdays = serializers.SerializerMethodField()
    month_day = serializers.IntegerField(allow_null=True)
    exceptions = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=choices_of(Weekday))))
    def get_weekdays(self, rule: Rule) -> list[str]:
        """Return the weekdays, Monday first."""
        return [day.value for day in Weekday if day in rule.weekdays]

    @extend_schema_field(serializers.ListField(child=serializers.DateField()))
    def get_exceptions(self, rule: Rule) -> list[str]:
        """Return the dates without an occurrence, the earliest first."""
        return [on.isoformat() for on in sorted(rule.exceptions)]


class SeriesOut(serializers.Serializer[Series]):
    """A series."""

    id = serializers.CharField()
    owner = serializers.CharField(help_text="In whose name its messages are made.")
    name = serializers.CharField()
    message = serializers.CharField(source="message_id")
    rule = RuleOut()
    status = serializers.ChoiceField(choices=choices_of(SeriesStatus))
    problem = ProblemNoteOut(allow_null=True, help_text="Why it was stopped.")
    next = serializers.SerializerMethodField(help_text="The first moments for which a message is still to be made.")
    rev = serializers.IntegerField()
    created_at = MomentField()
    updated_at = MomentField()

    @extend_schema_field(serializers.ListField(child=serializers.DateTimeField()))
    def get_next(self, series: Series) -> list[str]:
        """Return the next moments."""
        if series.status is not SeriesStatus.ACTIVE:
            return []
        return [utc_text(each.at) for each in islice(series.upcoming(read_clock()), _SHOWN)]


class SeriesListOut(serializers.Serializer[Any]):
    """All series."""

    results = SeriesOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
