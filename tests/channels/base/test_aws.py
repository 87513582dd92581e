"""Signing requests to AWS."""

import json
from datetime import UTC, datetime

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.platforms.aws import NotSignedError, verify
from local.platforms.base import Request
from publishing.channels.base.aws import AwsRequest, Service, endpoint, endpoint_problems, sign
from tests.channels.simulated import build_account

# The public example credentials of AWS's Signature Version 4 test suite.
EXAMPLE = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
THEN = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
SES = Service(signing_name="ses", host="email")


def build_request(content=b"{}", *, url="http://127.0.0.1:8010/email/news", service=SES, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return AwsRequest(service=service, region="us-east-1", url=url, headers=named, content=content)


def received(request, signed, **changes):
    """The signed request as a server reads it."""
    values = {
        "method": "POST",
        "parts": ("email", "news"),
        "headers": {"host": "127.0.0.1:8010", "user-agent": "x", **{key.lower(): signed[key] for key in signed}},
        "body": request.content,
    }
    return Request(**{**values, **changes})


class TestASignature:
    @pytest.mark.parametrize(
        ("headers", "content", "signature"),
        [
            # `post-vanilla` and `post-x-www-form-urlencoded` of the suite.
            ({}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
            (
                {"content_type": "application/x-www-form-urlencoded"},
                b"Param1=value1",
                "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
            ),
        ],
    )
    def test_is_the_one_of_the_published_suite(self, headers, content, signature):
        example = Service(signing_name="service", host="example")
        request = build_request(content, url="https://example.amazonaws.com/", service=example, **headers)

        signed = sign(request, EXAMPLE, now=THEN)

        assert signed["authorization"].endswith(f"Signature={signature}")
        assert "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request" in signed["authorization"]

    def test_is_the_one_of_the_sdk(self):
        now = datetime.now(UTC)
        credentials = Credentials("AKID", "secret", "token")
        request = build_request(json.dumps({"a": "ü"}).encode(), content_type="application/json")
        theirs = AWSRequest(method="POST", url=request.url, data=request.content, headers=dict(request.headers))
        SigV4Auth(credentials, "ses", "us-east-1").add_auth(theirs)
        then = datetime.strptime(theirs.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)

        ours = sign(request, credentials, now=then)

        assert ours["authorization"] == theirs.headers["Authorization"]
        assert ours["x-amz-security-token"] == "token"
        assert abs(then - now).total_seconds() < 60

    def test_is_the_same_for_the_same_moment(self):
        assert sign(build_request(), EXAMPLE, now=THEN) == sign(build_request(), EXAMPLE, now=THEN)


class TestTheSimulatedServicesCheck:
    """The check is written without botocore; here the two judge one another."""

    def test_accepts_what_was_signed(self):
        request = build_request(content_type="application/json")

        verify(
            received(request, sign(request, EXAMPLE, now=THEN)),
            service="ses",
            credentials=[f"{EXAMPLE.access_key}/{EXAMPLE.secret_key}"],
            now=THEN,
        )

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            ({"body": b"{ }"}, "SignatureDoesNotMatch"),
            ({"method": "PUT"}, "SignatureDoesNotMatch"),
            ({"parts": ("email", "other")}, "SignatureDoesNotMatch"),
            ({"query": {"a": "b"}}, "SignatureDoesNotMatch"),
            ({"headers": {}}, "MissingAuthenticationToken"),
            ({"headers": {"authorization": "Bearer token"}}, "IncompleteSignature"),
        ],
    )
    def test_refuses_what_was_changed(self, change, code):
        request = build_request(content_type="application/json")

        with pytest.raises(NotSignedError) as refused:
            verify(
                received(request, sign(request, EXAMPLE, now=THEN), **change),
                service="ses",
                credentials=[f"{EXAMPLE.access_key}/{EXAMPLE.secret_key}"],
                now=THEN,
            )

        assert refused.value.code == code

    @pytest.mark.parametrize(
        ("name", "value"),
        [("host", "elsewhere"), ("content-type", "text/plain"), ("x-amz-target", "unsigned"), ("x-amz-date", "today")],
    )
    def test_refuses_another_header(self, name, value):
        request = build_request(content_type="application/json")
        intact = received(request, sign(request, EXAMPLE, now=THEN))

        with pytest.raises(NotSignedError):
            verify(
                received(request, {**intact.headers, name: value}),
                service="ses",
                credentials=[f"{EXAMPLE.access_key}/{EXAMPLE.secret_key}"],
                now=THEN,
            )

    @pytest.mark.parametrize("service", ["sns", "s3"])
    def test_refuses_the_scope_of_another_service(self, service):
        request = build_request()

        with pytest.raises(NotSignedError, match="scoped to a valid service, not 'ses'"):
            verify(
                received(request, sign(request, EXAMPLE, now=THEN)),
                service=service,
                credentials=[f"{EXAMPLE.access_key}/{EXAMPLE.secret_key}"],
                now=THEN,
            )


class TestAnEndpoint:
    @pytest.mark.parametrize(
        ("region", "url"),
        [
            ("us-east-1", "https://email.us-east-1.amazonaws.com"),
            ("ap-southeast-2", "https://email.ap-southeast-2.amazonaws.com"),
            ("us-gov-west-1", "https://email.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "https://email.cn-north-1.amazonaws.com.cn"),
        ],
    )
    def test_is_the_services_host_in_its_region(self, region, url):
        assert endpoint(build_account("email", None, region=region), SES) == url

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1:8010/email/news",
            "http://localhost:8010/email/news",
            "https://vpce-1.email.us-east-1.vpce.amazonaws.com",
            "https://email-fips.us-east-1.amazonaws.com",
        ],
    )
    def test_is_the_accounts_own_address_where_it_may_be(self, url):
        assert endpoint(build_account("email", f"{url}/", region="us-east-1"), SES) == url

    @pytest.mark.parametrize(
        "url",
        [
            "https://bucket.s3.us-east-1.amazonaws.com",
            "https://abc.execute-api.us-east-1.amazonaws.com",
            "https://sns.us-east-1.amazonaws.com",
            "https://email.eu-west-1.amazonaws.com",
            "https://xemail.us-east-1.amazonaws.com",
            "https://email.us-east-1.amazonaws.com.cn",
            "https://email.us-east-1.amazonaws.com.evil.example",
            "https://192.0.2.1",
            "",
        ],
    )
    def test_is_no_host_that_may_be_anybodys(self, url):
        account = build_account("email", url or "https://", region="us-east-1")

        assert endpoint(account, SES) is None
        assert [problem.pointer for problem in endpoint_problems(account, SES)] == ["/base_url"]
