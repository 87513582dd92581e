"""API keys: make, list, read, rotate, revoke."""

from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from publishing.api.answers import NOTHING, Answer
from publishing.api.context import read_clock
from publishing.api.etags import demanded_rev
from publishing.api.idempotency import read_key, replayed
from publishing.api.serializers.api_keys import (
    ApiKeyIn,
    ApiKeyOut,
    ApiKeysOut,
    NewApiKeyOut,
    RotationIn,
    present_key,
    present_new_key,
)
from publishing.api.views.base import View, actor_of, link, read_body
from publishing.domain.api_key import NewApiKey
from publishing.domain.draft import StoredAnswer
from publishing.domain.errors import AnsweredError
from publishing.domain.limits import KEY_CREATION
from publishing.services import api_keys


class ApiKeysView(View):
    """API keys."""

    is_idempotent_by_key = True
    limits: ClassVar = {"POST": KEY_CREATION}

    @extend_schema(
        operation_id="listApiKeys",
        summary="List API keys: all of them for administrators, else my own.",
        responses=ApiKeysOut,
    )
    def get(self, request: Request) -> HttpResponse:
        """Answer with the keys."""
        now = read_clock()
        rows = [present_key(key, now=now) for key in api_keys.list_keys(actor=actor_of(request))]
        return Answer.of_all(rows).response()

    @extend_schema(
        operation_id="createApiKey",
        summary="Make an API key that acts for me. Its secret is in this answer and nowhere else.",
        request=ApiKeyIn,
        responses={201: NewApiKeyOut},
    )
    def post(self, request: Request) -> HttpResponse:
        """Make a key."""
        now, actor = read_clock(), actor_of(request)
        key = read_key(request, actor=actor)
        draft = read_body(request, ApiKeyIn, now=now).draft()

        def render(made: NewApiKey, token: str | None) -> Answer:
            body = present_new_key(made, now=now, token=token)
            location = link(request, "key", key_id=made.key.id)
            return Answer.of(body, rev=made.key.rev, location=location)

        def stored(made: NewApiKey) -> StoredAnswer:
            assert key is not None  # noqa: S101 - only handed on with a key
            # What is kept would be a secret in clear for two days: a repetition gets the key without it.
            return key.store(render(made, None))

        try:
            made = api_keys.create_key(actor=actor, draft=draft, now=now, answer=stored if key else None)
        except AnsweredError as error:
            if key is None:
                raise
            return replayed(error.stored)
        return render(made, made.token).response()


class ApiKeyView(View):
    """One API key."""

    has_etag = True

    @extend_schema(operation_id="getApiKey", summary="Read an API key, without its secret.", responses=ApiKeyOut)
    def get(self, request: Request, key_id: str) -> HttpResponse:
        """Answer with the key."""
        key = api_keys.get_key(actor=actor_of(request), key_id=key_id)
        return Answer.of(present_key(key, now=read_clock()), rev=key.rev).response_unless_known(request)

    @extend_schema(
        operation_id="revokeApiKey",
        summary="Revoke an API key at once and for good.",
        responses={204: None},
    )
    def delete(self, request: Request, key_id: str) -> HttpResponse:
        """Revoke the key."""
        api_keys.revoke_key(actor=actor_of(request), key_id=key_id, rev=demanded_rev(request), now=read_clock())
        return NOTHING.response()


class RotateView(View):
    """A new secret for an API key."""

    limits: ClassVar = {"POST": KEY_CREATION}

    @extend_schema(
        operation_id="rotateApiKey",
        summary="Give an API key a new secret; the one before stays good for a while.",
        description="Takes no Idempotency-Key: an answer with a secret is not kept. Rotate again if it was lost.",
        request=RotationIn,
        responses={200: NewApiKeyOut},
    )
    def post(self, request: Request, key_id: str) -> HttpResponse:
        """Rotate the key."""
        now = read_clock()
        wanted = read_body(request, RotationIn, now=now)
        made = api_keys.rotate_key(
            actor=actor_of(request), key_id=key_id, overlap=wanted.overlap, expires_at=wanted.ends, now=now
        )
        return Answer.of(present_new_key(made, now=now, token=made.token), rev=made.key.rev).response()
