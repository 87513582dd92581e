"""What the library's scripts ask for: a page of media, a permission to upload, what became of it, a description."""

import json
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import salted_hmac

from publishing.adapters import clock
from publishing.admin.media.answers import answered, invalid, read_object
from publishing.admin.media.forms import DescriptionForm, UploadForm
from publishing.admin.media.lists import asked_by, page_of
from publishing.admin.media.shown import shown
from publishing.domain.draft import StoredAnswer
from publishing.domain.errors import AnsweredError
from publishing.domain.ids import digest
from publishing.domain.limits import UPLOAD
from publishing.domain.media import MEDIA_LIMIT, Medium, NewMedium, Upload
from publishing.domain.permissions import Actor
from publishing.services import limits, media
from publishing.services.configured import context

_SALT: Final = "publishing.admin.media.upload"


@answered("GET")
def browse(request: HttpRequest) -> HttpResponse:
    """Answer with a page of the library, or with the media of some ids: what a form that was kept has to show again."""
    actor = _actor(request)
    if ids := request.GET.get("ids", ""):
        known = media.find_media(actor=actor, medium_ids=ids.split(",")[:MEDIA_LIMIT])
        return JsonResponse({"results": [shown(each).as_data() for each in known], "next": None})
    asked = asked_by(request)
    page = page_of(actor, asked)
    following = None if page.next_cursor is None else asked.query(cursor=page.next_cursor)
    return JsonResponse({"results": [shown(each).as_data() for each in page.rows], "next": following})


@answered("POST")
def upload(request: HttpRequest) -> HttpResponse:
    """Make a medium, and answer with the form by which the browser uploads its file to the bucket."""
    actor, now = _actor(request), clock.now()
    limits.spend(UPLOAD, actor.id, now=now)
    form = UploadForm(read_object(request))
    if not form.is_valid():
        return invalid(form)
    wanted, key = form.wanted(), digest("desk", form.cleaned_data["key"])
    try:
        medium, permission = media.request_upload(
            actor=actor,
            wanted=wanted,
            now=now,
            context=context(),
            answer=lambda medium, permission: _kept(actor, key, wanted, _permission(medium, permission)),
        )
    except AnsweredError as error:
        return _again(error.stored)
    return JsonResponse(_permission(medium, permission), status=201)


@answered("GET")
def state(request: HttpRequest, medium_id: str) -> HttpResponse:
    """Answer with a medium; what was uploaded is checked now, if it was not yet."""
    medium = media.get_medium(actor=_actor(request), medium_id=medium_id, now=clock.now(), context=context())
    return JsonResponse(shown(medium).as_data())


@answered("POST")
def describe(request: HttpRequest, medium_id: str) -> HttpResponse:
    """Change a medium's alternative text; answer with the medium."""
    form = DescriptionForm(read_object(request))
    if not form.is_valid():
        return invalid(form)
    medium = media.edit_medium(
        actor=_actor(request),
        medium_id=medium_id,
        changes=form.changes(),
        rev=form.cleaned_data["rev"],
        now=clock.now(),
        context=context(),
    )
    return JsonResponse(shown(medium).as_data())


def _permission(medium: Medium, permission: Upload) -> dict[str, object]:
    return {"medium": shown(medium).as_data(), "url": permission.url, "fields": dict(permission.fields)}


def _kept(actor: Actor, key: str, wanted: NewMedium, answer: dict[str, object]) -> StoredAnswer:
    return StoredAnswer(
        user_id=actor.id, key_sha=key, request_sha=_fingerprint(wanted), status=201, body=json.dumps(answer)
    )


def _again(kept: object) -> HttpResponse:
    assert isinstance(kept, StoredAnswer)  # noqa: S101 - as AnsweredError says
    return HttpResponse(kept.body, status=kept.status, content_type="application/json")


def _fingerprint(wanted: NewMedium) -> str:
    said = json.dumps([wanted.name, wanted.media_type, wanted.size])
    return salted_hmac(_SALT, said, algorithm="sha256").hexdigest()


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]  # DeskMiddleware puts it there
    return actor
