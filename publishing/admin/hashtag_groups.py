"""Groups of hashtags that go together, for whoever writes."""

from typing import Any

from django import forms
from django.contrib import admin
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from publishing.adapters import clock
from publishing.admin.base import acting, actor_of
from publishing.admin.marks import moment
from publishing.admin.once import create_once
from publishing.admin.staying import StayingAdmin
from publishing.domain.permissions import Action
from publishing.domain.template import HashtagGroupDraft
from publishing.dynadmin.forms import DynamoForm
from publishing.models import HashtagGroup
from publishing.services.templates import create_hashtag_group, delete_hashtag_group, edit_hashtag_group

_POINTERS = {"/hashtags": "tags"}


class HashtagGroupForm(DynamoForm):
    """A group's name and hashtags."""

    name = forms.CharField(
        label=_("Name"), max_length=100, help_text=_("What it is called in the composer's list, such as: Trade fair.")
    )
    tags = forms.CharField(
        label=_("Hashtags"), help_text=_("Separate them by spaces, commas or lines. The # may be left out."),
        widget=forms.Textarea(attrs={"dir": "auto", "rows": 4, "class": "vLargeTextField"}),
    )  # fmt: skip

    def draft(self) -> HashtagGroupDraft:
        """Return the group as it was filled in."""
        words = tuple(self.cleaned_data["tags"].replace(",", " ").split())
        return HashtagGroupDraft(name=self.cleaned_data["name"], hashtags=words)


class HashtagGroupAdmin(StayingAdmin):
    """Groups of hashtags."""

    view_needs = Action.READ_TEMPLATE
    add_needs = change_needs = delete_needs = Action.EDIT_TEMPLATE
    form = HashtagGroupForm
    delete_leaves = _("Messages that have its hashtags keep them.")
    change_list_template = "admin/publishing/hashtaggroup/change_list.html"
    list_display = ("title_column", "hashtags", "changed")
    search_fields = ("name", "tags")
    actions = None
    fields = ("name", "tags")

    @admin.display(description=_("Name"), ordering="name")
    def title_column(self, group: HashtagGroup) -> SafeString:
        """Show its name."""
        return format_html("<bdi>{}</bdi>", group.name)

    @admin.display(description=_("Hashtags"))
    def hashtags(self, group: HashtagGroup) -> SafeString | str:
        """Show its hashtags."""
        return format_html_join(" ", '<bdi class="hashtag">{}</bdi>', ((tag,) for tag in group.tags.split())) or "-"

    @admin.display(description=_("Changed"))
    def changed(self, group: HashtagGroup) -> SafeString | str:
        """Show when it was changed."""
        return moment(group.updated_at)

    def create(self, request: Any, form: Any) -> str:  # noqa: ANN401 - a HashtagGroupForm
        """Make the group, once."""
        draft = form.draft()
        with acting(_POINTERS):
            return create_once(
                actor=actor_of(request),
                token=form.cleaned_data.get("once", ""),
                content=[draft.name or "", *(draft.hashtags or ())],
                create=lambda answer: create_hashtag_group(
                    actor=actor_of(request), draft=draft, now=clock.now(), answer=answer
                ),
                id_of=lambda made: made.id,
            ).id

    def change(self, request: Any, obj: HashtagGroup, form: Any) -> None:  # noqa: ANN401 - as above
        """Change what was typed."""
        with acting(_POINTERS):
            edit_hashtag_group(
                actor=actor_of(request), group_id=obj.pk, changes=form.draft(), rev=form.cleaned_data["edit_version"],
                now=clock.now(),
            )  # fmt: skip

    def remove(self, request: Any, obj: HashtagGroup) -> None:  # noqa: ANN401 - as above
        """Delete it; messages that have its hashtags keep them."""
        with acting():
            delete_hashtag_group(actor=actor_of(request), group_id=obj.pk, rev=obj.rev, now=clock.now())
