"""Data: the table, the stream of hints where a stage has one, the media, and what seals and signs."""

from typing import Any, Final

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.constructs.bucket import private_bucket
from infra.constructs.context import Context
from infra.constructs.waivers import accept
from infra.names import resource
from publishing import table

#: What of the media bucket the world may read, through CloudFront.
PUBLIC_MEDIA: Final = "media/*"
#: The export by which other stacks' policies name the media bucket.
_MEDIA_EXPORT: Final = "ExportsOutputFnGetAttMediaA721A567ArnB9989168"


class DataStack(Stack):
    """Everything that is worth keeping."""

    def __init__(self, scope: Construct, id_: str, *, context: Context, **kwargs: Any) -> None:  # noqa: ANN401 - CDK's
        super().__init__(scope, id_, **kwargs)
        self._context = context
        self._removal = RemovalPolicy.RETAIN if context.stage.is_protected else RemovalPolicy.DESTROY
        self.table: dynamodb.ITable = self._restored(self._table())
        #: None in a stage whose hints go to the worker function itself.
        self.stream = self._stream() if context.stage.stream else None
        self.media = self._media()
        self.key = self._key()
        self.secret = self._secret()
        CfnOutput(self, "TableName", value=self.table.table_name)
        if self.stream:
            CfnOutput(self, "StreamName", value=self.stream.stream_name)
        CfnOutput(self, "MediaBucket", value=self.media.bucket_name)
        CfnOutput(self, "KeyArn", value=self.key.key_arn)
        CfnOutput(self, "SecretArn", value=self.secret.secret_full_arn or self.secret.secret_arn)

    @property
    def media_in_findings(self) -> str:
        """What cdk-nag calls the media bucket in its findings about other stacks."""
        return f"{self.stack_name}:{_MEDIA_EXPORT}"

    def _table(self) -> dynamodb.Table:
        made = dynamodb.Table(
            self,
            "Table",
            partition_key=_string(table.PARTITION_KEY),
            sort_key=_string(table.SORT_KEY),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            time_to_live_attribute=table.TTL_ATTRIBUTE,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            # With AWS's own key unless auditors want to see its uses: no charge for each use.
            encryption=dynamodb.TableEncryption.AWS_MANAGED
            if self._context.stage.data_trail
            else dynamodb.TableEncryption.DEFAULT,
            deletion_protection=self._context.stage.is_protected,
            removal_policy=self._removal,
        )
        for index in _indexes():
            partition, sort = (_string(key["AttributeName"]) for key in index["KeySchema"])
            projection = index["Projection"]
            made.add_global_secondary_index(
                index_name=index["IndexName"],
                partition_key=partition,
                sort_key=sort,
                projection_type=dynamodb.ProjectionType[projection["ProjectionType"]],
                non_key_attributes=projection.get("NonKeyAttributes"),
            )
        return made

    def _restored(self, own: dynamodb.Table) -> dynamodb.ITable:
        """Return the table that everything uses: the stack's own, or the one that was restored in its place.

        The stack's own stays: it is evidence of what was published, and the exports that other stacks still import on
        the way there must not go before them.
        """
        name = self._context.stage.site.restored_table
        if not name:
            return own
        self.export_value(own.table_arn)
        self.export_value(own.table_name)
        indexes = [index["IndexName"] for index in _indexes()]
        return dynamodb.Table.from_table_attributes(self, "Restored", table_name=name, global_indexes=indexes)

    def _stream(self) -> kinesis.Stream:
        # Its records are hints: a day is plenty, and losing them loses nothing.
        return kinesis.Stream(
            self,
            "Stream",
            shard_count=self._context.stage.shards,
            retention_period=Duration.hours(24),
            encryption=kinesis.StreamEncryption.MANAGED,
            removal_policy=RemovalPolicy.DESTROY,
        )

    def _media(self) -> s3.Bucket:
        stage = self._context.stage
        made = private_bucket(
            self,
            "Media",
            versioned=stage.keep_versions,
            removal_policy=self._removal,
            lifecycle_rules=[
                s3.LifecycleRule(id="unfinished", abort_incomplete_multipart_upload_after=Duration.days(1)),
                # An upload that was not verified within a day never will be.
                s3.LifecycleRule(id="unverified", prefix="uploads/", expiration=Duration.days(1)),
                *(
                    [s3.LifecycleRule(id="replaced", noncurrent_version_expiration=Duration.days(30))]
                    if stage.keep_versions
                    else []
                ),
            ],
            # A browser uploads with a form that the API signed; the signature, not the origin, is the permission.
            cors=[
                s3.CorsRule(
                    allowed_methods=[s3.HttpMethods.POST],
                    allowed_origins=[stage.site.public_url or "*"],
                    allowed_headers=["*"],
                    max_age=3600,
                )
            ],
        )
        # CloudFront's distribution belongs to the Api stack, which is deployed later: any one of this account may read.
        made.add_to_resource_policy(
            iam.PolicyStatement(
                sid="CloudFrontReadsPublicMedia",
                principals=[iam.ServicePrincipal("cloudfront.amazonaws.com")],
                actions=["s3:GetObject"],
                resources=[made.arn_for_objects(PUBLIC_MEDIA)],
                conditions={
                    "StringEquals": {"aws:SourceAccount": self.account},
                    "ArnLike": {"aws:SourceArn": f"arn:{self.partition}:cloudfront::{self.account}:distribution/*"},
                },
            )
        )
        accept(
            made, {"S1": "Access goes through CloudFront and the functions; the regulated stage's trail records it."}
        )
        return made

    def _key(self) -> kms.Key:
        return kms.Key(
            self,
            "Key",
            description="Seals the credentials of connected accounts.",
            alias=resource(self._context.stage.name),
            enable_key_rotation=True,
            removal_policy=self._removal,
            pending_window=Duration.days(30 if self._context.stage.is_protected else 7),
        )

    def _secret(self) -> secretsmanager.Secret:
        made = secretsmanager.Secret(
            self,
            "Application",
            description="Secrets of the application itself: the key that Django signs with.",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template="{}",  # noqa: S106 - a form that AWS fills in
                generate_string_key="django_secret_key",
                password_length=64,
                exclude_punctuation=True,
            ),
            removal_policy=self._removal,
        )
        accept(made, {"SMG4": "A new signing key ends all sessions; it is changed by hand, as docs/deploy.md says."})
        return made


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _indexes() -> Any:  # noqa: ANN401 - the shape is that of DynamoDB's API
    shape: Any = table.definition("unused")
    return shape["GlobalSecondaryIndexes"]
