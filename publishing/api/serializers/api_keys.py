"""API keys in requests and answers. A secret is in one answer only: the one that made it."""

from datetime import UTC, datetime, timedelta
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

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
from publishing.domain.api_key import NAME_LIMIT, OVERLAP, OVERLAP_LIMIT, ApiKey, ApiKeyDraft, ApiKeyStatus, NewApiKey
from publishing.domain.permissions import Action
from publishing.domain.roles import SCOPES

_HOUR = timedelta(hours=1)
#: What a key can be limited to, as the schema names it.
SCOPE_CHOICES = [(word, name) for word, name in choices_of(Action) if Action(word) in SCOPES]


@extend_schema_field(OpenApiTypes.DATETIME)
class EndField(StringField):
    """A moment that a person or program gives: RFC 3339 with an offset."""

    def to_internal_value(self, data: Any) -> datetime:  # type: ignore[override]  # noqa: ANN401 - DRF's signature
        """Return the moment, in UTC."""
        text = super().to_internal_value(data)
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        detail = "This should be a time with an offset, like 2026-12-01T08:00:00Z."
        raise serializers.ValidationError(detail, code="bad_time")


class ApiKeyIn(StrictSerializer):
    """A key that somebody wants."""

    name = StringField(max_length=NAME_LIMIT, help_text="What it is for, for people.")
    scopes = StrictListField(
        child=serializers.ChoiceField(
            choices=SCOPE_CHOICES,
            error_messages={**MESSAGES, "invalid_choice": "There is no scope {input}. GET /me/ names what you may do."},
        ),
        allow_empty=False,
        max_length=len(SCOPE_CHOICES),
        help_text="What programs with this key may do, of what its owner may.",
    )
    expires_at = EndField(required=False, help_text="90 days ahead unless told; at most 366.")

    def draft(self) -> ApiKeyDraft:
        """Return the value for the service."""
        values = self.validated_data
        return ApiKeyDraft(
            name=values["name"],
            scopes=frozenset(Action(word) for word in values["scopes"]),
            expires_at=values.get("expires_at"),
        )


class RotationIn(StrictSerializer):
    """How a key is rotated."""

    overlap_hours = StrictIntegerField(
        required=False,
        default=round(OVERLAP / _HOUR),
        min_value=0,
        max_value=round(OVERLAP_LIMIT / _HOUR),
        help_text="How long the secret before stays good; 0 ends it at once.",
    )
    expires_at = EndField(required=False, help_text="A new end for the key; the old one stays unless told.")

    @property
    def overlap(self) -> timedelta:
        """The overlap as a duration."""
        return timedelta(hours=self.validated_data["overlap_hours"])

    @property
    def ends(self) -> datetime | None:
        """The new end, or None."""
        ends: datetime | None = self.validated_data.get("expires_at")
        return ends


class ApiKeyOut(serializers.Serializer[ApiKey]):
    """A key, without its secret."""

    id = serializers.CharField()
    name = serializers.CharField()
    owner = serializers.CharField(help_text="The user whom programs with this key act for.")
    status = serializers.ChoiceField(choices=choices_of(ApiKeyStatus))
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=choices_of(Action)))
    created_at = MomentField()
    expires_at = MomentField()
    previous_until = MomentField(allow_null=True, help_text="Until when the secret before the newest is good.")
    revoked_at = MomentField(allow_null=True)
    last_used_at = MomentField(allow_null=True, help_text="To within five minutes.")


class NewApiKeyOut(ApiKeyOut):
    """A key with its secret, which is never shown again."""

    token = serializers.CharField(
        allow_null=True,
        help_text="Send it as `Authorization: Api-Key <token>`. Null when the request is a repetition: rotate the key.",
    )


class ApiKeysOut(serializers.Serializer[Any]):
    """Keys."""

    results = ApiKeyOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


def present_key(key: ApiKey, *, now: datetime) -> dict[str, object]:
    """Return a key as it is answered."""
    moments = {
        name: None if (moment := getattr(key, name)) is None else utc_text(moment)
        for name in ("created_at", "expires_at", "previous_until", "revoked_at", "last_used_at")
    }
    return {
        "id": key.id,
        "name": key.name,
        "owner": key.owner,
        "status": key.status(now).value,
        "scopes": sorted(scope.value for scope in key.scopes),
        **moments,
    }


def present_new_key(made: NewApiKey, *, now: datetime, token: str | None) -> dict[str, object]:
    """Return a new key as it is answered, with or without its secret."""
    return {**present_key(made.key, now=now), "token": token}
