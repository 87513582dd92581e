from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from botocore.credentials import Credentials

from local.platforms.email.reader import list_pictures, to_safe_html
from local.platforms.sms.parts import cut
from publishing.channels.base.aws import AwsRequest, Service, sign
from tests.pictures import Shelf

if TYPE_CHECKING:
    import httpx

    from tests.local.platforms.client import Client

SES, SNS = Service(signing_name="ses", host="email"), Service(signing_name="sns", host="sns")
SIMPLE = {"Subject": {"Data": "Opening"}, "Body": {"Text": {"Data": "We open."}}}
MAIL = {
    "FromEmailAddress": "news@example.org",
    "Destination": {"ToAddresses": ["list@example.org"]},
    "Content": {"Simple": SIMPLE},
}
TEXT = {"Action": "Publish", "Version": "2010-03-31", "PhoneNumber": "+12065550100", "Message": "We open."}


def post(client: Client, service: Service, path: str, content: bytes, media_type: str) -> httpx.Response:
    url = client.url + path
    request = AwsRequest(
        service=service, region="us-east-1", url=url, headers={"content-type": media_type}, content=content
    )
    headers = sign(request, Credentials("test", "test"), now=client.clock())
    return client.http.post(url, content=content, headers=headers)


def mail(client: Client, **changes: Any) -> httpx.Response:
    content = json.dumps(MAIL | changes).encode()
    return post(client, SES, "/email/demo/v2/email/outbound-emails", content, "application/json")


def text(client: Client, **changes: str) -> httpx.Response:
    return post(client, SNS, "/sms/demo", urlencode(TEXT | changes).encode(), "application/x-www-form-urlencoded")


def simple(**changes: Any) -> dict[str, Any]:
    return {"Content": {"Simple": SIMPLE | changes}}


class TestSes:
    def test_keeps_what_was_signed(self, client: Client):
        answer = mail(client, EmailTags=[{"Name": "omnipub-key", "Value": "key-1"}])

        [kept] = client.posts()
        assert (answer.status_code, answer.json()) == (200, {"MessageId": kept["id"]})
        assert (kept["channel"], kept["text"], kept["key"]) == ("email", "We open.", "key-1")

    def test_does_not_recognize_a_repeat(self, client: Client):
        mail(client)
        mail(client)

        assert client.texts() == ["We open.", "We open."]

    @pytest.mark.parametrize(
        "change",
        [
            {"FromEmailAddress": ""},
            {"FromEmailAddress": "news"},
            {"FromEmailAddress": "news@localhost"},
            {"Destination": {}},
            {"Destination": {"ToAddresses": []}},
            {"Destination": {"ToAddresses": ["a@example.org\r\nBcc: b@example.org"]}},
            {"Destination": {"ToAddresses": ["a@example.org, b@example.org"]}},
            {"Destination": {"ToAddresses": ["ä@example.org"]}},
            {"Destination": {"ToAddresses": ["a@bücher.example"]}},
            {"Destination": {"ToAddresses": ["a@example.org"] * 51}},
            {"Destination": {"ToAddresses": "a@example.org"}},
            {"Content": {}},
            {"Content": {"Raw": {"Data": "x"}}},
            simple(Body={}),
            simple(Subject={}),
            simple(Subject={"Data": "Grüße"}),
            simple(Subject={"Data": "Hi\nBcc: b@example.org"}),
            simple(Body={"Text": {"Data": "Grüße"}}),
            simple(Body={"Text": {"Data": "Hi", "Charset": "no-such"}}),
            {"EmailTags": [{"Name": "a b", "Value": "c"}]},
            {"EmailTags": [{"Name": "a", "Value": "email.account"}]},
            {"EmailTags": ["a"]},
            {"ReplyToAddresses": ["nobody"]},
        ],
    )
    def test_refuses_what_ses_refuses(self, client: Client, change):
        answer = mail(client, **change)

        assert (answer.status_code, client.posts()) == (400, [])
        assert answer.headers["x-amzn-errortype"].partition(":")[0] in {
            "BadRequestException",
            "SerializationException",
        }

    @pytest.mark.parametrize("content", [b"", b"[]", b"{", b'"\\ud800"'])
    def test_refuses_what_is_no_json_object(self, client: Client, content):
        answer = post(client, SES, "/email/demo/v2/email/outbound-emails", content, "application/json")

        assert answer.status_code == 400

    def test_refuses_who_does_not_sign(self, client: Client):
        answer = client.http.post("/email/demo/v2/email/outbound-emails", json=MAIL)

        assert (answer.status_code, client.posts()) == (403, [])
        assert answer.headers["x-amzn-errortype"].startswith("MissingAuthenticationTokenException")

    def test_refuses_what_was_signed_for_another_service(self, client: Client):
        content = json.dumps(MAIL).encode()

        answer = post(client, SNS, "/email/demo/v2/email/outbound-emails", content, "application/json")

        assert answer.status_code == 403
        assert "scoped to a valid service" in answer.json()["message"]

    def test_shows_a_mail_as_a_mail_client_does(self, client: Client):
        mail(
            client,
            FromEmailAddress="=?UTF-8?B?RGllIEvDvGNoZQ==?= <news@example.org>",
            **simple(
                Body={
                    "Text": {"Data": "Plain words"},
                    "Html": {"Data": '<p>See <a href="https://a.example/">it</a></p>'},
                }
            ),
        )

        page = client.http.get("/wall/email/demo").text

        assert "Opening" in page
        assert "Die Küche" in page
        assert '<p>See <a href="https://a.example/" rel="nofollow noopener noreferrer">it</a></p>' in page
        assert "<pre>Plain words</pre>" in page

    def test_lets_nothing_of_a_mail_into_the_page(self, client: Client):
        hostile = """<style>body{}</style><script>alert(1)</script><p onclick="x" style="y">Hi<img src="https://t.example/p">
            <a href="javascript:alert(1)">no</a><iframe srcdoc="<b>x</b>"></iframe></p></section>"""
        mail(
            client,
            **simple(
                Subject={"Data": "<b>$name</b>"}, Body={"Text": {"Data": "</pre><i>x"}, "Html": {"Data": hostile}}
            ),
        )

        page = client.http.get("/wall/email/demo").text

        assert re.findall(r"<script[^>]*>", page) == ['<script type="module" src="/static/wall.js">']
        for markup in (
            "<style",
            "<img",
            "<iframe",
            "onclick",
            "javascript:",
            "alert(1)",
            "<b>$name",
            "<i>x",
            'style="y"',
        ):
            assert markup not in page
        assert page.count("</section>") == 1


class TestPicturesOfAMail:
    def test_are_loaded_from_this_machine_only_and_shown_in_the_letter(self, client: Client):
        shelf = Shelf()
        use = shelf.use(alt_text="A door")
        with shelf.serving() as url:
            here = f'<img src="{url}/{use.renditions[0].key}" alt="A door">'
            away = '<img src="https://tracker.example/pixel.png" alt="Elsewhere">'
            mail(client, **simple(Body={"Html": {"Data": f"<p>{here}{away}</p>"}}))

        [kept] = client.posts()
        [image] = kept["images"]
        page = client.http.get("/wall/email").text
        picture = client.http.get(f"/media/email/demo/{image['id']}")
        assert image["sha256"] == use.renditions[0].sha256
        assert f'<img src="/media/email/demo/{image["id"]}" alt="A door"' in page
        assert '<span class="unloaded">Elsewhere</span>' in page
        assert "tracker.example" not in page
        assert picture.headers["content-type"] == "image/jpeg"


class TestTheReader:
    @pytest.mark.parametrize(
        ("source", "shown"),
        [
            ("<p>a<p>b", "<p>a<p>b</p></p>"),
            ("<ul><li>a</ul>b", "<ul><li>a</li></ul>b"),
            ("</p></section>a", "a"),
            ("a<br/>b&lt;c", "a<br>b&lt;c"),
            ("<script>a<p>b</script>c", "c"),
            ("<style>a", ""),
            (
                '<a href="https://a.example/&quot;x">a</a>',
                '<a href="https://a.example/&quot;x" rel="nofollow noopener noreferrer">a</a>',
            ),
            ('<a href="data:x">a</a>', "a"),
            ("<!-- a --><!doctype x><?y?>b", "b"),
        ],
    )
    def test_rebuilds_html_from_a_short_list(self, source, shown):
        assert to_safe_html(source) == shown

    def test_shows_pictures_that_were_loaded_and_of_others_what_they_show(self):
        source = (
            '<p><img src="http://a/1" alt="&lt;One&gt;" onload="x"><img src="http://a/2" alt="Two"><img src="z"></p>'
        )

        shown = to_safe_html(source, {"http://a/1": "/media/email/demo/1"})

        one = '<img src="/media/email/demo/1" alt="&lt;One&gt;" title="&lt;One&gt;">'
        assert shown == f'<p>{one}<span class="unloaded">Two</span></p>'
        assert list_pictures(source) == [("http://a/1", "<One>"), ("http://a/2", "Two"), ("z", "")]


class TestSns:
    def test_keeps_what_was_signed(self, client: Client):
        answer = text(client, Message="Grüße 👋🏽")

        [kept] = client.posts()
        assert answer.status_code == 200
        assert f"<MessageId>{kept['id']}</MessageId>" in answer.text
        assert (kept["channel"], kept["text"], kept["key"]) == ("sms", "Grüße 👋🏽", None)

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"PhoneNumber": "12065550100"}, "InvalidParameter"),
            ({"PhoneNumber": "+0"}, "InvalidParameter"),
            ({"Message": ""}, "InvalidParameter"),
            ({"Message": "a" * 1_601}, "InvalidParameter"),
            ({"Message": "😀" * 801}, "InvalidParameter"),
            ({"Action": "Subscribe"}, "InvalidAction"),
            ({"Version": "2009"}, "InvalidAction"),
            ({"MessageAttributes.entry.1.Name": "AWS.SNS.SMS.SMSType"}, "ParameterValueInvalid"),
            (
                {
                    "MessageAttributes.entry.1.Name": "AWS.SNS.SMS.SenderID",
                    "MessageAttributes.entry.1.Value.DataType": "String",
                    "MessageAttributes.entry.1.Value.StringValue": "12345",
                },
                "InvalidParameter",
            ),
        ],
    )
    def test_refuses_what_sns_refuses(self, client: Client, change, code):
        answer = text(client, **change)

        assert (answer.status_code, client.posts()) == (400, [])
        assert f"<Code>{code}</Code>" in answer.text

    def test_refuses_who_does_not_sign(self, client: Client):
        answer = client.http.post("/sms/demo", data=TEXT)

        assert (answer.status_code, client.posts()) == (403, [])
        assert "<Code>MissingAuthenticationToken</Code>" in answer.text

    def test_takes_a_number_that_opted_out_off_the_list(self, client: Client):
        client.register(channel="sms", account="demo", options={"opted_out": 1})

        assert "<Code>OptedOut</Code>" in text(client).text

    def test_shows_a_bubble_for_every_part(self, client: Client):
        text(client, Message="<b>" + "a" * 158 + "€")

        page = client.http.get("/wall/sms/demo").text

        assert "2 parts · GSM-7" in page
        assert re.findall(r'<span class="part">([^<]+)</span>', page) == ["1/2", "2/2"]
        assert "<b>aaa" not in page

    @pytest.mark.parametrize(
        ("message", "lengths"),
        [
            ("a" * 160, [160]),
            ("a" * 161, [153, 8]),
            ("€" * 81, [76, 5]),
            ("\u2019" * 71, [67, 4]),
            ("😀" * 36, [33, 3]),
        ],
    )
    def test_cuts_as_networks_do(self, message, lengths):
        _, parts = cut(message)

        assert [len(part) for part in parts] == lengths
