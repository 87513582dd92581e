"""The media library over HTTP."""

import hashlib
from typing import Any

import botocore.client
import pytest

from publishing.adapters import aws
from publishing.store import media
from tests.api.conftest import BUCKET, Api, Table
from tests.api.test_schema import validate
from tests.pictures import picture_bytes
from tests.videos import video_bytes


def ask(api: Api, content: bytes, **changes: Any) -> Any:
    body = {"name": "door.jpg", "media_type": "image/jpeg", "size": len(content), "alt_text": "A door", **changes}
    return api.post("media/", body)


def add(api: Api, content: bytes | None = None, **changes: Any) -> dict[str, Any]:
    """Make a medium and put its file where the form would put it; what the form allows is the emulator's test."""
    content = picture_bytes() if content is None else content
    made: dict[str, Any] = ask(api, content, **changes).json()
    aws.client("s3").put_object(Bucket=BUCKET, Key=made["upload"]["fields"]["key"], Body=content)
    return made


class TestMakingAMedium:
    def test_answers_with_a_form_to_post(self, api: Api):
        made = ask(api, b"x" * 500)

        validate(made, "/api/v1/media/", "post")
        body = made.json()
        assert (made.status_code, body["status"], body["url"], body["renditions"]) == (201, "uploading", None, [])
        assert made["Location"] == f"/api/v1/media/{body['id']}/"
        assert body["upload"]["fields"]["Content-Type"] == "image/jpeg"
        assert body["upload"]["fields"]["key"].endswith(f"/{body['id']}")

    def test_under_a_key_happens_once(self, api: Api, table: Table):
        content = picture_bytes()
        body = {"name": "door.jpg", "media_type": "image/jpeg", "size": len(content)}
        headers = {"Idempotency-Key": "k1"}

        first = api.post("media/", body, headers=headers)
        again = api.post("media/", body, headers=headers)
        other = api.post("media/", {**body, "name": "window.jpg"}, headers=headers)

        assert again.json() == first.json()
        assert again["Idempotency-Replayed"] == "true"
        assert other.status_code == 422
        assert len(table.rows("MEDIA#")) == 1

    @pytest.mark.parametrize(
        ("changes", "pointer", "code"),
        [
            ({"media_type": "image/svg+xml"}, "/media_type", "unsupported_type"),
            ({"size": 20_000_001}, "/size", "too_large"),
            ({"size": 0}, "/size", "empty"),
            ({"size": -1}, "/size", "empty"),
            ({"size": 10**15}, "/size", "too_large"),
            ({"size": "5"}, "/size", "invalid"),
            ({"size": True}, "/size", "invalid"),
            ({"size": 1.5}, "/size", "invalid"),
            ({"name": ""}, "/name", "blank"),
            ({"name": "x" * 201}, "/name", "max_length"),
            ({"name": "a\ud800"}, "/name", "not_text"),
            ({"status": "ready"}, "/status", "unknown"),
            ({"token": "x"}, "/token", "unknown"),
        ],
    )
    def test_says_what_is_wrong(self, api: Api, table: Table, changes: Any, pointer: str, code: str):
        refused = ask(api, b"x", **changes)

        validate(refused, "/api/v1/media/", "post")
        assert refused.status_code == 400
        assert [(each["pointer"], each["code"]) for each in refused.json()["errors"]] == [(pointer, code)]
        assert table.rows("MEDIA#") == []


class TestAVideo:
    def test_says_how_long_it_is_and_how_it_is_encoded(self, api: Api):
        content = video_bytes()
        made = add(api, content, name="walk.mp4", media_type="video/mp4")

        shown = api.get(f"media/{made['id']}/")

        validate(shown, "/api/v1/media/{medium_id}/", "get")
        body = shown.json()
        assert body["status"] == "ready"
        (file,) = body["renditions"]
        assert body["url"] == file["url"]
        assert (file["media_type"], file["width"], file["height"], file["frames"]) == ("video/mp4", 1920, 1080, 1)
        assert file["video"] == {"duration_ms": 12_500, "codec": "avc1", "sound": "mp4a"}
        assert file["sha256"] == hashlib.sha256(content).hexdigest()

    def test_is_hashed_by_the_bucket_and_not_read_for_it(self, api: Api, monkeypatch: pytest.MonkeyPatch):
        content, read = video_bytes(pictures=1_000_000), []
        original = botocore.client.BaseClient._make_api_call  # type: ignore[attr-defined]  # botocore makes it so

        def note(self: Any, operation: str, arguments: Any) -> Any:
            if operation == "GetObject":
                read.append(arguments.get("Range"))
            return original(self, operation, arguments)

        made = add(api, content, media_type="video/mp4")
        monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", note)

        assert api.get(f"media/{made['id']}/").json()["status"] == "ready"
        assert read
        assert None not in read

    def test_may_be_larger_than_a_picture(self, api: Api):
        assert ask(api, b"x", media_type="video/mp4", size=500_000_000).status_code == 201
        assert ask(api, b"x", media_type="video/mp4", size=500_000_001).status_code == 400

    def test_is_taken_by_no_channel(self, api: Api):
        channels = api.get("channels/").json()["results"]

        assert channels
        assert {each["takes_videos"] for each in channels} == {False}


class TestAMedium:
    def test_is_verified_when_it_is_read(self, api: Api):
        made = add(api, picture_bytes(width=3000, height=20))

        response = api.get(f"media/{made['id']}/")

        validate(response, "/api/v1/media/{medium_id}/", "get")
        body = response.json()
        assert (body["status"], body["alt_text"], body["problem"]) == ("ready", "A door", None)
        assert body["url"] == body["renditions"][0]["url"]
        assert body["url"].startswith("https://media.test/media/")
        assert [each["width"] for each in body["renditions"]] == [3000, 2048]
        again = api.get(f"media/{made['id']}/", headers={"If-None-Match": response["ETag"]})
        assert again.status_code == 304

    def test_says_why_it_was_refused(self, api: Api):
        made = add(api, b"<html>")

        body = api.get(f"media/{made['id']}/").json()

        assert (body["status"], body["problem"]["code"]) == ("refused", "wrong_type")
        assert (
            body["problem"]["detail"] == "The file says JPEG, and is HTML. That cannot be published: export it as JPEG."
        )

    def test_tells_nobody_what_its_addresses_are_made_of(self, api: Api):
        made = add(api)
        token = media.get_medium(made["id"]).token

        for response in (api.get(f"media/{made['id']}/"), api.get("media/")):
            assert token not in response.content.decode()

    def test_is_edited_at_the_revision_that_was_read(self, api: Api):
        address = f"media/{add(api)['id']}/"
        tag = api.get(address)["ETag"]

        edited = api.patch(address, {"alt_text": "", "name": "Door"}, headers={"If-Match": tag})
        stale = api.patch(address, {"name": "Window"}, headers={"If-Match": tag})

        validate(edited, "/api/v1/media/{medium_id}/", "patch")
        assert (edited.json()["name"], edited.json()["alt_text"], edited.json()["rev"]) == ("Door", "", 2)
        assert stale.status_code == 412
        assert api.delete(address, headers={"If-Match": tag}).status_code == 412

    def test_in_use_is_not_deleted(self, api: Api):
        made = add(api)
        message = api.post("messages/", {"text": "Look", "media": [{"id": made["id"]}]}).json()
        address = f"media/{made['id']}/"

        refused = api.delete(address)

        validate(refused, "/api/v1/media/{medium_id}/", "delete")
        assert refused.status_code == 409
        assert message["id"] in refused.json()["detail"]
        assert api.patch(f"messages/{message['id']}/", {"media": []}).status_code == 200
        assert api.delete(address).status_code == 204
        assert api.get(address).status_code == 404


class TestTheList:
    def test_shows_all_to_staff_and_their_own_to_members_page_by_page(self, api: Api, sign_in: Any):
        member = sign_in("member", sub="ann")
        own = [add(member)["id"] for _ in range(3)]
        others = add(api)["id"]

        def pages(client: Api, path: str) -> list[str]:
            found, address = [], path
            while address:
                page = client.get(address.removeprefix("http://testserver"))
                validate(page, "/api/v1/media/", "get")
                found += [row["id"] for row in page.json()["results"]]
                address = page.json()["next"]
            return found

        assert sorted(pages(member, "media/?limit=2")) == sorted(own)
        assert sorted(pages(api, "media/?limit=1")) == sorted([*own, others])
        assert pages(api, "media/?mine=true") == [others]
        assert pages(sign_in("viewer", sub="bob"), "media/?limit=3")[0] == others

    def test_is_complete_from_what_the_index_projects(self, api: Api):
        made = add(api, picture_bytes(width=3000, height=20))
        one = api.get(f"media/{made['id']}/").json()

        assert api.get("media/").json()["results"] == [one]

    @pytest.mark.parametrize("query", ["cursor=x", "limit=0", "mine=yes", "status=ready"])
    def test_refuses_what_it_does_not_know(self, api: Api, query: str):
        assert api.get(f"media/?{query}").status_code == 400


class TestAMessageWithAPicture:
    def test_shows_it(self, api: Api):
        made = add(api)

        created = api.post("messages/", {"text": "Look", "media": [{"id": made["id"]}]})

        validate(created, "/api/v1/messages/", "post")
        (use,) = created.json()["media"]
        one = api.get(f"media/{made['id']}/").json()
        assert use == {"id": made["id"], "alt_text": "A door", "url": one["url"], "width": 64, "height": 48}
        assert api.get(f"messages/{created.json()['id']}/").json()["media"] == [use]

    def test_is_previewed_with_what_each_account_makes_of_it(self, api: Api, put_account: Any):
        hook = put_account()
        made = add(api, alt_text="")

        preview = api.post("messages/preview/", {"text": "Look", "media": [{"id": made["id"]}], "accounts": [hook.id]})

        validate(preview, "/api/v1/messages/preview/", "post")
        (shown,) = preview.json()["accounts"]
        assert [each["code"] for each in shown["warnings"]] == ["alt_text_missing"]
        url = api.get(f"media/{made['id']}/").json()["url"]
        assert shown["media"] == [{"id": made["id"], "url": url, "media_type": "image/jpeg", "width": 64, "height": 48}]
