"""A bucket of ours: nobody but its owner and whom its policy names, and nothing without TLS."""

from typing import Any

from aws_cdk import aws_s3 as s3
from constructs import Construct


def private_bucket(scope: Construct, id_: str, **options: Any) -> s3.Bucket:  # noqa: ANN401 - the CDK's options of buckets
    """Return a bucket that is closed to the public, encrypted, and read and written by TLS 1.2 or newer only.

    It has no name of ours, so that none can be taken. `options` are those of `s3.Bucket`; none of the above can be
    given there, because whatever loosens it has no place here.
    """
    return s3.Bucket(
        scope,
        id_,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        encryption=s3.BucketEncryption.S3_MANAGED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        **options,
    )
