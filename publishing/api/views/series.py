"""Series: create, list, read, edit, pause, resume, delete."""

from collections.abc import Callable
from datetime import datetime

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from publishing.api.answers import NOTHING, Answer
from publishing.api.context import context, read_clock
from publishing.api.etags import demanded_rev
from publishing.api.idempotency import create_once, read_key
from publishing.api.serializers.series import SeriesChangesIn, SeriesIn, SeriesListOut, SeriesOut
from publishing.api.views.actions import ActionView
from publishing.api.views.base import View, actor_of, link, read_body, refuse_body
from publishing.domain.series import Series
from publishing.services import series as services


class SeriesListView(View):
    """All series."""

    is_idempotent_by_key = True

    @extend_schema(operation_id="listSeries", summary="List series, by name.", responses={200: SeriesListOut})
    def get(self, request: Request) -> HttpResponse:
        """Answer with all of them."""
        rows = [SeriesOut(each).data for each in services.list_series(actor=actor_of(request))]
        return Answer.of_all(rows).response()

    @extend_schema(
        operation_id="createSeries",
        summary="Repeat a message by the clock on the wall of some place.",
        description="Each occurrence is a message of its own, made some days before it is due.",
        request=SeriesIn,
        responses={201: SeriesOut},
    )
    def post(self, request: Request) -> HttpResponse:
        """Create a series."""
        now, actor = read_clock(), actor_of(request)
        key = read_key(request, actor=actor)
        draft = read_body(request, SeriesIn, now=now).draft()
        assert draft.rule is not None  # noqa: S101 - the serializer demands it
        rule = draft.rule
        return create_once(
            key,
            create=lambda answer: services.create_series(
                actor=actor, draft=draft, rule=rule, now=now, context=context(), answer=answer
            ),
            render=lambda made: _answer(made, location=link(request, "series", series_id=made.id)),
        )


class SeriesView(View):
    """One series."""

    has_etag = True

    @extend_schema(operation_id="getSeries", summary="Read a series.", responses={200: SeriesOut})
    def get(self, request: Request, series_id: str) -> HttpResponse:
        """Answer with the series."""
        return _answer(services.get_series(actor=actor_of(request), series_id=series_id)).response_unless_known(request)

    @extend_schema(
        operation_id="editSeries",
        summary="Change a series, for messages that were not made yet.",
        request=SeriesChangesIn,
        responses={200: SeriesOut},
    )
    def patch(self, request: Request, series_id: str) -> HttpResponse:
        """Edit the series."""
        now = read_clock()
        edited = services.edit_series(
            actor=actor_of(request),
            series_id=series_id,
            changes=read_body(request, SeriesChangesIn, now=now).draft(),
            rev=demanded_rev(request),
            now=now,
            context=context(),
        )
        return _answer(edited).response()

    @extend_schema(
        operation_id="deleteSeries",
        summary="Delete a series; messages that it made stay as they are.",
        responses={204: None},
    )
    def delete(self, request: Request, series_id: str) -> HttpResponse:
        """Delete the series."""
        services.delete_series(
            actor=actor_of(request), series_id=series_id, rev=demanded_rev(request), now=read_clock()
        )
        return NOTHING.response()


class PauseView(ActionView):
    """Make no more messages."""

    @extend_schema(
        operation_id="pauseSeries",
        summary="Make no more messages until it is resumed; those that were made stay as they are.",
        request=None,
        responses={200: SeriesOut},
    )
    def post(self, request: Request, series_id: str) -> HttpResponse:
        """Pause the series."""
        return self.perform(request, series_id=series_id)

    def act(self, request: Request, *, now: datetime, **names: str) -> Answer:
        """Pause the series."""
        return _switched(services.pause_series, request, now=now, **names)


class ResumeView(ActionView):
    """Go on."""

    @extend_schema(
        operation_id="resumeSeries",
        summary="Let a paused or stopped series go on; what was missed is passed over.",
        request=None,
        responses={200: SeriesOut},
    )
    def post(self, request: Request, series_id: str) -> HttpResponse:
        """Resume the series."""
        return self.perform(request, series_id=series_id)

    def act(self, request: Request, *, now: datetime, **names: str) -> Answer:
        """Resume the series."""
        return _switched(services.resume_series, request, now=now, **names)


def _switched(switch: Callable[..., Series], request: Request, *, now: datetime, **names: str) -> Answer:
    refuse_body(request)
    return _answer(switch(actor=actor_of(request), rev=demanded_rev(request), now=now, context=context(), **names))


def _answer(series: Series, *, location: str = "") -> Answer:
    return Answer.of(SeriesOut(series).data, rev=series.rev, location=location)
