"""Files of media as a worker reads them, from the emulator's bucket."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest

from omnipub.settings import upload_origins
from publishing.adapters import aws
from publishing.adapters.media import Bucket
from publishing.api.middleware import page_policy
from publishing.domain.errors import MediaGoneError, UnavailableError
from publishing.domain.media import Rendition
from tests.builders import NOW, build_medium
from tests.pictures import build_rendition, picture_bytes


@pytest.fixture
def bucket(table: str) -> Bucket:
    name = f"media-{table}".lower().replace("_", "-")
    aws.client("s3").create_bucket(Bucket=name)
    return Bucket(name)


def stored(bucket: Bucket, content: bytes = b"") -> Rendition:
    content = content or picture_bytes()
    file = build_rendition(size=len(content), content=content)
    aws.client("s3").put_object(Bucket=bucket.name, Key=file.key, Body=content)
    return file


class TestAFile:
    def test_is_read_as_it_was_stored(self, bucket: Bucket):
        content = picture_bytes()

        assert bucket.read(stored(bucket, content)) == content

    def test_that_was_deleted_is_gone(self, bucket: Bucket):
        with pytest.raises(MediaGoneError, match="no longer there"):
            bucket.read(build_rendition())

    @pytest.mark.parametrize("other", [b"something else", b"x" * 5_000_000], ids=["shorter", "longer"])
    def test_that_is_another_is_never_published(self, bucket: Bucket, other: bytes):
        file = stored(bucket)
        aws.client("s3").put_object(Bucket=bucket.name, Key=file.key, Body=other)

        with pytest.raises(MediaGoneError, match="not the file"):
            bucket.read(file)

    def test_of_one_byte_more_is_not_the_same(self, bucket: Bucket):
        content = picture_bytes()
        file = stored(bucket, content)
        aws.client("s3").put_object(Bucket=bucket.name, Key=file.key, Body=content + b"x")

        with pytest.raises(MediaGoneError):
            bucket.read(file)

    def test_of_a_bucket_that_does_not_answer_may_be_read_later(self, bucket: Bucket):
        with pytest.raises(UnavailableError):
            Bucket("there-is-no-such-bucket").read(build_rendition())

    def test_is_read_up_to_its_size_only(self, bucket: Bucket):
        file = stored(bucket)

        with pytest.raises(MediaGoneError):
            bucket.read(replace(file, size=3))


class TestAnUploadsForm:
    @pytest.mark.parametrize(
        "environment",
        [
            {"AWS_REGION": "eu-central-1"},
            {"AWS_REGION": "us-east-1"},
            {"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
            {
                "AWS_REGION": "us-east-1",
                "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
                "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:2",
            },
        ],
        ids=["another region", "the first region", "an endpoint", "an endpoint of its own"],
    )
    def test_goes_where_pages_may_send_it(self, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str]):
        """The pages' Content-Security-Policy names the bucket's origin; the SDK is what chooses it."""
        for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
            monkeypatch.delenv(name, raising=False)
        keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "MEDIA_BUCKET": "the-bucket"}
        environment = {**environment, **keys, "AWS_DEFAULT_REGION": environment["AWS_REGION"]}
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        aws.client.cache_clear()

        form = Bucket("the-bucket").permit_upload(build_medium(), now=NOW)

        aws.client.cache_clear()
        address = urlsplit(form.url)
        (allowed,) = upload_origins(environment)
        assert f"{address.scheme}://{address.netloc}" == allowed
        assert "media-src https://media.example;" in page_policy(("https://media.example",), (allowed,))
        assert f"connect-src 'self' https://media.example {allowed};" in page_policy(
            ("https://media.example",), (allowed,)
        )
