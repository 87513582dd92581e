"""Channels and accounts in answers. There is no field that could hold a secret."""

from typing import Any

from rest_framework import serializers

from publishing.api.serializers.base import MomentField, choices_of
from publishing.channels.base.capabilities import Capabilities, Deduplication
from publishing.domain.account import Account, AccountStatus
from publishing.domain.outcome import Problem


class ProblemNoteOut(serializers.Serializer[Problem]):
    """Why something is not done, for an editor."""

    code = serializers.CharField()
    detail = serializers.CharField()
    retryable = serializers.BooleanField()


class AccountOut(serializers.Serializer[Account]):
    """A connected account and its health."""

    id = serializers.CharField()
    channel = serializers.CharField()
    name = serializers.CharField()
    base_url = serializers.CharField(allow_null=True)
    status = serializers.ChoiceField(choices=choices_of(AccountStatus))
    open_to_members = serializers.BooleanField()
    problem = ProblemNoteOut(allow_null=True)
    rev = serializers.IntegerField()
    created_at = MomentField()
    updated_at = MomentField()


class AccountsOut(serializers.Serializer[Any]):
    """All accounts that the actor may see."""

    results = AccountOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)


class ChannelOut(serializers.Serializer[Capabilities]):
    """What a channel can do."""

    kind = serializers.CharField()
    name = serializers.CharField()
    deduplication = serializers.ChoiceField(
        choices=choices_of(Deduplication),
        help_text="How it protects from a double post, which decides what becomes of an attempt in doubt.",
    )
    can_look_up = serializers.BooleanField(help_text="Whether doubt can be settled by asking the platform.")
    text_limit = serializers.IntegerField(allow_null=True)
    text_unit = serializers.CharField()
    image_limit = serializers.IntegerField()
    alt_text_limit = serializers.IntegerField(allow_null=True)
    documentation_url = serializers.CharField()


class ChannelsOut(serializers.Serializer[Any]):
    """All channels."""

    results = ChannelOut(many=True)
    next = serializers.CharField(allow_null=True)
    previous = serializers.CharField(allow_null=True)
