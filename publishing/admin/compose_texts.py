"""Texts that staff uses again, as the composer's scripts ask for them: templates, and groups of hashtags."""

from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse

from publishing.admin.pages import methods
from publishing.admin.sentences import say
from publishing.domain.errors import InvalidError
from publishing.domain.permissions import Actor
from publishing.services import templates

#: Fields of values: `value-name`.
_VALUE: Final = "value-"


@methods("GET")
def texts(request: HttpRequest) -> HttpResponse:
    """Answer with all templates and groups of hashtags; two requests to the table."""
    actor = _actor(request)
    return JsonResponse({
        "templates": [
            {"id": each.id, "name": each.name, "text": each.text, "variables": each.variables}
            for each in templates.list_templates(actor=actor)
        ],
        "groups": [
            {"id": each.id, "name": each.name, "hashtags": each.hashtags}
            for each in templates.list_hashtag_groups(actor=actor)
        ],
    })  # fmt: skip


@methods("POST")
def filled_in(request: HttpRequest, template_id: str) -> HttpResponse:
    """Answer with a template whose variables have the values of a form, or with what is wrong with them."""
    values = {
        name.removeprefix(_VALUE): str(value).replace("\r\n", "\n")
        for name, value in request.POST.items()
        if name.startswith(_VALUE)
    }
    try:
        rendered = templates.render(actor=_actor(request), template_id=template_id, values=values)
    except InvalidError as error:
        problems = [{"name": one.pointer.rpartition("/")[2], "detail": say(one.detail)} for one in error.problems]
        return JsonResponse({"problems": problems}, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return JsonResponse({"title": rendered.title, "text": rendered.text})


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]  # DeskMiddleware puts it there
    return actor
