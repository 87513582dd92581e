"""Create in the emulator what the Data and Auth stacks create in AWS, where it is missing.

A second run finds everything and creates nothing. `python -m local.aws.provision` prints the environment.
"""

import argparse
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from local.aws import demo
from publishing import table

REGION: Final = "us-east-1"
#: The emulator accepts any credentials. These are what a developer's own are kept out with.
CREDENTIALS: Final = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
SCOPES: Final = ("openid", "email", "profile", "omnipub/api")
#: How AWS says that something does not exist.
MISSING: Final = frozenset({
    "ResourceNotFoundException", "NotFoundException", "UserNotFoundException", "404",
    "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A user pool, as one needs it to sign in."""

    endpoint: str
    id: str
    client_id: str
    callback_url: str

    @property
    def jwks_url(self) -> str:
        """Return where the keys are. Tokens name AWS as their issuer, which knows nothing of this pool."""
        return f"{self.endpoint}/{self.id}/.well-known/jwks.json"

    @property
    def discovery_url(self) -> str:
        """Return where the pool describes itself: where browsers sign in, and where codes are redeemed."""
        return f"{self.endpoint}/{self.id}/.well-known/openid-configuration"

    @property
    def issuer(self) -> str:
        """Return what tokens name as their issuer."""
        return f"https://cognito-idp.{REGION}.amazonaws.com/{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned:
    """What exists in the emulator now."""

    endpoint: str
    table_name: str
    stream_name: str
    media_bucket: str
    pool: Pool
    secret_arn: str
    kms_key_arn: str
    failures_queue_arn: str
    #: What this run made, by kind; empty when all was there.
    created: tuple[str, ...] = field(default=())

    def environment(self) -> dict[str, str]:
        """Return the variables that every process of omnipub is started with."""
        return {
            "TABLE_NAME": self.table_name,
            "KINESIS_STREAM_NAME": self.stream_name,
            "MEDIA_BUCKET": self.media_bucket,
            "OMNIPUB_MEDIA_URL": f"{self.endpoint}/{self.media_bucket}",
            "COGNITO_USER_POOL_ID": self.pool.id,
            "COGNITO_CLIENT_ID": self.pool.client_id,
            "SECRETS_ARN": self.secret_arn,
            "OMNIPUB_KMS_KEY_ID": self.kms_key_arn,
            "OMNIPUB_JWKS_URL": self.pool.jwks_url,
            "OMNIPUB_OIDC_DISCOVERY_URL": self.pool.discovery_url,
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_REGION": REGION,
            **CREDENTIALS,
        }


def provision(endpoint: str, *, name: str = "omnipub", public_url: str = "http://127.0.0.1:8000") -> Provisioned:
    """Create what is missing and return all of it. Raises botocore's errors: `EndpointConnectionError` and the like."""
    created: list[str] = []
    maker = Maker(endpoint, created)
    table_name = _table(maker, name)
    stream_name = _stream(maker, name)
    bucket = _bucket(maker, f"{name}-media")
    key = _key(maker, f"alias/{name}")
    secret = _secret(maker, f"{name}/application")
    queue = _queue(maker, f"{name}-worker-failures")
    callback_url = f"{public_url}/auth/callback/"
    pool_id = _pool(maker, name)
    client_id = _client(maker, pool_id, public_url)
    _users(maker, pool_id)
    return Provisioned(
        endpoint=endpoint,
        table_name=table_name,
        stream_name=stream_name,
        media_bucket=bucket,
        pool=Pool(endpoint=endpoint, id=pool_id, client_id=client_id, callback_url=callback_url),
        secret_arn=secret,
        kms_key_arn=key,
        failures_queue_arn=queue,
        created=tuple(created),
    )


def find_pool(endpoint: str, *, name: str = "omnipub") -> Pool | None:
    """Return the user pool of that name, or nothing where `provision` did not make it yet."""
    cognito = client("cognito-idp", endpoint)
    pool = _pool_named(cognito, name)
    entry = _client_of(cognito, pool["Id"]) if pool else None
    if not entry:
        return None
    described = cognito.describe_user_pool_client(UserPoolId=pool["Id"], ClientId=entry["ClientId"])["UserPoolClient"]
    callback_url = described["CallbackURLs"][0]
    return Pool(endpoint=endpoint, id=pool["Id"], client_id=entry["ClientId"], callback_url=callback_url)


def client(service: str, endpoint: str) -> Any:  # noqa: ANN401 - botocore makes its clients at run time
    """Return a client for a service of the emulator that never reads a developer's own AWS settings."""
    return Maker(endpoint, []).client(service)


@cache
def _session() -> Session:
    """Return the one session: each new one reads botocore's large files again."""
    return Session()


class Maker:
    """Clients of one emulator, and the list of what was made with them."""

    def __init__(self, endpoint: str, created: list[str]) -> None:
        """Name the emulator and where to note what is made."""
        self._endpoint = endpoint
        self._session = _session()
        self._created = created

    def client(self, service: str) -> Any:  # noqa: ANN401 - botocore makes its clients at run time
        """Return a client for a service."""
        return self._session.create_client(
            service,
            region_name=REGION,
            endpoint_url=self._endpoint,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            config=Config(signature_version="s3v4") if service == "s3" else None,
        )

    def find_or_make(self, what: str, find: Callable[[], Any], make: Callable[[], Any]) -> Any:  # noqa: ANN401 - an answer
        """Return what `find` finds; where AWS says that it does not exist, or it is falsy, make it and find it."""
        found = _found(find)
        if not found:
            make()
            self._created.append(what)
            found = find()
        return found

    def note(self, what: str) -> None:
        """Note that something was made."""
        self._created.append(what)


def _found(find: Callable[[], Any]) -> Any:  # noqa: ANN401 - an answer of AWS
    try:
        return find()
    except ClientError as error:
        if error.response["Error"]["Code"] not in MISSING:
            raise
        return None


def _table(maker: Maker, name: str) -> str:
    dynamodb = maker.client("dynamodb")
    maker.find_or_make(
        "table",
        lambda: dynamodb.describe_table(TableName=name),
        lambda: dynamodb.create_table(**table.definition(name)),
    )
    # Looked at one by one: a first run may have ended between them.
    if dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"] != "ENABLED":
        expiry = {"Enabled": True, "AttributeName": table.TTL_ATTRIBUTE}
        dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=expiry)
        maker.note("time to live")
    backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
    if backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] != "ENABLED":
        recovery = {"PointInTimeRecoveryEnabled": True}
        dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=recovery)
        maker.note("point-in-time recovery")
    return name


def _stream(maker: Maker, name: str) -> str:
    kinesis = maker.client("kinesis")
    maker.find_or_make(
        "stream",
        lambda: kinesis.describe_stream_summary(StreamName=name),
        lambda: kinesis.create_stream(StreamName=name, ShardCount=1),
    )
    return name


def _bucket(maker: Maker, name: str) -> str:
    s3 = maker.client("s3")
    maker.find_or_make("bucket", lambda: s3.head_bucket(Bucket=name), lambda: s3.create_bucket(Bucket=name))
    return name


def _key(maker: Maker, alias: str) -> str:
    kms = maker.client("kms")

    def make() -> None:
        key = kms.create_key(Description="Seals omnipub's credentials.")["KeyMetadata"]
        kms.create_alias(AliasName=alias, TargetKeyId=key["KeyId"])

    arn: str = maker.find_or_make("key", lambda: kms.describe_key(KeyId=alias), make)["KeyMetadata"]["Arn"]
    return arn


def _secret(maker: Maker, name: str) -> str:
    manager = maker.client("secretsmanager")

    def make() -> None:
        content = {key: secrets.token_urlsafe(48) for key in ("django_secret_key", "cursor_key")}
        manager.create_secret(Name=name, SecretString=json.dumps(content))

    arn: str = maker.find_or_make("secret", lambda: manager.describe_secret(SecretId=name), make)["ARN"]
    return arn


def _queue(maker: Maker, name: str) -> str:
    sqs = maker.client("sqs")
    url = maker.find_or_make(
        "queue", lambda: sqs.get_queue_url(QueueName=name), lambda: sqs.create_queue(QueueName=name)
    )["QueueUrl"]
    arn: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return arn


def _pool_named(cognito: Any, name: str) -> Any:  # noqa: ANN401 - a botocore client, and an answer
    pools = cognito.list_user_pools(MaxResults=60)["UserPools"]
    return next((pool for pool in pools if pool["Name"] == name), None)


def _client_of(cognito: Any, pool_id: str) -> Any:  # noqa: ANN401 - a botocore client, and an answer
    clients = cognito.list_user_pool_clients(UserPoolId=pool_id, MaxResults=60)["UserPoolClients"]
    return next((entry for entry in clients if entry["ClientName"] == "omnipub"), None)


def _pool(maker: Maker, name: str) -> str:
    cognito = maker.client("cognito-idp")

    def make() -> None:
        cognito.create_user_pool(PoolName=name, UsernameAttributes=["email"], AutoVerifiedAttributes=["email"])

    pool_id: str = maker.find_or_make("user pool", lambda: _pool_named(cognito, name), make)["Id"]
    maker.find_or_make(
        "resource server",
        lambda: cognito.describe_resource_server(UserPoolId=pool_id, Identifier="omnipub"),
        lambda: cognito.create_resource_server(
            UserPoolId=pool_id,
            Identifier="omnipub",
            Name="omnipub",
            Scopes=[{"ScopeName": "api", "ScopeDescription": "Use the API."}],
        ),
    )
    return pool_id


def _client(maker: Maker, pool_id: str, public_url: str) -> str:
    cognito = maker.client("cognito-idp")
    # People write this machine's name either way; the first is the one that programs use.
    bases = list(dict.fromkeys([public_url, public_url.replace("//127.0.0.1", "//localhost")]))
    callback_urls = [f"{base}/auth/callback/" for base in bases]
    logout_urls = [f"{base}/auth/logout/" for base in bases]
    settings = {
        "UserPoolId": pool_id,
        "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],  # a password is typed into the pool's own page only
        "AllowedOAuthFlows": ["code"],
        "AllowedOAuthFlowsUserPoolClient": True,
        "AllowedOAuthScopes": list(SCOPES),
        "CallbackURLs": callback_urls,
        "LogoutURLs": logout_urls,
        "SupportedIdentityProviders": ["COGNITO"],
        "PreventUserExistenceErrors": "ENABLED",
    }

    client_id: str = maker.find_or_make(
        "app client",
        lambda: _client_of(cognito, pool_id),
        lambda: cognito.create_user_pool_client(ClientName="omnipub", GenerateSecret=False, **settings),
    )["ClientId"]
    described = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)["UserPoolClient"]
    if described["CallbackURLs"] != callback_urls or described.get("LogoutURLs") != logout_urls:
        cognito.update_user_pool_client(ClientId=client_id, ClientName="omnipub", **settings)
        maker.note("callback address")
    return client_id


def _users(maker: Maker, pool_id: str) -> None:
    cognito = maker.client("cognito-idp")
    groups = {group["GroupName"] for group in cognito.list_groups(UserPoolId=pool_id)["Groups"]}
    for role in demo.ROLES:
        if role not in groups:
            cognito.create_group(UserPoolId=pool_id, GroupName=role)
            maker.note(f"group {role}")
        members = cognito.list_users_in_group(UserPoolId=pool_id, GroupName=role)["Users"]
        if not members:
            _user(cognito, pool_id, role)
            maker.note(f"user {demo.email(role)}")


def _user(cognito: Any, pool_id: str, role: str) -> None:  # noqa: ANN401 - a botocore client
    """Make a demo user. Being in the group comes last, so that a half-made one is made again."""
    name = demo.email(role)
    who = {"UserPoolId": pool_id, "Username": name}
    if _found(lambda: cognito.admin_get_user(**who)) is None:
        attributes = {"email": name, "email_verified": "true", "name": f"{role.capitalize()} (demo)"}
        cognito.admin_create_user(
            **who,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": key, "Value": value} for key, value in attributes.items()],
        )
    cognito.admin_set_user_password(**who, Password=demo.PASSWORD, Permanent=True)
    cognito.admin_add_user_to_group(**who, GroupName=role)


def main() -> None:
    """Provision the emulator and print the environment, one variable a line."""
    parser = argparse.ArgumentParser(prog="local.aws.provision", description=__doc__.partition("\n")[0])
    parser.add_argument("--endpoint", default="http://127.0.0.1:4566")
    parser.add_argument("--public-url", default="http://127.0.0.1:8000")
    arguments = parser.parse_args()
    provisioned = provision(arguments.endpoint, public_url=arguments.public_url)
    for name, value in provisioned.environment().items():
        print(f"{name}={value}")


if __name__ == "__main__":
    main()
