"""Templates: texts with variables that whoever writes starts from, with a look at what they become."""

from typing import Any, ClassVar, Final

from django import forms
from django.contrib import admin
from django.forms import Script
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from publishing.adapters import clock
from publishing.admin.base import acting, actor_of
from publishing.admin.marks import moment
from publishing.admin.once import create_once
from publishing.admin.staying import StayingAdmin
from publishing.domain.errors import InvalidError
from publishing.domain.permissions import Action
from publishing.domain.template import TemplateDraft, render_template
from publishing.dynadmin.forms import DynamoForm
from publishing.models import Template
from publishing.services.templates import create_template, delete_template, edit_template
from publishing.store.templates import template_of

_POINTERS: Final = {"/text": "body"}
_SHOWN: Final = 80


class TemplateForm(DynamoForm):
    """A template's texts. What is wrong with them is the use case's to say."""

    name = forms.CharField(
        label=_("Name"), strip=True, max_length=100, help_text=_("What it is called in the composer's list.")
    )
    title = forms.CharField(
        label=_("Title"), required=False, max_length=200, help_text=_("For channels that show one; may be empty."),
        widget=forms.TextInput(attrs={"dir": "auto", "class": "vTextField"}),
    )  # fmt: skip
    body = forms.CharField(
        label=_("Text"), strip=False,
        help_text=_("Write {{ name }} where something differs each time: letters, digits and _."),
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 8, "class": "vLargeTextField", "data-variables-of": ""}),
    )  # fmt: skip

    def draft(self) -> TemplateDraft:
        """Return the template as it was filled in."""
        data = self.cleaned_data
        return TemplateDraft(name=data["name"], text=data["body"].replace("\r\n", "\n"), title=data["title"])


class TemplateAdmin(StayingAdmin):
    """Templates."""

    view_needs = Action.READ_TEMPLATE
    add_needs = change_needs = delete_needs = Action.EDIT_TEMPLATE
    form = TemplateForm
    delete_leaves = _("Messages that were written with it stay as they are.")
    change_list_template = "admin/publishing/template/change_list.html"
    list_display = ("title_column", "beginning", "variables", "changed")
    search_fields = ("name", "body")
    actions = None
    fields = ("name", "title", "body")

    class Media:
        """The look at what a template becomes."""

        js: ClassVar[tuple[Any, ...]] = (Script("publishing/template.js", type="module"),)

    @admin.display(description=_("Name"), ordering="name")
    def title_column(self, template: Template) -> SafeString:
        """Show its name."""
        return format_html("<bdi>{}</bdi>", template.name)

    @admin.display(description=_("Text"))
    def beginning(self, template: Template) -> SafeString:
        """Show how its text begins."""
        return format_html('<bdi class="quiet">{}</bdi>', Truncator(" ".join(template.body.split())).chars(_SHOWN))

    @admin.display(description=_("Variables"))
    def variables(self, template: Template) -> SafeString | str:
        """Show the names of its variables."""
        names = template_of(template.item).variables
        return format_html_join(" ", '<code class="variable">{}</code>', ((name,) for name in names)) or "-"

    @admin.display(description=_("Changed"))
    def changed(self, template: Template) -> SafeString | str:
        """Show when it was changed."""
        return moment(template.updated_at)

    def beside(self, request: HttpRequest, obj: Template) -> dict[str, Any]:
        """Return its variables, and what it becomes when each has its own name for a value."""
        del request
        template = template_of(obj.item)
        try:
            sample = render_template(template, {name: name.replace("_", " ") for name in template.variables})
        except InvalidError:
            sample = None
        return {
            "variables": [(name, name.replace("_", " ")) for name in template.variables],
            "sample": sample,
            "fill_address": reverse("desk-compose-filled-in", args=[obj.pk]),
        }

    def create(self, request: HttpRequest, form: Any) -> str:  # noqa: ANN401 - a TemplateForm
        """Make the template, once."""
        draft = form.draft()
        with acting(_POINTERS):
            return create_once(
                actor=actor_of(request),
                token=form.cleaned_data.get("once", ""),
                content=[draft.name or "", draft.title or "", draft.text or ""],
                create=lambda answer: create_template(
                    actor=actor_of(request), draft=draft, now=clock.now(), answer=answer
                ),
                id_of=lambda made: made.id,
            ).id

    def change(self, request: HttpRequest, obj: Template, form: Any) -> None:  # noqa: ANN401 - as above
        """Change what was typed."""
        with acting(_POINTERS):
            edit_template(
                actor=actor_of(request), template_id=obj.pk, changes=form.draft(),
                rev=form.cleaned_data["edit_version"], now=clock.now(),
            )  # fmt: skip

    def remove(self, request: HttpRequest, obj: Template) -> None:
        """Delete it; messages that were written with it stay."""
        with acting():
            delete_template(actor=actor_of(request), template_id=obj.pk, rev=obj.rev, now=clock.now())
