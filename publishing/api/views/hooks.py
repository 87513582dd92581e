"""Where platforms report later. Open at the gateway: what comes in proves itself by its signature on the raw body."""

from typing import NoReturn

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from publishing.api.answers import Answer
from publishing.api.context import mail_inbox, read_clock
from publishing.api.views.base import View
from publishing.domain.errors import NotFoundError
from publishing.services.receiving import receive_notification


class MailHookView(View):
    """Events of Amazon SES, delivered by SNS."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(exclude=True)
    def post(self, request: Request) -> HttpResponse:
        """Take one notification. SNS repeats it after any answer of 5xx, and gives up on one of 4xx."""
        inbox = mail_inbox()
        if inbox is None:
            _refuse()
        # As it came: SNS says that it is plain text, and a parser could change what was signed.
        body = request._request.body  # noqa: SLF001 - DRF offers the raw body no other way
        reception = receive_notification(body=body, source="ses", inbox=inbox, now=read_clock())
        return Answer.of({"result": reception.value}).response()


def _refuse() -> NoReturn:
    raise NotFoundError("No topic is configured here, so nothing is taken.")
