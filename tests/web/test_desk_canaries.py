"""A secret that is sent to every way of the desk is seen nowhere; nor is the cookie that lets somebody in."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from publishing.dynadmin.forms import ONCE, new_once
from publishing.services import limits
from tests.api.conftest import Table, put_account, surroundings
from tests.canaries import as_text, logged, sightings
from tests.web.objects import Desk, enter
from tests.web.test_desk_permissions import ROUTES, address

__all__ = ["put_account", "surroundings"]
pytestmark = pytest.mark.usefixtures("provider")

SECRET = "canary-credential-Zq8vX2rT5yW1nB7k"
#: Where the secret belongs, and fields in which somebody sends it by mistake.
FORM = {"credential": SECRET, "password": SECRET, "token": "", "base_url": "https://hook.test/", "edit_version": "1"}


class TestASecret:
    def test_is_seen_nowhere_whatever_page_it_is_sent_to(self, table: Table, put_account: Any, surroundings: list[Any]):
        world = Desk(put_account, opened=True)
        places = {address(route) for route in ROUTES} | {
            f"/admin/publishing/account/{world.account.id}/change/",
            "/admin/publishing/account/add/?channel=webhook",
        }
        pages: dict[str, bytes] = {}
        with logged() as text:
            token = enter("ada", "admin").encode()
            # What ends sessions comes last.
            for place in sorted(places, key=lambda each: "end-all" in each):
                for name in ("right", ""):
                    limits.forget()
                    client = Client(raise_request_exception=False)
                    client.cookies[settings.SESSION_TOKEN_COOKIE] = token
                    answer = client.post(place, {**FORM, ONCE: new_once(), "name": name}, secure=True)
                    assert answer.status_code < 500, place
                    pages[f"{place} {name}"] = answer.getvalue() + str(answer.headers).encode()

        stream = [event.encode() for event in surroundings]
        seen = {"logs": text.getvalue(), "table": table.dump(), "stream": stream, **pages}
        assert [sightings(each, **seen) for each in (SECRET, token)] == [[], []]
        # Of a session's secret the table has a hash: it is too long a random one to be guessed.
        assert token.partition(".")[2] not in as_text(seen)
        # It got as far as it may: two accounts have it, sealed.
        assert sum(row["SK"]["S"] == "CREDENTIAL" for row in table.rows("ACCOUNT#")) == 2
