"""The forms by which accounts are connected and changed: what they ask for is what the channel says it needs."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django import forms
from django.contrib.admin.widgets import AdminTextInputWidget
from django.utils.translation import gettext_lazy as _

from publishing.admin.sentences import say
from publishing.channels.base.capabilities import Capabilities
from publishing.channels.base.registry import get_channel
from publishing.domain.draft import UNSET, AccountChanges, AccountDraft
from publishing.dynadmin.forms import DynamoForm
from publishing.services.vetting import COMMON_SETTINGS

_SETTINGS: Final = "/settings/"
_PREFIX: Final = "setting_"
_LIMITS: Final = {
    "text_limit": _("Longest text, where it differs from the channel's own."),
    "image_size_limit": _("Largest picture in bytes, where it differs from the channel's own."),
}


#: What settings are called; others by their own name.
_LABELS: Final = {
    "api_version": _("Api version"), "configuration_set": _("Configuration set"), "honors_key": _("Honors key"),
    "image_size_limit": _("Image size limit"), "max_parts": _("Max parts"), "number": _("Number"),
    "reads": _("Reads"), "recipient": _("Recipient"), "region": _("Region"), "remote_id": _("Remote id"),
    "reply_to": _("Reply to"), "sender": _("Sender"), "sender_id": _("Sender id"), "sender_name": _("Sender name"),
    "sms_type": _("Sms type"), "text_limit": _("Text limit"), "visibility": _("Visibility"), "web_url": _("Web url"),
}  # fmt: skip


class AccountForm(DynamoForm):
    """A form of one channel's accounts; `form_for` makes it."""

    capabilities: Capabilities
    is_new = True

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - Django's signature
        """Show the settings that are stored."""
        super().__init__(*args, **options)
        stored = getattr(self.instance.item, "settings", None) or {}
        for name in self.setting_names():
            self.initial.setdefault(_PREFIX + name, stored.get(name, ""))

    @classmethod
    def setting_names(cls) -> list[str]:
        """Return the names of the settings that it asks for."""
        return [name.removeprefix(_PREFIX) for name in cls.declared_fields if name.startswith(_PREFIX)]

    @property
    def settings(self) -> dict[str, str]:
        """Return the settings as they were filled in."""
        named = {name: self.cleaned_data.get(_PREFIX + name, "") for name in self.setting_names()}
        return {name: value for name, value in named.items() if value}

    def draft(self) -> AccountDraft:
        """Return the account that is to be connected."""
        data = self.cleaned_data
        return AccountDraft(
            channel=self.capabilities.kind,
            name=data["name"],
            base_url=data.get("base_url") or None,
            credential=data.get("credential", ""),
            open_to_members=data["open_to_members"],
            settings=self.settings,
        )

    def changes(self) -> AccountChanges:
        """Return what is to be changed: what differs from what is stored, and a credential where one was typed."""
        data, changed = self.cleaned_data, set(self.changed_data)
        has_settings = any(name.startswith(_PREFIX) for name in changed)
        return AccountChanges(
            name=data["name"] if "name" in changed else UNSET,
            base_url=(data["base_url"] or None) if "base_url" in changed else UNSET,
            open_to_members=data["open_to_members"] if "open_to_members" in changed else UNSET,
            settings=self.settings if has_settings else UNSET,
            credential=data["credential"] if data.get("credential") else UNSET,
        )

    def content(self) -> list[str]:
        """Return all that was asked for, to tell one request from another."""
        draft = self.draft()
        settings = [f"{name}={value}" for name, value in sorted(draft.settings.items())]
        return [
            draft.channel,
            draft.name,
            draft.base_url or "",
            draft.credential,
            str(draft.open_to_members),
            *settings,
        ]


def form_for(kind: str, *, is_new: bool) -> type[AccountForm]:
    """Return the form of a channel's accounts."""
    capabilities = get_channel(kind).capabilities
    fields = dict(_fields(capabilities, is_new=is_new))
    made: type[AccountForm] = type(
        "AccountForm", (AccountForm,), {**fields, "capabilities": capabilities, "is_new": is_new}
    )
    return made


def field_names(kind: str) -> list[str]:
    """Return the names of a form's fields, in the order that they are asked in."""
    extra = [name for name, _field in _fields(get_channel(kind).capabilities, is_new=True)]
    limits = [name for name in extra if name.removeprefix(_PREFIX) in COMMON_SETTINGS]
    return ["name", *[name for name in extra if name not in limits], "open_to_members", *limits]


def pointers(kind: str) -> Mapping[str, str]:
    """Return the fields of a form by the JSON pointers under which use cases name them."""
    names = field_names(kind)
    return {f"{_SETTINGS}{name.removeprefix(_PREFIX)}": name for name in names if name.startswith(_PREFIX)}


def _fields(capabilities: Capabilities, *, is_new: bool) -> Iterator[tuple[str, forms.Field]]:
    asked = {field.pointer: field for field in capabilities.connect_fields}
    base_url = asked.get("/base_url")
    yield (
        "base_url",
        forms.CharField(
            label=_("Address"), required=base_url is not None and base_url.is_required, max_length=500,
            widget=AdminTextInputWidget,
            help_text=say(base_url.detail) if base_url
            else _("Leave it empty, unless the platform is reached elsewhere."),
        ),
    )  # fmt: skip
    for pointer, field in asked.items():
        if pointer.startswith(_SETTINGS):
            name = pointer.removeprefix(_SETTINGS)
            label = _label_of(name)
            text = forms.CharField(
                label=label,
                required=field.is_required,
                max_length=500,
                widget=AdminTextInputWidget,
                help_text=say(field.detail),
            )
            yield _PREFIX + name, text
    if capabilities.needs_credential:
        yield "credential", _credential(capabilities, is_new=is_new)
    for name in COMMON_SETTINGS:
        label = _label_of(name)
        yield (
            _PREFIX + name,
            forms.CharField(label=label, required=False, max_length=20, help_text=_LIMITS.get(name, "")),
        )


def _label_of(name: str) -> str:
    return str(_LABELS.get(name, name.replace("_", " ").capitalize()))


def _credential(capabilities: Capabilities, *, is_new: bool) -> forms.CharField:
    asked = next((say(field.detail) for field in capabilities.connect_fields if field.pointer == "/credential"), "")
    kept = _("Leave it empty to keep the one that is stored. It is never shown again.")
    # Nothing typed here is ever sent back, and the browser is told that it is no password of this site's.
    widget = forms.PasswordInput(
        render_value=False,
        attrs={"autocomplete": "off", "spellcheck": "false", "class": "vTextField", "data-secret": ""},
    )
    text = (asked or _("The account's secret or token.")) if is_new else kept
    return forms.CharField(label=_("Credential"), required=is_new, strip=True, widget=widget, help_text=text)
