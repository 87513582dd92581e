"""The form of a series: which message, on which days, at which time on the wall, until when."""

import re
from datetime import date
from typing import Any, ClassVar, Final

from django import forms
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from publishing.admin.compose_page import zones
from publishing.domain.series import Frequency, Rule, SeriesDraft, Weekday
from publishing.dynadmin.forms import DynamoForm

#: Fields by the pointers under which use cases name them.
POINTERS: Final = {
    "/message": "message_id",
    **{
        f"/rule/{name}": name
        for name in ("at", "zone", "starts_on", "ends_on", "count", "weekdays", "month_day", "exceptions")
    },
}
FREQUENCIES: Final = (
    (Frequency.DAILY.value, _("Every day")),
    (Frequency.WEEKLY.value, _("Every week, on weekdays")),
    (Frequency.MONTHLY.value, _("Every month, on a day")),
)
_DAYS: Final = [(day.value, WEEKDAYS[number]) for number, day in enumerate(Weekday)]


def _calendar() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class RuleForm(forms.Form):
    """When a series recurs. By itself it is what the preview of the next times reads."""

    frequency = forms.ChoiceField(label=_("How often"), choices=FREQUENCIES, initial=Frequency.WEEKLY.value)
    weekdays = forms.MultipleChoiceField(
        label=_("Weekdays"), choices=_DAYS, required=False, widget=forms.CheckboxSelectMultiple
    )
    month_day = forms.IntegerField(
        label=_("Day of the month"), required=False, min_value=1, max_value=31,
        help_text=_("A shorter month has its last day instead."),
    )  # fmt: skip
    at = forms.TimeField(
        label=_("Time"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}),
        help_text=_("On the clock on the wall there: it stays the same when clocks change."),
    )  # fmt: skip
    zone = forms.CharField(label=_("Time zone"), max_length=64, widget=forms.Select)
    starts_on = forms.DateField(label=_("First day"), widget=_calendar())
    ends_on = forms.DateField(
        label=_("Last day"), widget=_calendar(), required=False, help_text=_("Empty: it goes on until it is paused.")
    )
    count = forms.IntegerField(
        label=_("Or after so many times"), required=False, min_value=1, help_text=_("Empty: no limit.")
    )
    exceptions = forms.CharField(
        label=_("Except on"), required=False, max_length=2_000, help_text=_("Days such as 2026-12-25, with spaces.")
    )

    def clean_exceptions(self) -> frozenset[date]:
        """Return the days as dates."""
        try:
            return frozenset(date.fromisoformat(word) for word in re.split(r"[\s,;]+", self.cleaned_data["exceptions"])
                             if word)  # fmt: skip
        except ValueError as error:
            text = _("Write days as 2026-12-25, with spaces between them.")
            raise forms.ValidationError(text) from error

    def rule(self) -> Rule:
        """Return the rule as it was filled in; what belongs to another frequency is left out."""
        data = self.cleaned_data
        frequency = Frequency(data["frequency"])
        return Rule(
            frequency=frequency,
            at=data["at"],
            zone=data["zone"],
            starts_on=data["starts_on"],
            ends_on=data["ends_on"],
            count=data["count"],
            weekdays=frozenset(map(Weekday, data["weekdays"])) if frequency is Frequency.WEEKLY else frozenset(),
            month_day=data["month_day"] if frequency is Frequency.MONTHLY else None,
            exceptions=data["exceptions"],
        )


class SeriesForm(DynamoForm, RuleForm):
    """A series as people think of it."""

    #: Messages to choose from, as pairs of id and name; set by the admin for one request.
    offered: ClassVar[list[tuple[str, str]]] = []
    #: The reader's zone, for a new series; as above.
    own_zone: ClassVar[str] = "UTC"

    name = forms.CharField(label=_("Name"), max_length=100, help_text=_("Only you and your colleagues see it."))
    message_id = forms.CharField(
        label=_("Message"), widget=forms.Select,
        help_text=_("Each time takes over its words, pictures and accounts. Usually a draft that is kept for it."),
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Show the rule that is stored, or one to start from."""
        super().__init__(*args, **options)
        if self.instance.item is not None:
            self.initial.update(_shown(self.instance.domain.rule))
        else:
            self.initial.setdefault("zone", self.own_zone)
        chosen = self._chosen("message_id")
        offered = [("", str(_("Choose a message"))), *self.offered]
        if chosen not in {value for value, _label in offered}:
            offered.append((chosen, str(_("The one until now, which is gone"))))
        self.fields["message_id"].widget.choices = offered
        groups = [(region, [(name, name.replace("_", " ")) for name in names])
                  for region, names in zones()]  # fmt: skip
        zone = self._chosen("zone")
        others = [] if zone == "UTC" or any(zone in names for _region, names in zones()) else [(zone, zone)]
        self.fields["zone"].widget.choices = [("UTC", "UTC"), *others, *groups]

    def _chosen(self, name: str) -> str:
        """Return what was typed, else what is there: a list that lacks it would lose it."""
        typed = self.data.get(self.add_prefix(name)) if self.is_bound else None
        return str(typed or self.initial.get(name) or "")

    def draft(self) -> SeriesDraft:
        """Return the series as it was filled in; a rule that did not change is none."""
        rule: Rule | None = self.rule()
        if self.instance.item is not None and rule == self.instance.domain.rule:
            rule = None
        return SeriesDraft(name=self.cleaned_data["name"], message_id=self.cleaned_data["message_id"], rule=rule)


def _shown(rule: Rule) -> dict[str, Any]:
    return {
        "frequency": rule.frequency.value,
        "weekdays": [day.value for day in Weekday if day in rule.weekdays],
        "month_day": rule.month_day,
        "at": rule.at,
        "zone": rule.zone,
        "starts_on": rule.starts_on,
        "ends_on": rule.ends_on,
        "count": rule.count,
        "exceptions": " ".join(sorted(on.isoformat() for on in rule.exceptions)),
    }
