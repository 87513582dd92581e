"""Messages: create, list, read, edit, delete, preview."""

from http import HTTPStatus
from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request

from publishing.api.answers import NOTHING, Answer
from publishing.api.context import context, read_clock
from publishing.api.etags import demanded_rev
from publishing.api.filters import PARAMETERS, read_filter, read_limit
from publishing.api.idempotency import create_once, read_key
from publishing.api.paging import Pager, bad_cursor
from publishing.api.serializers.messages import (
    DuplicateOut,
    MessageChangesIn,
    MessageIn,
    MessageOut,
    MessagesOut,
    MessageSummaryOut,
    PreviewOut,
    present_duplicate,
    present_message,
)
from publishing.api.views.base import View, actor_of, link, read_body, read_query, refuse_body
from publishing.domain.draft import Duplicate
from publishing.domain.limits import PREVIEW
from publishing.domain.message import MessageStatus, MessageWithDeliveries
from publishing.services import duplicating, previewing, queries, scheduling


def message_answer(result: MessageWithDeliveries, *, status: int = HTTPStatus.OK, location: str = "") -> Answer:
    """Return a message as an answer with its ETag."""
    return Answer.of(present_message(result), status=status, rev=result.message.rev, location=location)


class MessagesView(View):
    """All messages."""

    is_idempotent_by_key = True

    @extend_schema(
        operation_id="listMessages",
        summary="List messages by their time, the latest first.",
        parameters=[
            OpenApiParameter("status", str, enum=[status.value for status in MessageStatus]),
            OpenApiParameter("channel", str, description="Only messages to this channel."),
            OpenApiParameter("from", OpenApiTypes.DATETIME, description="Scheduled (else created) at or after."),
            OpenApiParameter("to", OpenApiTypes.DATETIME, description="Scheduled (else created) before."),
            OpenApiParameter("mine", bool, description="Only my own."),
            OpenApiParameter("limit", int, description="1 to 100; 25 unless told."),
            OpenApiParameter("cursor", str, description="From `next` or `previous`."),
        ],
        responses={200: MessagesOut},
    )
    def get(self, request: Request) -> HttpResponse:
        """Answer with one page."""
        actor = actor_of(request)
        parameters = read_query(request, PARAMETERS)
        filters = {name: value for name, value in parameters.items() if name != "cursor"}
        pager = Pager(request, actor_id=actor.id, filters=filters)
        wanted, cursor, limit = read_filter(parameters), pager.read(parameters.get("cursor")), read_limit(parameters)
        try:
            page = queries.list_messages(actor=actor, filter=wanted, cursor=cursor, limit=limit, now=read_clock())
        except ValueError:
            # The cursor is ours, but of the other order: the actor's roles changed between two pages.
            raise bad_cursor() from None
        return Answer.of(pager.page(page, lambda row: MessageSummaryOut(row).data)).response()

    @extend_schema(
        operation_id="createMessage",
        summary="Create a message; with `schedule` also schedule it, atomically.",
        request=MessageIn,
        responses={201: MessageOut},
    )
    def post(self, request: Request) -> HttpResponse:
        """Create a message."""
        now, actor = read_clock(), actor_of(request)
        key = read_key(request, actor=actor)
        draft = read_body(request, MessageIn, now=now).draft()

        def render(result: MessageWithDeliveries) -> Answer:
            location = link(request, "message", message_id=result.message.id)
            return message_answer(result, location=location)

        return create_once(
            key,
            create=lambda answer: scheduling.create_message(
                actor=actor, draft=draft, now=now, context=context(), answer=answer
            ),
            render=render,
        )


class DuplicateView(View):
    """A copy of a message."""

    is_idempotent_by_key = True

    @extend_schema(
        operation_id="duplicateMessage",
        summary="Copy a message as a draft of my own, without its due time.",
        request=None,
        responses={201: DuplicateOut},
    )
    def post(self, request: Request, message_id: str) -> HttpResponse:
        """Duplicate the message."""
        now, actor = read_clock(), actor_of(request)
        key = read_key(request, actor=actor)
        refuse_body(request)

        def render(duplicate: Duplicate) -> Answer:
            message = duplicate.result.message
            location = link(request, "message", message_id=message.id)
            body = present_duplicate(duplicate)
            return Answer.of(body, rev=message.rev, location=location)

        return create_once(
            key,
            create=lambda answer: duplicating.duplicate_message(
                actor=actor, message_id=message_id, now=now, context=context(), answer=answer
            ),
            render=render,
        )


class PreviewView(View):
    """What a message would become."""

    limits: ClassVar = {"POST": PREVIEW}

    @extend_schema(
        operation_id="previewMessage",
        summary="Dry run: what each account would publish, with its problems. Writes nothing.",
        request=MessageIn,
        responses={200: PreviewOut},
    )
    def post(self, request: Request) -> HttpResponse:
        """Preview a message."""
        now = read_clock()
        draft = read_body(request, MessageIn, now=now).draft()
        preview = previewing.preview_message(actor=actor_of(request), draft=draft, now=now, context=context())
        return Answer.of(PreviewOut(preview).data).response()


class MessageView(View):
    """One message."""

    has_etag = True

    @extend_schema(
        operation_id="getMessage", summary="Read a message with its deliveries.", responses={200: MessageOut}
    )
    def get(self, request: Request, message_id: str) -> HttpResponse:
        """Answer with the message."""
        result = queries.get_message(actor=actor_of(request), message_id=message_id)
        return message_answer(result).response_unless_known(request)

    @extend_schema(
        operation_id="editMessage",
        summary="Edit a message while it is a draft, in review or scheduled.",
        request=MessageChangesIn,
        responses={200: MessageOut},
    )
    def patch(self, request: Request, message_id: str) -> HttpResponse:
        """Edit the message."""
        now = read_clock()
        changes = read_body(request, MessageChangesIn, now=now).changes()
        result = scheduling.edit_message(
            actor=actor_of(request),
            message_id=message_id,
            changes=changes,
            rev=demanded_rev(request),
            now=now,
            context=context(),
        )
        return message_answer(result).response()

    @extend_schema(
        operation_id="deleteMessage", summary="Delete a message of which nothing was sent.", responses={204: None}
    )
    def delete(self, request: Request, message_id: str) -> HttpResponse:
        """Delete the message."""
        scheduling.delete_message(
            actor=actor_of(request),
            message_id=message_id,
            rev=demanded_rev(request),
            now=read_clock(),
            context=context(),
        )
        return NOTHING.response()
