"""Who I am and what I may do."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from publishing.api.answers import Answer
from publishing.api.serializers.base import choices_of
from publishing.api.views.base import View, actor_of
from publishing.domain.permissions import Action, Allowed, Role, may


class MeOut(serializers.Serializer[Any]):
    """The person or program that asks."""

    id = serializers.CharField()
    name = serializers.CharField()
    roles = serializers.ListField(child=serializers.ChoiceField(choices=choices_of(Role)))
    may = serializers.ListField(
        child=serializers.ChoiceField(choices=choices_of(Action)),
        help_text="What the roles allow at all; a single object can still refuse.",
    )


class MeView(View):
    """The person or program that asks."""

    @extend_schema(operation_id="getMe", summary="Read who I am and what I may do.", responses=MeOut)
    def get(self, request: Request) -> HttpResponse:
        """Answer with the actor."""
        actor = actor_of(request)
        allowed = [action.value for action in Action if isinstance(may(actor, action), Allowed)]
        roles = sorted(role.value for role in actor.roles)
        return Answer.of({"id": actor.id, "name": actor.name, "roles": roles, "may": allowed}).response()
