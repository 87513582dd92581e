"""Deliveries of a message: their states, one with its receipt, and what people can do about one."""

from datetime import datetime
from http import HTTPStatus

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from publishing.api.answers import Answer
from publishing.api.context import context
from publishing.api.serializers.deliveries import (
    DeliveriesOut,
    DeliveryDetailOut,
    DeliveryOut,
    ResolutionIn,
    present_delivery,
)
from publishing.api.serializers.messages import MessageOut
from publishing.api.views.actions import ActionView
from publishing.api.views.base import View, actor_of, read_body, refuse_body
from publishing.api.views.messages import message_answer
from publishing.services import queries, settling


class DeliveriesView(View):
    """All deliveries of a message."""

    @extend_schema(
        operation_id="listDeliveries", summary="Read the states of a message's deliveries.", responses=DeliveriesOut
    )
    def get(self, request: Request, message_id: str) -> HttpResponse:
        """Answer with the deliveries; there are at most 50, so all of them are one page."""
        result = queries.get_message(actor=actor_of(request), message_id=message_id)
        rows = [DeliveryOut(delivery).data for delivery in result.deliveries]
        return Answer.of_all(rows).response()


class DeliveryView(View):
    """One delivery."""

    has_etag = True

    @extend_schema(
        operation_id="getDelivery",
        summary="Read one delivery with its receipt: every attempt, what was sent and when.",
        responses=DeliveryDetailOut,
    )
    def get(self, request: Request, message_id: str, delivery_id: str) -> HttpResponse:
        """Answer with the delivery."""
        history = queries.get_delivery(actor=actor_of(request), message_id=message_id, delivery_id=delivery_id)
        return Answer.of(present_delivery(history), rev=history.delivery.gen).response_unless_known(request)


class RetryView(ActionView):
    """Start a finished delivery anew."""

    @extend_schema(
        operation_id="retryDelivery",
        summary="Re-arm a delivery that failed or was cancelled; it alone is tried again.",
        request=None,
        responses={202: MessageOut},
    )
    def post(self, request: Request, message_id: str, delivery_id: str) -> HttpResponse:
        """Retry the delivery."""
        return self.perform(request, message_id=message_id, delivery_id=delivery_id)

    def act(self, request: Request, *, now: datetime, **names: str) -> Answer:
        """Retry the delivery."""
        refuse_body(request)
        result = settling.retry_delivery(actor=actor_of(request), now=now, context=context(), **names)
        return message_answer(result, status=HTTPStatus.ACCEPTED)


class ResolveView(ActionView):
    """Tell the truth about an unconfirmed delivery."""

    @extend_schema(
        operation_id="resolveDelivery",
        summary="Say whether an unconfirmed delivery was published, after looking at the platform.",
        request=ResolutionIn,
        responses={200: MessageOut},
    )
    def post(self, request: Request, message_id: str, delivery_id: str) -> HttpResponse:
        """Resolve the delivery."""
        return self.perform(request, message_id=message_id, delivery_id=delivery_id)

    def act(self, request: Request, *, now: datetime, **names: str) -> Answer:
        """Resolve the delivery."""
        resolution = read_body(request, ResolutionIn, now=now).resolution()
        result = settling.resolve_delivery(
            actor=actor_of(request), resolution=resolution, now=now, context=context(), **names
        )
        return message_answer(result)
