"""Channels, to be read."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from publishing.api.answers import Answer
from publishing.api.serializers.accounts import ChannelOut, ChannelsOut
from publishing.api.views.base import View
from publishing.channels.base.registry import get_channel, kinds


class ChannelsView(View):
    """All channels."""

    @extend_schema(
        operation_id="listChannels",
        summary="Read what each channel can do, and what connecting an account of it asks for.",
        responses=ChannelsOut,
    )
    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002 - nothing of the request matters
        """Answer with the channels' capabilities, which are plain data of the code."""
        rows = [ChannelOut(get_channel(kind).capabilities).data for kind in kinds()]
        return Answer.of_all(rows).response()
