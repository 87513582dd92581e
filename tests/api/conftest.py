"""The API as clients meet it: Django's test client, the real services, an in-process table, tokens of our own pool."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.session import Session
from django.test import Client
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends

from publishing import table as shape
from publishing.adapters import aws
from publishing.adapters.hints import Hints
from publishing.api import context
from publishing.domain.account import Account
from publishing.domain.ids import new_id
from publishing.identity import authentication, owners
from publishing.services import limits
from publishing.store import accounts, audit, writes
from publishing.store.binding import bind
from tests.pool import CLIENT_ID, ISSUER, Jwks, build_token, serve_jwks

BUCKET = "test-media"


@pytest.fixture(scope="session")
def jwks() -> Iterator[Jwks]:
    with serve_jwks() as server:
        yield server


def forget_the_process() -> None:
    """Drop what a process remembers of its environment."""
    context.context.cache_clear()
    context._counts.cache_clear()
    aws.client.cache_clear()
    authentication.forget_keys()
    owners.owner_roles.cache_clear()


@pytest.fixture(scope="module")
def environment(jwks: Jwks) -> Iterator[None]:
    """The variables of the web function, and nothing remembered of those of other tests."""
    variables = {
        "TABLE_NAME": "test",
        "COGNITO_USER_POOL_ID": "eu-central-1_TestPool1",
        "COGNITO_CLIENT_ID": CLIENT_ID,
        "MEDIA_BUCKET": BUCKET,
        "OMNIPUB_MEDIA_URL": "https://media.test",
        "OMNIPUB_TOKEN_ISSUER": ISSUER,
        # One user of the tests asks more in a minute than any person.
        "OMNIPUB_API_LIMIT": "1000000",
        "OMNIPUB_JWKS_URL": jwks.url,
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        for name in ("AWS_ENDPOINT_URL", "OMNIPUB_REVIEW", "OMNIPUB_SCHEDULER_FUNCTION"):
            patch.delenv(name, raising=False)
        forget_the_process()
        yield
    forget_the_process()


def _dynamodb() -> Any:
    return Session().create_client("dynamodb", region_name="eu-central-1")


class Table:
    """The table under the API, to see what was written."""

    def __init__(self) -> None:
        self._client = _dynamodb()
        self._client.create_table(**shape.definition("test"))

    @property
    def _kept(self) -> Any:
        """What keeps the rows: asking the service for each would take most of the time of many tests."""
        return dynamodb_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"].get_table("test")

    def clear(self) -> None:
        """Delete every row."""
        self._kept.items.clear()

    def copy(self) -> Any:
        """Return all rows, to be restored."""
        return deepcopy(self._kept.items)

    def restore(self, rows: Any) -> None:
        """Make the table what it was when it was copied."""
        self._kept.items = deepcopy(rows)

    def dump(self) -> list[dict[str, Any]]:
        """Return everything that is stored."""
        rows: list[dict[str, Any]] = self._client.scan(TableName="test")["Items"]
        return rows

    def rows(self, prefix: str = "") -> list[dict[str, Any]]:
        """Return the rows whose partition key begins like this; without counters of who asked how often."""
        rows = [row for row in self.dump() if row["PK"]["S"].startswith(prefix)]
        return [row for row in rows if prefix or not row["PK"]["S"].startswith("LIMIT#")]

    def records(self) -> list[dict[str, Any]]:
        """Return the audit records of changes."""
        return [row for row in self.rows("AUDIT#2") if row["SK"]["S"] != "HEAD"]

    def snapshot(self) -> list[str]:
        """Return all that is stored but counters of who asked how often, to be compared."""
        rows = [row.to_json()["Attributes"] for row in self._kept.all_items()]
        return sorted(repr(sorted(row.items())) for row in rows if not row["PK"]["S"].startswith("LIMIT#"))


@pytest.fixture(scope="module")
def module_table(environment: None) -> Iterator[Table]:
    """One table for the tests of a module: making clients takes time. It is gone before other modules' tests run."""
    with mock_aws():
        made = Table()
        bind("test")
        aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        yield made


@pytest.fixture
def table(module_table: Table) -> Table:
    """An empty table."""
    module_table.clear()
    audit._heads.clear()
    limits.forget()
    return module_table


@pytest.fixture
def put_account(table: Table) -> Callable[..., Account]:
    """Store connected accounts."""

    def put(**changes: Any) -> Account:
        now = datetime.now(UTC)
        account = Account(
            id=new_id(now),
            channel="webhook",
            name="Hook",
            base_url="https://hook.test/",
            created_at=now,
            updated_at=now,
        )
        account = replace(account, **changes)
        writes.run(accounts.put_account(account))
        return account

    return put


@pytest.fixture
def account(put_account: Callable[..., Account]) -> Account:
    return put_account()


@pytest.fixture
def surroundings(module_table: Table, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """A key service, and a stream that takes everything; return what was put on it."""
    kms = aws.client("kms")
    if not any(alias["AliasName"] == "alias/omnipub" for alias in kms.list_aliases()["Aliases"]):
        kms.create_alias(AliasName="alias/omnipub", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    put: list[Any] = []

    def put_events(_: Hints, events: Any) -> int:
        put.extend(events)
        return 0

    monkeypatch.setattr(Hints, "put_events", put_events)
    return put


class Api:
    """A signed-in client that speaks JSON."""

    def __init__(self, *, key: str = "", **claims: Any) -> None:
        """Sign in with a token that says these claims, or with an API key."""
        authorization = f"Api-Key {key}" if key else f"Bearer {build_token(**claims)}"
        self._client = Client(raise_request_exception=False, headers={"Authorization": authorization})

    def __getattr__(self, method: str) -> Callable[..., Any]:
        if not hasattr(self._client, method):
            raise AttributeError(method)

        def call(path: str, data: object = None, **options: Any) -> Any:
            if not path.startswith("/"):
                path = f"/api/v1/{path}"
            if method == "post" and (data is None or "Content-Type" in options.get("headers", {})):
                kind = options.get("headers", {}).get("Content-Type", "")
                return self._client.generic("POST", path, data or b"", content_type=kind, **options)
            if data is None or method == "get":
                return getattr(self._client, method)(path, **({} if data is None else {"data": data}), **options)
            # Bytes go out as they are; the client's own encoder refuses half characters.
            raw = data if isinstance(data, bytes) else json.dumps(data).encode()
            return getattr(self._client, method)(path, raw, content_type="application/json", **options)

        return call


@pytest.fixture
def api(table: Table) -> Api:
    """An editor's client."""
    return Api()


@pytest.fixture
def sign_in(table: Table) -> Callable[..., Api]:
    """Make clients of other people: `sign_in("viewer", sub="bob")`."""

    def make(*roles: str, **claims: Any) -> Api:
        return Api(groups=list(roles), **claims)

    return make
