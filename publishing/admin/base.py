"""What every ModelAdmin of the desk has: permissions from the one table, use cases' errors next to their fields."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.utils import quote, unquote
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import formats
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from publishing.admin.kept import note_saved, tell_saved
from publishing.admin.marks import moment_text
from publishing.admin.once import created_by
from publishing.admin.pages import failure
from publishing.admin.sentences import say
from publishing.domain.errors import ConflictError as DomainConflictError
from publishing.domain.errors import (
    DomainError,
    FieldProblem,
    InvalidError,
    LimitedError,
    NotAllowedError,
    NotFoundError,
    StaleError,
    UnavailableError,
)
from publishing.domain.permissions import Action, Actor, Allowed, may
from publishing.dynadmin import bulk
from publishing.dynadmin.admin import DynamoModelAdmin
from publishing.dynadmin.errors import ConflictError, RefusedError


def actor_of(request: HttpRequest) -> Actor:
    """Return who asks; `DeskMiddleware` put them on the request."""
    actor: Actor = request.actor  # type: ignore[attr-defined]  # as above
    return actor


@contextmanager
def acting(fields: Mapping[str, str] | None = None) -> Iterator[None]:
    """Turn what a use case raises into what the admin shows. `fields`: form fields by JSON pointer."""
    try:
        yield
    except InvalidError as error:
        errors: dict[str | None, list[str]] = {}
        for problem in error.problems:
            errors.setdefault(_field_of(problem, fields or {}), []).append(say(problem.detail))
        raise RefusedError(errors) from error
    except StaleError as error:
        raise ConflictError(say(str(error))) from error
    except (DomainConflictError, NotAllowedError, NotFoundError, LimitedError) as error:
        raise RefusedError.because(say(str(error))) from error
    except UnavailableError as error:
        text = _("Something that is needed does not answer. Look whether it was done, then try again.")
        raise RefusedError.because(text) from error
    except DomainError as error:
        raise RefusedError.because(say(str(error))) from error


def act_on_each(
    request: HttpRequest, chosen: Iterable[Any], act: Callable[[Any], object], *, done: Callable[[int], str]
) -> None:
    """Carry out a use case for each of the chosen objects, and tell what came of it.

    `done`: a sentence with a place (`%d`) for how many it was done to.
    """

    def one(obj: object) -> None:
        with acting():
            act(obj)

    bulk.each(request, chosen, one, done=lambda count: done(count) % count)


def _field_of(problem: FieldProblem, fields: Mapping[str, str]) -> str | None:
    for pointer, name in fields.items():
        if problem.pointer == pointer or problem.pointer.startswith(f"{pointer}/"):
            return name
    return problem.pointer.strip("/").partition("/")[0] or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """Something that can be done to one object, by a button on its page."""

    name: str
    label: str | Promise
    #: Makes the one call of a use case; returns what is said afterwards, or a page of its own.
    act: Callable[[HttpRequest, Any], str | Promise | HttpResponse]
    needs: Action
    #: Whether it is offered for an object as it is.
    fits: Callable[[Any], bool] = field(default=lambda _obj: True)
    is_dangerous: bool = False


class DeskAdmin(DynamoModelAdmin):
    """A ModelAdmin whose permissions come from `domain.permissions`. What an action needs is None where nobody may."""

    change_list_template = "admin/publishing/change_list.html"
    delete_confirmation_template = "admin/publishing/delete_confirmation.html"
    object_history_template = "admin/publishing/object_history.html"
    #: What a list without anything in it teaches.
    empty_says: ClassVar[str | Promise] = ""
    #: What stays when one is deleted, as the page that asks about it says.
    delete_leaves: ClassVar[str | Promise] = ""
    view_needs: ClassVar[Action | None] = None
    add_needs: ClassVar[Action | None] = None
    change_needs: ClassVar[Action | None] = None
    delete_needs: ClassVar[Action | None] = None

    class Media:
        """What lists and forms have beside the desk's own look."""

        css: ClassVar[dict[str, tuple[str, ...]]] = {"all": ("publishing/lists.css",)}

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Tell whether the model is offered to the person."""
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401 - an instance
        """Tell whether the person may see the list, or one object."""
        return self.is_allowed(request, self.view_needs, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Tell whether the person may add one."""
        return self.is_allowed(request, self.add_needs, None)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401 - as above
        """Tell whether the person may change any, or one object."""
        return self.is_allowed(request, self.change_needs, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ANN401 - as above
        """Tell whether the person may delete any, or one object."""
        return self.is_allowed(request, self.delete_needs, obj)

    def is_allowed(self, request: HttpRequest, action: Action | None, obj: Any) -> bool:  # noqa: ANN401 - as above
        """Judge one action by the one table, for one object or for the list as a whole."""
        if action is None:
            return False
        target = None if obj is None else self.subject(obj)
        return isinstance(may(actor_of(request), action, target), Allowed)

    def subject(self, obj: Any) -> Any:  # noqa: ANN401 - as above; returns what `may` judges
        """Return the object as rules judge it."""
        return obj.as_domain() if hasattr(obj, "as_domain") else None

    def describe_time(self, request: HttpRequest, moment: Any) -> str:  # noqa: ANN401 - a datetime
        """Return a moment by the reader's clock."""
        del request
        return moment_text(moment)

    def describe_position(self, partition: str, key: str | None) -> str:
        """Return up to which day, else month, a list was looked at."""
        numbers = [int(number) for number in re.findall(r"\d+", (key or "")[:10])]
        if len(numbers) == 3:
            return formats.date_format(date(*numbers), "DATE_FORMAT")
        numbers = [int(number) for number in partition.rpartition("#")[2].split("-") if number.isdecimal()]
        if len(numbers) == 2:
            return formats.date_format(date(numbers[0], numbers[1], 1), "YEAR_MONTH_FORMAT")
        return formats.date_format(date(*numbers), "DATE_FORMAT") if len(numbers) == 3 else partition

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list under the name of what is in it."""
        title = capfirst(str(self.opts.verbose_name_plural))
        return super().changelist_view(
            request, {"title": title, "empty_says": self.empty_says, **(extra_context or {})}
        )

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:  # noqa: ANN401 - Django's signature
        """Ask, saying what stays, then delete."""
        return super().delete_view(request, object_id, {"delete_leaves": self.delete_leaves, **(extra_context or {})})

    # --- saving ------------------------------------------------------------------------------------------------------

    def created_by(self, request: HttpRequest, token: str) -> str | None:
        """Return what a form created already, by its token."""
        return created_by(actor=actor_of(request), token=token)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: ANN401, FBT001 - Django's signature
        """Have the application save it, and remember that it did."""
        super().save_model(request, obj, form, change)
        note_saved(request, form)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,  # noqa: ANN401 - as above
    ) -> HttpResponse:
        """Show or save the form; the browser is told once it is saved, and forgets what it kept of it."""
        response = super().changeform_view(request, object_id, form_url, extra_context)
        tell_saved(request, response)
        return response

    # --- buttons on an object's page ---------------------------------------------------------------------------------

    def verbs(self) -> Sequence[Verb]:
        """Return what can be done to an object besides changing and deleting it."""
        return ()

    def get_urls(self) -> list[Any]:
        """Return the stock routes, and the one that buttons lead to."""
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        view = self.admin_site.admin_view(self.do_view)
        return [path("<path:object_id>/do/<slug:verb>/", view, name=name), *super().get_urls()]

    def do_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """Do something to one object, then show it again."""
        if request.method != "POST":
            return failure(request, "method")
        obj = self.get_object(request, unquote(object_id))
        found = next((each for each in self.verbs() if each.name == verb), None)
        if obj is None or found is None or not self.has_view_permission(request, obj):
            return failure(request, "gone")
        if not self.is_allowed(request, found.needs, obj):
            return failure(request, "not_allowed")
        try:
            said = found.act(request, obj)
        except (RefusedError, ConflictError) as error:
            messages.error(request, str(error))
        else:
            if isinstance(said, HttpResponse):
                return said
            messages.success(request, str(said))
        return HttpResponseRedirect(self.address(obj))

    def address(self, obj: Any) -> str:  # noqa: ANN401 - an instance
        """Return where an object is shown."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[quote(obj.pk)])

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        *args: Any,  # noqa: ANN401 - Django's signature
        **options: Any,  # noqa: ANN401 - as above
    ) -> HttpResponse:
        """Offer the buttons that the person may press and that fit the object."""
        obj = options.get("obj")
        if obj is not None:
            context["verbs"] = [
                {
                    "verb": verb,
                    "address": reverse(
                        f"admin:{self.opts.app_label}_{self.opts.model_name}_do", args=[quote(obj.pk), verb.name]
                    ),
                }
                for verb in self.verbs()
                if verb.fits(obj) and self.is_allowed(request, verb.needs, obj)
            ]
        return super().render_change_form(request, context, *args, **options)
