"""Whether the application is up. Open, and touches nothing outside the process."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request

from publishing import __version__
from publishing.api.answers import Answer
from publishing.api.views.base import View


class HealthOut(serializers.Serializer[Any]):
    """Whether the application is up."""

    application = serializers.CharField()
    status = serializers.CharField()
    version = serializers.CharField()


class HealthView(View):
    """Whether the application is up."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(
        operation_id="getHealth", summary="Tell whether the application is up.", auth=[], responses=HealthOut
    )
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002 - nothing of the request matters
        """Answer in words of our own, so that nobody else's health check can be taken for it."""
        return Answer.of({"application": "omnipub", "status": "up", "version": __version__}).response()
