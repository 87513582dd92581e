"""Forms that notice a lost update, show what the application refused, and create nothing twice."""

import re
import secrets
from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.contrib.admin.helpers import ActionForm
from django.utils.translation import gettext as _

from publishing.dynadmin.errors import ConflictError, RefusedError

if TYPE_CHECKING:
    _ModelForm = forms.ModelForm[Any]
else:
    _ModelForm = forms.ModelForm


_TOKEN: Final = re.compile(r"[\w-]{16,64}", re.ASCII)


def new_once() -> str:
    """Return a token that is good for one new object."""
    return secrets.token_urlsafe(24)


def read_once(text: str) -> str:
    """Return a token that was sent, empty for what is none."""
    return text if _TOKEN.fullmatch(text) else ""


class OnceActionForm(ActionForm):
    """The choice of an action, with a token by which one that creates does so once."""

    once = forms.CharField(required=False, max_length=64, label="", widget=forms.HiddenInput, initial=new_once)


#: Names of the fields that are no fields of the model.
VERSION, ONCE = "edit_version", "once"
_OURS = frozenset({VERSION, ONCE})


class DynamoForm(_ModelForm):
    """A model form that carries the version that its reader saw, and a token that is good for one new object.

    A version that is compared on the server alone would protect nobody: the page that saves reads the newest one.
    """

    edit_version = forms.IntegerField(required=False, label="", widget=forms.HiddenInput)
    once = forms.CharField(required=False, max_length=64, label="", widget=forms.HiddenInput)

    #: What the application raised for this very form; set by the admin for the form that is shown again.
    refusal: ClassVar[Exception | None] = None
    #: Who changed the object meanwhile, what and when; as above.
    conflict_text: ClassVar[str] = ""
    #: The token in the form's address; as above.
    token: ClassVar[str] = ""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Remember the version that is stored now."""
        super().__init__(*args, **options)
        name = getattr(self._meta.model, "version_field", None)
        self.stored_version = getattr(self.instance, name) if name and not self.instance._state.adding else None
        self.initial[VERSION] = self.stored_version
        self.initial[ONCE] = self.token or new_once()

    @property
    def changed_data(self) -> list[str]:
        """Names of the model's fields that differ from what is stored."""
        return [name for name in super().changed_data if name not in _OURS]

    def clean(self) -> dict[str, Any] | None:
        """Refuse when the object is another version than the one that was read, and say what the application said."""
        cleaned = super().clean()
        is_stale = self.stored_version is not None and self.cleaned_data.get(VERSION) != self.stored_version
        if is_stale or isinstance(self.refusal, ConflictError):
            self._tell_conflict()
        elif isinstance(self.refusal, RefusedError):
            self._tell_refusal(self.refusal)
        return cleaned

    def _tell_conflict(self) -> None:
        text = self.conflict_text or _("Somebody else changed this while you were editing it.")
        advice = _("Nothing of yours was saved yet. Compare below, then save again to replace what they wrote.")
        self.add_error(None, f"{text} {advice}")
        for name in self.changed_data:
            if name in self._meta.model._meta._forward_fields_map:  # Django's own index of fields
                stored = self[name].initial
                self.add_error(name, _("It says now: %(value)s") % {"value": _words(stored)})
        # Whoever saves after this was told knows what they replace.
        told: Any = self.data.copy()  # type: ignore[attr-defined]  # what was sent, which the stubs call a Mapping
        told[self.add_prefix(VERSION)] = str(self.stored_version)
        self.data = told

    def _tell_refusal(self, refusal: RefusedError) -> None:
        for name, sentences in refusal.errors.items():
            for sentence in sentences:
                self.add_error(name if name in self.fields else None, sentence)


def _words(value: Any) -> str:
    return _("nothing") if value in {None, ""} else str(value)
