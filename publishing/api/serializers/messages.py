"""Messages in requests and answers."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from publishing.api.context import public_url
from publishing.api.serializers.accounts import ProblemNoteOut
from publishing.api.serializers.base import (
    MomentField,
    StrictDictField,
    StrictListField,
    StrictSerializer,
    StringField,
    WordingField,
    choices_of,
)
from publishing.api.serializers.deliveries import DeliveryOut
from publishing.api.serializers.reviewing import ReviewOut
from publishing.api.serializers.schedule import ScheduleField
from publishing.domain.content import ALT_TEXT_LIMIT, LINK_LIMIT, TITLE_LIMIT, ContentProblem, Fact, MediaUse
from publishing.domain.draft import (
    UNSET,
    AccountPreview,
    Cancellation,
    CancelVerdict,
    Changes,
    Draft,
    Duplicate,
    Preview,
)
from publishing.domain.message import Message, MessageStatus, MessageSummary, MessageWithDeliveries, Target, Variant

_STATUSES = choices_of(MessageStatus)


class MediaUseIn(StrictSerializer):
    """One medium of the library, as a message uses it."""

    id = StringField(max_length=64)
    alt_text = StringField(
        required=False,
        allow_blank=True,
        default="",
        max_length=ALT_TEXT_LIMIT,
        help_text="What it shows, for people who cannot see it; the medium's own unless given.",
    )


class VariantIn(StrictSerializer):
    """The wording for one channel, where it differs."""

    text = WordingField()


class _ContentIn(StrictSerializer):
    title = StringField(required=False, allow_blank=True, max_length=TITLE_LIMIT)
    link = StringField(required=False, allow_null=True, max_length=LINK_LIMIT)
    media = StrictListField(required=False, child=MediaUseIn())
    accounts = StrictListField(required=False, child=StringField(max_length=64), help_text="Ids of accounts.")
    variants = StrictDictField(required=False, child=VariantIn(), help_text="Channel → its own wording.")


class MessageIn(_ContentIn):
    """A new message, or one to preview."""

    text = WordingField()
    schedule = ScheduleField(required=False, allow_null=True)

    def draft(self) -> Draft:
        """Return the value for the service."""
        values = self.validated_data
        return Draft(
            text=values["text"],
            title=values.get("title", ""),
            link=values.get("link"),
            media=_media(values.get("media", [])),
            account_ids=tuple(values.get("accounts", [])),
            variants=_variants(values.get("variants", {})),
            due=values.get("schedule"),
        )


class MessageChangesIn(_ContentIn):
    """An edit; fields that are left out stay as they are."""

    text = WordingField(required=False)

    def changes(self) -> Changes:
        """Return the value for the service."""
        values = self.validated_data
        return Changes(
            text=values.get("text", UNSET),
            title=values.get("title", UNSET),
            link=values.get("link", UNSET),
            media=_media(values["media"]) if "media" in values else UNSET,
            account_ids=tuple(values["accounts"]) if "accounts" in values else UNSET,
            variants=_variants(values["variants"]) if "variants" in values else UNSET,
        )


class _UseOut(serializers.Serializer[MediaUse]):
    id = serializers.CharField()
    url = serializers.SerializerMethodField()
    width = serializers.SerializerMethodField(help_text="In pixels.")
    height = serializers.SerializerMethodField(help_text="In pixels.")

    @extend_schema_field({"type": ["string", "null"], "format": "uri"})
    def get_url(self, use: MediaUse) -> str | None:
        """Return the public address of the first file."""
        return public_url(use.renditions[0].key) if use.renditions else None

    @extend_schema_field({"type": ["integer", "null"]})
    def get_width(self, use: MediaUse) -> int | None:
        """Return the width of the first file."""
        return use.renditions[0].width if use.renditions else None

    @extend_schema_field({"type": ["integer", "null"]})
    def get_height(self, use: MediaUse) -> int | None:
        """Return the height of the first file."""
        return use.renditions[0].height if use.renditions else None


class MediaUseOut(_UseOut):
    """One medium as a message uses it: the picture in full."""

    alt_text = serializers.CharField()


class PreviewedMediaOut(_UseOut):
    """One medium as an account would show it; without an address where it takes none of its files."""

    media_type = serializers.SerializerMethodField()

    @extend_schema_field({"type": ["string", "null"]})
    def get_media_type(self, use: MediaUse) -> str | None:
        """Return the type of the file."""
        return use.renditions[0].media_type if use.renditions else None


class VariantOut(serializers.Serializer[Variant]):
    """The wording for one channel."""

    text = serializers.CharField()


class TargetOut(serializers.Serializer[Target]):
    """One account that a message is addressed to."""

    delivery = serializers.CharField(source="delivery_id")
    channel = serializers.CharField()
    account = serializers.CharField(source="account_id")


class MessageOut(serializers.Serializer[Message]):
    """A message with its deliveries. Instances are made by `present_message`."""

    id = serializers.CharField()
    owner = serializers.CharField()
    status = serializers.ChoiceField(choices=_STATUSES)
    title = serializers.CharField()
    text = serializers.CharField()
    link = serializers.CharField(allow_null=True)
    media = MediaUseOut(many=True)
    accounts = serializers.SerializerMethodField()
    variants = serializers.SerializerMethodField()
    scheduled_at = MomentField(allow_null=True)
    zone = serializers.CharField(allow_null=True)
    wall_time = serializers.CharField(allow_null=True, help_text="As it was given, where it came with a zone.")
    review = ReviewOut(allow_null=True, help_text="Its latest round; null while nobody asked for one.")
    is_approved = serializers.BooleanField(help_text="Whether an approver approved it as it is.")
    problem = ProblemNoteOut(allow_null=True, help_text="Why a recurring message was not scheduled.")
    series = serializers.CharField(source="series_id", allow_null=True, help_text="The series that made it.")
    rev = serializers.IntegerField()
    created_at = MomentField()
    updated_at = MomentField()
    deliveries = serializers.SerializerMethodField()

    @extend_schema_field({"type": "array", "items": {"type": "string"}})
    def get_accounts(self, message: Message) -> list[str]:
        """Return the ids of the accounts it is addressed to, in their order."""
        return [target.account_id for target in message.targets]

    @extend_schema_field(serializers.DictField(child=VariantOut()))
    def get_variants(self, message: Message) -> dict[str, dict[str, str]]:
        """Return the variants by channel."""
        return {channel: {"text": variant.text} for channel, variant in message.variants.items()}

    @extend_schema_field(DeliveryOut(many=True))
    def get_deliveries(self, message: Message) -> list[dict[str, Any]]:  # noqa: ARG002 - DRF's signature
        """Return the deliveries that came with the message."""
        return [DeliveryOut(delivery).data for delivery in self.context["deliveries"]]


def present_message(result: MessageWithDeliveries) -> dict[str, Any]:
    """Return a message with its deliveries as it is answered."""
    return dict(MessageOut(result.message, context={"deliveries": result.deliveries}).data)


class DuplicateOut(MessageOut):
    """A copy of a message. Instances are made by `present_duplicate`."""

    dropped_accounts = serializers.ListField(
        child=serializers.CharField(),
        help_text="Accounts of the first message that the copy is not addressed to: they cannot be used now.",
    )


def present_duplicate(duplicate: Duplicate) -> dict[str, Any]:
    """Return a copy of a message as it is answered."""
    return {**present_message(duplicate.result), "dropped_accounts": list(duplicate.dropped_account_ids)}


class MessageSummaryOut(serializers.Serializer[MessageSummary]):
    """A message as a list shows it."""

    id = serializers.CharField()
    owner = serializers.CharField()
    status = serializers.ChoiceField(choices=_STATUSES)
    title = serializers.CharField()
    summary = serializers.CharField(help_text="The beginning of the text, in one line.")
    targets = TargetOut(many=True)
    scheduled_at = MomentField(allow_null=True)
    zone = serializers.CharField(allow_null=True)
    rev = serializers.IntegerField()
    created_at = MomentField()
    updated_at = MomentField()


class MessagesOut(serializers.Serializer[Any]):
    """A page of messages."""

    results = MessageSummaryOut(many=True)
    next = serializers.CharField(allow_null=True, help_text="Address of the next page.")
    previous = serializers.CharField(allow_null=True)


class VerdictOut(serializers.Serializer[Any]):
    """What became of one delivery when its message was cancelled."""

    delivery = serializers.CharField()
    verdict = serializers.ChoiceField(choices=choices_of(CancelVerdict))


class CancellationOut(serializers.Serializer[Any]):
    """The answer to a cancel: a verdict for each delivery, and the message."""

    verdicts = VerdictOut(many=True)
    message = MessageOut()


def present_cancellation(cancellation: Cancellation) -> dict[str, Any]:
    """Return a cancellation as it is answered."""
    verdicts = [{"delivery": name, "verdict": verdict.value} for name, verdict in cancellation.verdicts.items()]
    return {"verdicts": verdicts, "message": present_message(cancellation.result)}


class ContentProblemOut(serializers.Serializer[ContentProblem]):
    """Something that a channel will not take, or will change."""

    code = serializers.CharField()
    detail = serializers.CharField()
    field = serializers.CharField()


class FactOut(serializers.Serializer[Fact]):
    """Something worth knowing about what would be published, besides its length."""

    code = serializers.CharField()
    value = serializers.CharField()
    detail = serializers.CharField(help_text="A sentence for an editor.")


class AccountPreviewOut(serializers.Serializer[AccountPreview]):
    """What one account would publish."""

    account = serializers.CharField(source="account_id")
    channel = serializers.CharField()
    text = serializers.CharField(help_text="Exactly what would be said there.")
    length = serializers.IntegerField(help_text="In the channel's own unit.")
    limit = serializers.IntegerField(allow_null=True)
    unit = serializers.CharField()
    media = PreviewedMediaOut(many=True, help_text="Each picture as it would be shown there.")
    problems = ContentProblemOut(many=True, help_text="These refuse scheduling and publishing.")
    warnings = ContentProblemOut(many=True)
    facts = FactOut(many=True, help_text="What the channel knows besides: parts that are paid for, an encoding.")


class PreviewOut(serializers.Serializer[Preview]):
    """A dry run: nothing was written."""

    accounts = AccountPreviewOut(many=True)
    due_at = MomentField(allow_null=True)
    due_local = serializers.SerializerMethodField(help_text="The same moment in the zone that was given.")
    zone = serializers.CharField(allow_null=True)

    @extend_schema_field({"type": ["string", "null"], "format": "date-time"})
    def get_due_local(self, preview: Preview) -> str | None:
        """Return the due time with the zone's offset."""
        return preview.due_local.isoformat() if preview.due_local else None


def _media(values: list[dict[str, str]]) -> tuple[MediaUse, ...]:
    return tuple(MediaUse(id=value["id"], alt_text=value["alt_text"]) for value in values)


def _variants(values: dict[str, dict[str, str]]) -> dict[str, Variant]:
    return {channel: Variant(text=value["text"]) for channel, value in values.items()}
