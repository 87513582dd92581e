"""Markup, both directions, characters without width and emoji in every text field of every page: shown as typed.

Fields are found in the pages, and pages by the table of routes: a new one is tried without being named here.
"""

import html
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final

from tests.api.conftest import surroundings
from tests.web.conftest import Browser
from tests.web.desk import HOSTILE
from tests.web.test_budgets import address_of, expected, ids, pages

__all__ = ["ids", "surroundings"]

_TEXTS: Final = {"text", "search", "url", "email", "tel", ""}


@dataclass
class Form:
    """A form of a page, as a browser would send it."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)


class Reader(HTMLParser):
    """Reads the forms of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._form: Form | None = None
        self._area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        name, kind = found.get("name", ""), found.get("type", "")
        if tag == "form":
            self._form = Form(action=found.get("action", ""), method=found.get("method", "get").lower())
            self.forms.append(self._form)
        elif self._form is None or not name:
            return
        elif tag == "textarea":
            self._form.values[name], self._area = "", name
            self._form.texts.append(name)
        elif tag == "input" and kind not in {"submit", "button", "file", "image"}:
            if kind not in {"checkbox", "radio"} or "checked" in found:
                self._form.values[name] = found.get("value", "")
            if kind in _TEXTS and "readonly" not in found:
                self._form.texts.append(name)

    def handle_data(self, data: str) -> None:
        if self._form is not None and self._area:
            self._form.values[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        if tag == "textarea" and self._form is not None and self._area:
            # The first line break belongs to the markup.
            self._form.values[self._area] = self._form.values[self._area].removeprefix("\n")
            self._area = ""


def send(browser: Browser, path: str, form: Form, name: str) -> Any:
    """Send a form of a page with something hostile in one of its fields; go on where that leads."""
    values = {**form.values, name: HOSTILE}
    target = form.action or path
    if form.method == "get":
        return browser.client.get(target, values, secure=True, follow=True)
    headers = {"Origin": "https://testserver"}
    return browser.client.post(target, values, secure=True, follow=True, headers=headers)


def text_fields(page: Any) -> list[tuple[Form, str]]:
    return [(form, name) for form in Reader(page.content.decode()).forms for name in form.texts]


def as_typed(page: Any, name: str) -> bool:
    """Tell whether a page holds what was typed, in its field or among its words; it never holds it as markup."""
    assert page.status_code < 500, name
    assert "<script>alert(1)" not in page.content.decode(), name
    return HOSTILE in html.unescape(page.content.decode())


def test_every_text_field_shows_what_was_typed_and_never_runs_it(browser: Browser, ids: dict[str, str]) -> None:
    tried, lost = set(), set()
    for route in pages("get"):
        path = address_of(route, ids)
        page = browser.open(path)
        if expected(route) != 200 or not page.headers.get("Content-Type", "").startswith("text/html"):
            continue
        for form, name in text_fields(page):
            field_of = (form.action.partition("?")[0] or route, name)
            if field_of in tried:
                continue
            tried.add(field_of)
            # As the page is just then: a form is good for one sending.
            fresh = page if form.method == "get" else browser.open(path)
            answer = send(browser, path, next(each for each, other in text_fields(fresh) if other == name), name)
            if not as_typed(answer, name) and not as_typed(browser.open(path), name):
                lost.add(field_of)

    assert lost == set()
    # That fields are found at all: of lists, of the stock forms, of the desk's own pages.
    assert {"q", "name", "body", "tags", "text", "title", "alt_text"} <= {name for _, name in tried}
    assert len(tried) > 40
