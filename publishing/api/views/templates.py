"""Templates and groups of hashtags: create, list, read, edit, delete; and render a template."""

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request

from publishing.api.answers import NOTHING, Answer
from publishing.api.context import read_clock
from publishing.api.etags import demanded_rev
from publishing.api.idempotency import create_once, read_key
from publishing.api.serializers.templates import (
    HashtagGroupChangesIn,
    HashtagGroupIn,
    HashtagGroupOut,
    HashtagGroupsOut,
    RenderedOut,
    TemplateChangesIn,
    TemplateIn,
    TemplateOut,
    TemplatesOut,
    ValuesIn,
)
from publishing.api.views.base import View, actor_of, link, read_body
from publishing.domain.template import HashtagGroup, Template
from publishing.services import templates


class TemplatesView(View):
    """All templates."""

    is_idempotent_by_key = True

    @extend_schema(operation_id="listTemplates", summary="List templates, by name.", responses={200: TemplatesOut})
    def get(self, request: Request) -> HttpResponse:
        """Answer with all of them."""
        rows = [TemplateOut(each).data for each in templates.list_templates(actor=actor_of(request))]
        return Answer.of_all(rows).response()

    @extend_schema(
        operation_id="createTemplate", summary="Create a template.", request=TemplateIn, responses={201: TemplateOut}
    )
    def post(self, request: Request) -> HttpResponse:
        """Create one."""
        now, actor = read_clock(), actor_of(request)
        key = read_key(request, actor=actor)
        draft = read_body(request, TemplateIn, now=now).draft()
        return create_once(
            key,
            create=lambda answer: templates.create_template(actor=actor, draft=draft, now=now, answer=answer),
            render=lambda made: _template(made, location=link(request, "template", template_id=made.id)),
        )


class TemplateView(View):
    """One of them."""

    has_etag = True

    @extend_schema(operation_id="getTemplate", summary="Read a template.", responses={200: TemplateOut})
    def get(self, request: Request, template_id: str) -> HttpResponse:
        """Answer with it."""
        found = templates.get_template(actor=actor_of(request), template_id=template_id)
        return _template(found).response_unless_known(request)

    @extend_schema(
        operation_id="editTemplate",
        summary="Change a template.",
        request=TemplateChangesIn,
        responses={200: TemplateOut},
    )
    def patch(self, request: Request, template_id: str) -> HttpResponse:
        """Change it."""
        now = read_clock()
        edited = templates.edit_template(
            actor=actor_of(request),
            template_id=template_id,
            changes=read_body(request, TemplateChangesIn, now=now).draft(),
            rev=demanded_rev(request),
            now=now,
        )
        return _template(edited).response()

    @extend_schema(operation_id="deleteTemplate", summary="Delete a template.", responses={204: None})
    def delete(self, request: Request, template_id: str) -> HttpResponse:
        """Delete it."""
        templates.delete_template(
            actor=actor_of(request), template_id=template_id, rev=demanded_rev(request), now=read_clock()
        )
        return NOTHING.response()


class RenderView(View):
    """A template with values in it."""

    @extend_schema(
        operation_id="renderTemplate",
        summary="Put values in the places of a template's variables. Writes nothing.",
        request=ValuesIn,
        responses={200: RenderedOut},
    )
    def post(self, request: Request, template_id: str) -> HttpResponse:
        """Render the template."""
        values = read_body(request, ValuesIn, now=read_clock()).validated_data.get("values", {})
        rendered = templates.render(actor=actor_of(request), template_id=template_id, values=values)
        return Answer.of(RenderedOut(rendered).data).response()


class HashtagGroupsView(View):
    """All groups of hashtags."""

    is_idempotent_by_key = True

    @extend_schema(
        operation_id="listHashtagGroups", summary="List groups of hashtags, by name.", responses={200: HashtagGroupsOut}
    )
    def get(self, request: Request) -> HttpResponse:
        """Answer with all of them."""
        rows = [HashtagGroupOut(each).data for each in templates.list_hashtag_groups(actor=actor_of(request))]
        return Answer.of_all(rows).response()

    @extend_schema(
        operation_id="createHashtagGroup",
        summary="Create a group of hashtags.",
        request=HashtagGroupIn,
        responses={201: HashtagGroupOut},
    )
    def post(self, request: Request) -> HttpResponse:
        """Create one."""
        now, actor = read_clock(), actor_of(request)
        key = read_key(request, actor=actor)
        draft = read_body(request, HashtagGroupIn, now=now).draft()
        return create_once(
            key,
            create=lambda answer: templates.create_hashtag_group(actor=actor, draft=draft, now=now, answer=answer),
            render=lambda made: _group(made, location=link(request, "hashtag-group", group_id=made.id)),
        )


class HashtagGroupView(View):
    """One of them."""

    has_etag = True

    @extend_schema(
        operation_id="getHashtagGroup", summary="Read a group of hashtags.", responses={200: HashtagGroupOut}
    )
    def get(self, request: Request, group_id: str) -> HttpResponse:
        """Answer with it."""
        found = templates.get_hashtag_group(actor=actor_of(request), group_id=group_id)
        return _group(found).response_unless_known(request)

    @extend_schema(
        operation_id="editHashtagGroup",
        summary="Change a group of hashtags.",
        request=HashtagGroupChangesIn,
        responses={200: HashtagGroupOut},
    )
    def patch(self, request: Request, group_id: str) -> HttpResponse:
        """Change it."""
        now = read_clock()
        edited = templates.edit_hashtag_group(
            actor=actor_of(request),
            group_id=group_id,
            changes=read_body(request, HashtagGroupChangesIn, now=now).draft(),
            rev=demanded_rev(request),
            now=now,
        )
        return _group(edited).response()

    @extend_schema(operation_id="deleteHashtagGroup", summary="Delete a group of hashtags.", responses={204: None})
    def delete(self, request: Request, group_id: str) -> HttpResponse:
        """Delete it."""
        templates.delete_hashtag_group(
            actor=actor_of(request), group_id=group_id, rev=demanded_rev(request), now=read_clock()
        )
        return NOTHING.response()


def _template(template: Template, *, location: str = "") -> Answer:
    return Answer.of(TemplateOut(template).data, rev=template.rev, location=location)


def _group(group: HashtagGroup, *, location: str = "") -> Answer:
    return Answer.of(HashtagGroupOut(group).data, rev=group.rev, location=location)
