"""The list of an admin: keyset pages both ways, within a budget of queries, and never a count."""

from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlencode

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, ChangeList
from django.core import signing
from django.core.paginator import Page, Paginator
from django.http import HttpRequest
from django.utils.functional import cached_property

from publishing.dynadmin.access import Budget, Found, Plan, Position, UnsupportedLookupError

CURSOR_VAR: Final = "cursor"
#: Rows that an export reads at once.
_EXPORTED: Final = 500


class CountlessPaginator(Paginator):  # type: ignore[type-arg]  # the stubs' parameter is not there at run time
    """Pages without a count, for choices and history: one row more than shown tells whether there are more."""

    @cached_property
    def count(self) -> int:
        """Return a number that never limits."""
        return self.per_page * 1_000

    def validate_number(self, number: Any) -> int:
        """Return a page's number; the first one's for what is none."""
        return max(1, int(number)) if str(number).isdecimal() else 1

    def page(self, number: Any) -> "Page[Any]":
        """Return a page that knows whether there is another one."""
        at = self.validate_number(number)
        begin = (at - 1) * self.per_page
        rows = list(self.object_list[: begin + self.per_page + 1])[begin:]
        page = Page(rows[: self.per_page], at, self)
        has_more = len(rows) > self.per_page
        page.has_next = lambda: has_more  # type: ignore[method-assign]  # Django offers no other way
        return page


class CursorPages:
    """What the template of a list's pages asks of a paginator: there are no numbers."""

    ELLIPSIS = ""
    num_pages = 1

    def __init__(self, count: int) -> None:
        """Keep how many rows the page has."""
        self.count = count

    def get_elided_page_range(self, *args: Any, **options: Any) -> list[int]:
        """Return no numbers."""
        return []


class DynamoChangeList(ChangeList):
    """A change list that continues at sort keys. A page says how far it looked when a filter cut it short."""

    model: Any
    model_admin: Any
    previous_url: str | None = None
    next_url: str | None = None
    #: Where a page that was cut short goes on, in its own direction.
    go_on_url: str | None = None
    #: Whether the budget ended before the page was full.
    is_cut = False
    #: Up to where the list was looked at; a value of the sort field, or the name of a part.
    looked_until: Any = None
    queries = 0

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        """Read the page that the request names."""
        self._token = request.GET.get(CURSOR_VAR)
        super().__init__(request, *args)

    def get_filters_params(self, params: Any = None) -> Any:
        """Return the parameters that are filters; the page is none."""
        found = super().get_filters_params(params)
        found.pop(CURSOR_VAR, None)
        return found

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """Return the query of another list; it begins at its first page."""
        return str(super().get_query_string({CURSOR_VAR: None, **(new_params or {})}, remove))

    def get_ordering(self, request: HttpRequest, queryset: Any) -> Any:
        """Return the order that is preferred; a total one needs no more fields, as sort keys are unique."""
        return [name for name in super().get_ordering(request, queryset) if name not in {"pk", "-pk"}]

    def get_ordering_field_columns(self) -> Any:
        """Return which column the list is in the order of: the one that its access pattern sorts by."""
        plan = self._plan_or_none()
        columns = [
            place
            for place, name in enumerate(self.list_display)
            if plan and self.get_ordering_field(name) == plan.access.sort
        ]
        return {columns[0]: "desc" if plan and plan.descending else "asc"} if columns else {}

    def _plan_or_none(self) -> Plan | None:
        queryset: Any = self.queryset
        if queryset.ids() is not None:
            return None
        plan: Plan = queryset.plan(strict=ORDER_VAR in self.params)
        return plan

    def get_results(self, request: HttpRequest) -> None:
        """Read one page."""
        budget = Budget(queries=self.model_admin.list_queries)
        try:
            with self.model.reading():
                rows = self._page(budget)
        except UnsupportedLookupError as error:
            raise IncorrectLookupParameters from error
        self.queries = budget.spent
        self.model_admin.prepare_rows(request, rows)
        # As many as there are on this page, so that "select all" offers no more than these.
        self.result_list, self.result_count, self.full_result_count = rows, len(rows), len(rows)
        self.show_full_result_count, self.show_admin_actions = False, True
        self.can_show_all, self.multi_page = False, True
        self.paginator = CursorPages(len(rows))

    def _page(self, budget: Budget) -> list[Any]:
        plan = self._plan_or_none()
        if plan is None:
            return list(self.queryset)
        backwards, start = self._read_cursor(plan)
        found = plan.walk(start, wanted=self.list_per_page, budget=budget, backwards=backwards)
        self._link(plan, start, found, backwards=backwards)
        rows = [self.model.from_item(item) for item in found.items]
        return rows[::-1] if backwards else rows

    def _link(self, plan: Plan, start: Position | None, found: Found, *, backwards: bool) -> None:
        """Say where the pages before and behind this one begin."""
        ahead = None if found.end is None else self._url(found.end, backwards=backwards)
        is_first = start == plan.beginning and not backwards
        behind = (
            None
            if is_first and not plan.has_before
            else self._url(_mirror(plan, start, found, is_first=is_first), backwards=not backwards)
        )
        self.next_url, self.previous_url = (behind, ahead) if backwards else (ahead, behind)
        self.is_cut = found.is_cut
        if found.is_cut and found.end is not None:
            self.go_on_url = ahead
            self.looked_until = self.model_admin.describe_position(found.end.partition, found.end.key)

    def export(self, *, rows: int = 5_000, queries: int = 40) -> Iterator[Any]:
        """Yield the whole list as it is filtered, from its beginning; None at last where there is more than so much."""
        plan = self._plan_or_none()
        if plan is None:
            yield from self.queryset
            return
        at, left, budget = self._top(plan), rows, Budget(queries=queries)
        while at is not None and left > 0 and not budget.is_spent:
            with self.model.reading():
                found = plan.walk(at, wanted=min(left, _EXPORTED), budget=budget)
            yield from map(self.model.from_item, found.items)
            at, left = found.end, left - len(found.items)
        if at is not None:
            yield None

    @staticmethod
    def _top(plan: Plan) -> Position | None:
        """Return the list's very beginning, before the front that its first page shows."""
        if not plan.partitions:
            return None
        return Position(partition=plan.partitions[-1 if plan.descending else 0])

    # --- cursors -----------------------------------------------------------------------------------------------------

    def _url(self, position: Position | None, *, backwards: bool) -> str | None:
        if position is None:
            return None
        value = [backwards, position.partition, position.key, position.inclusive]
        parameters = {**self.filter_params, CURSOR_VAR: [self._signer().sign_object(value, compress=True)]}
        return "?" + urlencode(sorted(parameters.items()), doseq=True)

    def _read_cursor(self, plan: Plan) -> tuple[bool, Position | None]:
        if not self._token:
            return False, plan.beginning
        try:
            backwards, partition, key, inclusive = self._signer().unsign_object(self._token)
        except (signing.BadSignature, ValueError) as error:
            raise IncorrectLookupParameters from error
        # A cursor of another person's list names a partition that is not in this one: `walk` refuses it.
        return backwards, Position(partition=partition, key=key, inclusive=inclusive)

    def _signer(self) -> signing.Signer:
        site = self.model_admin.admin_site
        salt = f"dynadmin.cursor:{self.opts.label_lower}"
        return signing.Signer(key=site.cursor_key, fallback_keys=site.cursor_key_fallbacks, salt=salt)

    @property
    def first_url(self) -> str:
        """Where the list begins."""
        return self.get_query_string()

    @property
    def is_continued(self) -> bool:
        """Whether this is not the first page."""
        return bool(self._token)


def _mirror(plan: Plan, start: Position | None, found: Found, *, is_first: bool) -> Position | None:
    """Return where to begin in the other direction: before the front, behind the first row, or at this page's start."""
    if is_first:
        return Position(partition=plan.partitions[plan.front + 1])
    if found.begin is not None or start is None:
        return found.begin
    return Position(partition=start.partition, key=start.key, inclusive=True)
