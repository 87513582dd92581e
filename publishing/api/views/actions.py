"""What can be done with a message: schedule, publish now, cancel; under an idempotency key, if one is given."""

from abc import abstractmethod
from datetime import datetime
from http import HTTPStatus
from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from publishing.api.answers import Answer
from publishing.api.context import context, read_clock
from publishing.api.etags import demanded_rev
from publishing.api.idempotency import act_once, read_key
from publishing.api.serializers.messages import CancellationOut, MessageOut, present_cancellation
from publishing.api.serializers.schedule import ScheduleIn, read_due
from publishing.api.views.base import View, actor_of, read_body, refuse_body
from publishing.api.views.messages import message_answer
from publishing.services import scheduling, settling


class ActionView(View):
    """One action on one message or delivery."""

    is_idempotent_by_key = True
    #: Whether `If-Match` says which revision somebody acts on.
    takes_revision: ClassVar[bool] = False

    def perform(self, request: Request, **names: str) -> HttpResponse:
        """Carry out the action once under the client's key."""
        now, actor = read_clock(), actor_of(request)
        key = read_key(request, actor=actor)
        return act_once(key, now=now, act=lambda: self.act(request, now=now, **names))

    @abstractmethod
    def act(self, request: Request, *, now: datetime, **names: str) -> Answer:
        """Carry out the action and render its answer."""


class ScheduleView(ActionView):
    """Set or move the due time."""

    takes_revision = True

    @extend_schema(
        operation_id="scheduleMessage",
        summary="Set or move the due time.",
        request=ScheduleIn,
        responses={200: MessageOut},
    )
    def post(self, request: Request, message_id: str) -> HttpResponse:
        """Schedule the message."""
        return self.perform(request, message_id=message_id)

    def act(self, request: Request, *, now: datetime, **names: str) -> Answer:
        """Schedule the message."""
        given = read_body(request, ScheduleIn, now=now)
        due = read_due(dict(given.validated_data), {"now": now})
        result = scheduling.schedule_message(
            actor=actor_of(request), due=due, rev=demanded_rev(request), now=now, context=context(), **names
        )
        return message_answer(result)


class PublishView(ActionView):
    """Publish now."""

    takes_revision = True

    @extend_schema(operation_id="publishMessage", summary="Make it due now.", request=None, responses={202: MessageOut})
    def post(self, request: Request, message_id: str) -> HttpResponse:
        """Publish the message."""
        return self.perform(request, message_id=message_id)

    def act(self, request: Request, *, now: datetime, **names: str) -> Answer:
        """Publish the message."""
        refuse_body(request)
        result = scheduling.publish_message(
            actor=actor_of(request), rev=demanded_rev(request), now=now, context=context(), **names
        )
        return message_answer(result, status=HTTPStatus.ACCEPTED)


class CancelView(ActionView):
    """Stop what can be stopped."""

    @extend_schema(
        operation_id="cancelMessage",
        summary="Stop what can be stopped; the answer says for each delivery whether it could be.",
        request=None,
        responses={200: CancellationOut},
    )
    def post(self, request: Request, message_id: str) -> HttpResponse:
        """Cancel the message."""
        return self.perform(request, message_id=message_id)

    def act(self, request: Request, *, now: datetime, **names: str) -> Answer:
        """Cancel the message."""
        refuse_body(request)
        cancellation = settling.cancel_message(actor=actor_of(request), now=now, context=context(), **names)
        return Answer.of(present_cancellation(cancellation), rev=cancellation.result.message.rev)
