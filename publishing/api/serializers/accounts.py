"""Channels and accounts in requests and answers. No field of an answer could hold a secret."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from publishing.api.serializers.base import (
    MESSAGES,
    MomentField,
    StrictBooleanField,
    StrictDictField,
    StrictSerializer,
    StringField,
    choices_of,
)
from publishing.channels.base.capabilities import Capabilities, ConnectField, Deduplication, ImageRules
from publishing.domain.account import CREDENTIAL_LIMIT, NAME_LIMIT, SETTING_LIMIT, Account, AccountStatus
from publishing.domain.content import LINK_LIMIT
from publishing.domain.draft import UNSET, AccountChanges, AccountDraft
from publishing.domain.health import Health, HealthVerdict
from publishing.domain.outcome import Problem, Reason
from publishing.domain.permissions import Action, Actor, Allowed, may

_SETTINGS: Final = (
    "What the channel's `connect_fields` name under /settings, `text_limit` and `image_size_limit` (in bytes); every "
    "value is a text."
)
_ADDRESS: Final = "The account's server, where it has one of its own."
_CREDENTIAL: Final = "The account's secret. It is sealed before it is stored, and no answer ever holds it."


class ProblemNoteOut(serializers.Serializer[Problem]):
    """Why something is not done, for an editor."""

    code = serializers.CharField()
    detail = serializers.CharField()
    retryable = serializers.BooleanField()


class AccountHealthOut(serializers.Serializer[Health]):
    """What the last check found."""

    verdict = serializers.ChoiceField(
        choices=choices_of(HealthVerdict),
        help_text="cannot_tell: there is nobody to ask, or the answer could not be understood.",
    )
    reason = serializers.ChoiceField(choices=choices_of(Reason), allow_null=True)
    detail = serializers.CharField()


class AccountOut(serializers.Serializer[Account]):
    """A connected account and its health. Instances are made by `present_account`."""

    id = serializers.CharField()
    channel = serializers.CharField()
    name = serializers.CharField()
    base_url = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=choices_of(AccountStatus))
    open_to_members = serializers.BooleanField()
    settings = serializers.SerializerMethodField(help_text="Null for whoever may not manage accounts.")
    problem = ProblemNoteOut(allow_null=True)
    health = AccountHealthOut(allow_null=True)
    checked_at = MomentField(allow_null=True)
    rev = serializers.IntegerField()
    created_at = MomentField()
    updated_at = MomentField()

    @extend_schema_field({"type": ["object", "null"], "additionalProperties": {"type": "string"}})
    def get_settings(self, account: Account) -> dict[str, str] | None:
        """Return the settings, which can hold an address or a phone number, to those who set them."""
        return dict(account.settings) if self.context["shows_settings"] else None


def present_account(account: Account, *, actor: Actor) -> dict[str, Any]:
    """Return an account as it is answered to an actor."""
    shows_settings = isinstance(may(actor, Action.MANAGE_ACCOUNTS, account), Allowed)
    return dict(AccountOut(account, context={"shows_settings": shows_settings}).data)


class AccountsOut(serializers.Serializer[Any]):
    """All accounts that the actor may see."""

    results = AccountOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class AccountIn(StrictSerializer):
    """An account to connect."""

    channel = StringField(max_length=64, help_text="The kind of a channel.")
    name = StringField(max_length=NAME_LIMIT, help_text="What people call it.")
    base_url = StringField(required=False, allow_null=True, max_length=LINK_LIMIT, help_text=_ADDRESS)
    credential = StringField(required=False, write_only=True, max_length=CREDENTIAL_LIMIT, help_text=_CREDENTIAL)
    open_to_members = StrictBooleanField(required=False, default=False, help_text="Whether members may publish to it.")
    settings = StrictDictField(
        required=False, child=StringField(allow_blank=True, max_length=SETTING_LIMIT), help_text=_SETTINGS
    )

    def draft(self) -> AccountDraft:
        """Return the value for the service."""
        values = self.validated_data
        return AccountDraft(
            channel=values["channel"],
            name=values["name"],
            base_url=values.get("base_url"),
            credential=values.get("credential", ""),
            open_to_members=values["open_to_members"],
            settings=values.get("settings", {}),
        )


class AccountChangesIn(StrictSerializer):
    """A change of an account; fields that are left out stay as they are."""

    name = StringField(required=False, max_length=NAME_LIMIT)
    base_url = StringField(
        required=False,
        allow_null=True,
        max_length=LINK_LIMIT,
        help_text="Where the account has a credential, a new address needs it again.",
    )
    credential = StringField(required=False, write_only=True, max_length=CREDENTIAL_LIMIT, help_text=_CREDENTIAL)
    open_to_members = StrictBooleanField(required=False)
    settings = StrictDictField(
        required=False,
        child=StringField(allow_blank=True, max_length=SETTING_LIMIT),
        help_text=f"All of them: one that is left out is gone. {_SETTINGS}",
    )
    status = serializers.ChoiceField(
        required=False,
        choices=[(status.value, status.name) for status in (AccountStatus.OK, AccountStatus.PAUSED)],
        error_messages={**MESSAGES, "invalid_choice": "This should be ok or paused."},
        help_text="paused: nothing is published to it until it is ok again.",
    )

    def changes(self) -> AccountChanges:
        """Return the value for the service."""
        values = self.validated_data
        return AccountChanges(
            name=values.get("name", UNSET),
            base_url=values.get("base_url", UNSET),
            credential=values.get("credential", UNSET),
            open_to_members=values.get("open_to_members", UNSET),
            settings=values.get("settings", UNSET),
            is_paused=values["status"] == AccountStatus.PAUSED if "status" in values else UNSET,
        )


class ConnectFieldOut(serializers.Serializer[ConnectField]):
    """One thing that connecting an account asks for."""

    pointer = serializers.CharField(help_text="Where it stands in the body that connects an account.")
    detail = serializers.CharField(help_text="A sentence for whoever fills in the form.")
    is_required = serializers.BooleanField()


class ImageRulesOut(serializers.Serializer[ImageRules]):
    """Which images a channel takes."""

    limit = serializers.IntegerField(help_text="How many one publication can carry.")
    types = serializers.ListField(child=serializers.CharField(), help_text="Media types.")
    max_size = serializers.IntegerField(allow_null=True, help_text="In bytes.")
    max_pixels = serializers.IntegerField(allow_null=True, help_text="Width times height.")
    animates = serializers.BooleanField(help_text="Whether animations move there.")
    alt_text_limit = serializers.IntegerField(allow_null=True, help_text="0 where there are no descriptions.")


class ChannelOut(serializers.Serializer[Capabilities]):
    """What a channel can do, and what connecting an account of it asks for."""

    kind = serializers.CharField()
    name = serializers.CharField()
    deduplication = serializers.ChoiceField(
        choices=choices_of(Deduplication),
        help_text="How it protects from a double post, which decides what becomes of an attempt in doubt.",
    )
    can_look_up = serializers.BooleanField(help_text="Whether doubt can be settled by asking the platform.")
    can_check = serializers.BooleanField(help_text="Whether a check can ask the platform how an account is.")
    base_url = serializers.CharField(allow_null=True, help_text="The address of all accounts that name none.")
    text_limit = serializers.IntegerField(
        allow_null=True, help_text="In `text_unit`; an account's setting `text_limit` replaces it."
    )
    text_unit = serializers.CharField(help_text="What the platform counts; a preview counts exactly so.")
    image_limit = serializers.IntegerField(help_text="How many images one publication can carry; 0 for none.")
    alt_text_limit = serializers.IntegerField(allow_null=True)
    images = ImageRulesOut(allow_null=True, help_text="Null where no images can be published.")
    takes_videos = serializers.BooleanField(help_text="Whether videos of the library can be published.")
    needs_credential = serializers.BooleanField(
        help_text="Whether accounts have a secret of their own; otherwise the deployment's role acts for all of them."
    )
    connect_fields = ConnectFieldOut(many=True)
    documentation_url = serializers.CharField()


class ChannelsOut(serializers.Serializer[Any]):
    """All channels."""

    results = ChannelOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
