"""Media: ask for an upload, list, read, describe, delete."""

from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from publishing.api.answers import NOTHING, Answer
from publishing.api.context import context, read_clock
from publishing.api.etags import demanded_rev
from publishing.api.filters import read_limit, read_mine
from publishing.api.idempotency import read_key, replayed
from publishing.api.paging import Pager, bad_cursor
from publishing.api.serializers.media import (
    MediaOut,
    MediumChangesIn,
    MediumIn,
    MediumOut,
    NewMediumOut,
    present_upload,
)
from publishing.api.views.base import View, actor_of, link, read_body, read_query
from publishing.domain.draft import StoredAnswer
from publishing.domain.errors import AnsweredError
from publishing.domain.limits import UPLOAD
from publishing.domain.media import Medium, Upload
from publishing.services import media


class MediaView(View):
    """The media library."""

    is_idempotent_by_key = True
    limits: ClassVar = {"POST": UPLOAD}

    @extend_schema(
        operation_id="listMedia",
        summary="List media, the newest first.",
        parameters=[
            OpenApiParameter("mine", bool, description="Only my own."),
            OpenApiParameter("limit", int, description="1 to 100; 25 unless told."),
            OpenApiParameter("cursor", str, description="From `next`."),
        ],
        responses={200: MediaOut},
    )
    def get(self, request: Request) -> HttpResponse:
        """Answer with one page."""
        actor = actor_of(request)
        parameters = read_query(request, ("mine", "limit", "cursor"))
        filters = {name: value for name, value in parameters.items() if name != "cursor"}
        pager = Pager(request, actor_id=actor.id, filters=filters)
        mine, cursor, limit = read_mine(parameters), pager.read(parameters.get("cursor")), read_limit(parameters)
        try:
            page = media.list_media(actor=actor, mine=mine, cursor=cursor, limit=limit)
        except ValueError:
            # The cursor is ours, but of the other order: the actor's roles changed between two pages.
            raise bad_cursor() from None
        return Answer.of(pager.page(page, lambda row: MediumOut(row).data)).response()

    @extend_schema(
        operation_id="uploadMedium",
        summary="Make a medium; the answer says how to upload its file.",
        description="The file is checked when the medium is first read or used by a message.",
        request=MediumIn,
        responses={201: NewMediumOut},
    )
    def post(self, request: Request) -> HttpResponse:
        """Make a medium."""
        now, actor = read_clock(), actor_of(request)
        key = read_key(request, actor=actor)
        wanted = read_body(request, MediumIn, now=now).wanted()

        def created(medium: Medium, upload: Upload) -> Answer:
            location = link(request, "medium", medium_id=medium.id)
            return Answer.of(present_upload(medium, upload), location=location)

        def stored(medium: Medium, upload: Upload) -> StoredAnswer:
            assert key is not None  # noqa: S101 - only handed on with a key
            return key.store(created(medium, upload))

        try:
            medium, upload = media.request_upload(
                actor=actor, wanted=wanted, now=now, context=context(), answer=stored if key else None
            )
        except AnsweredError as error:
            if key is None:
                raise
            return replayed(error.stored)
        return created(medium, upload).response()


class MediumView(View):
    """One medium."""

    has_etag = True

    @extend_schema(
        operation_id="getMedium",
        summary="Read a medium. What was uploaded is checked now, if it was not yet.",
        responses={200: MediumOut},
    )
    def get(self, request: Request, medium_id: str) -> HttpResponse:
        """Answer with the medium."""
        medium = media.get_medium(actor=actor_of(request), medium_id=medium_id, now=read_clock(), context=context())
        return Answer.of(MediumOut(medium).data, rev=medium.rev).response_unless_known(request)

    @extend_schema(
        operation_id="editMedium",
        summary="Change a medium's name or own alternative text.",
        request=MediumChangesIn,
        responses={200: MediumOut},
    )
    def patch(self, request: Request, medium_id: str) -> HttpResponse:
        """Edit the medium."""
        now = read_clock()
        medium = media.edit_medium(
            actor=actor_of(request),
            medium_id=medium_id,
            changes=read_body(request, MediumChangesIn, now=now).changes(),
            rev=demanded_rev(request),
            now=now,
            context=context(),
        )
        return Answer.of(MediumOut(medium).data, rev=medium.rev).response()

    @extend_schema(
        operation_id="deleteMedium",
        summary="Delete a medium that no message needs any more, and its files.",
        responses={204: None},
    )
    def delete(self, request: Request, medium_id: str) -> HttpResponse:
        """Delete the medium."""
        media.delete_medium(
            actor=actor_of(request),
            medium_id=medium_id,
            rev=demanded_rev(request),
            now=read_clock(),
            context=context(),
        )
        return NOTHING.response()
