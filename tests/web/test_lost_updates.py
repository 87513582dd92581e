"""Two people at one object of any kind: the second is told who changed what, and replaces nothing."""

import re
from collections.abc import Callable
from typing import Any, Final

import pytest
from django.urls import reverse

from publishing.admin.site import desk
from publishing.domain.message import Message
from tests.api.conftest import Table, surroundings
from tests.web.conftest import Browser
from tests.web.test_administration import form_of
from tests.web.test_library import put as put_medium
from tests.web.test_lists import text_of

__all__ = ["surroundings"]

#: Everything that is changed by a stock form: what one fills in to make it, the field that two people change, and
#: whether it can be deleted.
EDITED: Final[dict[str, tuple[str, dict[str, Any], str]]] = {
    "account": ("?channel=webhook", {"base_url": "https://hook.test/", "credential": "s3cr3t-value-long"}, "name"),
    "hashtaggroup": ("", {"tags": "#one two"}, "tags"),
    "series": ("", {"frequency": "daily", "at": "09:00", "zone": "UTC", "starts_on": "2026-05-04"}, "name"),
    "template": ("", {"body": "Join us."}, "body"),
}


@pytest.fixture
def make(
    browser: Browser, table: Table, surroundings: Any, write_message: Callable[..., Message]
) -> Callable[..., Any]:
    """Sign in, make an object of a kind, and return its page's address with what its form holds besides."""

    def making(model: str) -> tuple[str, dict[str, Any]]:
        query, typed, _field = EDITED[model]
        more = {"message_id": write_message(owner="ada").id} if model == "series" else {}
        browser.sign_in(sub="ada", name="Ada King", groups=["admin"])
        add = f"/admin/publishing/{model}/add/{query}"
        sent = form_of(text_of(browser.open(add)), **{"name": "First", **typed, **more})
        browser.post(add, add, **sent)
        shown = text_of(browser.get(f"/admin/publishing/{model}/"))
        found = re.search(rf'"(/admin/publishing/{model}/[0-9A-Z]{{26}}/change/)', shown)
        assert found
        return found[1], {"name": "First", **typed, **more}

    return making


def versions_of(page: str) -> list[str]:
    return re.findall(r'name="edit_version" value="(\d+)"', page)


class TestEveryFormThatChanges:
    def test_is_named_here(self):
        changing = {
            model._meta.model_name for model, admin in desk._registry.items() if getattr(admin, "change_needs", None)
        }

        assert changing == set(EDITED)

    @pytest.mark.parametrize("model", EDITED)
    def test_tells_the_second_of_two_people_who_changed_what(
        self, browser: Browser, other_browser: Browser, table: Table, make: Callable[..., Any], model: str
    ):
        address, typed = make(model)
        field = EDITED[model][2]
        other_browser.sign_in(sub="bob", name="Bob Stone", groups=["admin"])
        mine, theirs = (form_of(text_of(each.get(address)), **typed) for each in (browser, other_browser))
        assert other_browser.post(address, address, **{**theirs, field: "#theirs"}).status_code == 302
        before = table.snapshot()

        page = text_of(browser.post(address, address, **{**mine, field: "#mine"}))

        assert table.snapshot() == before
        assert re.search(r"Bob Stone changed this at \d\d? \w{3,4}, \d\d:\d\d: Changed", page)
        assert "It says now: #theirs" in page
        assert "#mine" in page
        # Whoever was told and sends it again means it.
        assert browser.post(address, address, **{**form_of(page, **typed), field: "#mine"}).status_code == 302
        assert "#mine" in text_of(browser.get(address))

    @pytest.mark.parametrize("model", EDITED)
    def test_deletes_no_version_that_nobody_agreed_to_delete(
        self, browser: Browser, other_browser: Browser, table: Table, make: Callable[..., Any], model: str
    ):
        address, typed = make(model)
        deletion = address.replace("/change/", "/delete/")
        agreed = form_of(text_of(browser.get(deletion)), post="yes")
        other_browser.sign_in(sub="bob", name="Bob Stone", groups=["admin"])
        theirs = form_of(text_of(other_browser.get(address)), **typed)
        assert other_browser.post(address, address, **{**theirs, EDITED[model][2]: "#theirs"}).status_code == 302
        before = table.snapshot()

        late = browser.post(deletion, deletion, **agreed)

        assert table.snapshot() == before
        assert late["Location"] == deletion
        asked = text_of(browser.get(deletion))
        assert re.search(r"Bob Stone changed this at .*: Changed.*Nothing was deleted\. Look at it once more\.", asked)
        assert versions_of(asked) == [str(int(agreed["edit_version"]) + 1)]
        # Whoever was told and agrees again means it.
        again = browser.post(deletion, deletion, **form_of(asked, post="yes"))
        assert again["Location"] == reverse(f"admin:publishing_{model}_changelist")


class TestAMedium:
    def test_tells_the_second_of_two_people_who_changed_what(
        self, browser: Browser, other_browser: Browser, table: Table
    ):
        medium = put_medium(owner="ada")
        address = f"/admin/media/{medium.id}/"
        form = {"name": "harbour.jpg", "rev": str(medium.rev)}
        browser.sign_in(sub="ada", groups=["editor"])
        other_browser.sign_in(sub="bob", name="Bob Stone", groups=["editor"])
        assert other_browser.post(address, address, **form, alt_text="Theirs").status_code == 302

        told = browser.post(address, address, **form, alt_text="Mine")

        assert told.status_code == 409
        page = told.content.decode()
        assert re.search(r"Bob Stone changed this at \d\d? \w{3,4}, \d\d:\d\d: Changed", page)
        assert '<p dir="auto" class="media-said">Theirs</p>' in page
        assert "Mine</textarea>" in page

    def test_that_somebody_changed_is_not_deleted_by_who_saw_another(
        self, browser: Browser, other_browser: Browser, table: Table
    ):
        medium = put_medium(owner="ada")
        address = f"/admin/media/{medium.id}/"
        browser.sign_in(sub="ada", groups=["editor"])
        other_browser.sign_in(sub="bob", name="Bob Stone", groups=["editor"])
        other_browser.post(address, address, name="harbour.jpg", rev=str(medium.rev), alt_text="Theirs")
        before = table.snapshot()

        late = browser.post(address, f"{address}delete/", rev=str(medium.rev))

        assert late.status_code == 409
        assert "Bob Stone changed this at " in late.content.decode()
        assert "Nothing was deleted. Look at it once more." in late.content.decode()
        assert table.snapshot() == before


class TestAUser:
    def test_has_no_form_in_which_anything_could_be_lost(self, browser: Browser, other_browser: Browser, table: Table):
        browser.sign_in(sub="ada", groups=["admin"])
        other_browser.sign_in(sub="eva", name="Eva Lang")
        address = "/admin/publishing/user/eva/change/"

        assert 'name="_save"' not in text_of(browser.get(address))
        assert browser.post(address, address, name="Mine").status_code == 403
