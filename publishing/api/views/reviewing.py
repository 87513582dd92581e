"""Review of a message: submit, approve, reject; under an idempotency key, if one is given."""

from datetime import datetime

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from publishing.api.answers import Answer
from publishing.api.context import context
from publishing.api.etags import demanded_rev
from publishing.api.serializers.messages import MessageOut
from publishing.api.serializers.reviewing import ApprovalIn, RejectionIn, SubmissionIn
from publishing.api.views.actions import ActionView
from publishing.api.views.base import actor_of, read_body
from publishing.api.views.messages import message_answer
from publishing.services import reviewing


class SubmitView(ActionView):
    """Ask for approval."""

    takes_revision = True

    @extend_schema(
        operation_id="submitMessage",
        summary="Submit a message for review; a due time is kept as a wish.",
        request=SubmissionIn,
        responses={200: MessageOut},
    )
    def post(self, request: Request, message_id: str) -> HttpResponse:
        """Submit the message."""
        return self.perform(request, message_id=message_id)

    def act(self, request: Request, *, now: datetime, **names: str) -> Answer:
        """Submit the message."""
        due = read_body(request, SubmissionIn, now=now).due
        result = reviewing.submit_message(
            actor=actor_of(request), due=due, rev=demanded_rev(request), now=now, context=context(), **names
        )
        return message_answer(result)


class ApproveView(ActionView):
    """Approve a message."""

    takes_revision = True

    @extend_schema(
        operation_id="approveMessage",
        summary="Approve the revision that was read; with a due time also schedule it, atomically.",
        description="The revision is named by `If-Match` or by `rev`. Nobody approves their own work, unless the "
        "deployment allows it.",
        request=ApprovalIn,
        responses={200: MessageOut},
    )
    def post(self, request: Request, message_id: str) -> HttpResponse:
        """Approve the message."""
        return self.perform(request, message_id=message_id)

    def act(self, request: Request, *, now: datetime, **names: str) -> Answer:
        """Approve the message."""
        given = read_body(request, ApprovalIn, now=now)
        result = reviewing.approve_message(
            actor=actor_of(request),
            rev=given.named_rev(demanded_rev(request)),
            comment=given.validated_data["comment"],
            due=given.validated_data.get("schedule"),
            now=now,
            context=context(),
            **names,
        )
        return message_answer(result)


class RejectView(ActionView):
    """Send a message back."""

    takes_revision = True

    @extend_schema(
        operation_id="rejectMessage",
        summary="Send a message back to its editor as a draft, with a comment.",
        request=RejectionIn,
        responses={200: MessageOut},
    )
    def post(self, request: Request, message_id: str) -> HttpResponse:
        """Reject the message."""
        return self.perform(request, message_id=message_id)

    def act(self, request: Request, *, now: datetime, **names: str) -> Answer:
        """Reject the message."""
        given = read_body(request, RejectionIn, now=now)
        result = reviewing.reject_message(
            actor=actor_of(request),
            rev=given.named_rev(demanded_rev(request)),
            comment=given.validated_data["comment"],
            now=now,
            context=context(),
            **names,
        )
        return message_answer(result)
