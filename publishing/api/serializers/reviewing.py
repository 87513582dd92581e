"""Review in requests and answers."""

from rest_framework import serializers

from publishing.api.serializers.base import (
    MomentField,
    StrictIntegerField,
    StrictSerializer,
    StringField,
    choices_of,
)
from publishing.api.serializers.schedule import ScheduleField, WishField
from publishing.domain.draft import UNSET, Unset
from publishing.domain.errors import StaleError
from publishing.domain.review import COMMENT_LIMIT, Decision, Review
from publishing.domain.schedule import Due


class SubmissionIn(StrictSerializer):
    """A message to be reviewed."""

    schedule = WishField(
        required=False,
        allow_null=True,
        help_text="When it should go out, once it is approved; null for no wish. Left out, an earlier wish stays.",
    )

    @property
    def due(self) -> Due | Unset | None:
        """The due time that is wished for; UNSET to leave it as it is."""
        due: Due | Unset | None = self.validated_data.get("schedule", UNSET)
        return due


class _DecisionIn(StrictSerializer):
    rev = StrictIntegerField(
        required=False, min_value=1, max_value=999_999_999, help_text="The revision that was read; or send If-Match."
    )

    def named_rev(self, demanded: int | None) -> int | None:
        """Return the revision that header or body name. Raises StaleError when they name two."""
        given: int | None = self.validated_data.get("rev")
        if given is not None and demanded is not None and given != demanded:
            raise StaleError("If-Match and rev name two revisions. Read the message again and name the one you mean.")
        return demanded if given is None else given


class ApprovalIn(_DecisionIn):
    """An approval."""

    comment = StringField(required=False, allow_blank=True, default="", max_length=COMMENT_LIMIT)
    schedule = ScheduleField(
        required=False, allow_null=True, help_text="Another due time than the one that was wished for."
    )


class RejectionIn(_DecisionIn):
    """What has to change."""

    comment = StringField(max_length=COMMENT_LIMIT, help_text="What has to change, for the editor.")


class ReviewOut(serializers.Serializer[Review]):
    """The latest round of a message's review."""

    submitted_by = serializers.CharField(help_text="Id of a user; `system` where it was due without an approval.")
    submitted_at = MomentField()
    decided_by = serializers.CharField(allow_null=True)
    decided_at = MomentField(allow_null=True)
    decision = serializers.ChoiceField(choices=choices_of(Decision), allow_null=True)
    comment = serializers.CharField()
