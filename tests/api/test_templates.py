"""Templates and groups of hashtags over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest

from publishing.services import templates
from tests.api.conftest import Api, Table

Made = dict[str, Any]
TEMPLATE = {"name": "Greeting", "title": "For {{ who }}", "text": "Hi {{ who }}, welcome to {{ city }}!"}
GROUP = {"name": "Launch", "hashtags": ["launch", "#News"]}
KINDS = {"templates/": TEMPLATE, "hashtag-groups/": GROUP}


@pytest.fixture
def template(api: Api) -> Made:
    made: Made = api.post("templates/", TEMPLATE).json()
    return made


class TestATemplate:
    def test_is_made_read_changed_and_deleted(self, api: Api, sign_in: Callable[..., Api]):
        made = api.post("templates/", TEMPLATE)
        address = made["Location"]

        assert (made.status_code, made.json()["variables"]) == (201, ["who", "city"])
        assert sign_in("viewer", sub="bob").get(address).json() == made.json()
        edited = sign_in("editor", sub="carol").patch(address, {"text": "Hi {{ all }}"})
        assert (edited.json()["variables"], edited.json()["rev"]) == (["who", "all"], 2)
        assert edited.json()["title"] == TEMPLATE["title"]
        assert api.delete(address).status_code == 204
        assert api.get(address).status_code == 404

    def test_is_rendered_and_nothing_is_written(self, table: Table, api: Api, template: Made):
        before = table.snapshot()

        rendered = api.post(
            f"templates/{template['id']}/render/", {"values": {"who": "<b>{{ city }}</b>", "city": "Rome"}}
        )

        assert rendered.json() == {"title": "For <b>{{ city }}</b>", "text": "Hi <b>{{ city }}</b>, welcome to Rome!"}
        assert table.snapshot() == before

    def test_names_the_variables_without_a_value(self, api: Api, template: Made):
        refused = api.post(f"templates/{template['id']}/render/", {"values": {"who": "Ada", "x": "y"}})

        assert refused.status_code == 400
        assert [each["pointer"] for each in refused.json()["errors"]] == ["/values/city", "/values/x"]

    @pytest.mark.parametrize("body", [{"values": {"who": 1}}, {"values": []}, {"who": "Ada"}])
    def test_takes_texts_as_values(self, api: Api, template: Made, body: Any):
        assert api.post(f"templates/{template['id']}/render/", body).status_code == 400

    def test_says_what_is_wrong_with_it(self, api: Api):
        refused = api.post("templates/", {"name": " ", "text": "{{ }}"})

        problems = [each["pointer"] for each in refused.json()["errors"]]
        assert (refused.status_code, problems) == (400, ["/name", "/text"])


class TestAGroup:
    def test_is_made_read_changed_and_deleted(self, api: Api):
        made = api.post("hashtag-groups/", GROUP)
        address = made["Location"]

        assert (made.status_code, made.json()["hashtags"]) == (201, ["#launch", "#News"])
        assert api.patch(address, {"hashtags": ["a"]}).json()["hashtags"] == ["#a"]
        assert api.patch(address, {"name": "Other"}).json()["hashtags"] == ["#a"]
        assert api.delete(address).status_code == 204
        assert api.get(address).status_code == 404

    def test_says_which_hashtag_is_wrong(self, api: Api):
        refused = api.post("hashtag-groups/", {"name": "x", "hashtags": ["a", "b c"]})

        assert [each["pointer"] for each in refused.json()["errors"]] == ["/hashtags/1"]


@pytest.mark.parametrize(("path", "body"), KINDS.items())
class TestEither:
    def test_are_listed_by_name(self, api: Api, path: str, body: Made):
        for name in ("b", "C", "a"):
            api.post(path, {**body, "name": name})

        listed = api.get(path).json()

        assert [each["name"] for each in listed["results"]] == ["a", "b", "C"]
        assert listed["next"] is None

    def test_is_made_once_under_one_key(self, api: Api, path: str, body: Made):
        options = {"headers": {"Idempotency-Key": "once"}}
        first, again = api.post(path, body, **options), api.post(path, body, **options)

        assert first.json() == again.json()
        assert len(api.get(path).json()["results"]) == 1

    def test_is_not_changed_by_whoever_read_an_older_one(self, table: Table, api: Api, path: str, body: Made):
        made = api.post(path, body)
        address, etag = made["Location"], made["ETag"]
        api.patch(address, {"name": "first"})
        before = table.snapshot()

        late = [api.patch(address, {"name": "second"}, headers={"If-Match": etag})]
        late.append(api.delete(address, headers={"If-Match": etag}))

        assert [each.status_code for each in late] == [412, 412]
        assert table.snapshot() == before

    def test_are_at_most_so_many(self, api: Api, path: str, body: Made, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(templates, "COUNT_LIMIT", 2)

        answers = [api.post(path, body).status_code for _ in range(3)]

        assert answers == [201, 201, 409]

    def test_is_not_found_under_the_id_of_the_other(self, api: Api, path: str, body: Made):
        made = api.post(path, body).json()
        (other,) = set(KINDS) - {path}

        assert api.get(f"{other}{made['id']}/").status_code == 404
