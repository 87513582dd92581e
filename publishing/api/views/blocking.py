"""Lifting the block of an account."""

from datetime import datetime

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from publishing.api.answers import Answer
from publishing.api.serializers.accounts import AccountOut
from publishing.api.views.accounts import account_answer
from publishing.api.views.actions import ActionView
from publishing.api.views.base import actor_of, refuse_body
from publishing.services.blocking import unblock_account


class UnblockView(ActionView):
    """Let an account be sent to again."""

    @extend_schema(
        operation_id="unblockAccount",
        summary="Lift the block of an account whose recipient bounced or complained.",
        request=None,
        responses={200: AccountOut},
    )
    def post(self, request: Request, account_id: str) -> HttpResponse:
        """Lift the block."""
        return self.perform(request, account_id=account_id)

    def act(self, request: Request, *, now: datetime, **names: str) -> Answer:
        """Lift the block."""
        refuse_body(request)
        actor = actor_of(request)
        return account_answer(unblock_account(actor=actor, now=now, **names), actor=actor)
