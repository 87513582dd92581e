"""Deliveries and their attempts in answers, and what people say about them."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from publishing.api.serializers.accounts import ProblemNoteOut
from publishing.api.serializers.base import (
    MomentField,
    StrictBooleanField,
    StrictSerializer,
    StringField,
    choices_of,
    utc_text,
)
from publishing.domain.attempt import Attempt, AttemptOutcome
from publishing.domain.content import LINK_LIMIT
from publishing.domain.delivery import Delivery, DeliveryState
from publishing.domain.draft import DeliveryHistory, Resolution
from publishing.domain.feedback import FeedbackKind, KeptFeedback
from publishing.domain.outcome import Publication, Reason


class PublicationOut(serializers.Serializer[Publication]):
    """What now exists out there."""

    id = serializers.CharField(help_text="The platform's own id.")
    url = serializers.CharField(allow_null=True)


class DeliveryPublicationOut(PublicationOut):
    """What a delivery made, and when."""

    published_at = MomentField(allow_null=True)


class DeliveryOut(serializers.Serializer[Delivery]):
    """One message to one account."""

    id = serializers.CharField()
    channel = serializers.CharField()
    account = serializers.CharField(source="account_id")
    state = serializers.ChoiceField(choices=choices_of(DeliveryState))
    attempts = serializers.IntegerField(help_text="Tries that count; waiting that a platform asked for does not.")
    next_at = MomentField(allow_null=True)
    publication = serializers.SerializerMethodField()
    problem = ProblemNoteOut(allow_null=True)

    @extend_schema_field(DeliveryPublicationOut(allow_null=True))
    def get_publication(self, delivery: Delivery) -> dict[str, str | None] | None:
        """Return the publication with the time that the delivery knows."""
        if delivery.publication is None:
            return None
        published_at = utc_text(delivery.published_at) if delivery.published_at else None
        return {"id": delivery.publication.id, "url": delivery.publication.url, "published_at": published_at}


class DeliveriesOut(serializers.Serializer[Any]):
    """All deliveries of a message."""

    results = DeliveryOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class AttemptOut(serializers.Serializer[Attempt]):
    """One try: what was sent, when, and what became of it. Never changed once it ended."""

    generation = serializers.IntegerField(source="gen")
    fence = serializers.IntegerField(help_text="The number of the claim that made it.")
    text = serializers.CharField(help_text="Exactly what was sent.")
    payload_sha = serializers.CharField(help_text="SHA-256 of the request's body in canonical form.")
    claimed_at = MomentField()
    committed_at = MomentField(source="started_at", help_text="The start of the visible call.")
    ended_at = MomentField(allow_null=True)
    outcome = serializers.ChoiceField(choices=choices_of(AttemptOutcome), allow_null=True)
    reason = serializers.ChoiceField(choices=choices_of(Reason), allow_null=True)
    detail = serializers.CharField(allow_null=True)
    publication = PublicationOut(allow_null=True)


class FeedbackOut(serializers.Serializer[KeptFeedback]):
    """What the platform reported later, without being asked. It changes nothing that ended before."""

    kind = serializers.ChoiceField(choices=choices_of(FeedbackKind))
    generation = serializers.IntegerField(source="gen")
    at = MomentField(help_text="When it happened, by the platform's clock.")
    received_at = MomentField()
    publication_id = serializers.CharField(help_text="The platform's own id of what it is about.")
    detail = serializers.CharField()


class ReceiptOut(serializers.Serializer[DeliveryHistory]):
    """The evidence of a delivery: when it was planned, every attempt, and what was reported later, in order."""

    planned_at = MomentField(allow_null=True)
    attempts = AttemptOut(many=True)
    feedback = FeedbackOut(many=True)


class DeliveryDetailOut(DeliveryOut):
    """One delivery with its receipt."""

    receipt = ReceiptOut()


def present_delivery(history: DeliveryHistory) -> dict[str, Any]:
    """Return a delivery with its receipt as it is answered."""
    return {**DeliveryOut(history.delivery).data, "receipt": ReceiptOut(history).data}


class ResolutionIn(StrictSerializer):
    """What a person saw about an unconfirmed delivery."""

    published = StrictBooleanField(help_text="Whether it is there.")
    url = StringField(
        required=False, allow_null=True, max_length=LINK_LIMIT, help_text="Where, if it is there and has an address."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse an address of something that is not there."""
        url = attrs.get("url")
        if url is not None and not attrs["published"]:
            detail = "What is not there has no address. Leave the field out, or set published to true."
            raise serializers.ValidationError({"url": detail}, code="contradiction")
        return attrs

    def resolution(self) -> Resolution:
        """Return the value for the service."""
        return Resolution(published=self.validated_data["published"], url=self.validated_data.get("url"))
