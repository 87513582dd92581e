from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from local.platforms.registry import PLATFORMS

if TYPE_CHECKING:
    from tests.local.platforms.client import Client

HOSTILE = """</pre><script>alert("1")</script><img src=x onerror='x'> & $name"""


class TestTheWall:
    def test_shows_every_network_side_by_side(self, client: Client):
        client.toot("On the timeline")
        client.hook(b'{"text": "In the inspector"}')

        page = client.http.get("/").text

        assert "On the timeline" in page
        assert "In the inspector" in page
        assert "signature verified" in page

    def test_shows_one_network_and_one_account(self, client: Client):
        client.toot("Mine")
        client.toot("Theirs", account="other")
        client.hook(b'{"text": "Hook"}')

        network, account = client.http.get("/wall/mastodon").text, client.http.get("/wall/mastodon/other").text

        assert ("Mine" in network, "Theirs" in network, "Hook" in network) == (True, True, False)
        assert ("Mine" in account, "Theirs" in account) == (False, True)

    @pytest.mark.parametrize("path", ["/", "/wall/mastodon", "/wall/webhook"])
    def test_escapes_everything(self, client: Client, path):
        client.register(channel="mastodon", account="demo", display_name="<b>Bold</b>")
        client.toot(HOSTILE, key='"><script>', spoiler_text="<i>warning</i>")
        client.hook(b'{"text": "</pre><script>x</script>", "<k>": 1}', User_Agent="<script>agent</script>")

        page = client.http.get(path).text

        assert re.findall(r"<script[^>]*>", page) == ['<script type="module" src="/static/wall.js">']
        for markup in ("<img", "<b>Bold", "<i>warning", "<k>", "</pre><script"):
            assert markup not in page

    def test_forbids_inline_script_and_style(self, client: Client):
        client.toot("Hello https://example.com/" + "x" * 40 + " #tag")
        answer = client.http.get("/")

        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
        assert not re.search(r"<style|\sstyle=|\son\w+=", answer.text)

    def test_has_a_page_for_every_post_until_it_is_deleted(self, client: Client):
        status, hook = client.toot("Findable").json(), client.hook()
        pages = [client.http.get(post["url"]) for post in client.posts()]
        client.read(f"api/v1/statuses/{status['id']}", method="DELETE")
        gone = client.http.get(status["url"])

        assert [page.status_code for page in pages] == [200, 200]
        assert "Findable" in pages[0].text
        assert hook.json()["id"] in pages[1].text
        assert (gone.status_code, "Findable" in gone.text) == (404, False)

    def test_teaches_while_it_is_empty(self, client: Client):
        page = client.http.get("/").text

        assert f"{client.url}/mastodon/demo/api/v1/statuses" in page
        assert "webhook-demo-secret" in page

    def test_leads_from_a_hashtag_and_a_handle_to_the_account(self, client: Client):
        client.toot("Look at #this")

        for path in ("/mastodon/demo/tags/this", "/mastodon/demo/@demo"):
            assert "Look at" in client.http.get(path).text

    @pytest.mark.parametrize("name", ["wall.css", "wall.js", *(f"{kind}.css" for kind in PLATFORMS)])
    def test_serves_its_assets(self, client: Client, name):
        answer = client.http.get(f"/static/{name}")

        assert (answer.status_code, answer.headers["x-content-type-options"]) == (200, "nosniff")

    @pytest.mark.parametrize(
        "path", ["/nothing", "/wall/myspace", "/wall/mastodon/a/1/2", "/static/..%2fwall.py", "/static/wall.py"]
    )
    def test_says_that_nothing_is_there(self, client: Client, path):
        assert client.http.get(path).status_code == 404

    def test_shows_a_request_that_is_nested_too_deeply_to_lay_out(self, client: Client):
        body = b'{"a":' + b"[" * 900 + b"]" * 900 + b"}"

        assert client.hook(body).status_code == 202
        assert client.http.get("/wall/webhook").status_code == 200

    def test_is_only_to_look_at(self, client: Client):
        assert client.http.post("/wall/mastodon", json={}).status_code == 405
