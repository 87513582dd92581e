"""What people say about media, checked before a use case sees it."""

from django import forms
from django.utils.translation import gettext_lazy as _

from publishing.domain.content import ALT_TEXT_LIMIT, has_lone_surrogate, is_blank
from publishing.domain.media import NAME_LIMIT, MediumChanges, NewMedium


class TextField(forms.CharField):
    """A text as it was typed: white space stays; half characters, which no encoding can carry, are refused."""

    def __init__(self, *, max_length: int, required: bool = True) -> None:
        """Say in our own words what is too long."""
        messages = {
            "required": _("This is empty. Write something."),
            "max_length": _("This is longer than %(limit_value)d characters (%(show_value)d). Shorten it."),
        }
        super().__init__(max_length=max_length, required=required, strip=False, error_messages=messages)

    def validate(self, value: str) -> None:
        """Refuse what nobody could read."""
        super().validate(value)
        if has_lone_surrogate(value):
            raise forms.ValidationError(
                _("This holds half of a character. Type that character again."), code="not_text"
            )
        if self.required and is_blank(value):
            raise forms.ValidationError(_("This is empty. Write something."), code="blank")


class MediumForm(forms.Form):
    """An edit of what is said about a medium."""

    name = TextField(max_length=NAME_LIMIT)
    alt_text = TextField(max_length=ALT_TEXT_LIMIT, required=False)
    rev = forms.IntegerField(min_value=1, max_value=10**9)

    def changes(self) -> MediumChanges:
        """Return the value for the service."""
        # Browsers send line breaks as CR LF.
        alt_text = self.cleaned_data["alt_text"].replace("\r\n", "\n")
        return MediumChanges(name=self.cleaned_data["name"], alt_text=alt_text)


class DescriptionForm(forms.Form):
    """The alternative text alone, as it is asked for right after an upload."""

    alt_text = TextField(max_length=ALT_TEXT_LIMIT, required=False)
    rev = forms.IntegerField(min_value=1, max_value=10**9)

    def changes(self) -> MediumChanges:
        """Return the value for the service."""
        return MediumChanges(alt_text=self.cleaned_data["alt_text"])


class UploadForm(forms.Form):
    """A file that somebody wants to upload. Type and size are judged by the domain, in its words."""

    name = TextField(max_length=NAME_LIMIT)
    media_type = forms.CharField(max_length=100, required=False)
    size = forms.IntegerField(min_value=0, max_value=10**15)
    #: Random, made for one file: asked twice under it, the same medium is answered.
    key = forms.RegexField(r"^[A-Za-z0-9-]{16,64}$")

    def wanted(self) -> NewMedium:
        """Return the value for the service."""
        values = self.cleaned_data
        return NewMedium(name=values["name"], media_type=values["media_type"], size=values["size"])
